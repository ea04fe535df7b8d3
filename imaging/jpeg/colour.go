package jpeg

import "image"

// Whole returns the extent of a picture of size.
func Whole(size image.Point) Size { return Size{whole(size.X), whole(size.Y)} }

// Half returns the extent of the chroma of a picture of size: half of each side, so that the last sample of an odd one is
// half outside.
func Half(size image.Point) Size { return Size{Extent{size.X, 2}, Extent{size.Y, 2}} }

// Copy returns p with samples of its own and nothing between its rows, in pix if that is large enough.
func (p Plane) Copy(pix []byte) Plane {
	out := Plane{Stride: p.Width.Samples(), Width: p.Width, Height: p.Height}
	out.Pix = grown(pix, out.Stride*p.Height.Samples())
	for y := range p.Height.Samples() {
		copy(out.Pix[y*out.Stride:(y+1)*out.Stride], p.Pix[y*p.Stride:])
	}
	return out
}

// ToYCbCr replaces three planes of red, green and blue, which are of one size, by luma and by
// chroma of half the width and height.
func ToYCbCr(planes []Plane) {
	red, green, blue := planes[0].Pix, planes[1].Pix, planes[2].Pix
	width, height, stride := planes[0].Width.Samples(), planes[0].Height.Samples(), planes[0].Stride
	for y := range height {
		for at := y * stride; at < y*stride+width; at++ {
			r, g, b := int32(red[at]), int32(green[at]), int32(blue[at])
			// The coefficients of JFIF in 16 bits of fraction.
			red[at] = byte((19595*r + 38470*g + 7471*b + 1<<15) >> 16)
			green[at] = clamp((-11056*r - 21712*g + 32768*b + 257<<15) >> 16)
			blue[at] = clamp((32768*r - 27440*g - 5328*b + 257<<15) >> 16)
		}
	}
	for i := 1; i < 3; i++ {
		p := &planes[i]
		halve(p.Pix, stride, width, height)
		p.Width, p.Height = Extent{width, 2}, Extent{height, 2}
	}
}

// halve averages the samples of pix by fours, in place; the last row and column of an odd size stand for two.
func halve(pix []byte, stride, width, height int) {
	for y := range (height + 1) / 2 {
		upper := pix[2*y*stride:]
		lower := pix[min(2*y+1, height-1)*stride:]
		for x := range (width + 1) / 2 {
			x1 := min(2*x+1, width-1)
			sum := int(upper[2*x]) + int(upper[x1]) + int(lower[2*x]) + int(lower[x1])
			pix[y*stride+x] = byte((sum + 2) >> 2)
		}
	}
}
