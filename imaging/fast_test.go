package imaging

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// natural returns a picture with what photos have: light over large areas, edges, texture and some noise.
func natural(w, h int) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	random := rand.New(rand.NewPCG(uint64(w), uint64(h)))
	var wave [24][4]float64
	for i := range wave {
		f := math.Pow(1.35, float64(i)) / float64(w)
		a := random.Float64() * 2 * math.Pi
		wave[i] = [4]float64{f * math.Cos(a) * 9, f * math.Sin(a) * 9, random.Float64() * 6, 60 / math.Pow(1.35, float64(i))} // as in nature: half the light at twice the detail
	}
	for y := range h {
		for x := range w {
			v := 120.0
			for _, k := range wave {
				v += k[3] * math.Sin(float64(x)*k[0]+float64(y)*k[1]+k[2])
			}
			if dx, dy := float64(x)/float64(w)-0.5, float64(y)/float64(h)-0.4; dx*dx+dy*dy < 0.05 {
				v = 0.5*v + 110
			}
			v += 3 * random.NormFloat64()
			at := func(f float64) uint8 { return uint8(min(max(v*f, 0), 255)) }
			m.SetRGBA(x, y, color.RGBA{at(1.1), at(0.95), at(0.7 + 0.3*float64(x)/float64(w)), 255})
		}
	}
	return m
}

// slowly recodes upload with image/jpeg and Lanczos alone.
func slowly(t testing.TB, upload []byte, spec Spec) []byte {
	t.Helper()
	h, err := readHeader(upload)
	if err != nil {
		t.Fatal(err)
	}
	target, err := spec.target(h.uprightSize())
	if err != nil {
		t.Fatal(err)
	}
	img, err := decode(t.Context(), upload, h)
	if err != nil {
		t.Fatal(err)
	}
	if size := h.orientation.swap(target); size != h.size {
		img = resize(img, size)
	}
	out, _, err := squeeze(t.Context(), upright(img, h.orientation, h.grey), spec)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestAsGoodAsTheSlowWay compares photos of both ways with the picture they were made from, shrunk and not coded.
func TestAsGoodAsTheSlowWay(t *testing.T) {
	t.Parallel()
	sizes := []image.Point{{400, 300}, {641, 480}, {700, 933}, {1000, 751}, {1300, 975}, {1632, 1224}}
	if testing.Short() {
		sizes = sizes[:3]
	}
	for _, size := range sizes {
		t.Run(size.String(), func(t *testing.T) {
			t.Parallel()
			picture := natural(size.X, size.Y)
			for _, box := range []image.Point{{320, 240}, {251, 187}} {
				for _, o := range []orientation{1, 6} {
					upload := with(asJPEG(t, coded(picture, o), 88), exifSegment(o))
					spec := Spec{Box: box}
					photo := mustNormalize(t, "natural", upload, spec)
					want := resize(upright(decoded(t, asJPEG(t, picture, 88)), 1, false), image.Pt(photo.Width, photo.Height))
					fast, slow := decoded(t, photo.JPEG), decoded(t, slowly(t, upload, spec))
					if fast.Bounds() != slow.Bounds() {
						t.Fatalf("box %v, orientation %d: %v, the slow way %v", box, o, fast.Bounds(), slow.Bounds())
					}
					a, b := ssim(fast, want), ssim(slow, want)
					if b-a > 0.002 {
						t.Errorf("box %v, orientation %d: structural similarity %.4f, the slow way %.4f", box, o, a, b)
					}
					if e := meanError(t, fast, slow); e > 2.5 {
						t.Errorf("box %v, orientation %d: mean error %.2f to the slow way", box, o, e)
					}
				}
			}
		})
	}
}

// ssim is the mean structural similarity of luma over windows of 8x8, every four pixels.
func ssim(a, b image.Image) float64 {
	x, y := lumaOf(a), lumaOf(b)
	width, height := a.Bounds().Dx(), a.Bounds().Dy()
	const c1, c2, n = 0.01 * 255 * 0.01 * 255, 0.03 * 255 * 0.03 * 255, 64
	sum, windows := 0.0, 0.0
	for top := 0; top+8 <= height; top += 4 {
		for left := 0; left+8 <= width; left += 4 {
			var sa, sb, saa, sbb, sab float64
			for i := range 64 {
				at := (top+i/8)*width + left + i%8
				p, q := x[at], y[at]
				sa, sb, saa, sbb, sab = sa+p, sb+q, saa+p*p, sbb+q*q, sab+p*q
			}
			ma, mb := sa/n, sb/n
			sum += (2*ma*mb + c1) * (2*(sab/n-ma*mb) + c2) / ((ma*ma + mb*mb + c1) * (saa/n - ma*ma + sbb/n - mb*mb + c2))
			windows++
		}
	}
	return sum / windows
}

func lumaOf(m image.Image) []float64 {
	var out []float64
	each(m, func(x, y int) {
		r, g, b, _ := m.At(x, y).RGBA()
		out = append(out, (0.299*float64(r)+0.587*float64(g)+0.114*float64(b))/257)
	})
	return out
}

// codings returns the files of package jpeg: one drawn picture in every coding.
func codings(t testing.TB) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("jpeg", "testdata", "*.jpg"))
	if err != nil || len(files) < 10 {
		t.Fatalf("%d codings in jpeg/testdata, %v", len(files), err)
	}
	out := map[string][]byte{}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		out[filepath.Base(file)] = data
	}
	return out
}

