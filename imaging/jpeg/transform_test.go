package jpeg

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"testing"
)

// cosine returns basis function k of a transform of n points at point i, scaled as JPEG scales its own.
func cosine(n, k, i int) float64 {
	if k == 0 {
		return 1 / math.Sqrt(8)
	}
	return math.Cos(float64((2*i+1)*k)*math.Pi/float64(2*n)) / 2
}

// TestInverse compares every transform with the sum that defines it.
func TestInverse(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 1))
	var d Decoder
	for scale := 1; scale <= 8; scale++ {
		kept := d.reach(scale)
		for _, last := range []int{0, 1, 3, 9, 10, 30, 63} {
			for range 50 {
				var b block
				for k := range last + 1 {
					if p := kept.place[k]; p < dump {
						b[p] = int32(random.IntN(801) - 400)
					}
				}
				in := b
				dst := make([]byte, 100)
				inverse(scale, &b, last, dst, 10)
				for y := range scale {
					for x := range scale {
						sum := 128.0
						for v := range scale {
							for u := range scale {
								sum += float64(in[v*scale+u]) * cosine(scale, u, x) * cosine(scale, v, y)
							}
						}
						if d := float64(dst[10*y+x]) - min(max(sum, 0), 255); math.Abs(d) > 1 {
							t.Fatalf("scale %d, %d coefficients, (%d, %d): %d, want %.2f", scale, last+1, x, y, dst[10*y+x], sum)
						}
					}
				}
				if scale < 10 && dst[scale] != 0 {
					t.Fatalf("scale %d: a sample beyond the block", scale)
				}
			}
		}
	}
}

func TestForward(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(2, 2))
	for range 200 {
		var b [64]int32
		for i := range b {
			b[i] = int32(random.IntN(256)) - 128
		}
		in := b
		forward(&b)
		for v := range 8 {
			for u := range 8 {
				sum := 0.0
				for y := range 8 {
					for x := range 8 {
						sum += float64(in[8*y+x]) * cosine(8, u, x) * cosine(8, v, y)
					}
				}
				if d := float64(b[8*v+u])/8 - sum; math.Abs(d) > 0.4 {
					t.Fatalf("coefficient (%d, %d): %.3f, want %.3f", u, v, float64(b[8*v+u])/8, sum)
				}
			}
		}
	}
}

// TestQuantize compares every step of every quality with a division.
func TestQuantize(t *testing.T) {
	t.Parallel()
	for quality := 1; quality <= 100; quality++ {
		var q quantizer
		q.set(quality&1, quality)
		for v := int32(-8192); v <= 8192; v += 13 {
			var in, out [64]int32
			for i := range in {
				in[i] = v
			}
			nonzero := q.quantize(&in, &out)
			for k, at := range zigzag {
				exact := float64(v) / float64(8*int(q.step[at]))
				got := out[k]
				if nonzero>>k&1 == 0 {
					got = 0
				}
				if d := math.Abs(float64(got) - exact); d > 0.5+math.Abs(exact)/250 {
					t.Fatalf("quality %d, %d by %d: %d, want %.2f", quality, v, q.step[at], got, exact)
				}
			}
		}
	}
}

// TestQualityIsThatOfImageJPEG compares the tables, on which the size of a photo depends.
func TestQualityIsThatOfImageJPEG(t *testing.T) {
	t.Parallel()
	m := image.NewYCbCr(image.Rect(0, 0, 8, 8), image.YCbCrSubsampleRatio420)
	for quality := 1; quality <= 100; quality++ {
		var theirs bytes.Buffer
		if err := jpeg.Encode(&theirs, m, &jpeg.Options{Quality: quality}); err != nil {
			t.Fatal(err)
		}
		var a, b Decoder
		if _, err := a.Decode(t.Context(), theirs.Bytes(), image.Point{}); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Decode(t.Context(), encoded(m, quality), image.Point{}); err != nil {
			t.Fatal(err)
		}
		if a.quant[0] != b.quant[0] || a.quant[1] != b.quant[1] {
			t.Errorf("quality %d: other tables than image/jpeg", quality)
		}
	}
}

// encoded encodes m, which is grey or 4:2:0.
func encoded(m image.Image, quality int) []byte {
	planes, strides, _ := planesOf(m)
	var in []Plane
	for i := range planes {
		in = append(in, Plane{Pix: planes[i], Stride: strides[i]})
	}
	var e Encoder
	return e.Encode(m.Bounds().Size(), in, quality)
}

