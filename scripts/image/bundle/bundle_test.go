package bundle_test

import (
	"bytes"
	"compress/gzip"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"portaria/scripts/image/bundle"
	"portaria/scripts/image/card"
)

var info = card.Info{Version: "1.2.3", Built: 1790000000}

func keyPair(first byte) (ed25519.PublicKey, ed25519.PrivateKey) {
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{first}, ed25519.SeedSize))
	return key.Public().(ed25519.PublicKey), key
}

// image is a slot's image: some of it packs well, some does not. Its length is
// not one in which gzip gives its output.
func image() []byte {
	b := make([]byte, 64*1024+512)
	for i := range b[:16*1024] {
		b[i] = byte(i * i >> 3)
	}
	return b
}

func written(t testing.TB, key ed25519.PrivateKey) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := bundle.Write(&b, key, info, bytes.NewReader(image())); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// crafted is a bundle signed with key whose header says what change makes it say.
func crafted(t *testing.T, key ed25519.PrivateKey, payload []byte, change func(h *bundle.Header)) []byte {
	t.Helper()
	raw, sum := sha256.Sum256(image()), sha256.Sum256(payload)
	h := bundle.Header{
		Info: info, Board: bundle.Board, Size: int64(len(image())), SHA256: hex.EncodeToString(raw[:]),
		PackedSize: int64(len(payload)), PackedSHA256: hex.EncodeToString(sum[:]),
	}
	change(&h)
	line, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	return append(sign(key, string(line)), payload...)
}

func sign(key ed25519.PrivateKey, header string) []byte {
	head := "portaria update 1\n" + header + "\n"
	return []byte(head + base64.StdEncoding.EncodeToString(ed25519.Sign(key, []byte(head))) + "\n")
}

