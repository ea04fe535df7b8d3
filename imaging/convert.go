package imaging

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
)

// PNG returns a photo that Normalize made as a PNG.
func PNG(photo []byte) (data []byte, err error) {
	defer recovered(&err)
	img, err := jpeg.Decode(bytes.NewReader(photo))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	if planes, ok := img.(*image.YCbCr); ok {
		// The encoder reads other types pixel by pixel through an interface.
		rgba := image.NewRGBA(planes.Bounds())
		draw.Draw(rgba, rgba.Rect, planes, planes.Rect.Min, draw.Src)
		img = rgba
	}
	return encodePNG(img)
}

// MaxGIF is the most pixels that Still takes.
const MaxGIF = 24_000_000

// Still returns the first picture of a GIF as a PNG, for Normalize to take.
// Errors: ErrFormat, ErrTooCostly.
func Still(animation []byte) (data []byte, err error) {
	defer recovered(&err)
	const screen = 10 // bytes until the end of the screen's size
	if len(animation) < screen || string(animation[:4]) != "GIF8" {
		return nil, fmt.Errorf("%w: no GIF", ErrFormat)
	}
	width, height := int64(binary.LittleEndian.Uint16(animation[6:])), int64(binary.LittleEndian.Uint16(animation[8:]))
	if width > MaxSide || height > MaxSide || width*height > MaxGIF {
		return nil, fmt.Errorf("%w: %dx%d pixels", ErrTooCostly, width, height)
	}
	img, err := gif.Decode(bytes.NewReader(animation))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	return encodePNG(img)
}

func encodePNG(img image.Image) ([]byte, error) {
	var b bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestSpeed}
	if err := encoder.Encode(&b, img); err != nil {
		return nil, fmt.Errorf("encode PNG: %w", err)
	}
	return b.Bytes(), nil
}
