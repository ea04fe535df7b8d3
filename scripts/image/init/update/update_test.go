package update_test

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"portaria/scripts/image/bundle"
	"portaria/scripts/image/card"
	"portaria/scripts/image/init/update"
)

var (
	private = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, ed25519.SeedSize))
	keys    = []ed25519.PublicKey{private.Public().(ed25519.PublicKey)}
	running = card.Info{Version: "1.0", Built: 1000}
)

// slot is a partition in memory, with what the medium has of it after a cut.
type slot struct {
	bytes  []byte // as it is read
	medium []byte // as it would be after a power cut
	opened int
	writes int
	broken error
	lossy  bool // loses what is written beyond the first block
}

func newSlot() *slot {
	s := &slot{bytes: bytes.Repeat([]byte{0xaa}, 4<<20)}
	s.medium = bytes.Clone(s.bytes)
	return s
}

func (s *slot) ReadAt(p []byte, at int64) (int, error) { return bytes.NewReader(s.bytes).ReadAt(p, at) }

func (s *slot) WriteAt(p []byte, at int64) (int, error) {
	s.writes++
	if s.broken != nil {
		return 0, s.broken
	}
	copy(s.bytes[at:], p)
	return len(p), nil
}

func (s *slot) Sync() error {
	if s.lossy {
		s.bytes[1<<20] = 0x55
	}
	s.medium = bytes.Clone(s.bytes)
	return nil
}

func (s *slot) Close() error { return nil }

func image() []byte {
	b := make([]byte, 3<<20)
	copy(b, "the first sector")
	for i := range 64 << 10 {
		b[1<<20+i] = byte(i*i>>5 + i)
	}
	return b
}

func written(t *testing.T, key ed25519.PrivateKey, info card.Info) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := bundle.Write(&b, key, info, bytes.NewReader(image())); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func receiver(s *slot) *update.Receiver {
	return &update.Receiver{
		Keys: keys, Running: running, Log: slog.New(slog.DiscardHandler),
		Blocked: func() error { return nil },
		Open:    func() (update.Slot, error) { s.opened++; return s, nil },
	}
}

// send sends a bundle in pieces of a size and returns the last answer.
func send(r *update.Receiver, b []byte, piece int) (update.Status, error) {
	var s update.Status
	var err error
	for at := 0; at < len(b) && err == nil; at += piece {
		s, err = r.Put(int64(at), int64(len(b)), b[at:min(at+piece, len(b))])
	}
	return s, err
}

func TestPut(t *testing.T) {
	t.Parallel()
	b := written(t, private, card.Info{Version: "1.1", Built: 1001})
	for _, piece := range []int{1, 100, 333, 64 << 10, update.MaxPiece} {
		b := b
		if piece == 1 {
			b = written(t, private, card.Info{Version: "1.1", Built: running.Built})
		}
		s := newSlot()
		r := receiver(s)
		got, err := send(r, b, piece)
		if err != nil || got.State != update.Ready || got.Received != int64(len(b)) || got.Version != "1.1" {
			t.Errorf("pieces of %d: %+v, %v; want ready", piece, got, err)
		}
		if !bytes.Equal(s.medium[:len(image())], image()) {
			t.Errorf("pieces of %d: the slot is not the image", piece)
		}
	}
}

// A slot that is half written must not look like a file system.
func TestPutOrder(t *testing.T) {
	t.Parallel()
	b := written(t, private, card.Info{Version: "1.1", Built: 1001})
	s := newSlot()
	r := receiver(s)
	for at := 0; at < len(b)-1; at += 1000 {
		if _, err := r.Put(int64(at), int64(len(b)), b[at:min(at+1000, len(b)-1)]); err != nil {
			t.Fatal(err)
		}
	}
	if s.writes == 0 || !bytes.Equal(s.bytes[:card.SectorSize], make([]byte, card.SectorSize)) {
		t.Errorf("after all but the last byte, %d writes: the first sector is %q, want it empty", s.writes, s.bytes[:16])
	}
	if got, err := r.Put(int64(len(b)-1), int64(len(b)), b[len(b)-1:]); err != nil || got.State != update.Ready {
		t.Errorf("the last byte: %+v, %v", got, err)
	}
}

