package imaging

import (
	"bytes"
	"image"
	"image/color"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// jfifBody is a JFIF header; w and h are the sides of its thumbnail.
func jfifBody(w, h byte) string {
	return "JFIF\x00\x01\x02\x01\x00H\x00H" + string([]byte{w, h}) + strings.Repeat("t", 3*int(w)*int(h))
}

func adobeBody(transform byte) string {
	return "Adobe\x00\x64\x00\x00\x00\x00" + string([]byte{transform})
}

// TestStripping checks what stripping removes, what it keeps, and that the coded picture is the same bit for bit.
func TestStripping(t *testing.T) {
	t.Parallel()
	plain := asJPEG(t, drawn(80, 60), 85)
	eoi := len(plain) - 2
	sos := bytes.Index(plain, []byte{0xff, markSOS})
	jfif, adobe := segment(markAPP0, jfifBody(0, 0)), segment(markAPP14, adobeBody(1))
	for _, tt := range []struct {
		name   string
		upload []byte
		want   Treatment
		apps   [][]byte // what is left of the APP segments
	}{
		{"nothing to strip", plain, Untouched, nil},
		{"a plain JFIF header is kept", with(plain, jfif), Untouched, [][]byte{jfif}},
		{"an Adobe segment is kept", with(plain, adobe), Untouched, [][]byte{adobe}},
		{"fill bytes before a marker are legal", with(plain, []byte{0xff, 0xff, 0xff}), Untouched, nil},
		{"EXIF goes", with(plain, jfif, exifSegment(1)), Stripped, [][]byte{jfif}},
		{"EXIF with an invalid orientation goes", with(plain, exifSegment(9)), Stripped, nil},
		{"broken EXIF goes", with(plain, segment(markAPP1, "Exif\x00\x00MM\x00*\xff\xff\xff\xff")), Stripped, nil},
		{"XMP goes", with(plain, segment(markAPP1, "http://ns.adobe.com/xap/1.0/\x00<x:xmpmeta/>")), Stripped, nil},
		{"a colour profile goes", with(plain, segment(0xe2, "ICC_PROFILE\x00\x01\x01"+strings.Repeat("p", 500))), Stripped, nil},
		{"the index of an MPO goes", with(plain, segment(0xe2, "MPF\x00MM\x00*")), Stripped, nil},
		{"Photoshop's segment goes", with(plain, segment(0xed, "Photoshop 3.0\x008BIM")), Stripped, nil},
		{"APP15 goes", with(plain, segment(0xef, "Q")), Stripped, nil},
		{"a comment goes", with(plain, segment(markCOM, "GPS 51.5 N")), Stripped, nil},
		{"an empty comment goes", with(plain, segment(markCOM, "")), Stripped, nil},
		{"a JFIF extension goes", with(plain, jfif, segment(markAPP0, "JFXX\x00\x10thumbnail")), Stripped, [][]byte{jfif}},
		{"a JFIF thumbnail goes, its header stays", with(plain, segment(markAPP0, jfifBody(4, 4))), Stripped, [][]byte{jfif}},
		{"what follows a JFIF header goes", with(plain, segment(markAPP0, jfifBody(0, 0)+"more")), Stripped, [][]byte{jfif}},
		{"a second JFIF header goes", with(plain, jfif, jfif), Stripped, [][]byte{jfif}},
		{"a short JFIF header goes", with(plain, segment(markAPP0, "JFIF\x00")), Stripped, nil},
		{"a long Adobe segment is cut", with(plain, segment(markAPP14, adobeBody(1)+"more")), Stripped, [][]byte{adobe}},
		{"a second Adobe segment goes", with(plain, adobe, adobe), Stripped, [][]byte{adobe}},
		{"another APP14 goes", with(plain, segment(markAPP14, "something else")), Stripped, nil},
		{
			"all of it goes at once", with(plain, jfif, exifSegment(1), segment(0xe2, "MPF\x00"), adobe, segment(markCOM, "c")),
			Stripped,
			[][]byte{jfif, adobe},
		},
		{"metadata between tables and scan goes", slices.Concat(plain[:sos], exifSegment(1), plain[sos:]), Stripped, nil},
		{"metadata behind the scan goes", slices.Concat(plain[:eoi], segment(markCOM, "late"), plain[eoi:]), Stripped, nil},
		{"bytes behind the end go", append(bytes.Clone(plain), "GPS"...), Stripped, nil},
		{"a second picture goes", append(bytes.Clone(plain), plain...), Stripped, nil},
		{"a missing end is made good", plain[:eoi], Stripped, nil},
		{"half an end is made good", plain[:eoi+1], Stripped, nil},
		{
			"junk between segments goes where the decoder skips it", with(plain, jfif, []byte("junk"), adobe), Stripped,
			[][]byte{jfif, adobe},
		},
		{"junk right behind the start goes where the decoder skips it", with(plain, []byte("junk")), Stripped, nil},
		{"a stuffed zero between segments goes", with(plain, []byte{0xff, 0}), Stripped, nil},
		{
			"a JFIF header with a size and no thumbnail loses the size", with(plain, segment(markAPP0, jfifBody(0, 0)[:12]+"\x01\x01")),
			Stripped,
			[][]byte{jfif},
		},
		{"a stray restart marker goes", with(plain, []byte{0xff, 0xd3}), Stripped, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := mustNormalize(t, tt.name, tt.upload, Spec{})
			if got.Treatment != tt.want {
				t.Errorf("treatment %v, want %v", got.Treatment, tt.want)
			}
			if tt.want == Untouched && !bytes.Equal(got.JPEG, tt.upload) {
				t.Errorf("%d bytes, want the %d uploaded ones", len(got.JPEG), len(tt.upload))
			}
			// Tables, frame, scan header and coded data are those of the plain picture.
			coding := []byte{markDQT, markSOF0, markDHT, markSOS}
			parts := segmentsOf(t, tt.name, got.JPEG)
			if diff := cmp.Diff(segmentsOf(t, "plain", plain), only(parts, coding...), cmp.AllowUnexported(part{})); diff != "" {
				t.Errorf("the coded picture changed (-want +got):\n%s", diff)
			}
			var apps [][]byte
			for _, p := range parts {
				if !slices.Contains(coding, p.mark) {
					apps = append(apps, segment(p.mark, p.body))
				}
			}
			if diff := cmp.Diff(tt.apps, apps); diff != "" {
				t.Errorf("segments left (-want +got):\n%s", diff)
			}
			checkAgain(t, tt.name, got, Spec{})
		})
	}
}

