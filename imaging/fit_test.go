package imaging

import (
	"errors"
	"image"
	"testing"
)

func TestFit(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name            string
		size, box, want image.Point
	}{
		{"inside is never enlarged", image.Pt(100, 50), image.Pt(640, 480), image.Pt(100, 50)},
		{"exactly the box", image.Pt(640, 480), image.Pt(640, 480), image.Pt(640, 480)},
		{"no box", image.Pt(9000, 50), image.Point{}, image.Pt(9000, 50)},
		{"the same shape", image.Pt(1280, 960), image.Pt(640, 480), image.Pt(640, 480)},
		{"wider than the box", image.Pt(1000, 500), image.Pt(640, 480), image.Pt(640, 320)},
		{"taller than the box", image.Pt(500, 1000), image.Pt(640, 480), image.Pt(240, 480)},
		{"over in height alone", image.Pt(300, 600), image.Pt(640, 480), image.Pt(240, 480)},
		{"over in width alone", image.Pt(700, 100), image.Pt(640, 480), image.Pt(640, 91)},
		{"one pixel over", image.Pt(641, 480), image.Pt(640, 480), image.Pt(640, 479)},
		{"odd sides", image.Pt(1001, 333), image.Pt(99, 99), image.Pt(99, 33)},
		{"a line lying", image.Pt(12000, 1), image.Pt(640, 480), image.Pt(640, 1)},
		{"a line standing", image.Pt(1, 12000), image.Pt(640, 480), image.Pt(1, 480)},
		{"into one pixel", image.Pt(3000, 4000), image.Pt(1, 1), image.Pt(1, 1)},
		{"bounded in width", image.Pt(1000, 500), image.Pt(100, 0), image.Pt(100, 50)},
		{"bounded in height", image.Pt(1000, 500), image.Pt(0, 100), image.Pt(200, 100)},
		{"the largest there is", image.Pt(12000, 12000), image.Pt(11999, 11999), image.Pt(11999, 11999)},
	} {
		if got := fit(tt.size, tt.box); got != tt.want {
			t.Errorf("fit(%v, %v), %s: %v, want %v", tt.size, tt.box, tt.name, got, tt.want)
		}
	}
	t.Run("never outside, never nothing, never larger, and fitting twice changes nothing", func(t *testing.T) {
		t.Parallel()
		for w := 1; w < 300; w += 7 {
			for h := 1; h < 300; h += 5 {
				for _, box := range []image.Point{{1, 1}, {64, 48}, {48, 64}, {7, 200}, {299, 1}} {
					size := image.Pt(w, h)
					got := fit(size, box)
					if got.X < 1 || got.Y < 1 || got.X > min(w, box.X) || got.Y > min(h, box.Y) || fit(got, box) != got {
						t.Fatalf("fit(%v, %v): %v", size, box, got)
					}
				}
			}
		}
	})
}

func TestTarget(t *testing.T) {
	t.Parallel()
	pt := image.Pt
	for _, tt := range []struct {
		name string
		spec Spec
		size image.Point
		want image.Point
		err  error
	}{
		{"no bounds", Spec{}, pt(1, 9999), pt(1, 9999), nil},
		{"too narrow", Spec{Min: pt(160, 160)}, pt(159, 400), pt(0, 0), ErrTooSmall},
		{"too low", Spec{Min: pt(160, 160)}, pt(400, 159), pt(0, 0), ErrTooSmall},
		{"too narrow and too high", Spec{Min: pt(160, 160), Max: pt(1920, 1080)}, pt(159, 2000), pt(0, 0), ErrTooSmall},
		{"too wide", Spec{Max: pt(1920, 1080)}, pt(1921, 400), pt(0, 0), ErrTooLarge},
		{"too high", Spec{Max: pt(1920, 1080)}, pt(400, 1081), pt(0, 0), ErrTooLarge},
		{"too high, width not bounded", Spec{Max: pt(0, 1080)}, pt(4000, 1081), pt(0, 0), ErrTooLarge},
		{"at the maximum", Spec{Max: pt(1920, 1080)}, pt(1920, 1080), pt(1920, 1080), nil},
		{"shrunk into the maximum", Spec{Max: pt(1920, 1080), Shrink: true}, pt(3840, 2160), pt(1920, 1080), nil},
		{
			"shrunk into the box, which is tighter",
			Spec{Max: pt(1920, 1080), Box: pt(640, 480), Shrink: true},
			pt(3840, 2160), pt(640, 360), nil,
		},
		{
			"shrunk into the maximum, which is tighter",
			Spec{Max: pt(640, 480), Box: pt(1920, 1080), Shrink: true},
			pt(3840, 2160), pt(640, 360), nil,
		},
		{"shrunk into the box below the minimum", Spec{Min: pt(160, 160), Box: pt(640, 480)}, pt(2400, 300), pt(0, 0), ErrTooSmall},
	} {
		got, err := tt.spec.target(tt.size)
		if got != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("target(%v), %s: %v, %v, want %v, %v", tt.size, tt.name, got, err, tt.want, tt.err)
		}
	}
}