// ycbcr returns a picture with gradients, edges and noise.
func ycbcr(w, h int) *image.YCbCr {
	random := rand.New(rand.NewPCG(uint64(w), uint64(h)))
	m := image.NewYCbCr(image.Rect(0, 0, w, h), image.YCbCrSubsampleRatio420)
	for y := range h {
		for x := range w {
			v := 40 + 150*x/max(w, 1) + random.IntN(12)
			if (x/9+y/7)%3 == 0 {
				v += 50
			}
			m.Y[m.YOffset(x, y)] = uint8(v)
			m.Cb[m.COffset(x, y)] = uint8(60 + 120*y/h)
			m.Cr[m.COffset(x, y)] = uint8(200 - 120*x/w)
		}
	}
	return m
}

func TestEncode(t *testing.T) {
	t.Parallel()
	for _, size := range []image.Point{{1, 1}, {7, 9}, {8, 8}, {16, 16}, {17, 15}, {33, 70}, {64, 48}} {
		for _, quality := range []int{1, 35, 85, 100} {
			colour := ycbcr(size.X, size.Y)
			grey := &image.Gray{Pix: colour.Y, Stride: colour.YStride, Rect: colour.Rect}
			for _, m := range []image.Image{colour, grey} {
				data := encoded(m, quality)
				got, err := jpeg.Decode(bytes.NewReader(data))
				if err != nil || got.Bounds() != m.Bounds() {
					t.Fatalf("%T %v at %d: %v, %v", m, size, quality, got, err)
				}
				var theirs bytes.Buffer
				if err := jpeg.Encode(&theirs, m, &jpeg.Options{Quality: quality}); err != nil {
					t.Fatal(err)
				}
				want, err := jpeg.Decode(&theirs)
				if err != nil {
					t.Fatal(err)
				}
				if ours, plain := distance(got, m), distance(want, m); ours > plain*1.05+0.5 {
					t.Errorf("%T %v at %d: mean square error %.2f, image/jpeg has %.2f", m, size, quality, ours, plain)
				}
			}
		}
	}
}

// distance returns the mean square error of luma.
func distance(a, b image.Image) float64 {
	sum := 0.0
	r := b.Bounds()
	for y := range r.Dy() {
		for x := range r.Dx() {
			luma := func(m image.Image) float64 { return float64(color.GrayModel.Convert(m.At(x, y)).(color.Gray).Y) }
			d := luma(a) - luma(b)
			sum += d * d
		}
	}
	return sum / float64(r.Dx()*r.Dy())
}

// TestEncodeIsDecoded checks the way there and back through this package alone, to the last coefficient of noise.
func TestEncodeIsDecoded(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(5, 5))
	m := image.NewGray(image.Rect(0, 0, 200, 120))
	for i := range m.Pix {
		m.Pix[i] = uint8(255 * random.IntN(2))
	}
	var d Decoder
	p, err := d.Decode(t.Context(), encoded(m, 100), image.Point{})
	if err != nil {
		t.Fatal(err)
	}
	if most, _ := worst(p, m); most > 4 {
		t.Errorf("a sample of black and white noise is %d off at quality 100", most)
	}
}

func TestCheckSeesColour(t *testing.T) {
	t.Parallel()
	neutral := func(w, h int) *image.YCbCr {
		m := ycbcr(w, h)
		for i := range m.Cb {
			m.Cb[i], m.Cr[i] = 128, 128
		}
		return m
	}
	last := neutral(65, 49)
	last.Cr[last.COffset(64, 48)] = 200
	padding := neutral(60, 44)
	for i := range padding.Cb {
		if i%padding.CStride >= 30 {
			padding.Cb[i] = 255
		}
	}
	faint := neutral(64, 48)
	for i := range faint.Cb {
		faint.Cb[i] = 126
	}
	tint := neutral(64, 48)
	for i := range tint.Cb {
		tint.Cb[i] = 125
	}
	for _, tt := range []struct {
		name string
		m    image.Image
		want bool
	}{
		{"colour", ycbcr(64, 48), false},
		{"no colour", neutral(64, 48), true},
		{"one component", &image.Gray{Pix: last.Y, Stride: last.YStride, Rect: last.Rect}, true},
		{"colour in the last pixel", last, false},
		{"colour in the padding", padding, true},
		{"a tint inside the tolerance", faint, true},
		{"a tint outside the tolerance", tint, false},
	} {
		var d Decoder
		if got, err := d.Check(t.Context(), encoded(tt.m, 100)); err != nil || got != tt.want {
			t.Errorf("%s: grey %t, %v, want %t", tt.name, got, err, tt.want)
		}
	}
}
