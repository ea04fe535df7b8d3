package imaging

import (
	"bytes"
	"context"
	"image"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestNormalize(t *testing.T) {
	t.Parallel()
	terminal := Spec{MaxBytes: 2 << 20, Min: image.Pt(160, 160), Max: image.Pt(1920, 1080)}
	for _, tt := range []struct {
		name string
		file string
		spec Spec
		want Photo
		err  error
	}{
		{"a plain photo stays", "plain-320x240.jpg", terminal, Photo{Width: 320, Height: 240}, nil},
		{"a plain photo stays without bounds", "plain-200x200.jpg", Spec{}, Photo{Width: 200, Height: 200}, nil},
		{
			"a plain photo over the box shrinks", "plain-320x240.jpg",
			Spec{Box: image.Pt(160, 160)},
			Photo{Width: 160, Height: 120, Treatment: Recoded},
			nil,
		},
		{
			"a plain photo in a larger box stays", "plain-320x240.jpg",
			Spec{Box: image.Pt(640, 480)},
			Photo{Width: 320, Height: 240},
			nil,
		},
		{"a photo under the minimum is refused", "small-100x80.jpg", terminal, Photo{}, ErrTooSmall},
		{
			"a photo one pixel under the minimum is refused", "plain-320x240.jpg",
			Spec{Min: image.Pt(320, 241)},
			Photo{},
			ErrTooSmall,
		},
		{
			"a photo of exactly the minimum stays", "plain-320x240.jpg",
			Spec{Min: image.Pt(320, 240)},
			Photo{Width: 320, Height: 240},
			nil,
		},
		{"a photo over the maximum is refused", "wide-2400x300.jpg", terminal, Photo{}, ErrTooLarge},
		{
			"a photo over the maximum is refused, whatever the box", "wide-2400x300.jpg",
			Spec{Box: image.Pt(640, 480), Max: image.Pt(1920, 1080)},
			Photo{},
			ErrTooLarge,
		},
		{
			"a photo over the maximum shrinks where asked", "wide-2400x300.jpg",
			Spec{Max: image.Pt(1920, 1080), Shrink: true},
			Photo{Width: 1920, Height: 240, Treatment: Recoded},
			nil,
		},
		{
			"a photo within the maximum does not shrink", "plain-320x240.jpg",
			Spec{Max: image.Pt(1920, 1080), Shrink: true},
			Photo{Width: 320, Height: 240},
			nil,
		},
		{
			"shrinking below the minimum is refused", "wide-2400x300.jpg",
			Spec{Min: image.Pt(160, 160), Max: image.Pt(1000, 1000), Shrink: true},
			Photo{},
			ErrTooSmall,
		},
		{"a grey JPEG stays grey", "grey-200x200.jpg", terminal, Photo{Width: 200, Height: 200, Grey: true}, nil},
		{
			"a grey JPEG over the box stays grey", "grey-200x200.jpg",
			Spec{Box: image.Pt(99, 99)},
			Photo{Width: 99, Height: 99, Grey: true, Treatment: Recoded},
			nil,
		},
		{
			"a grey PNG becomes grey", "grey-200x200.png", terminal,
			Photo{Width: 200, Height: 200, Grey: true, Treatment: Recoded},
			nil,
		},
		{"the place is cut out", "gps-200x150.jpg", Spec{}, Photo{Width: 200, Height: 150, Treatment: Stripped}, nil},
		{"the comment is cut out", "comment-200x150.jpg", Spec{}, Photo{Width: 200, Height: 150, Treatment: Stripped}, nil},
		{"the trailer is cut off", "trailer-200x150.jpg", Spec{}, Photo{Width: 200, Height: 150, Treatment: Stripped}, nil},
		{"a missing end is made good", "noend-200x200.jpg", Spec{}, Photo{Width: 200, Height: 200, Treatment: Stripped}, nil},
		{
			"a photo on its side is turned", "rotated6-200x150.jpg",
			Spec{},
			Photo{Width: 150, Height: 200, Treatment: Recoded},
			nil,
		},
		{
			"bounds are those of the upright photo", "rotated6-200x150.jpg",
			Spec{Min: image.Pt(150, 200)},
			Photo{Width: 150, Height: 200, Treatment: Recoded},
			nil,
		},
		{
			"a photo on its side fits upright", "rotated6-200x150.jpg",
			Spec{Box: image.Pt(75, 1000)},
			Photo{Width: 75, Height: 100, Treatment: Recoded},
			nil,
		},
		{
			"progressive becomes baseline", "progressive-200x200.jpg", terminal,
			Photo{Width: 200, Height: 200, Treatment: Recoded},
			nil,
		},
		{"alpha is flattened", "alpha-200x200.png", terminal, Photo{Width: 200, Height: 200, Treatment: Recoded}, nil},
		{"a palette is resolved", "palette-200x200.png", terminal, Photo{Width: 200, Height: 200, Treatment: Recoded}, nil},
		{"sixteen bits become eight", "rgb16-200x200.png", terminal, Photo{Width: 200, Height: 200, Treatment: Recoded}, nil},
		{"a truncated photo is refused", "truncated-200x200.jpg", terminal, Photo{}, ErrFormat},
		{"a GIF is refused, whatever its name", "gif-renamed.jpg", terminal, Photo{}, ErrFormat},
		{"a HEIC is refused, whatever its name", "heic-renamed.jpg", terminal, Photo{}, ErrFormat},
		{"text is refused, whatever its name", "text-renamed.jpg", terminal, Photo{}, ErrFormat},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			upload := testPhoto(t, tt.file)
			if tt.err != nil {
				checkError(t, tt.file, upload, tt.spec, tt.err)
				return
			}
			got := mustNormalize(t, tt.file, upload, tt.spec)
			if diff := cmp.Diff(tt.want, got, cmpopts.IgnoreFields(Photo{}, "JPEG")); diff != "" {
				t.Errorf("Normalize(%s, %+v) (-want +got):\n%s", tt.file, tt.spec, diff)
			}
			if got.Treatment == Untouched && (!bytes.Equal(got.JPEG, upload) || &got.JPEG[0] != &upload[0]) {
				t.Errorf("%s: untouched, but not the uploaded bytes themselves", tt.file)
			}
			checkAgain(t, tt.file, got, tt.spec)
		})
	}
}