// TestSeveralScans checks a baseline picture whose planes come one after the other.
func TestSeveralScans(t *testing.T) {
	t.Parallel()
	var scans [][]byte
	for id := range 3 {
		scan := segment(markSOS, "\x01"+string(rune(id+1))+"\x00\x00\x3f\x00")
		scans = append(scans, append(scan, 0x2b))
	}
	plain := eightByEight(t, 3, scans...)
	if got := mustNormalize(t, "plain", plain, Spec{}); got.Treatment != Untouched || !got.Grey {
		t.Errorf("%v, grey %t, want untouched, grey", got.Treatment, got.Grey)
	}
	between := eightByEight(t, 3, scans[0], exifSegment(1), scans[1], segment(markCOM, "GPS"), scans[2])
	got := mustNormalize(t, "metadata between the scans", between, Spec{})
	if got.Treatment != Stripped || !bytes.Equal(got.JPEG, plain) {
		t.Errorf("%v, %d bytes, want stripped and the %d bytes without metadata", got.Treatment, len(got.JPEG), len(plain))
	}
	late := eightByEight(t, 3, scans[0], exifSegment(6), scans[1], scans[2])
	if got := mustNormalize(t, "late orientation", late, Spec{}); !bytes.Equal(got.JPEG, plain) {
		t.Errorf("an orientation behind the first scan: %v, want it dropped like any metadata", got.Treatment)
	}
}

// TestNoPlaceSurvives plants the marks of a place in every corner of an upload, through each treatment.
func TestNoPlaceSurvives(t *testing.T) {
	t.Parallel()
	place := []string{"Exif", "\x88\x25\x00\x04", "\x25\x88\x04\x00", "GPSLatitude", "http://ns.adobe.com/xap", "PLACE"}
	secrets := [][]byte{
		segment(markAPP1, "Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x88\x25\x00\x04\x00\x00\x00\x01\x00\x00\x00\x1aPLACE"),
		segment(markAPP1, "Exif\x00\x00II*\x00\x08\x00\x00\x00\x01\x00\x25\x88\x04\x00\x01\x00\x00\x00\x1a\x00\x00\x00PLACE"),
		segment(markAPP1, "http://ns.adobe.com/xap/1.0/\x00<exif:GPSLatitude>51,30N</exif:GPSLatitude>"),
		segment(markCOM, "PLACE"), segment(0xed, "PLACE"), segment(0xe2, "PLACE"), segment(markAPP0, "PLACE"),
	}
	plain := asJPEG(t, drawn(80, 60), 85)
	picture := asPNG(t, drawn(80, 60))
	for _, tt := range []struct {
		name   string
		upload []byte
		spec   Spec
		want   Treatment
	}{
		{"stripped", append(with(plain, secrets...), "PLACE"...), Spec{}, Stripped},
		{"shrunk", append(with(plain, secrets...), "PLACE"...), Spec{Box: image.Pt(40, 40)}, Recoded},
		{"turned", append(with(plain, append(secrets, exifSegment(6))...), "PLACE"...), Spec{}, Recoded},
		{"progressive", with(testPhoto(t, "progressive-200x200.jpg"), secrets...), Spec{}, Recoded},
		{"PNG", append(afterIHDR(picture, chunk("eXIf", string(secrets[0][10:])), chunk("tEXt", "PLACE\x00GPSLatitude")),
			"PLACE"...), Spec{}, Recoded},
		{"the committed photo", testPhoto(t, "gps-200x150.jpg"), Spec{}, Stripped},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := mustNormalize(t, tt.name, tt.upload, tt.spec)
			if got.Treatment != tt.want {
				t.Errorf("treatment %v, want %v", got.Treatment, tt.want)
			}
			found := 0
			for _, p := range place {
				found += bytes.Count(tt.upload, []byte(p))
				if at := bytes.Index(got.JPEG, []byte(p)); at >= 0 {
					t.Errorf("result holds %q at byte %d", p, at)
				}
			}
			if found == 0 {
				t.Error("the upload holds no place; the test proves nothing")
			}
		})
	}
}

