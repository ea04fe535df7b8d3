package imaging

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"image"
	"image/jpeg"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// mustNormalize stops the test if upload is refused, and checks what every photo has to be.
func mustNormalize(t testing.TB, name string, upload []byte, spec Spec) Photo {
	t.Helper()
	photo, err := Normalize(context.Background(), upload, spec)
	if err != nil {
		t.Fatalf("Normalize(%s, %+v): %v", name, spec, err)
	}
	checkPhoto(t, name, photo, spec)
	return photo
}

// checkPhoto checks the promises that hold for every photo, whatever it was made from.
func checkPhoto(t testing.TB, name string, photo Photo, spec Spec) {
	t.Helper()
	config, err := jpeg.DecodeConfig(bytes.NewReader(photo.JPEG))
	if err != nil {
		t.Errorf("%s: result does not decode: %v", name, err)
		return
	}
	if got, want := image.Pt(config.Width, config.Height), image.Pt(photo.Width, photo.Height); got != want {
		t.Errorf("%s: JPEG of %v, Photo says %v", name, got, want)
	}
	if spec.MaxBytes > 0 && len(photo.JPEG) >= spec.MaxBytes {
		t.Errorf("%s: %d bytes, want below %d", name, len(photo.JPEG), spec.MaxBytes)
	}
	for _, box := range []image.Point{spec.Box, spec.Max} {
		if box.X > 0 && photo.Width > box.X || box.Y > 0 && photo.Height > box.Y {
			t.Errorf("%s: %dx%d, want at most %v", name, photo.Width, photo.Height, box)
		}
	}
	for _, s := range segmentsOf(t, name, photo.JPEG) {
		switch {
		case s.mark == markAPP0 && strings.HasPrefix(s.body, "JFIF\x00") && len(s.body) == 14:
		case s.mark == markAPP14 && strings.HasPrefix(s.body, "Adobe") && len(s.body) == 12:
		case s.mark >= markAPP0 && s.mark <= markAPP15 || s.mark == markCOM:
			t.Errorf("%s: result holds segment %02x %.20q", name, s.mark, s.body)
		case s.mark >= markSOF1 && s.mark <= 0xcf && s.mark != markDHT:
			t.Errorf("%s: result is not baseline: SOF %02x", name, s.mark)
		}
	}
}

// checkAgain normalizes photo once more: nothing is left to do.
func checkAgain(t testing.TB, name string, photo Photo, spec Spec) {
	t.Helper()
	again := mustNormalize(t, name+" again", photo.JPEG, spec)
	if again.Treatment != Untouched || !bytes.Equal(again.JPEG, photo.JPEG) {
		t.Errorf("%s: normalizing the result again: %v, %d bytes, want untouched, %d", name, again.Treatment,
			len(again.JPEG), len(photo.JPEG))
	}
}

// checkError checks that upload is refused with want and with no other sentinel.
func checkError(t testing.TB, name string, upload []byte, spec Spec, want error) {
	t.Helper()
	photo, err := Normalize(context.Background(), upload, spec)
	checkClass(t, name, err, want)
	if diff := cmp.Diff(Photo{}, photo); diff != "" {
		t.Errorf("%s: photo beside the error: %s", name, diff)
	}
}

func checkClass(t testing.TB, name string, err, want error) {
	t.Helper()
	for _, class := range []error{ErrFormat, ErrTooManyBytes, ErrTooSmall, ErrTooLarge, ErrTooCostly} {
		if got := errors.Is(err, class); got != errors.Is(want, class) {
			t.Errorf("%s: error %v; is %q: %t, want the class %q", name, err, class, got, want)
		}
	}
}

// part is a segment of a JPEG, or with mark SOS the scan header together with the coded data behind it.
type part struct {
	mark byte
	body string
}

// segmentsOf takes a JPEG apart. It is strict where readJPEG is lenient: no junk, and nothing behind the end.
func segmentsOf(t testing.TB, name string, data []byte) (parts []part) {
	t.Helper()
	rest := data[2:]
	for {
		for len(rest) > 0 && rest[0] == 0xff {
			rest = rest[1:]
		}
		if len(rest) == 0 {
			t.Fatalf("%s: no end marker", name)
		}
		mark := rest[0]
		if mark == markEOI {
			if len(rest) != 1 {
				t.Errorf("%s: %d bytes behind the end", name, len(rest)-1)
			}
			return parts
		}
		n := 1 + int(binary.BigEndian.Uint16(rest[1:]))
		if mark == markSOS {
			for n < len(rest) && (rest[n] != 0xff || rest[n+1] == 0 || rest[n+1]&0xf8 == markRST0 || rest[n+1] == 0xff) {
				n++
			}
		}
		parts = append(parts, part{mark, string(rest[3:n])})
		if rest = rest[n:]; len(rest) == 0 || rest[0] != 0xff {
			t.Fatalf("%s: junk behind segment %02x", name, mark)
		}
	}
}

// only returns the parts that have one of the marks, in their order.
func only(parts []part, marks ...byte) (kept []part) {
	for _, p := range parts {
		if bytes.IndexByte(marks, p.mark) >= 0 {
			kept = append(kept, p)
		}
	}
	return kept
}
