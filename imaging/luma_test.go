package imaging

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"testing"

	"portaria/testdata"
)

func TestLuma(t *testing.T) {
	t.Parallel()
	t.Run("halved as often as the longer side stays at least side", func(t *testing.T) {
		t.Parallel()
		for _, c := range []struct {
			name string
			side int
			want image.Point
		}{
			{"plain-320x240.jpg", 480, image.Pt(320, 240)},
			{"plain-320x240.jpg", 161, image.Pt(320, 240)},
			{"plain-320x240.jpg", 160, image.Pt(160, 120)},
			{"plain-320x240.jpg", 1, image.Pt(1, 1)},
			{"wide-2400x300.jpg", 480, image.Pt(600, 75)},
			{"grey-200x200.jpg", 100, image.Pt(100, 100)},
		} {
			img, err := Luma(testdata.Photo(c.name), c.side)
			if err != nil {
				t.Fatal(err)
			}
			if got := img.Rect.Size(); got != c.want {
				t.Errorf("Luma(%s, %d) is %v, want %v", c.name, c.side, got, c.want)
			}
		}
	})
	t.Run("light without colour", func(t *testing.T) {
		t.Parallel()
		m := image.NewRGBA(image.Rect(0, 0, 64, 64))
		for y := range 64 {
			for x := range 64 {
				m.Set(x, y, color.RGBA{uint8(4 * x), 100, uint8(255 - 4*x), 255})
			}
		}
		var b bytes.Buffer
		if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 100}); err != nil {
			t.Fatal(err)
		}
		img, err := Luma(b.Bytes(), 32)
		if err != nil {
			t.Fatal(err)
		}
		for x := range 32 {
			want, _, _ := color.RGBToYCbCr(uint8(8*x+2), 100, uint8(255-8*x-2))
			if got := img.GrayAt(x, 16).Y; max(got, want)-min(got, want) > 3 {
				t.Errorf("pixel %d is %d, want about %d", x, got, want)
			}
		}
	})
	t.Run("what is no JPEG has none", func(t *testing.T) {
		t.Parallel()
		for _, name := range []string{"alpha-200x200.png", "text-renamed.jpg", "truncated-200x200.jpg"} {
			if img, err := Luma(testdata.Photo(name), 100); !errors.Is(err, ErrFormat) || img != nil {
				t.Errorf("Luma(%s): %v, want ErrFormat", name, err)
			}
		}
	})
}

func TestComment(t *testing.T) {
	t.Parallel()
	jpg := testdata.Photo("comment-200x150.jpg")
	if got, want := Comment(jpg), "drawn by scripts/photos"; got != want {
		t.Errorf("comment %q, want %q", got, want)
	}
	for _, name := range []string{"plain-200x200.jpg", "gps-200x150.jpg", "alpha-200x200.png", "text-renamed.jpg"} {
		if got := Comment(testdata.Photo(name)); got != "" {
			t.Errorf("%s has the comment %q, want none", name, got)
		}
	}
	t.Run("behind other segments, and whatever is cut off", func(t *testing.T) {
		t.Parallel()
		head := "\xff\xd8\xff\xe0\x00\x04ab\xff\xfe\x00\x05abc"
		for n := range len(head) {
			if got := Comment([]byte(head[:n])); got != "" {
				t.Errorf("the first %d bytes have the comment %q", n, got)
			}
		}
		if got := Comment([]byte(head)); got != "abc" {
			t.Errorf("comment %q, want abc", got)
		}
		for _, odd := range []string{"\xff\xd8\xff\xfe\x00\x00", "\xff\xd8\xff\xfe\x00\x01", "\xff\xd8\xff\xda\x00\x02\xff\xfe\x00\x03a"} {
			if got := Comment([]byte(odd)); got != "" {
				t.Errorf("%q has the comment %q", odd, got)
			}
		}
	})
}
