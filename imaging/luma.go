package imaging

import (
	"bytes"
	"fmt"
	"image"
	"image/draw"
	"image/jpeg"
)

// Luma returns the light of a JPEG that Normalize has made, without its colour, halved as often as its longer side stays
// at least side.
func Luma(data []byte, side int) (grey *image.Gray, err error) {
	defer func() {
		if p := recover(); p != nil {
			grey, err = nil, fmt.Errorf("%w: decoder panic: %v", ErrFormat, p)
		}
	}()
	img, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	full := luma(img)
	factor := 1
	for max(full.Rect.Dx(), full.Rect.Dy())/(2*factor) >= side {
		factor *= 2
	}
	return reduce(full, factor), nil
}

// luma is the first component of img, sharing its pixels where it can.
func luma(img image.Image) *image.Gray {
	switch m := img.(type) {
	case *image.Gray:
		return m
	case *image.YCbCr:
		return &image.Gray{Pix: m.Y, Stride: m.YStride, Rect: m.Rect}
	}
	out := image.NewGray(img.Bounds())
	draw.Draw(out, out.Rect, img, out.Rect.Min, draw.Src)
	return out
}

// reduce returns m with each square of factor pixels made one, their mean.
func reduce(m *image.Gray, factor int) *image.Gray {
	if factor == 1 {
		return m
	}
	out := image.NewGray(image.Rect(0, 0, max(m.Rect.Dx()/factor, 1), max(m.Rect.Dy()/factor, 1)))
	for y := range out.Rect.Dy() {
		for x := range out.Rect.Dx() {
			right, below := min((x+1)*factor, m.Rect.Dx()), min((y+1)*factor, m.Rect.Dy())
			sum, n := 0, 0
			for sy := y * factor; sy < below; sy++ {
				for _, v := range m.Pix[sy*m.Stride:][x*factor : right] {
					sum, n = sum+int(v), n+1
				}
			}
			out.Pix[y*out.Stride+x] = uint8((sum + n/2) / n)
		}
	}
	return out
}
