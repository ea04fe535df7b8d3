package jpeg

import (
	"encoding/binary"
	"image"
)

// Turn says how a coded picture becomes an upright one: mirrored first, then with rows and columns exchanged.
type Turn struct{ MirrorX, MirrorY, Transpose bool }

// plain reports whether nothing is turned.
func (t Turn) plain() bool { return t == Turn{} }

// Swap returns size as it is after t.
func (t Turn) Swap(size image.Point) image.Point {
	if t.Transpose {
		return image.Pt(size.Y, size.X)
	}
	return size
}

// Resampler scales and turns planes. Its zero value is ready; it keeps its buffers. It is not for two goroutines at once.
type Resampler struct {
	across, down taps
	quad         []uint64 // four rows, scaled in height: a word holds a column of them
}

// Four samples of 16 bits lie in a word. Those between the passes are raised by lift, so that the overshoot of a cubic
// stays above zero; a sum of weights keeps the lift, because they add up to unit.
const (
	lift     = 128
	lanes    = 0x0001_0001_0001_0001
	lifted   = (lift*unit + unit/2) * lanes
	half     = unit / 2 * lanes
	lowBytes = 0x00ff * lanes
	scaled   = 0x01ff * lanes
)

// Resample scales src to a plane of size samples, counted after turn, in which the picture takes the part of Width and Height
// of extent. If there is nothing to do it returns src itself, otherwise a plane whose samples are in pix if that is large
// enough.
func (r *Resampler) Resample(pix []byte, src Plane, extent Size, turn Turn) Plane {
	width, height := extent.Width, extent.Height
	if turn.Transpose {
		width, height = height, width
	}
	x := axis{from: src.Width, to: width, samples: width.Samples(), mirrored: turn.MirrorX}
	y := axis{from: src.Height, to: height, samples: height.Samples(), mirrored: turn.MirrorY}
	if turn.plain() && x.plain() && y.plain() {
		return src
	}
	out := Plane{Stride: extent.Width.Samples(), Width: extent.Width, Height: extent.Height}
	out.Pix = grown(pix, out.Stride*extent.Height.Samples())
	r.across.plan(x)
	r.down.plan(y)
	r.quad = grown(r.quad, (src.Width.Samples()+7)&^7)
	for row := 0; row < y.samples; row += 4 {
		r.scaleDown(src, row, y.samples-1)
		if turn.Transpose {
			r.scaleAcrossTurned(out, row, min(4, y.samples-row))
		} else {
			r.scaleAcross(out, row, min(4, y.samples-row))
		}
	}
	return out
}

// Size is the width and height of a plane.
type Size struct{ Width, Height Extent }

// scaleDown fills r.quad with the rows from row of the result, or last where they are beyond it.
func (r *Resampler) scaleDown(src Plane, row, last int) {
	n := r.down.n
	var weight [4][]int16
	var at [4]int
	for i := range 4 {
		y := min(row+i, last)
		weight[i] = r.down.weight[y*n : (y+1)*n]
		at[i] = int(r.down.from[y]) * src.Stride
		// Kernels end in zeros at most places; leaving them out is cheaper than multiplying.
		for len(weight[i]) > 1 && weight[i][0] == 0 {
			weight[i] = weight[i][1:]
			at[i] += src.Stride
		}
		for len(weight[i]) > 1 && weight[i][len(weight[i])-1] == 0 {
			weight[i] = weight[i][:len(weight[i])-1]
		}
	}
	for x := 0; x < len(r.quad); x += 8 {
		e0, o0 := column(src.Pix, at[0]+x, src.Stride, weight[0])
		e1, o1 := column(src.Pix, at[1]+x, src.Stride, weight[1])
		e2, o2 := column(src.Pix, at[2]+x, src.Stride, weight[2])
		e3, o3 := column(src.Pix, at[3]+x, src.Stride, weight[3])
		q := r.quad[x : x+8 : x+8]
		q[0], q[2], q[4], q[6] = transpose(e0, e1, e2, e3)
		q[1], q[3], q[5], q[7] = transpose(o0, o1, o2, o3)
	}
}

// column returns eight samples of one row of the result, those of even and those of odd place.
func column(pix []byte, at, stride int, weight []int16) (even, odd uint64) {
	even, odd = lifted, lifted
	for _, w := range weight {
		p := binary.LittleEndian.Uint64(pix[at:])
		even += (p & lowBytes) * uint64(int64(w))
		odd += (p >> 8 & lowBytes) * uint64(int64(w))
		at += stride
	}
	return even >> unitBits & scaled, odd >> unitBits & scaled
}

// transpose exchanges rows and columns of four words of four samples.
func transpose(a, b, c, d uint64) (w, x, y, z uint64) {
	const low, high = 0x0000_ffff_0000_ffff, 0xffff_0000_ffff_0000
	ab, ba := a&low|b&low<<16, a>>16&low|b&high
	cd, dc := c&low|d&low<<16, c>>16&low|d&high
	return ab&(1<<32-1) | cd<<32, ba&(1<<32-1) | dc<<32, ab>>32 | cd&^(1<<32-1), ba>>32 | dc&^(1<<32-1)
}

// sum returns column x of the rows in r.quad, scaled in width.
func (r *Resampler) sum(x int) uint64 {
	t := &r.across
	weight := t.weight[x*t.n : (x+1)*t.n]
	quad := r.quad[t.from[x]:]
	quad = quad[:len(weight)]
	sum := uint64(half)
	for j, w := range weight {
		sum += quad[j] * uint64(int64(w))
	}
	return sum >> unitBits & scaled
}

// lowered returns the lowest sample of a sum.
func lowered(sum uint64) byte { return clamp(int32(sum&0x1ff) - lift) }

// scaleAcross writes rows of the result from r.quad.
func (r *Resampler) scaleAcross(out Plane, row, rows int) {
	if rows < 4 {
		for x := range out.Stride {
			sum := r.sum(x)
			for i := range rows {
				out.Pix[(row+i)*out.Stride+x] = lowered(sum)
				sum >>= 16
			}
		}
		return
	}
	n := out.Stride
	d0, d1 := out.Pix[row*n:(row+1)*n], out.Pix[(row+1)*n:(row+2)*n]
	d2, d3 := out.Pix[(row+2)*n:(row+3)*n], out.Pix[(row+3)*n:(row+4)*n]
	for x := range d0 {
		sum := r.sum(x)
		d0[x], d1[x], d2[x], d3[x] = lowered(sum), lowered(sum>>16), lowered(sum>>32), lowered(sum>>48)
	}
}

// scaleAcrossTurned writes columns of the result from r.quad.
func (r *Resampler) scaleAcrossTurned(out Plane, row, rows int) {
	for x := range len(r.across.from) {
		sum := r.sum(x)
		d := out.Pix[x*out.Stride+row:]
		for i := range d[:rows] {
			d[i] = lowered(sum)
			sum >>= 16
		}
	}
}
