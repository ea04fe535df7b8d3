package jpeg

import (
	"crypto/sha256"
	"flag"
	"fmt"
	"image"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write testdata/golden.txt anew")

// TestGolden holds every byte of some photos, so that two processors, or two versions, cannot differ unseen.
func TestGolden(t *testing.T) {
	t.Parallel()
	var got []string
	note := func(name string, data []byte) {
		got = append(got, fmt.Sprintf("%x %s", sha256.Sum256(data), name))
	}
	files := seeds(t)
	for name, data := range files {
		if strings.HasSuffix(name, "renamed.jpg") || strings.HasPrefix(name, "truncated") || strings.HasSuffix(name, "-410.jpg") {
			continue
		}
		for _, part := range []int{8, 7, 6, 5, 4, 3, 2, 1} {
			turn := Turn{MirrorX: part&1 != 0, MirrorY: part&2 != 0, Transpose: part&4 != 0}
			note(fmt.Sprintf("%s %d/8", name, part), photo(t, data, part, turn, 85))
		}
	}
	large := encoded(ycbcr(1000, 751), 90)
	for _, part := range []int{1, 2, 3, 5, 7} {
		note(fmt.Sprintf("1000x751 %d/8", part), photo(t, large, part, Turn{}, 40+10*part))
	}
	slices.SortFunc(got, func(a, b string) int { return strings.Compare(a[65:], b[65:]) })
	path := filepath.Join("testdata", "golden.txt")
	text := strings.Join(got, "\n") + "\n"
	if *update {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if text == string(want) {
		return
	}
	lines := strings.Split(string(want), "\n")
	for i, line := range got {
		if i >= len(lines) || line != lines[i] {
			t.Errorf("%s is not as in %s", line[65:], path)
		}
	}
}

// photo makes a photo of part eighths of data, turned.
func photo(t *testing.T, data []byte, part int, turn Turn, quality int) []byte {
	t.Helper()
	var d Decoder
	var r Resampler
	var e Encoder
	first, err := d.Luma(t.Context(), data, 1)
	if err != nil {
		t.Fatal(err)
	}
	size := image.Pt(max(1, first.Size.X*part/8), max(1, first.Size.Y*part/8))
	p, err := d.Decode(t.Context(), data, size)
	if err != nil {
		t.Fatal(err)
	}
	size = turn.Swap(size)
	var planes []Plane
	for i, plane := range p.Planes {
		extent := Whole(size)
		if i > 0 && !p.RGB {
			extent = Half(size)
		}
		planes = append(planes, r.Resample(nil, plane, extent, turn))
		if p.RGB {
			planes[i] = planes[i].Copy(nil)
		}
	}
	if p.RGB {
		ToYCbCr(planes)
	}
	return e.Encode(size, planes, quality)
}
