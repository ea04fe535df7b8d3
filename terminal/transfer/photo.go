package transfer

import (
	"bytes"
	"context"
	"errors"
	"image"
	"time"

	"portaria/imaging"
)

// minLimit is the smallest photo that is still a photo.
const minLimit = 4_000

// fitTime bounds the decoding of one photo.
const fitTime = 30 * time.Second

// largest is what a facial terminal takes (access-api §4.5). The others take
// it, too, and show it smaller.
var largest = image.Pt(1920, 1080)

// smaller are the sizes that are tried when a photo has too many bytes.
var smaller = []image.Point{largest, image.Pt(1280, 1024), image.Pt(1024, 800), image.Pt(640, 640), image.Pt(480, 480), image.Pt(320, 320)}

// fit returns the photo that is sent: the same bytes when nothing stands
// against them, otherwise a JPEG below limit bytes.
func fit(ctx context.Context, data []byte, limit int) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), fitTime)
	defer cancel()
	if bytes.HasPrefix(data, []byte("GIF8")) {
		still, err := imaging.Still(data)
		if err != nil {
			return nil, err
		}
		data = still
	}
	if len(data) < limit {
		photo, err := imaging.Normalize(ctx, data, imaging.Spec{MaxBytes: limit, Box: largest})
		if !errors.Is(err, imaging.ErrTooManyBytes) {
			return photo.JPEG, err
		}
	}
	// MaxBytes bounds what goes in as well: first make it small, then look.
	for _, box := range smaller {
		photo, err := imaging.Normalize(ctx, data, imaging.Spec{Box: box})
		if err != nil {
			return nil, err
		}
		if len(photo.JPEG) < limit {
			return photo.JPEG, nil
		}
	}
	return nil, imaging.ErrTooManyBytes
}
