package face

import "image"

// one is 1.0 in the fixed point of this package: 16 bits behind the point. What
// is counted in it is an int64 on every processor.
const one = 1 << 16

// plane is a picture of one component. Beyond its edges the nearest pixel is
// repeated, so that a face that is cut off can still be looked for.
type plane struct {
	pix  []uint8
	w, h int
}

// planeOf is the plane of img, copied unless its rows lie without gaps.
func planeOf(img *image.Gray) plane {
	p := plane{w: img.Rect.Dx(), h: img.Rect.Dy()}
	if img.Stride == p.w {
		p.pix = img.Pix[:p.w*p.h]
		return p
	}
	p.pix = make([]uint8, p.w*p.h)
	for y := range p.h {
		copy(p.pix[y*p.w:(y+1)*p.w], img.Pix[y*img.Stride:])
	}
	return p
}

// halved is p at half its size: each pixel is the mean of four.
func (p plane) halved() plane {
	out := plane{w: max(p.w/2, 1), h: max(p.h/2, 1)}
	out.pix = make([]uint8, out.w*out.h)
	for y := range out.h {
		upper := p.pix[min(2*y, p.h-1)*p.w:][:p.w]
		lower := p.pix[min(2*y+1, p.h-1)*p.w:][:p.w]
		row := out.pix[y*out.w:][:out.w]
		for x := range row {
			a, b := min(2*x, p.w-1), min(2*x+1, p.w-1)
			row[x] = uint8((int(upper[a]) + int(upper[b]) + int(lower[a]) + int(lower[b]) + 2) / 4)
		}
	}
	return out
}

// shrunk is p with no side longer than side: first by halves, then between
// the pixels.
func (p plane) shrunk(side int) plane {
	for max(p.w, p.h) >= 2*side {
		p = p.halved()
	}
	longer := max(p.w, p.h)
	if longer <= side {
		return p
	}
	out := plane{w: max(p.w*side/longer, 1), h: max(p.h*side/longer, 1)}
	out.pix = make([]uint8, out.w*out.h)
	step := int64(longer) * one / int64(side)
	taps := make([]tap, out.w)
	fillTaps(taps, (step-one)/2, step, p.w)
	for y := range out.h {
		p.line(out.pix[y*out.w:][:out.w], taps, (step-one)/2+int64(y)*step)
	}
	return out
}

// tap says which two pixels a pixel is made of, and how much of the right one
// is in it, in 256ths.
type tap struct{ left, right, share int32 }

// fillTaps prepares the taps of a line that starts at from and goes on in
// steps, both in fixed point, in lines of width pixels.
func fillTaps(taps []tap, from, step int64, width int) {
	for i := range taps {
		taps[i] = tapAt(from+int64(i)*step, width)
	}
}

func tapAt(at int64, width int) tap {
	left := int(at >> 16)
	return tap{
		left:  int32(min(max(left, 0), width-1)),
		right: int32(min(max(left+1, 0), width-1)),
		share: int32(at >> 8 & 0xff),
	}
}

// line fills dst with the pixels that taps tell of, from the height y in fixed
// point.
func (p plane) line(dst []uint8, taps []tap, y int64) {
	rows := tapAt(y, p.h)
	upper := p.pix[int(rows.left)*p.w:][:p.w]
	lower := p.pix[int(rows.right)*p.w:][:p.w]
	for i, t := range taps {
		a := int32(upper[t.left])<<8 + (int32(upper[t.right])-int32(upper[t.left]))*t.share
		b := int32(lower[t.left])<<8 + (int32(lower[t.right])-int32(lower[t.left]))*t.share
		dst[i] = uint8((a<<8 + (b-a)*rows.share + 1<<15) >> 16)
	}
}
