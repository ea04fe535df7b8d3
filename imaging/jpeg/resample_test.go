package jpeg

import (
	"bytes"
	"image"
	"math"
	"math/rand/v2"
	"testing"
)

// plane returns samples of noise with edges, as a decoder leaves them: with a stride, and eight samples more.
func plane(w, h, stride int) Plane {
	random := rand.New(rand.NewPCG(uint64(w), uint64(stride)))
	p := Plane{Pix: make([]byte, stride*h+8), Stride: stride, Width: whole(w), Height: whole(h)}
	for i := range p.Pix {
		p.Pix[i] = byte(random.IntN(256))
		if i%stride/5%2 == 0 {
			p.Pix[i] = 255
		}
	}
	return p
}

// TestWeights checks every set of weights for what the arithmetic of four samples in a word rests on.
func TestWeights(t *testing.T) {
	t.Parallel()
	var w taps
	for from := 1; from < 300; from += 1 + from/9 {
		for to := 1; to <= from; to += 1 + to/7 {
			for _, den := range []int{1, 2} {
				for _, mirrored := range []bool{false, true} {
					a := axis{from: Extent{3 * from, 8 / den}, to: Extent{to, den}, samples: Extent{to, den}.Samples(), mirrored: mirrored}
					w.plan(a)
					for i := range a.samples {
						sum, below := 0, 0
						for _, v := range w.weight[i*w.n : (i+1)*w.n] {
							sum += int(v)
							below -= min(0, int(v))
						}
						// Two passes may overshoot by below*(unit+below) each; lift and the ninth bit hold that.
						if over := 2 * 255 * below * (unit + below) / unit / unit; sum != unit || over >= lift {
							t.Fatalf("%+v, sample %d: sum %d, overshoot %d", a, i, sum, over)
						}
						if from := int(w.from[i]); from < 0 || from+w.n > a.from.Samples() {
							t.Fatalf("%+v, sample %d: %d samples from %d", a, i, w.n, from)
						}
					}
				}
			}
		}
	}
}

// TestResample compares with the same kernel in floating point, without rounding of weights.
func TestResample(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ from, to image.Point }{
		{image.Pt(40, 30), image.Pt(20, 15)},
		{image.Pt(101, 67), image.Pt(40, 27)},
		{image.Pt(33, 21), image.Pt(32, 20)},
		{image.Pt(9, 200), image.Pt(2, 50)},
		{image.Pt(8, 8), image.Pt(1, 1)},
		{image.Pt(20, 20), image.Pt(39, 33)},
	} {
		src := plane(tt.from.X, tt.from.Y, tt.from.X+5)
		var r Resampler
		got := r.Resample(nil, src, Whole(tt.to), Turn{})
		want := exact(src, tt.to)
		sum := 0.0
		for i, v := range samplesOf(got) {
			d := float64(v) - min(max(want[i], 0), 255)
			sum += d * d
		}
		if e := math.Sqrt(sum / float64(len(want))); e > 1 {
			t.Errorf("%v to %v: root of mean square error %.2f", tt.from, tt.to, e)
		}
	}
}

// exact resamples src in floating point.
func exact(src Plane, to image.Point) []float64 {
	w, h := src.Width.Samples(), src.Height.Samples()
	weights := func(from, to, i int) []float64 {
		scale := float64(from) / float64(to)
		out, sum := make([]float64, from), 0.0
		for j := range out {
			x := math.Abs(float64(j)+0.5-(float64(i)+0.5)*scale) / max(scale, 1)
			switch {
			case x < 1:
				out[j] = 1.25*x*x*x - 2.25*x*x + 1
			case x < 2:
				out[j] = -0.75*x*x*x + 3.75*x*x - 6*x + 3
			}
			sum += out[j]
		}
		for j := range out {
			out[j] /= sum
		}
		return out
	}
	var out []float64
	for y := range to.Y {
		down := weights(h, to.Y, y)
		for x := range to.X {
			sum := 0.0
			for i, a := range weights(w, to.X, x) {
				for j, b := range down {
					if a*b != 0 {
						sum += a * b * float64(src.Pix[j*src.Stride+i])
					}
				}
			}
			out = append(out, sum)
		}
	}
	return out
}

