package imaging

import (
	"image"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestAsGoodOnFiles holds the photos of the tree to the measure of TestAsGoodAsTheSlowWay, and those of the public corpora
// where they are.
func TestAsGoodOnFiles(t *testing.T) {
	t.Parallel()
	corpora := corporaFolder()
	percents, every := []int{75, 60, 50, 33, 20}, 1
	if testing.Short() {
		percents, every = percents[2:3], 3
	}
	compared := 0
	for _, pattern := range []string{
		filepath.Join("..", "testdata", "photo", "*.jpg"),
		filepath.Join(corpora, "exif-orientation", "*_[16].jpg"),
		filepath.Join(corpora, "exif-variants", "enc-*.jpg"),
		filepath.Join(corpora, "go-std", "*.jpeg"),
	} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for i, file := range files {
			if i%every > 0 {
				continue
			}
			if strings.HasSuffix(file, ".rgb.jpeg") {
				continue // red in full, green and blue in half: image/jpeg repeats their samples, we interpolate
			}
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, percent := range percents {
				if asGood(t, file, data, percent) {
					compared++
				}
			}
		}
	}
	t.Logf("%d pictures", compared)
	if compared < 10 {
		t.Errorf("%d pictures were compared, want more", compared)
	}
}

// asGood shrinks a file to some hundredths in both ways and compares, unless one of them declines it or too little is left for
// the measure to mean anything.
func asGood(t *testing.T, name string, data []byte, percent int) bool {
	t.Helper()
	const least = 48
	h, err := readHeader(data)
	if err != nil {
		return false
	}
	size := h.uprightSize()
	spec := Spec{Box: image.Pt(size.X*percent/100, size.Y*percent/100)}
	photo, err := Normalize(t.Context(), data, spec)
	if err != nil || min(photo.Width, photo.Height) < least {
		return false
	}
	img, err := decode(t.Context(), data, h)
	if err != nil {
		return false // restarts in progressive scans
	}
	want := upright(resize(img, h.orientation.swap(image.Pt(photo.Width, photo.Height))), h.orientation, h.grey)
	a, b := ssim(decoded(t, photo.JPEG), want), ssim(decoded(t, slowly(t, data, spec)), want)
	if b-a > 0.002 {
		t.Errorf("%s to %dx%d: structural similarity %.4f, the slow way %.4f", name, photo.Width, photo.Height, a, b)
	}
	return true
}