func TestPutAgain(t *testing.T) {
	t.Parallel()
	b := written(t, private, card.Info{Version: "1.1", Built: 1001})
	s := newSlot()
	r := receiver(s)
	size := int64(len(b))
	must := func(offset int64, piece []byte) {
		t.Helper()
		if _, err := r.Put(offset, size, piece); err != nil {
			t.Fatal(err)
		}
	}
	must(0, b[:1000])
	for name, put := range map[string]func() (update.Status, error){
		"a piece twice":     func() (update.Status, error) { return r.Put(500, size, b[500:1000]) },
		"a piece too far":   func() (update.Status, error) { return r.Put(1500, size, b[1500:1600]) },
		"another size":      func() (update.Status, error) { return r.Put(1000, size+1, b[1000:1100]) },
		"before everything": func() (update.Status, error) { return receiver(s).Put(5, size, b[5:10]) },
	} {
		got, err := put()
		if !errors.Is(err, update.ErrOffset) {
			t.Errorf("%s: %+v, %v; want ErrOffset", name, got, err)
		}
	}
	if got := r.Status(); got.Received != 1000 || got.State != update.Receiving {
		t.Fatalf("the update does not go on: %+v", got)
	}
	must(1000, b[1000:2000])
	must(0, b[:700]) // anew
	must(700, b[700:])
	if got := r.Status(); got.State != update.Ready || !bytes.Equal(s.bytes[:len(image())], image()) {
		t.Errorf("begun anew: %+v", got)
	}
	// A ready update is not spoiled by a piece that comes too late.
	if _, err := r.Put(size, size, []byte("x")); !errors.Is(err, update.ErrOffset) || r.Status().State != update.Ready {
		t.Errorf("after the end: %v, %+v", err, r.Status())
	}
}

func TestPutRefuses(t *testing.T) {
	t.Parallel()
	stranger := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{2}, ed25519.SeedSize))
	good := written(t, private, card.Info{Version: "1.1", Built: 1001})
	broken := bytes.Clone(good)
	broken[len(broken)-200] ^= 4
	for name, c := range map[string]struct {
		bundle  []byte
		want    error
		touched bool // the slot may have been written to
		change  func(*update.Receiver, *slot)
	}{
		"another's signature":   {bundle: written(t, stranger, card.Info{Version: "1.1", Built: 1001}), want: bundle.ErrSignature},
		"an older build":        {bundle: written(t, private, card.Info{Version: "0.9", Built: 999}), want: update.ErrOlder},
		"no update":             {bundle: []byte("PK\x03\x04 some archive"), want: bundle.ErrForm},
		"a cut update":          {bundle: good[:len(good)-10], want: update.ErrSize},
		"something after it":    {bundle: append(bytes.Clone(good), 0), want: update.ErrSize},
		"a cut head":            {bundle: good[:100], want: bundle.ErrForm},
		"damage":                {bundle: broken, want: bundle.ErrContent, touched: true},
		"no keys":               {bundle: good, want: update.ErrNoKeys, change: func(r *update.Receiver, _ *slot) { r.Keys = nil }},
		"a trial":               {bundle: good, want: update.ErrTrial, change: func(r *update.Receiver, _ *slot) { r.Blocked = func() error { return update.ErrTrial } }},
		"a card that fails":     {bundle: good, want: update.ErrSlot, touched: true, change: func(_ *update.Receiver, s *slot) { s.broken = os.ErrPermission }},
		"a card that forgets":   {bundle: good, want: update.ErrSlot, touched: true, change: func(_ *update.Receiver, s *slot) { s.lossy = true }},
		"a slot that is absent": {bundle: good, want: update.ErrSlot, change: func(r *update.Receiver, _ *slot) { r.Open = func() (update.Slot, error) { return nil, os.ErrNotExist } }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSlot()
			r := receiver(s)
			if c.change != nil {
				c.change(r, s)
			}
			got, err := send(r, c.bundle, 1000)
			if !errors.Is(err, c.want) || got.State == update.Ready {
				t.Errorf("%+v, %v; want %v", got, err, c.want)
			}
			if !c.touched && s.writes > 0 {
				t.Errorf("the slot was written to %d times", s.writes)
			}
			if c.touched && string(s.medium[:16]) == "the first sector" && !errors.Is(err, update.ErrSlot) {
				t.Error("a refused image was made a file system")
			}
			if c.change != nil {
				return
			}
			if got, err := send(r, good, 64<<10); err != nil || got.State != update.Ready {
				t.Errorf("the next update: %+v, %v; want ready", got, err)
			}
		})
	}
	t.Run("a size that no update has", func(t *testing.T) {
		t.Parallel()
		s := newSlot()
		for _, size := range []int64{0, 1 << 40} {
			if _, err := receiver(s).Put(0, size, good[:10]); !errors.Is(err, update.ErrSize) {
				t.Errorf("size %d: %v, want ErrSize", size, err)
			}
		}
	})
}