// TestCodings makes a photo of every coding, small and turned, and compares with the slow way where that reads it.
func TestCodings(t *testing.T) {
	t.Parallel()
	for name, data := range codings(t) {
		for _, box := range []image.Point{{}, {40, 40}, {9, 9}} {
			for o := orientation(1); o <= 8; o++ {
				upload := with(data, exifSegment(o))
				got := mustNormalize(t, name, upload, Spec{Box: box})
				checkAgain(t, name, got, Spec{Box: box})
				if name == "progressive-420-restart.jpg" {
					continue
				}
				if got.Treatment == Stripped {
					decoded(t, got.JPEG)
					continue
				}
				if e := meanError(t, decoded(t, got.JPEG), decoded(t, slowly(t, upload, Spec{Box: box}))); e > 13 {
					t.Errorf("%s in %v, orientation %d: mean error %.1f to the slow way", name, box, o, e)
				}
			}
		}
	}
}

// TestSqueezeFast shrinks below a limit on the bytes, from planes of each kind.
func TestSqueezeFast(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"baseline-420-fine.jpg", "baseline-rgb.jpg", "progressive-rgb.jpg", "baseline-grey-restart.jpg"} {
		data := with(codings(t)[name], exifSegment(6))
		padded := append(data, make([]byte, 4000)...)
		free := mustNormalize(t, name, data, Spec{})
		for _, limit := range []int{len(free.JPEG) + 1, len(free.JPEG), 1400, 1100} {
			spec := Spec{MaxBytes: limit, Box: image.Pt(1000, 1000)}
			if limit <= len(padded) {
				spec.MaxBytes = 0
			}
			h, err := readHeader(data)
			if err != nil {
				t.Fatal(err)
			}
			photo, done, err := recodeFast(t.Context(), data, h, h.uprightSize(), Spec{MaxBytes: limit})
			if errors.Is(err, ErrTooManyBytes) && limit < 1400 {
				continue
			}
			if err != nil || !done || len(photo.JPEG) >= limit {
				t.Fatalf("%s below %d: %d bytes, %t, %v", name, limit, len(photo.JPEG), done, err)
			}
			want := decoded(t, free.JPEG)
			if photo.Width < free.Width {
				want = resize(upright(want, 1, photo.Grey), image.Pt(photo.Width, photo.Height))
			}
			if e := meanError(t, decoded(t, photo.JPEG), want); e > 22 {
				t.Errorf("%s below %d: %dx%d, mean error %.1f", name, limit, photo.Width, photo.Height, e)
			}
		}
	}
}

// TestManyAtOnce normalizes in many goroutines, which share their buffers: each photo is as if it were alone.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	files := codings(t)
	alone := map[string][]byte{}
	spec := Spec{Box: image.Pt(50, 50)}
	for name, data := range files {
		alone[name] = mustNormalize(t, name, data, spec).JPEG
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for name, data := range files {
				photo, err := Normalize(t.Context(), data, spec)
				if err != nil || !bytes.Equal(photo.JPEG, alone[name]) {
					t.Errorf("%s: %v, or another photo than alone", name, err)
				}
			}
		})
	}
	all.Wait()
}

// TestLittleIsAllocated holds what one photo leaves to the collector once the buffers exist. The least of many counts: the
// collector may empty the pool at any time.
func TestLittleIsAllocated(t *testing.T) {
	upload := asJPEG(t, drawn(1920, 1080), 85)
	least := uint64(math.MaxUint64)
	for range 20 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := Normalize(t.Context(), upload, Spec{Box: image.Pt(640, 480)}); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		least = min(least, after.TotalAlloc-before.TotalAlloc)
	}
	if least > 200<<10 {
		t.Errorf("%d bytes a photo, want at most 200 KB", least)
	}
}

