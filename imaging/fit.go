package imaging

import (
	"context"
	"fmt"
	"image"
)

// The ladder of squeeze: quality falls in steps to a floor, then the picture shrinks.
const (
	qualityStep  = 10
	qualityFloor = 35
)

// over reports whether n bytes are too many.
func (s Spec) over(n int) bool { return s.MaxBytes > 0 && n >= s.MaxBytes }

// target returns the size in which a picture of the upright size is kept.
func (s Spec) target(size image.Point) (image.Point, error) {
	if size.X < s.Min.X || size.Y < s.Min.Y {
		return image.Point{}, fmt.Errorf("%w: %dx%d, at least %dx%d", ErrTooSmall, size.X, size.Y, s.Min.X, s.Min.Y)
	}
	box := s.Box
	if beyond(size, s.Max) {
		if !s.Shrink {
			return image.Point{}, fmt.Errorf("%w: %dx%d, at most %dx%d", ErrTooLarge, size.X, size.Y, s.Max.X, s.Max.Y)
		}
		box = image.Pt(tighter(box.X, s.Max.X), tighter(box.Y, s.Max.Y))
	}
	fitted := fit(size, box)
	if fitted.X < s.Min.X || fitted.Y < s.Min.Y {
		return image.Point{}, fmt.Errorf("%w: %dx%d once fitted, at least %dx%d",
			ErrTooSmall, fitted.X, fitted.Y, s.Min.X, s.Min.Y)
	}
	return fitted, nil
}

// beyond reports whether size exceeds box on an axis that box bounds.
func beyond(size, box image.Point) bool {
	return box.X > 0 && size.X > box.X || box.Y > 0 && size.Y > box.Y
}

// tighter returns the smaller of two bounds, of which zero is none.
func tighter(a, b int) int {
	if a <= 0 || b > 0 && b < a {
		return b
	}
	return a
}

// fit returns the largest size of the same shape within box, at least one pixel a side and never larger than size.
func fit(size, box image.Point) image.Point {
	if !beyond(size, box) {
		return size
	}
	// 64 bits: twice a side times a side of another picture.
	w, h := int64(size.X), int64(size.Y)
	bw, bh := int64(box.X), int64(box.Y)
	if bh <= 0 || bw > 0 && w*bh >= h*bw {
		return image.Pt(box.X, max(1, int((2*h*bw+w)/(2*w))))
	}
	return image.Pt(max(1, int((2*w*bh+h)/(2*h))), box.Y)
}

// squeeze encodes img strictly below s.MaxBytes and returns the picture that was encoded, which may be smaller than img.
// ErrTooManyBytes means that not even the smallest picture that s allows is below it.
func squeeze(ctx context.Context, img image.Image, s Spec) ([]byte, image.Image, error) {
	smaller := img
	jpeg, _, err := s.ladder(ctx, img.Bounds().Size(), func(size image.Point, quality int, fresh bool) ([]byte, error) {
		if fresh && size != img.Bounds().Size() {
			_, grey := img.(*image.Gray)
			smaller = upright(resize(img, size), 1, grey)
		}
		return encode(smaller, quality)
	})
	if err != nil {
		return nil, nil, err
	}
	return jpeg, smaller, nil
}

// ladder asks for a JPEG of size until one is strictly below s.MaxBytes, at falling quality and then in falling sizes, and
// returns it with its size. fresh tells that size has not been asked for before; draw starts from the first picture
// then, so that no blur adds up.
func (s Spec) ladder(ctx context.Context, size image.Point,
	draw func(size image.Point, quality int, fresh bool) ([]byte, error),
) ([]byte, image.Point, error) {
	quality, fresh := DefaultQuality, true
	for {
		if ctx.Err() != nil {
			return nil, image.Point{}, interrupted(ctx)
		}
		jpeg, err := draw(size, quality, fresh)
		if err != nil {
			return nil, image.Point{}, err
		}
		fresh = false
		if !s.over(len(jpeg)) {
			return jpeg, size, nil
		}
		if quality > qualityFloor {
			quality -= qualityStep
			continue
		}
		next := image.Pt(max(1, size.X*3/4), max(1, size.Y*3/4))
		if next == size || next.X < s.Min.X || next.Y < s.Min.Y {
			return nil, image.Point{}, fmt.Errorf("%w: %d at %dx%d, limit %d",
				ErrTooManyBytes, len(jpeg), size.X, size.Y, s.MaxBytes)
		}
		size, fresh = next, true
	}
}
