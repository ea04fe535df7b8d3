package imaging

import (
	"image"
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
