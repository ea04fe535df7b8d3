package imaging

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"

	"github.com/disintegration/imaging"
)

// sip is the most that a decoder is handed at a time. 256 bytes of empty refinement scans keep it busy for a fraction of
// a second; with a full buffer the deadline would be looked at far too seldom.
const sip = 256

// sipper hands out data in sips until its context ends.
type sipper struct {
	ctx  context.Context
	data io.Reader
}

// Read reads at most one sip.
func (s *sipper) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	return s.data.Read(p[:min(len(p), sip)])
}

// decode returns the whole picture in data, in the size that h says. An interrupted decoding is ErrTooCostly, any other
// failure ErrFormat.
func decode(ctx context.Context, data []byte, h header) (image.Image, error) {
	var img image.Image
	var err error
	if h.format == formatPNG {
		img, err = png.Decode(&sipper{ctx, bytes.NewReader(data)})
	} else {
		// A second end marker is never read; a missing one is made good.
		end := bytes.NewReader([]byte{0xff, markEOI})
		img, err = jpeg.Decode(&sipper{ctx, io.MultiReader(bytes.NewReader(data), end)})
	}
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, interrupted(ctx)
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	case img.Bounds() != image.Rectangle{Max: h.size}:
		return nil, fmt.Errorf("%w: decoded to %v, header says %v", ErrFormat, img.Bounds(), h.size)
	}
	return img, nil
}

// interrupted is the error of a context that has ended.
func interrupted(ctx context.Context) error {
	return fmt.Errorf("%w: %w", ErrTooCostly, context.Cause(ctx))
}

// encode returns img as baseline JPEG without metadata: one component for *image.Gray, three otherwise.
func encode(img image.Image, quality int) ([]byte, error) {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: quality}); err != nil {
		return nil, fmt.Errorf("encode photo: %w", err)
	}
	return b.Bytes(), nil
}

// resize returns img in exactly size, which is at least one pixel a side.
func resize(img image.Image, size image.Point) image.Image {
	switch img.(type) {
	case *image.Gray, *image.YCbCr, *image.NRGBA, *image.RGBA:
	default:
		// The library reads pixels in goroutines of its own, where a panic (a palette index out of range) ends the
		// process. Only types whose pixels cannot panic go there.
		img = upright(img, 1, false)
	}
	return imaging.Resize(img, size.X, size.Y, imaging.Lanczos)
}