func TestNormalizeRefusesWhatIsNoPicture(t *testing.T) {
	t.Parallel()
	for name, upload := range map[string]string{
		"nothing":               "",
		"one byte":              "\xff",
		"a JPEG magic only":     magicJPEG,
		"a PNG magic only":      magicPNG,
		"a start and an end":    "\xff\xd8\xff\xd9",
		"a BMP":                 "BM" + strings.Repeat("\x00", 60),
		"a TIFF":                "II*\x00\x08\x00\x00\x00" + strings.Repeat("\x00", 60),
		"a WebP":                "RIFF\x24\x00\x00\x00WEBPVP8 " + strings.Repeat("\x00", 60),
		"a GIF":                 "GIF89a\x01\x00\x01\x00\x00\x00\x00\x3b",
		"base64 of a JPEG":      "/9j/4AAQSkZJRgABAQEASABIAAD/",
		"a PNG without IHDR":    magicPNG + string(chunk("IDAT", strings.Repeat("x", 40))),
		"a PNG of no pixels":    magicPNG + string(chunk("IHDR", strings.Repeat("\x00", 8)+"\x08\x02\x00\x00\x00")),
		"a JPEG in a JSON body": `{"image":"` + magicJPEG + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkError(t, name, []byte(upload), Spec{}, ErrFormat)
		})
	}
}

