package imaging

import (
	"bytes"
	"errors"
	"image"
	"image/jpeg"
	"os"
	"path/filepath"
	"testing"
)

// FuzzNormalize checks that any bytes are either refused or become a photo that keeps every promise.
func FuzzNormalize(f *testing.F) {
	folder := filepath.Join("..", "testdata", "photo")
	files, err := os.ReadDir(folder)
	if err != nil || len(files) == 0 {
		f.Fatalf("no seeds in %s: %v", folder, err)
	}
	for _, file := range files {
		f.Add(testPhoto(f, file.Name()))
	}
	f.Add(fourPlanes(f, 0))
	f.Add(manyScans(3))
	f.Add(with(asJPEG(f, drawn(16, 16), 50), []byte("junk"), exifSegment(5)))
	// Large pictures are refused here, so that the fuzzer spends its time on structure; TestBombs has them.
	large := image.Pt(1000, 1000)
	f.Fuzz(func(t *testing.T, upload []byte) {
		agreesWithPlain(t, upload, large)
		for _, spec := range []Spec{{Max: large}, {Max: large, MaxBytes: 4 << 10, Box: image.Pt(50, 70)}} {
			photo, err := Normalize(t.Context(), upload, spec)
			if err != nil {
				continue
			}
			checkPhoto(t, "photo", photo, spec)
			checkAgain(t, "photo", photo, spec)
		}
	})
}

// agreesWithPlain checks that a JPEG whose segments are whole is accepted where image/jpeg accepts it, and nowhere else.
func agreesWithPlain(t *testing.T, upload []byte, most image.Point) {
	t.Helper()
	h, err := readHeader(upload)
	if err != nil || h.format != formatJPEG || h.affordable() != nil || beyond(h.size, most) {
		return
	}
	photo, got := Normalize(t.Context(), upload, Spec{})
	end := []byte{0xff, markEOI}
	_, want := jpeg.Decode(bytes.NewReader(append(upload[:len(upload):len(upload)], end...)))
	switch {
	case got == nil && want != nil && (photo.Treatment != Recoded || !bytes.Contains(upload, []byte{0xff, markSOF2})):
		t.Errorf("accepted and %v, image/jpeg says %v", photo.Treatment, want)
	case errors.Is(got, ErrFormat) && want == nil:
		t.Errorf("%v, image/jpeg accepts it", got)
	}
}
