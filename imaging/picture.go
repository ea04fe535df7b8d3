package imaging

import (
	"image"
	"image/color"
)

// greyTolerance is how far the chroma of a picture without colour may stray from neutral: a step of rounding or two.
const greyTolerance = 2

// upright returns img turned by o and flattened on white: *image.Gray if grey or if img is one, else *image.RGBA, opaque.
// A picture that already is all this, *image.YCbCr included, is returned as it is.
func upright(img image.Image, o orientation, grey bool) image.Image {
	if same := asIs(img, grey); o == 1 && same != nil {
		return same
	}
	if _, ok := img.(*image.Gray); ok {
		grey = true
	}
	coded := img.Bounds().Size()
	size := o.swap(coded)
	place := placing(o, size)
	row := rows(img)
	line := make([]byte, 4*coded.X)
	if grey {
		out := image.NewGray(image.Rectangle{Max: size})
		for y := range coded.Y {
			row(y, line)
			at := place.origin + y*place.dy
			for x := range coded.X {
				out.Pix[at] = line[4*x]
				at += place.dx
			}
		}
		return out
	}
	out := image.NewRGBA(image.Rectangle{Max: size})
	for y := range coded.Y {
		row(y, line)
		at := place.origin + y*place.dy
		for x := range coded.X {
			copy(out.Pix[4*at:4*at+4], line[4*x:4*x+4])
			at += place.dx
		}
	}
	return out
}

// asIs returns img in the form that encode likes, sharing its pixels, or nil if it has to be drawn anew.
func asIs(img image.Image, grey bool) image.Image {
	switch m := img.(type) {
	case *image.Gray:
		return m
	case *image.YCbCr:
		if !grey {
			return m
		}
	case *image.RGBA:
		if !grey && m.Opaque() {
			return m
		}
	case *image.NRGBA:
		if !grey && m.Opaque() {
			return &image.RGBA{Pix: m.Pix, Stride: m.Stride, Rect: m.Rect}
		}
	}
	return nil
}

// placed says where the pixels of a coded picture go in the upright one, counted in pixels: pixel (x, y) goes to
// origin + x*dx + y*dy.
type placed struct{ origin, dx, dy int }

// placing returns the places for o in an upright picture of size.
func placing(o orientation, size image.Point) placed {
	w := size.X
	bottom, last := w*(size.Y-1), w*size.Y-1
	switch o {
	case 2:
		return placed{w - 1, -1, w}
	case 3:
		return placed{last, -1, -w}
	case 4:
		return placed{bottom, 1, -w}
	case 5:
		return placed{0, w, 1}
	case 6:
		return placed{w - 1, w, -1}
	case 7:
		return placed{last, -w, -1}
	case 8:
		return placed{bottom, -w, 1}
	}
	return placed{0, 1, w}
}

// rows returns a function that writes row y of img as opaque RGBA, laid on white.
func rows(img image.Image) func(y int, line []byte) {
	b := img.Bounds()
	switch m := img.(type) {
	case *image.NRGBA:
		return func(y int, line []byte) {
			copy(line, m.Pix[y*m.Stride:])
			for i := 0; i < len(line); i += 4 {
				if a := uint32(line[i+3]); a != 0xff {
					for k := i; k < i+3; k++ {
						line[k] = uint8((uint32(line[k])*a + 0xff*(0xff-a) + 0x7f) / 0xff)
					}
					line[i+3] = 0xff
				}
			}
		}
	case image.RGBA64Image:
		return func(y int, line []byte) {
			for x := range b.Dx() {
				c := m.RGBA64At(b.Min.X+x, b.Min.Y+y)
				white := 0xffff - c.A
				line[4*x] = uint8((c.R + white) >> 8)
				line[4*x+1] = uint8((c.G + white) >> 8)
				line[4*x+2] = uint8((c.B + white) >> 8)
				line[4*x+3] = 0xff
			}
		}
	}
	panic("imaging: a decoder returned a picture of an unknown type")
}

// neutral reports whether img, as upright or a JPEG decoder returns it, shows no colour.
func neutral(img image.Image) bool {
	switch m := img.(type) {
	case *image.Gray:
		return true
	case *image.YCbCr:
		return neutralPlanes(m)
	case *image.RGBA:
		for i := 0; i+3 < len(m.Pix); i += 4 {
			if _, cb, cr := color.RGBToYCbCr(m.Pix[i], m.Pix[i+1], m.Pix[i+2]); !near(cb) || !near(cr) {
				return false
			}
		}
		return true
	}
	return false
}

// neutralPlanes looks at the chroma inside the picture; what pads the last blocks is nobody's business.
func neutralPlanes(m *image.YCbCr) bool {
	b := m.Bounds()
	width := m.COffset(b.Max.X-1, b.Min.Y) - m.COffset(b.Min.X, b.Min.Y) + 1
	last := m.COffset(b.Min.X, b.Max.Y-1)
	for at := m.COffset(b.Min.X, b.Min.Y); at <= last; at += m.CStride {
		for x := at; x < at+width; x++ {
			if !near(m.Cb[x]) || !near(m.Cr[x]) {
				return false
			}
		}
	}
	return true
}

func near(chroma uint8) bool {
	return chroma >= 128-greyTolerance && chroma <= 128+greyTolerance
}