// TestSqueeze uses a bit a pixel of noise: nothing is smaller as a PNG and larger as a JPEG.
func TestSqueeze(t *testing.T) {
	t.Parallel()
	noise := asPNG(t, speckled(256, 256)) // some 9 KB, some 60 KB as a JPEG of quality 85
	free := mustNormalize(t, "noise", noise, Spec{})
	t.Run("a limit that the photo misses by a byte keeps the size and costs quality", func(t *testing.T) {
		t.Parallel()
		spec := Spec{MaxBytes: len(free.JPEG)}
		got := mustNormalize(t, "noise", noise, spec)
		if got.Width != 256 || got.Height != 256 {
			t.Errorf("%dx%d, want 256x256", got.Width, got.Height)
		}
		checkAgain(t, "noise", got, spec)
	})
	t.Run("a limit that the photo just meets costs nothing", func(t *testing.T) {
		t.Parallel()
		if got := mustNormalize(t, "noise", noise, Spec{MaxBytes: len(free.JPEG) + 1}); len(got.JPEG) != len(free.JPEG) {
			t.Errorf("%d bytes, want %d", len(got.JPEG), len(free.JPEG))
		}
	})
	for limit := 1 << 17; limit > len(noise); limit = limit * 7 / 8 {
		spec := Spec{MaxBytes: limit}
		got := mustNormalize(t, "noise", noise, spec)
		if got.Width != got.Height || got.Width < 64 {
			t.Errorf("limit %d: %dx%d, want a square of at least 64", limit, got.Width, got.Height)
		}
		checkAgain(t, "noise", got, spec)
	}
	t.Run("the picture shrinks when quality is at its end", func(t *testing.T) {
		t.Parallel()
		got := mustNormalize(t, "noise", noise, Spec{MaxBytes: len(noise) + 1})
		if got.Width >= 256 {
			t.Errorf("width %d, want below 256", got.Width)
		}
		grey := mustNormalize(t, "grey", asPNG(t, greyOf(speckled(256, 256))), Spec{MaxBytes: 15 << 10})
		if _, ok := decoded(t, grey.JPEG).(*image.Gray); !ok || grey.Width >= 256 {
			t.Errorf("grey noise: %T, width %d, want *image.Gray below 256", decoded(t, grey.JPEG), grey.Width)
		}
	})
	t.Run("a photo that would fall below the minimum has too many bytes", func(t *testing.T) {
		t.Parallel()
		checkError(t, "noise", noise, Spec{MaxBytes: len(noise) + 1, Min: image.Pt(256, 256)}, ErrTooManyBytes)
	})
	t.Run("a limit below the smallest JPEG is too many bytes, and ends", func(t *testing.T) {
		t.Parallel()
		tiny := asPNG(t, speckled(3, 3))
		checkError(t, "tiny", tiny, Spec{MaxBytes: len(tiny) + 1}, ErrTooManyBytes)
	})
	t.Run("the ladder ends with the context", func(t *testing.T) {
		t.Parallel()
		_, _, err := squeeze(&patient{t.Context(), 3}, speckled(64, 64), Spec{MaxBytes: 1})
		checkClass(t, "squeeze", err, ErrTooCostly)
	})
}