func TestPutAtOnce(t *testing.T) {
	t.Parallel()
	b := written(t, private, card.Info{Version: "1.1", Built: 1001})
	s := newSlot()
	r := receiver(s)
	entered, leave := make(chan struct{}), make(chan struct{})
	r.Open = func() (update.Slot, error) { close(entered); <-leave; return s, nil }
	done := make(chan error, 1)
	go func() {
		_, err := r.Put(0, int64(len(b)), b)
		done <- err
	}()
	<-entered
	if _, err := r.Put(0, int64(len(b)), b); !errors.Is(err, update.ErrBusy) {
		t.Errorf("a second piece at once: %v, want ErrBusy", err)
	}
	if got := r.Status(); got.State != update.Receiving {
		t.Errorf("meanwhile: %+v, want receiving", got)
	}
	close(leave)
	if err := <-done; err != nil || r.Status().State != update.Ready {
		t.Errorf("the first piece: %v, %+v", err, r.Status())
	}
}

// What is right already is not written again.
func TestPutWear(t *testing.T) {
	t.Parallel()
	b := written(t, private, card.Info{Version: "1.1", Built: 1001})
	s := newSlot()
	copy(s.bytes, image())
	if got, err := send(receiver(s), b, 64<<10); err != nil || got.State != update.Ready {
		t.Fatalf("%+v, %v", got, err)
	}
	if s.writes > 2 {
		t.Errorf("%d writes of an image that was there, want those of the first sector", s.writes)
	}
}

func TestNotes(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "trial.json")
	n := update.Notes{Path: path}
	if got := n.After(card.SlotA); got.State != update.None {
		t.Errorf("without a note: %+v", got)
	}
	leave := func(note update.Note) {
		t.Helper()
		if err := n.Leave(note); err != nil {
			t.Fatal(err)
		}
	}
	leave(update.Note{Version: "1.1", Slot: card.SlotB})
	if got := n.After(card.SlotA); got.State != update.Failed || got.Version != "1.1" || got.Error == "" {
		t.Errorf("after a trial that told nothing: %+v, want failed and a sentence", got)
	}
	leave(update.Note{Version: "1.1", Slot: card.SlotB, Reason: "the lamp is out"})
	for range 2 { // it is told until there is another update
		if got := n.After(card.SlotA); got.State != update.Failed || got.Error != "the lamp is out" {
			t.Errorf("after a trial that told: %+v", got)
		}
	}
	if got := n.After(card.SlotB); got.State != update.None {
		t.Errorf("after a trial that stayed: %+v", got)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the note of a trial that stayed is there: %v", err)
	}
	for _, text := range []string{"", "{", `{"version":"1","slot":7}`, strings.Repeat("x", 1000)} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := n.After(card.SlotA); got.State != update.None {
			t.Errorf("after the note %.20q: %+v", text, got)
		}
	}
	if files, err := os.ReadDir(filepath.Dir(path)); err != nil || len(files) != 1 {
		t.Errorf("%d files, %v; want no drafts", len(files), err)
	}
}
