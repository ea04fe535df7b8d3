package imaging

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"sync"

	"portaria/imaging/jpeg"
)

// bench is what one recoding needs besides the upload: decoder, resamplers, encoder, and their buffers.
type bench struct {
	decoder   jpeg.Decoder
	resampler jpeg.Resampler
	encoder   jpeg.Encoder
	planes    [3]jpeg.Plane
	room      [3][]byte // of planes that are not the decoder's
}

// benches keeps the buffers of past recodings. It is state of the package, because Normalize is a function and a terminal
// with thousands of photos to take would otherwise leave megabytes to the collector for each. No pixel is read from
// it before it has been written.
var benches = sync.Pool{New: func() any {
	return &bench{decoder: jpeg.Decoder{Limits: jpeg.Limits{Pixels: MaxPixels, Memory: MaxDecoded, Scans: MaxScans}}}
}}

// maxRetained is how large the buffers of a bench may be to be kept. A photo of 12 megapixels in a box of 1024x1024 needs
// less; a full-size recoding of one needs more, and is rare.
const maxRetained = 12 << 20

// putAway gives b back to the pool.
func (b *bench) putAway() {
	b.planes = [3]jpeg.Plane{}
	if b.retained() <= maxRetained {
		benches.Put(b)
	}
}

// retained returns the bytes of the buffers of b.
func (b *bench) retained() int {
	n := b.decoder.Retained() + b.encoder.Retained()
	for _, room := range b.room {
		n += cap(room)
	}
	return n
}

// refused gives an error of package jpeg the class of this one. False: the file is left to the slow decoder.
func refused(ctx context.Context, err error) (error, bool) {
	switch {
	case errors.Is(err, jpeg.ErrUnsupported):
		return nil, false
	case ctx.Err() != nil:
		return interrupted(ctx), true
	case errors.Is(err, jpeg.ErrLimit):
		return fmt.Errorf("%w: %w", ErrTooCostly, err), true
	}
	return fmt.Errorf("%w: %w", ErrFormat, err), true
}

// proveFast is prove: it reads kept, and upload too if that has junk, to the last coefficient. done is false for a file that
// is left to the slow decoder.
func proveFast(ctx context.Context, upload, kept []byte, h header) (grey, done bool, err error) {
	b := benches.Get().(*bench)
	defer b.putAway()
	if h.junk {
		_, err = b.decoder.Check(ctx, upload)
	}
	if err == nil {
		grey, err = b.decoder.Check(ctx, kept)
	}
	if err != nil {
		err, done = refused(ctx, err)
		return false, done, err
	}
	return grey, true, nil
}

// recodeFast is recode for JPEG, without a pixel of full size wherever the target is smaller. done is false for a file that
// is left to the slow decoder.
func recodeFast(ctx context.Context, upload []byte, h header, target image.Point, spec Spec) (photo Photo, done bool, err error) {
	b := benches.Get().(*bench)
	defer b.putAway()
	turn := h.orientation.turn()
	picture, err := b.decoder.Decode(ctx, upload, h.orientation.swap(target))
	if err != nil {
		err, done = refused(ctx, err)
		return Photo{}, done, err
	}
	if picture.Size != h.size {
		return Photo{}, true, fmt.Errorf("%w: decoded to %v, header says %v", ErrFormat, picture.Size, h.size)
	}
	jpeg, size, err := spec.ladder(ctx, target, func(size image.Point, quality int, fresh bool) ([]byte, error) {
		if fresh {
			b.draw(picture, size, turn)
		}
		return b.encoder.Encode(size, b.planes[:len(picture.Planes)], quality), nil
	})
	if err != nil {
		return Photo{}, true, err
	}
	grey := len(picture.Planes) == 1 || neutralPlane(b.planes[1]) && neutralPlane(b.planes[2])
	return Photo{JPEG: jpeg, Width: size.X, Height: size.Y, Grey: grey, Treatment: Recoded}, true, nil
}

// draw fills b.planes with picture, turned and in size.
func (b *bench) draw(picture jpeg.Picture, size image.Point, turn jpeg.Turn) {
	for i, plane := range picture.Planes {
		extent := jpeg.Whole(size)
		if i > 0 && !picture.RGB {
			extent = jpeg.Half(size)
		}
		b.planes[i] = b.resampler.Resample(b.room[i], plane, extent, turn)
		if &b.planes[i].Pix[0] == &plane.Pix[0] {
			if !picture.RGB {
				continue
			}
			// The conversion below would spoil the plane for the next size.
			b.planes[i] = plane.Copy(b.room[i])
		}
		b.room[i] = b.planes[i].Pix
	}
	if picture.RGB {
		jpeg.ToYCbCr(b.planes[:])
	}
}

// turn returns how a coded picture of o becomes upright.
func (o orientation) turn() jpeg.Turn {
	return jpeg.Turn{
		MirrorX:   o == 2 || o == 3 || o == 7 || o == 8,
		MirrorY:   o == 3 || o == 4 || o == 6 || o == 7,
		Transpose: o >= 5,
	}
}

// neutralPlane reports whether a plane of chroma shows no colour.
func neutralPlane(p jpeg.Plane) bool {
	width := p.Width.Samples()
	for y := range p.Height.Samples() {
		for _, v := range p.Pix[y*p.Stride : y*p.Stride+width] {
			if !near(v) {
				return false
			}
		}
	}
	return true
}

// Luma returns the luma of a photo as Normalize returns it, at the smallest scale of N/8 whose longer side has at least side
// pixels, or at full size if the photo is smaller or of a form that only the slow decoder reads. It is for whoever looks for
// faces: they need neither colour nor every pixel. A file that is no JPEG, or does not decode, is ErrFormat, one that claims
// too much ErrTooCostly. The caller owns the picture.
func Luma(photo []byte, side int) (grey *image.Gray, err error) {
	defer recovered(&err)
	h, err := readHeader(photo)
	if err != nil {
		return nil, err
	}
	if err := h.affordable(); err != nil {
		return nil, err
	}
	if h.format != formatJPEG {
		return nil, fmt.Errorf("%w: not a JPEG", ErrFormat)
	}
	b := benches.Get().(*bench)
	defer b.putAway()
	ctx := context.Background()
	picture, err := b.decoder.Luma(ctx, photo, side)
	if err != nil {
		if refusal, ok := refused(ctx, err); ok {
			return nil, refusal
		}
		return slowLuma(ctx, photo, h)
	}
	if picture.RGB {
		return slowLuma(ctx, photo, h)
	}
	luma := picture.Planes[0]
	whole := image.NewGray(image.Rect(0, 0, luma.Width.Samples(), luma.Height.Samples()))
	for y := range whole.Rect.Max.Y {
		copy(whole.Pix[y*whole.Stride:(y+1)*whole.Stride], luma.Pix[y*luma.Stride:])
	}
	return whole, nil
}

// slowLuma is Luma for what the fast decoder leaves: a photo that Normalize has kept must not be one in which nobody can look
// for a face.
func slowLuma(ctx context.Context, photo []byte, h header) (*image.Gray, error) {
	img, err := decode(ctx, photo, h)
	if err != nil {
		return nil, err
	}
	switch m := img.(type) {
	case *image.Gray:
		return m, nil
	case *image.YCbCr:
		return &image.Gray{Pix: m.Y, Stride: m.YStride, Rect: m.Rect}, nil
	}
	grey := image.NewGray(img.Bounds())
	draw.Draw(grey, grey.Rect, img, grey.Rect.Min, draw.Src)
	return grey, nil
}