func TestTruncatedJPEG(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"plain-200x200.jpg", "gps-200x150.jpg", "grey-200x200.jpg"} {
		t.Run(file+" is refused wherever it is cut before its last coded byte", func(t *testing.T) {
			t.Parallel()
			whole := testPhoto(t, file)
			for n := 0; n < len(whole)-3; n += 1 + n/100 {
				checkError(t, file, whole[:n], Spec{}, ErrFormat)
				_, _ = readHeader(whole[:n]) // nothing recovers a panic here
			}
			checkError(t, file, whole[:len(whole)-3], Spec{}, ErrFormat)
		})
	}
	t.Run("a stream cut behind a segment that follows its scan is refused", func(t *testing.T) {
		t.Parallel()
		whole := testPhoto(t, "plain-200x200.jpg")
		checkError(t, "cut", append(whole[:len(whole)-2], segment(markCOM, "late")...), Spec{}, ErrFormat)
	})
	t.Run("a stream cut between the scans of its planes is refused, though it decodes", func(t *testing.T) {
		t.Parallel()
		orphan := onePlane(t)
		decoded(t, orphan)
		checkError(t, "orphan", orphan, Spec{}, ErrFormat)
		checkError(t, "orphan without end", orphan[:len(orphan)-2], Spec{}, ErrFormat)
	})
}

func TestMalformedJPEG(t *testing.T) {
	t.Parallel()
	plain := asJPEG(t, drawn(80, 60), 85)
	parts := segmentsOf(t, "plain", plain)
	frame := only(parts, markSOF0)[0].body
	swapFrame := func(mark byte, body string) []byte {
		return bytes.Replace(plain, segment(markSOF0, frame), segment(mark, body), 1)
	}
	for name, upload := range map[string][]byte{
		"two frames":                     with(plain, segment(markSOF0, frame)),
		"no frame":                       bytes.Replace(plain, segment(markSOF0, frame), nil, 1),
		"a frame of 12 bits":             swapFrame(markSOF0, "\x0c"+frame[1:]),
		"a lossless frame":               swapFrame(0xc3, frame),
		"an arithmetic frame":            swapFrame(0xc9, frame),
		"a hierarchical frame":           swapFrame(0xc5, frame),
		"a frame of no height":           swapFrame(markSOF0, "\x08\x00\x00"+frame[3:]),
		"a frame of no width":            swapFrame(markSOF0, frame[:3]+"\x00\x00"+frame[5:]),
		"a frame of two components":      swapFrame(markSOF0, frame[:5]+"\x02"+frame[6:12]),
		"a frame shorter than it says":   swapFrame(markSOF0, frame[:12]),
		"a frame of one byte":            swapFrame(markSOF0, "\x08"),
		"a sampling factor of zero":      swapFrame(markSOF0, frame[:7]+"\x02"+frame[8:]),
		"a sampling factor of five":      swapFrame(markSOF0, frame[:7]+"\x52"+frame[8:]),
		"a scan before the frame":        with(plain, segment(markSOS, "\x01\x01\x00\x00\x3f\x00")),
		"a scan header cut short":        bytes.Replace(plain, []byte("\xff\xda\x00\x0c\x03\x01"), segment(markSOS, "\x03\x01"), 1),
		"an empty scan header":           with(plain, segment(markSOS, "")),
		"a segment of length one":        with(plain, []byte{0xff, markCOM, 0, 1}),
		"a segment beyond the end":       with(plain[:200], []byte{0xff, markCOM, 0xff, 0xff}),
		"a height that follows the scan": bytes.Replace(plain, []byte{0xff, markEOI}, append(segment(0xdc, "\x00\x3c"), 0xff, markEOI), 1),
		"a start in the middle":          with(plain, []byte{0xff, 0xd8}),
		"junk that hides a bad table":    with(plain, []byte("junk"), segment(markDHT, "\x00")),
		"junk that the decoder refuses":  with(plain, []byte{0xff, 0xff, 0}),
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			t.Parallel()
			checkError(t, name, upload, Spec{}, ErrFormat)
			h, err := readHeader(upload) // nothing recovers a panic here
			if err == nil {
				err = h.affordable()
			}
			if err == nil && !strings.HasPrefix(name, "junk") {
				t.Error("the header passes: a decoder was asked")
			}
		})
	}
}

