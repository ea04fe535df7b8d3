package imaging

import (
	"encoding/binary"
	"fmt"
	"image"
	"strings"
	"testing"
)

func TestReadOrientation(t *testing.T) {
	t.Parallel()
	be, le := binary.BigEndian, binary.LittleEndian
	six := tiffOf(be, typeShort, 6)
	at := func(offset int, b ...byte) string { return six[:offset] + string(b) + six[offset+len(b):] }
	for _, tt := range []struct {
		name string
		tiff string
		want orientation
	}{
		{"SHORT, big-endian", six, 6},
		{"SHORT, little-endian", tiffOf(le, typeShort, 6), 6},
		{"LONG, big-endian", tiffOf(be, typeLong, 8), 8},
		{"LONG, little-endian", tiffOf(le, typeLong, 8), 8},
		{"BYTE, big-endian", tiffOf(be, typeByte, 3), 3},
		{"BYTE, little-endian", tiffOf(le, typeByte, 3), 3},
		{"zero is none", tiffOf(be, typeShort, 0), 0},
		{"nine is none", tiffOf(be, typeShort, 9), 0},
		{"a LONG whose low half looks right is none", tiffOf(be, typeLong, 0x10006), 0},
		{"a RATIONAL is none", tiffOf(be, 5, 6), 0},
		{"nothing", "", 0},
		{"a header only", "MM\x00*\x00\x00\x00\x08", 0},
		{"another byte order", "XX" + six[2:], 0},
		{"another magic", at(3, '+'), 0},
		{"a directory at the last byte", at(4, 0, 0, 0, byte(len(six)-1)), 0},
		{"a directory beyond 2 GB", at(4, 0x80, 0, 0, 0), 0},
		{"a directory at 4 GB", at(4, 0xff, 0xff, 0xff, 0xff), 0},
		{"a directory in the header", at(4, 0, 0, 0, 2), 0},
		{
			"a directory in the header with an entry behind it",
			"MM\x00*\x00\x00\x00\x02" + "\x00\x00\x00\x00\x00\x00\x00\x00" + six[22:34], 0,
		},
		{"65535 entries", at(8, 0xff, 0xff), 6},
		{"no entries", at(8, 0, 0), 0},
		{"two values", at(10+12+7, 2), 0},
		{"cut inside the entry", six[:10+12+11], 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, ok := readOrientation([]byte(tt.tiff))
			if got != tt.want || ok != (tt.want != 0) {
				t.Errorf("readOrientation(%q): %d, %t, want %d", tt.tiff, got, ok, tt.want)
			}
		})
	}
}

// TestOrientationInFile checks that the tag is found wherever a sender may have put it.
func TestOrientationInFile(t *testing.T) {
	t.Parallel()
	plain := asJPEG(t, coded(drawn(60, 80), 6), 90)
	picture := asPNG(t, coded(drawn(60, 80), 6))
	six := exifSegment(6)
	xmp := segment(markAPP1, "http://ns.adobe.com/xap/1.0/\x00<x:xmpmeta/>")
	for _, tt := range []struct {
		name   string
		upload []byte
		turned bool
	}{
		{"EXIF first", with(plain, six), true},
		{"EXIF behind JFIF", with(plain, segment(markAPP0, jfifBody(0, 0)), six), true},
		{"EXIF behind XMP", with(plain, xmp, six), true},
		{"EXIF behind fill bytes", with(plain, []byte{0xff, 0xff}, six), true},
		{"EXIF behind APP13", with(plain, segment(0xed, "Photoshop 3.0\x00"), six), true},
		{"EXIF with LONG", with(plain, segment(markAPP1, "Exif\x00\x00"+tiffOf(binary.BigEndian, typeLong, 6))), true},
		{"two EXIF, the first decides", with(plain, six, exifSegment(1)), true},
		{"two EXIF, the first without a valid one", with(plain, exifSegment(0), six), true},
		{"XMP alone", with(plain, xmp), false},
		{"empty EXIF", with(plain, segment(markAPP1, "Exif\x00\x00")), false},
		{"cut EXIF mark", with(plain, segment(markAPP1, "Exif\x00")), false},
		{"none", plain, false},
		{"eXIf in a PNG", afterIHDR(picture, chunk("eXIf", tiffOf(binary.LittleEndian, typeShort, 6))), true},
		{"broken eXIf in a PNG", afterIHDR(picture, chunk("eXIf", "MM\x00*\xff\xff\xff\xff")), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := mustNormalize(t, tt.name, tt.upload, Spec{})
			want := image.Image(drawn(60, 80))
			if !tt.turned {
				want = coded(want, 6)
			}
			if e := meanError(t, decoded(t, got.JPEG), want); e > 6 {
				t.Errorf("mean error %.1f, want at most 6; turned should be %t", e, tt.turned)
			}
		})
	}
}

// TestAllOrientations checks that eight ways to hold the camera give one picture.
func TestAllOrientations(t *testing.T) {
	t.Parallel()
	for _, size := range []image.Point{{120, 80}, {81, 121}, {23, 201}} {
		upright := drawn(size.X, size.Y)
		for _, box := range []image.Point{{}, {60, 60}, {33, 1000}} {
			spec := Spec{Box: box}
			want := decoded(t, mustNormalize(t, "upright", asPNG(t, upright), spec).JPEG)
			for o := orientation(1); o <= 8; o++ {
				name := fmt.Sprintf("orientation %d of %v in %v", o, size, box)
				stored := coded(upright, o)
				for format, upload := range map[string][]byte{
					"JPEG": with(asJPEG(t, stored, 95), exifSegment(o)),
					"PNG":  afterIHDR(asPNG(t, stored), chunk("eXIf", string(exifSegment(o)[10:]))),
				} {
					got := mustNormalize(t, name, upload, spec)
					if e := meanError(t, decoded(t, got.JPEG), want); e > 4 {
						t.Errorf("%s, %s: mean error %.1f of the upright picture, want at most 4", name, format, e)
					}
				}
			}
		}
	}
}

func FuzzOrientation(f *testing.F) {
	for _, file := range []string{"gps-200x150.jpg", "rotated6-200x150.jpg"} {
		for _, p := range only(segmentsOf(f, file, testPhoto(f, file)), markAPP1) {
			f.Add([]byte(strings.TrimPrefix(p.body, "Exif\x00\x00")))
		}
	}
	f.Add([]byte(tiffOf(binary.LittleEndian, typeLong, 8)))
	f.Fuzz(func(t *testing.T, tiff []byte) {
		if o, ok := readOrientation(tiff); ok != (o >= 1 && o <= 8) {
			t.Errorf("readOrientation: %d, %t", o, ok)
		}
	})
}