// TestTurns turns without scaling, which must move every sample and change none.
func TestTurns(t *testing.T) {
	t.Parallel()
	for _, size := range []image.Point{{11, 7}, {8, 8}, {1, 5}, {6, 1}} {
		src := plane(size.X, size.Y, size.X+3)
		for bits := range 8 {
			turn := Turn{MirrorX: bits&1 != 0, MirrorY: bits&2 != 0, Transpose: bits&4 != 0}
			var r Resampler
			got := r.Resample(nil, src, Whole(turn.Swap(size)), turn)
			for y := range size.Y {
				for x := range size.X {
					at := image.Pt(x, y)
					if turn.MirrorX {
						at.X = size.X - 1 - x
					}
					if turn.MirrorY {
						at.Y = size.Y - 1 - y
					}
					if turn.Transpose {
						at.X, at.Y = at.Y, at.X
					}
					if got.Pix[at.Y*got.Stride+at.X] != src.Pix[y*src.Stride+x] {
						t.Fatalf("%v, %+v: sample %d,%d changed", size, turn, x, y)
					}
				}
			}
		}
	}
}

// TestTurnedAndScaled checks that turning commutes with scaling.
func TestTurnedAndScaled(t *testing.T) {
	t.Parallel()
	src := plane(50, 38, 56)
	size := image.Pt(20, 15)
	var a, b, c Resampler
	scaled := a.Resample(nil, src, Whole(size), Turn{})
	for bits := 1; bits < 8; bits++ {
		turn := Turn{MirrorX: bits&1 != 0, MirrorY: bits&2 != 0, Transpose: bits&4 != 0}
		want := b.Resample(nil, scaled.padded(), Whole(turn.Swap(size)), turn)
		got := c.Resample(nil, src, Whole(turn.Swap(size)), turn)
		if !bytes.Equal(samplesOf(got), samplesOf(want)) {
			t.Errorf("%+v: not the scaled picture turned", turn)
		}
	}
}

// padded returns p with the eight samples more that Resample may read.
func (p Plane) padded() Plane {
	p.Pix = append(p.Pix[:len(p.Pix):len(p.Pix)], make([]byte, 8)...)
	return p
}

func TestNothingToResample(t *testing.T) {
	t.Parallel()
	src := plane(30, 20, 32)
	var r Resampler
	if got := r.Resample(nil, src, Whole(image.Pt(30, 20)), Turn{}); &got.Pix[0] != &src.Pix[0] {
		t.Error("the same size was copied")
	}
	even := Plane{Pix: src.Pix, Stride: 32, Width: Extent{30 * 8, 16}, Height: Extent{20 * 8, 16}}
	if got := r.Resample(nil, even, Half(image.Pt(30, 20)), Turn{}); &got.Pix[0] != &src.Pix[0] {
		t.Error("the same chroma was copied")
	}
	uniform := plane(30, 20, 32)
	for i := range uniform.Pix {
		uniform.Pix[i] = 77
	}
	for _, v := range samplesOf(r.Resample(nil, uniform, Whole(image.Pt(13, 7)), Turn{MirrorX: true})) {
		if v != 77 {
			t.Fatalf("a plane of 77 has become %d somewhere", v)
		}
	}
}

func TestToYCbCr(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ r, g, b, y, cb, cr byte }{
		{0, 0, 0, 0, 128, 128}, {255, 255, 255, 255, 128, 128}, {255, 0, 0, 76, 85, 255}, {0, 255, 0, 150, 44, 21}, {0, 0, 255, 29, 255, 107},
	} {
		var planes []Plane
		for _, v := range []byte{tt.r, tt.g, tt.b} {
			planes = append(planes, Plane{Pix: bytes.Repeat([]byte{v}, 15), Stride: 5, Width: whole(5), Height: whole(3)})
		}
		ToYCbCr(planes)
		if y, cb, cr := planes[0].Pix[14], planes[1].Pix[7], planes[2].Pix[7]; y != tt.y || cb != tt.cb || cr != tt.cr {
			t.Errorf("%+v: %d, %d, %d", tt, y, cb, cr)
		}
		if planes[1].Width.Samples() != 3 || planes[1].Height.Samples() != 2 {
			t.Errorf("chroma of 5x3 is %v x %v", planes[1].Width, planes[1].Height)
		}
	}
}