// TestLargeBuffersAreNotKept makes photos and counts what their buffers hold.
func TestLargeBuffersAreNotKept(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		size image.Point
		box  image.Point
		kept bool
	}{
		{"a photo in a box", image.Pt(1600, 1200), image.Pt(640, 480), true},
		{"a large picture recoded in full", image.Pt(3000, 3000), image.Point{}, false},
	} {
		upload := with(asJPEG(t, greyOf(image.NewGray(image.Rectangle{Max: tt.size})), 85), exifSegment(6))
		h, err := readHeader(upload)
		if err != nil {
			t.Fatal(err)
		}
		target, err := Spec{Box: tt.box}.target(h.uprightSize())
		if err != nil {
			t.Fatal(err)
		}
		var b bench
		picture, err := b.decoder.Decode(t.Context(), upload, h.orientation.swap(target))
		if err != nil {
			t.Fatal(err)
		}
		b.draw(picture, target, h.orientation.turn())
		if kept := b.retained() <= maxRetained; kept != tt.kept {
			t.Errorf("%s: %d bytes, kept %t", tt.name, b.retained(), kept)
		}
	}
}

func TestLuma(t *testing.T) {
	t.Parallel()
	picture := drawn(320, 240)
	photo := asJPEG(t, picture, 95)
	for _, tt := range []struct {
		side int
		want image.Point
	}{
		{1, image.Pt(40, 30)},
		{40, image.Pt(40, 30)},
		{41, image.Pt(80, 60)},
		{100, image.Pt(120, 90)},
		{319, image.Pt(320, 240)},
		{320, image.Pt(320, 240)},
		{9999, image.Pt(320, 240)},
		{0, image.Pt(40, 30)},
		{-5, image.Pt(40, 30)},
	} {
		t.Run(fmt.Sprintf("a side of %d", tt.side), func(t *testing.T) {
			t.Parallel()
			got, err := Luma(photo, tt.side)
			if err != nil || got.Rect != (image.Rectangle{Max: tt.want}) {
				t.Fatalf("Luma: %v, %v, want %v", got, err, tt.want)
			}
			if e := meanError(t, got, greyOf(resize(picture, tt.want))); e > 3 {
				t.Errorf("mean error %.1f to the grey picture, want at most 3", e)
			}
		})
	}
	t.Run("a standing photo is measured by its height", func(t *testing.T) {
		t.Parallel()
		if got, err := Luma(asJPEG(t, drawn(240, 320), 85), 160); err != nil || got.Rect.Max != image.Pt(120, 160) {
			t.Errorf("Luma: %v, %v", got, err)
		}
	})
	t.Run("a grey photo", func(t *testing.T) {
		t.Parallel()
		if got, err := Luma(asJPEG(t, greyOf(picture), 85), 160); err != nil || got.Rect.Max != image.Pt(160, 120) {
			t.Errorf("Luma: %v, %v", got, err)
		}
	})
	for name, tt := range map[string]struct {
		data []byte
		want error
	}{
		"nothing":           {nil, ErrFormat},
		"a PNG":             {asPNG(t, picture), ErrFormat},
		"a truncated photo": {photo[:len(photo)/2], ErrFormat},
		"a bomb":            {jpegClaiming(markSOF0, 65500, 65500, 0x11), ErrTooCostly},
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			t.Parallel()
			got, err := Luma(tt.data, 100)
			checkClass(t, name, err, tt.want)
			if got != nil {
				t.Errorf("%v beside the error", got.Rect)
			}
		})
	}
	// What the fast decoder leaves to image/jpeg is a picture all the same: nothing may hide in a rare form.
	for name, odd := range map[string][]byte{
		"three codes of one bit": strayCodes(photo),
		"CMYK":                   fourPlanes(t, 0),
		"RGB":                    codings(t)["baseline-rgb.jpg"],
		"progressive RGB":        codings(t)["progressive-rgb.jpg"],
	} {
		t.Run(name+" is read at full size", func(t *testing.T) {
			t.Parallel()
			want := greyOf(decoded(t, odd))
			got, err := Luma(odd, 10)
			if err != nil || got.Rect.Size() != want.Rect.Size() {
				t.Fatalf("Luma: %v, %v, want %v", got, err, want.Rect)
			}
			if e := meanError(t, got, want); e > 1 {
				t.Errorf("mean error %.1f to the picture in grey, want at most 1", e)
			}
		})
	}
	t.Run("the picture is the caller's", func(t *testing.T) {
		t.Parallel()
		first, err := Luma(photo, 320)
		if err != nil {
			t.Fatal(err)
		}
		before := bytes.Clone(first.Pix)
		if _, err := Luma(asJPEG(t, speckled(320, 240), 85), 320); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(before, first.Pix) {
			t.Error("it changed when another photo was read")
		}
	})
}

// strayCodes returns photo with a Huffman table in front of its own that has more codes than their length allows. It is
// never used, but the fast decoder leaves such a file to image/jpeg, and so Normalize keeps it.
func strayCodes(photo []byte) []byte {
	return with(photo, segment(markDHT, "\x00\x03"+strings.Repeat("\x00", 15)+"\x00\x01\x02"))
}