func packed(t *testing.T, raw []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(raw); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func read(b []byte, keys ...ed25519.PublicKey) ([]byte, error) {
	r, err := bundle.Open(bytes.NewReader(b), keys)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

func TestWrite(t *testing.T) {
	t.Parallel()
	public, private := keyPair(1)
	other, _ := keyPair(2)
	b := written(t, private)
	got, err := read(b, other, public)
	if err != nil || !bytes.Equal(got, image()) {
		t.Fatalf("read again: %d bytes, %v; want the image of %d", len(got), err, len(image()))
	}
	if again := written(t, private); !bytes.Equal(again, b) {
		t.Error("written twice, it is not the same")
	}
	head, err := bundle.ParseHead(b[:bytes.Index(b, []byte("=\n"))+2], []ed25519.PublicKey{public})
	if err != nil || head.Info != info || head.Total() != int64(len(b)) {
		t.Errorf("head is %+v of %d bytes, %v; want %+v of %d", head, head.Total(), err, info, len(b))
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	public, private := keyPair(1)
	_, stranger := keyPair(2)
	whole := written(t, private)
	good := packed(t, image())
	same := func(*bundle.Header) {}
	longer := append(image(), make([]byte, 512)...)
	bomb := packed(t, make([]byte, 8<<20))
	header := strings.SplitN(string(whole), "\n", 3)[1]
	for name, c := range map[string]struct {
		bundle []byte
		want   error
	}{
		"another's signature":           {crafted(t, stranger, good, same), bundle.ErrSignature},
		"a changed version":             {bytes.Replace(whole, []byte("1.2.3"), []byte("1.2.4"), 1), bundle.ErrSignature},
		"nothing":                       {nil, bundle.ErrForm},
		"another magic":                 {[]byte("portaria update 2\n{}\nAA==\n"), bundle.ErrForm},
		"a head without an end":         {append([]byte("portaria update 1\n"), bytes.Repeat([]byte("x"), 1<<20)...), bundle.ErrForm},
		"no signature":                  {[]byte("portaria update 1\n" + header + "\n\n"), bundle.ErrForm},
		"an unknown field":              {sign(private, `{"size":512,"more":1}`), bundle.ErrForm},
		"a doubled field":               {append(sign(private, strings.Replace(header, "{", `{"version":"0",`, 1)), good...), bundle.ErrForm},
		"spaces":                        {append(sign(private, strings.Replace(header, ":", ": ", 1)), good...), bundle.ErrForm},
		"null":                          {sign(private, `null`), bundle.ErrForm},
		"another board":                 {crafted(t, private, good, func(h *bundle.Header) { h.Board = "riscv64" }), bundle.ErrBoard},
		"an image larger than a slot":   {crafted(t, private, good, func(h *bundle.Header) { h.Size = card.SlotSize + 512 }), bundle.ErrForm},
		"an image of no size":           {crafted(t, private, good, func(h *bundle.Header) { h.Size = 0 }), bundle.ErrForm},
		"a version with a line's end":   {crafted(t, private, good, func(h *bundle.Header) { h.Version = "1\n2" }), bundle.ErrForm},
		"no time":                       {crafted(t, private, good, func(h *bundle.Header) { h.Built = 0 }), bundle.ErrForm},
		"another image":                 {crafted(t, private, good, func(h *bundle.Header) { h.SHA256 = strings.Repeat("0", 64) }), bundle.ErrContent},
		"another packed image":          {crafted(t, private, good, func(h *bundle.Header) { h.PackedSHA256 = strings.Repeat("0", 64) }), bundle.ErrContent},
		"an image longer than it says":  {crafted(t, private, packed(t, longer), same), bundle.ErrContent},
		"a bomb":                        {crafted(t, private, bomb, same), bundle.ErrContent},
		"an image shorter than it says": {crafted(t, private, packed(t, image()[:512]), same), bundle.ErrContent},
		"two packed images":             {crafted(t, private, append(bytes.Clone(good), good...), same), bundle.ErrContent},
		"something after its end":       {append(bytes.Clone(whole), 'x'), bundle.ErrContent},
		"an image that is not packed":   {crafted(t, private, image(), same), bundle.ErrContent},
		"a byte changed in the image":   {flipped(whole, len(whole)/2), bundle.ErrContent},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := read(c.bundle, public)
			if !errors.Is(err, c.want) {
				t.Errorf("%d bytes, %v; want %v", len(got), err, c.want)
			}
			if len(got) > len(image()) {
				t.Errorf("%d bytes were unpacked, the header promised %d", len(got), len(image()))
			}
		})
	}
	t.Run("no key is trusted", func(t *testing.T) {
		t.Parallel()
		if _, err := read(whole); !errors.Is(err, bundle.ErrSignature) {
			t.Errorf("%v, want ErrSignature", err)
		}
	})
	t.Run("cut anywhere", func(t *testing.T) {
		t.Parallel()
		for n := range whole {
			if n > 600 && n < len(whole)-64 && n%97 != 0 {
				continue
			}
			if _, err := read(whole[:n], public); !errors.Is(err, bundle.ErrForm) && !errors.Is(err, bundle.ErrContent) {
				t.Fatalf("cut to %d of %d bytes: %v", n, len(whole), err)
			}
		}
	})
}

func flipped(b []byte, at int) []byte {
	b = bytes.Clone(b)
	b[at] ^= 0x10
	return b
}

func TestWriteRefuses(t *testing.T) {
	t.Parallel()
	_, private := keyPair(1)
	for name, c := range map[string]struct {
		info  card.Info
		image []byte
	}{
		"a version nobody can read": {card.Info{Version: "", Built: 1}, image()},
		"no time":                   {card.Info{Version: "1", Built: 0}, image()},
		"half a sector":             {info, make([]byte, 700)},
		"an empty image":            {info, nil},
	} {
		if err := bundle.Write(io.Discard, private, c.info, bytes.NewReader(c.image)); !errors.Is(err, bundle.ErrForm) {
			t.Errorf("%s: %v, want ErrForm", name, err)
		}
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	public, private := keyPair(1)
	second, _ := keyPair(2)
	keys, err := bundle.ParseKeys([]byte("# ours\n" + bundle.PublicLine(public) + "\n  " + bundle.PublicLine(second)))
	if err != nil || len(keys) != 2 || !keys[0].Equal(public) || !keys[1].Equal(second) {
		t.Errorf("%d keys, %v; want both", len(keys), err)
	}
	got, err := bundle.ParsePrivate([]byte(bundle.PrivateLine(private)))
	if err != nil || !got.Equal(private) {
		t.Errorf("the private key is not read again: %v", err)
	}
	for _, text := range []string{"x", bundle.PublicLine(public)[:20], bundle.PublicLine(public) + "AAAA\n"} {
		if keys, err := bundle.ParseKeys([]byte(text)); err == nil {
			t.Errorf("ParseKeys(%q) = %d keys, want an error", text, len(keys))
		}
		if _, err := bundle.ParsePrivate([]byte(text)); err == nil {
			t.Errorf("ParsePrivate(%q) was read", text)
		}
	}
}

func FuzzOpen(f *testing.F) {
	public, private := keyPair(1)
	whole := written(f, private)
	f.Add(whole)
	f.Add(whole[:200])
	f.Add([]byte("portaria update 1\n{}\n\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := read(b, public)
		if err == nil && (!bytes.Equal(got, image()) || !bytes.Equal(b, whole)) {
			t.Errorf("%d bytes that nobody signed were taken", len(b))
		}
	})
}
