// Package imaging turns any accepted upload into the one JPEG the terminal keeps. It knows no users, no disk and no wire.
//
// A JPEG that already is what the terminal keeps is proven to decode and stays as it is, bit for bit, without whatever is
// not picture: EXIF, GPS, XMP, colour profiles, comments, thumbnails, trailers. Any other JPEG or PNG is decoded, shrunk,
// turned upright, flattened on white and encoded again.
//
// No header is believed before it is bounded, no panic of a decoder leaves the package, and no clock is read: the deadline
// of the context is the only one.
package imaging

import (
	"context"
	"errors"
	"fmt"
	"image"
)

// Bounds of what is worth decoding. A header that claims more is ErrTooCostly before a decoder sees it.
const (
	MaxScans   = 100        // scans of one JPEG; libjpeg-turbo's report LJT-01-003 tells what more of them cost
	MaxPixels  = 24_000_000 // width times height
	MaxSide    = 12_000     // width or height
	MaxDecoded = 128 << 20  // bytes that decoding allocates, coefficients of a progressive JPEG included
)

// DefaultQuality is the JPEG quality of a recoded photo, unless it has to go lower to stay below Spec.MaxBytes.
const DefaultQuality = 85

// Sentinels of Normalize; compare with errors.Is. No error is of two classes.
var (
	ErrFormat       = errors.New("not a JPEG or PNG that decodes")
	ErrTooManyBytes = errors.New("too many bytes")
	ErrTooSmall     = errors.New("picture too small")
	ErrTooLarge     = errors.New("picture too large")
	ErrTooCostly    = errors.New("picture too costly to decode")
)

// Spec says which photo the terminal keeps. The zero Spec keeps any size. An axis of a point that is zero is not bounded.
type Spec struct {
	MaxBytes int         // both the upload and the result stay strictly below it; 0: no limit
	Box      image.Point // a larger picture is fitted into it, never enlarged; zero: no box
	Min, Max image.Point // upright size outside is ErrTooSmall / ErrTooLarge; zero: no bound
	Shrink   bool        // a picture over Max is fitted into Max instead of refused
}

// Treatment says what became of the uploaded bytes.
type Treatment uint8

// The treatments, from the gentlest.
const (
	Untouched Treatment = iota // the upload itself, byte for byte
	Stripped                   // the uploaded picture data bit for bit, without what is not picture
	Recoded                    // decoded and encoded again
)

// String returns the treatment in one lower-case word.
func (t Treatment) String() string {
	switch t {
	case Untouched:
		return "untouched"
	case Stripped:
		return "stripped"
	case Recoded:
		return "recoded"
	}
	return fmt.Sprintf("treatment(%d)", uint8(t))
}

// Photo is the one JPEG the terminal keeps: baseline, upright, without metadata.
type Photo struct {
	JPEG          []byte // when Treatment is Untouched these are the caller's uploaded bytes, not a copy
	Width, Height int
	Grey          bool // no colour to be seen; the JPEG may have one component or three
	Treatment     Treatment
}

// Normalize returns the photo that spec asks for, made from the bytes of one uploaded JPEG or PNG.
//
// The deadline of ctx bounds the decoding; without one the bounds of this package still do, to some seconds. The result
// satisfies spec too, so normalizing it again returns it Untouched; a picture that only fits by falling below spec.Min is
// ErrTooSmall. Normalize keeps no reference to upload, but an Untouched photo aliases it: whoever reuses the buffer of
// the upload copies Photo.JPEG first. On error the Photo is zero.
func Normalize(ctx context.Context, upload []byte, spec Spec) (photo Photo, err error) {
	defer recovered(&err)
	if spec.over(len(upload)) {
		return Photo{}, fmt.Errorf("%w: upload of %d, limit %d", ErrTooManyBytes, len(upload), spec.MaxBytes)
	}
	h, err := readHeader(upload)
	if err != nil {
		return Photo{}, err
	}
	if err := h.affordable(); err != nil {
		return Photo{}, err
	}
	target, err := spec.target(h.uprightSize())
	if err != nil {
		return Photo{}, err
	}
	if h.conforming && target == h.size {
		if kept, treatment := h.kept(upload); !spec.over(len(kept)) {
			return prove(ctx, upload, kept, treatment, h)
		}
	}
	return recode(ctx, upload, h, target, spec)
}

// prove returns kept, the upload or what stripping left of it, once it has been decoded to the last bit.
func prove(ctx context.Context, upload, kept []byte, treatment Treatment, h header) (Photo, error) {
	// The slow decoder is asked only for what the fast one declines.
	if grey, done, err := proveFast(ctx, upload, kept, h); done {
		if err != nil {
			return Photo{}, err
		}
		return Photo{JPEG: kept, Width: h.size.X, Height: h.size.Y, Grey: grey, Treatment: treatment}, nil
	}
	if h.junk {
		// Bytes between the segments are dropped only where the decoder skips them as well: otherwise this package
		// would mend a file that everybody else refuses.
		if _, err := decode(ctx, upload, h); err != nil {
			return Photo{}, err
		}
	}
	img, err := decode(ctx, kept, h)
	if err != nil {
		return Photo{}, err
	}
	return Photo{JPEG: kept, Width: h.size.X, Height: h.size.Y, Grey: neutral(img), Treatment: treatment}, nil
}

// recode decodes upload and encodes it again in the size target.
func recode(ctx context.Context, upload []byte, h header, target image.Point, spec Spec) (Photo, error) {
	if h.format == formatJPEG {
		if photo, done, err := recodeFast(ctx, upload, h, target, spec); done {
			return photo, err
		}
	}
	img, err := decode(ctx, upload, h)
	if err != nil {
		return Photo{}, err
	}
	// Turning comes after shrinking: it then moves the pixels of the result, not those of the upload.
	if coded := h.orientation.swap(target); coded != h.size {
		img = resize(img, coded)
	}
	img = upright(img, h.orientation, h.grey)
	jpeg, img, err := squeeze(ctx, img, spec)
	if err != nil {
		return Photo{}, err
	}
	size := img.Bounds().Size()
	return Photo{JPEG: jpeg, Width: size.X, Height: size.Y, Grey: neutral(img), Treatment: Recoded}, nil
}

// recovered, deferred, makes the panic of a decoder ErrFormat: it has met a file that it does not understand, and nothing
// worse.
func recovered(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("%w: decoder panic: %v", ErrFormat, p)
	}
}
