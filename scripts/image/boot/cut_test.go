package boot_test

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
	"time"

	"portaria/scripts/image/build"
)

// slow tells whether the long form of the tests is wanted.
func slow() bool { return os.Getenv("BOOT_TESTS") == "slow" }

// TestFirstBootCut cuts the first boot, which makes the file system of the
// data as large as the card and the terminal's files, at moments spread
// over the time that it takes.
func TestFirstBootCut(t *testing.T) {
	needEmulator(t)
	t.Parallel()
	const size = 2 << 30
	whole := insert(t, cardImage(t, build.Options{}))
	whole.must(whole.card.Grow(size))
	started := time.Now()
	whole.up()
	took := time.Since(started)
	whole.cut()
	cuts := 2
	if slow() {
		cuts = 40
	}
	// The kernel has the first third to itself.
	for i := range cuts {
		at := took/3 + took*2/3*time.Duration(i+1)/time.Duration(cuts+1)
		t.Run(fmt.Sprintf("after %d %% the next boot comes up", at*100/took), func(t *testing.T) {
			b := insert(t, cardImage(t, build.Options{}))
			b.must(b.card.Grow(size))
			b.on()
			time.Sleep(at) // this is the moment, whatever the machine does in it
			b.cut()
			c := b.up()
			b.must(c.own())
			b.must(errors.Join(c.addUser(1), c.setPhoto(1, portrait(1))))
			b.cut()
			cleanData(t, b.card, false)
			if got, err := b.card.DataSize(); err != nil || got < size-600<<20 {
				t.Errorf("the data have %d bytes, %v, on a card of %d", got, err, size)
			}
		})
	}
}

// TestPowerCut cuts the power while photos are sent.
func TestPowerCut(t *testing.T) {
	needEmulator(t)
	t.Parallel()
	t.Run("no photo that was acknowledged is lost or altered", func(t *testing.T) {
		t.Parallel()
		cuts := 4
		if slow() {
			cuts = 50
		}
		l := newLedger(insert(t, cardImage(t, build.Options{})))
		for range cuts {
			l.writeAndCut()
			l.read()
		}
		t.Logf("%d cuts, %d photos acknowledged, %d lost, %d altered", cuts, len(l.acknowledged), l.lost, l.altered)
		if l.lost > 0 || l.altered > 0 || len(l.acknowledged) == 0 {
			t.Errorf("of %d photos acknowledged %d are lost and %d altered", len(l.acknowledged), l.lost, l.altered)
		}
		l.cut()
		cleanData(t, l.card, false)
	})
	// Without this one the other might pass because a cut loses nothing anyway.
	t.Run("a terminal that does not sync loses some", func(t *testing.T) {
		t.Parallel()
		l := newLedger(insert(t, cardImage(t, build.Options{Tags: "portaria_nosync"})))
		// Nearly always the first does; on a slow machine the kernel may have had the
		// time to write everything by itself, once or twice.
		for range 10 {
			l.writeAndCut()
			if l.read(); l.lost > 0 {
				return
			}
		}
		t.Errorf("%d photos acknowledged, none lost: these cuts prove nothing", len(l.acknowledged))
	})
}

// A ledger remembers what a terminal has acknowledged.
type ledger struct {
	*board
	terminal *terminal

	mu           sync.Mutex // guards acknowledged
	acknowledged []int64
	next         int64
	lost         int
	altered      int
}

func newLedger(b *board) *ledger {
	l := &ledger{board: b, terminal: b.up(), next: 1}
	b.must(l.terminal.own())
	return l
}

// writeAndCut sends photos until the power goes, which is when some have been
// acknowledged and more are under way.
func (l *ledger) writeAndCut() {
	l.Helper()
	done := make(chan error, 1)
	enough := make(chan struct{})
	n := 10 + rand.IntN(20)
	go func() {
		for acknowledged := 0; ; l.next++ {
			if acknowledged++; acknowledged == n {
				close(enough)
			}
			err := errors.Join(l.terminal.addUser(l.next), l.terminal.setPhoto(l.next, portrait(l.next)))
			if err != nil {
				l.next++ // this one may be there or not
				done <- err
				return
			}
			l.mu.Lock()
			l.acknowledged = append(l.acknowledged, l.next)
			l.mu.Unlock()
		}
	}()
	select {
	case <-enough:
		time.Sleep(time.Duration(rand.IntN(50)) * time.Millisecond) // anywhere in a request
	case err := <-done:
		l.Fatalf("the terminal refused before the cut: %v", err)
	}
	l.cut()
	if err := <-done; !errors.Is(err, errNoAnswer) {
		l.Fatalf("the terminal refused before the cut: %v", err)
	}
}

// read boots again and looks for everything acknowledged.
func (l *ledger) read() {
	l.Helper()
	l.terminal = l.up()
	if err := l.terminal.login(owner, password); err != nil {
		// Even the owner is forgotten.
		l.lost += len(l.acknowledged)
		l.Logf("login: %v", err)
		return
	}
	for id := range l.next {
		got, err := l.terminal.photo(id)
		switch {
		case err == nil && bytes.Equal(got, portrait(id)):
		case err == nil:
			l.altered++
		case l.isAcknowledged(id):
			l.Logf("photo %d: %v", id, err)
			l.lost++
		}
	}
}

func (l *ledger) isAcknowledged(id int64) bool {
	for _, a := range l.acknowledged {
		if a == id {
			return true
		}
	}
	return false
}

// portrait is a photo that only this user has.
func portrait(id int64) []byte {
	r := rand.New(rand.NewPCG(uint64(id), 1))
	p := image.NewRGBA(image.Rect(0, 0, 240, 320))
	for y := range 320 {
		for x := range 240 {
			v := uint8(r.IntN(64))
			p.Set(x, y, color.RGBA{uint8(x) + v, uint8(y) + v, v, 255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, p, &jpeg.Options{Quality: 80}); err != nil {
		panic(err) // into memory
	}
	return b.Bytes()
}
