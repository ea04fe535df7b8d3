package main

import (
	"image"
	"image/color"
	"math"
	"math/bits"
)

// step is the one quantizer of every coefficient but DC, which has half of it.
const step = 24

// zigzag is the order of the coefficients of a block, ITU-T T.81 figure A.6.
var zigzag = [64]int{
	0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
	35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
}

// progressive returns m as progressive JPEG without subsampling: one scan for DC, then two bands of AC for each plane.
// image/jpeg writes none. The codes have one length, which costs some bytes and saves the statistics.
func progressive(m image.Image) []byte {
	w, h := m.Bounds().Dx(), m.Bounds().Dy()
	planes := coefficients(m)
	out := []byte{0xff, 0xd8}
	out = append(out, segment(0xdb, quantizers())...)
	out = append(out, segment(0xc2, []byte{
		8, byte(h >> 8), byte(h), byte(w >> 8), byte(w), 3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0,
	})...)
	out = append(out, segment(0xc4, table(0x00, 4, dcSymbols()))...)
	out = append(out, segment(0xc4, table(0x10, 8, acSymbols()))...)
	out = append(out, segment(0xda, []byte{3, 1, 0, 2, 0, 3, 0, 0, 0, 0})...)
	out = append(out, dcScan(planes)...)
	for _, band := range [][2]int{{1, 5}, {6, 63}} {
		for i, plane := range planes {
			out = append(out, segment(0xda, []byte{1, byte(i + 1), 0, byte(band[0]), byte(band[1]), 0})...)
			out = append(out, acScan(plane, band[0], band[1])...)
		}
	}
	return append(out, 0xff, 0xd9)
}

// block holds quantized coefficients in zigzag order.
type block [64]int

// coefficients transforms the planes Y, Cb and Cr of m; edge pixels are repeated to fill the last blocks.
func coefficients(m image.Image) (planes [3][]block) {
	w, h := m.Bounds().Dx(), m.Bounds().Dy()
	for by := 0; by < h; by += 8 {
		for bx := 0; bx < w; bx += 8 {
			var samples [3][64]float64
			for i := range 64 {
				r, g, b, _ := m.At(min(bx+i%8, w-1), min(by+i/8, h-1)).RGBA()
				y, cb, cr := color.RGBToYCbCr(uint8(r>>8), uint8(g>>8), uint8(b>>8))
				samples[0][i], samples[1][i], samples[2][i] = float64(y)-128, float64(cb)-128, float64(cr)-128
			}
			for p := range planes {
				planes[p] = append(planes[p], transform(&samples[p]))
			}
		}
	}
	return planes
}

// transform is the textbook DCT, slow and plain.
func transform(s *[64]float64) (b block) {
	for k, z := range zigzag {
		u, v := z%8, z/8
		sum := 0.0
		for i, x := range s {
			sum += x * math.Cos(float64(2*(i%8)+1)*float64(u)*math.Pi/16) * math.Cos(float64(2*(i/8)+1)*float64(v)*math.Pi/16)
		}
		for _, f := range [2]int{u, v} {
			if f == 0 {
				sum /= math.Sqrt2
			}
		}
		b[k] = int(math.Round(sum / 4 / float64(quantizers()[1+k])))
	}
	return b
}

func quantizers() []byte {
	q := make([]byte, 65)
	for i := range q {
		q[i] = step
	}
	q[0], q[1] = 0, step/2
	return q
}

// table returns a DHT body in which every symbol has a code of n bits: its index.
func table(class byte, n int, symbols []byte) []byte {
	t := make([]byte, 17)
	t[0], t[n] = class, byte(len(symbols))
	return append(t, symbols...)
}

func dcSymbols() (s []byte) {
	for size := range 12 {
		s = append(s, byte(size))
	}
	return s
}

// acSymbols returns end of block, sixteen zeros, and each run of zeros with each size.
func acSymbols() []byte {
	s := []byte{0x00, 0xf0}
	for run := range 16 {
		for size := 1; size <= 10; size++ {
			s = append(s, byte(run<<4|size))
		}
	}
	return s
}

// acCode is the index of a run and size among acSymbols.
func acCode(run, size int) int { return 2 + run*10 + size - 1 }

func dcScan(planes [3][]block) []byte {
	var w entropy
	var last [3]int
	for i := range planes[0] {
		for p := range planes {
			d := planes[p][i][0] - last[p]
			last[p] = planes[p][i][0]
			size := bits.Len(uint(max(d, -d)))
			w.put(size, 4)
			w.value(d, size)
		}
	}
	return w.end()
}

func acScan(plane []block, from, to int) []byte {
	var w entropy
	for _, b := range plane {
		run := 0
		for k := from; k <= to; k++ {
			if b[k] == 0 {
				run++
				continue
			}
			for ; run > 15; run -= 16 {
				w.put(1, 8)
			}
			size := bits.Len(uint(max(b[k], -b[k])))
			w.put(acCode(run, size), 8)
			w.value(b[k], size)
			run = 0
		}
		if run > 0 {
			w.put(0, 8)
		}
	}
	return w.end()
}

// entropy collects bits and stuffs a zero behind each 0xff.
type entropy struct {
	out  []byte
	acc  uint64
	held int
}

func (w *entropy) put(v, n int) {
	w.acc, w.held = w.acc<<n|uint64(v), w.held+n
	for w.held >= 8 {
		w.held -= 8
		b := byte(w.acc >> w.held)
		if w.out = append(w.out, b); b == 0xff {
			w.out = append(w.out, 0)
		}
	}
}

// value puts v in the one's complement form of the standard.
func (w *entropy) value(v, size int) {
	if v < 0 {
		v += 1<<size - 1
	}
	w.put(v, size)
}

// end pads with ones.
func (w *entropy) end() []byte {
	w.put(0x7f, 7)
	return w.out
}