// eightByEight returns a JPEG of 8x8 pixels with n components, each 128 wherever its scan has come; scans is what follows
// the frame.
func eightByEight(t testing.TB, n int, scans ...[]byte) []byte {
	t.Helper()
	out := []byte{0xff, 0xd8}
	for _, p := range only(segmentsOf(t, "grey", asJPEG(t, image.NewGray(image.Rect(0, 0, 8, 8)), 85)), markDQT, markDHT) {
		out = append(out, segment(p.mark, p.body)...)
	}
	const components = "\x01\x11\x00\x02\x11\x00\x03\x11\x00\x04\x11\x00"
	out = append(out, segment(markSOF0, "\x08\x00\x08\x00\x08"+string(rune(n))+components[:3*n])...)
	return append(append(out, bytes.Join(scans, nil)...), 0xff, markEOI)
}

// In the tables of image/jpeg a DC difference of zero is 00 and the end of a block 1010: 001010 for each component.

// fourPlanes returns a JPEG of four components with Adobe's transform.
func fourPlanes(t testing.TB, transform byte) []byte {
	t.Helper()
	scan := segment(markSOS, "\x04\x01\x00\x02\x00\x03\x00\x04\x00\x00\x3f\x00")
	return with(eightByEight(t, 4, scan, []byte{0x28, 0xa2, 0x8a}), segment(markAPP14, adobeBody(transform)))
}

// onePlane returns a JPEG of three components and a scan of the first.
func onePlane(t testing.TB) []byte {
	t.Helper()
	return eightByEight(t, 3, segment(markSOS, "\x01\x01\x00\x00\x3f\x00"), []byte{0x2b})
}

func TestUnusualColourSpaces(t *testing.T) {
	t.Parallel()
	for name, transform := range map[string]byte{"CMYK": 0, "YCCK": 2} {
		t.Run(name+" becomes an ordinary photo", func(t *testing.T) {
			t.Parallel()
			got := mustNormalize(t, name, fourPlanes(t, transform), Spec{})
			if got.Treatment != Recoded || got.Width != 8 || got.Height != 8 || !got.Grey {
				t.Errorf("%v %dx%d grey %t, want recoded 8x8 grey", got.Treatment, got.Width, got.Height, got.Grey)
			}
			want := image.NewUniform(color.Gray{64}) // half the light, half of it taken by black
			if e := meanError(t, decoded(t, got.JPEG), flat(8, 8, want)); e > 2 {
				t.Errorf("mean error %.1f of half grey on half black, want at most 2", e)
			}
		})
	}
	t.Run("four components without Adobe's segment are refused", func(t *testing.T) {
		t.Parallel()
		upload := fourPlanes(t, 0)
		checkError(t, "bare", append(bytes.Clone(upload[:2]), upload[2+16:]...), Spec{}, ErrFormat)
	})
	plain := asJPEG(t, drawn(80, 60), 85)
	full := segmentsOf(t, "plain", plain)
	frame := only(full, markSOF0)[0].body
	for name, upload := range map[string][]byte{
		"an Adobe segment says RGB": with(plain, segment(markAPP14, adobeBody(0))),
		"the components say RGB": bytes.Replace(bytes.Replace(plain,
			segment(markSOF0, frame), segment(markSOF0, frame[:6]+"R\x22\x00G\x11\x01B\x11\x01"), 1),
			[]byte("\x03\x01\x00\x02\x11\x03\x11"), []byte("\x03R\x00G\x11B\x11"), 1),
	} {
		t.Run(name+": recoded, not handed on as YCbCr", func(t *testing.T) {
			t.Parallel()
			got := mustNormalize(t, name, upload, Spec{})
			if got.Treatment != Recoded {
				t.Errorf("treatment %v, want recoded", got.Treatment)
			}
			if e := meanError(t, decoded(t, got.JPEG), decoded(t, upload)); e > 6 {
				t.Errorf("mean error %.1f to the decoded upload, want at most 6", e)
			}
		})
	}
}

// flat returns a picture of one colour.
func flat(w, h int, c color.Color) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	each(m, func(x, y int) { m.Set(x, y, c) })
	return m
}