func TestNormalizeByteLimit(t *testing.T) {
	t.Parallel()
	plain := asJPEG(t, drawn(64, 64), 85)
	for _, limit := range []int{1 << 12, 1 << 14, 1 << 16, 1_000_000, 1 << 20} {
		for _, tt := range []struct {
			name string
			size int
			err  error
		}{
			{"one byte below the limit is accepted", limit - 1, nil},
			{"the limit itself is refused", limit, ErrTooManyBytes},
			{"one byte above the limit is refused", limit + 1, ErrTooManyBytes},
		} {
			upload := append(bytes.Clone(plain), make([]byte, tt.size-len(plain))...)
			if tt.err != nil {
				checkError(t, tt.name, upload, Spec{MaxBytes: limit}, tt.err)
				continue
			}
			if got := mustNormalize(t, tt.name, upload, Spec{MaxBytes: limit}); got.Treatment != Stripped {
				t.Errorf("%s (%d of %d bytes): %v, want stripped", tt.name, tt.size, limit, got.Treatment)
			}
		}
	}
	t.Run("an untouched photo is one byte below the limit", func(t *testing.T) {
		t.Parallel()
		if got := mustNormalize(t, "plain", plain, Spec{MaxBytes: len(plain) + 1}); got.Treatment != Untouched {
			t.Errorf("%v, want untouched", got.Treatment)
		}
		checkError(t, "plain", plain, Spec{MaxBytes: len(plain)}, ErrTooManyBytes)
	})
	t.Run("a photo that is too long once its end is made good is recoded", func(t *testing.T) {
		t.Parallel()
		open := plain[:len(plain)-2]
		for extra, want := range map[int]Treatment{1: Recoded, 2: Recoded, 3: Stripped} {
			spec := Spec{MaxBytes: len(open) + extra}
			if got := mustNormalize(t, "open", open, spec); got.Treatment != want {
				t.Errorf("limit %d bytes over the upload: %v, want %v", extra, got.Treatment, want)
			}
		}
	})
}

// patient is a context that ends after it has been asked a number of times, as a deadline does in the middle of the work.
type patient struct {
	context.Context
	left int
}

func (p *patient) Err() error {
	if p.left--; p.left < 0 {
		return context.DeadlineExceeded
	}
	return nil
}

// broken is a context that panics like a decoder.
type broken struct{ context.Context }

func (broken) Err() error { panic("index out of range") }

func TestNormalizeContext(t *testing.T) {
	t.Parallel()
	t.Run("a deadline that has passed is too costly", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithDeadline(t.Context(), time.Unix(1, 0))
		defer cancel()
		for _, file := range []string{"plain-320x240.jpg", "gps-200x150.jpg", "progressive-200x200.jpg", "alpha-200x200.png"} {
			_, err := Normalize(ctx, testPhoto(t, file), Spec{})
			checkClass(t, file, err, ErrTooCostly)
		}
	})
	t.Run("a deadline in the middle stops the decoder within a sip", func(t *testing.T) {
		t.Parallel()
		for _, file := range []string{"plain-320x240.jpg", "progressive-200x200.jpg", "alpha-200x200.png"} {
			upload := testPhoto(t, file)
			for sips := range len(upload) / sip {
				_, err := Normalize(&patient{t.Context(), sips}, upload, Spec{})
				checkClass(t, file, err, ErrTooCostly)
			}
		}
	})
	t.Run("a cancelled caller is too costly too", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := Normalize(ctx, testPhoto(t, "plain-320x240.jpg"), Spec{})
		checkClass(t, "cancelled", err, ErrTooCostly)
	})
	t.Run("a deadline that nothing waits for refuses nothing", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if _, err := Normalize(ctx, testPhoto(t, "plain-320x240.jpg"), Spec{}); err != nil {
			t.Error(err)
		}
	})
	t.Run("a panic while decoding is a bad file", func(t *testing.T) {
		t.Parallel()
		_, err := Normalize(broken{t.Context()}, testPhoto(t, "plain-320x240.jpg"), Spec{})
		checkClass(t, "panic", err, ErrFormat)
		if err == nil || !strings.Contains(err.Error(), "index out of range") {
			t.Errorf("error %v, want the text of the panic in it", err)
		}
	})
}

func TestTreatmentString(t *testing.T) {
	t.Parallel()
	for treatment, want := range map[Treatment]string{
		Untouched: "untouched", Stripped: "stripped", Recoded: "recoded", 9: "treatment(9)",
	} {
		if got := treatment.String(); got != want {
			t.Errorf("Treatment(%d): %q, want %q", uint8(treatment), got, want)
		}
	}
}
