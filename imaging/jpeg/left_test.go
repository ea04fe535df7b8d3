package jpeg

import (
	"bytes"
	"errors"
	"image"
	"slices"
	"testing"
)

// blank returns a JPEG of size in which every block is 001010: no difference, end of block. sampling has a byte for each
// component of the frame, scan two for each of the scan.
func blank(process byte, size image.Point, sampling, scan string, before ...byte) []byte {
	e := Encoder{out: []byte{0xff, markSOI}}
	e.table(0, dcCounts[0], dcSymbols[0])
	e.table(0x10, acCounts[0], acSymbols[0])
	e.out = append(e.out, before...)
	e.out = append(e.out, 0xff, process, 0, byte(8+3*len(sampling)), 8, 0, byte(size.Y), 0, byte(size.X), byte(len(sampling)))
	for i := range len(sampling) {
		e.out = append(e.out, byte(i+1), sampling[i], 0)
	}
	e.out = append(e.out, 0xff, markSOS, 0, byte(6+len(scan)), byte(len(scan)/2))
	e.out = append(append(e.out, scan...), 0, 63, 0)
	return append(append(e.out, bytes.Repeat([]byte{0x28, 0xa2, 0x8a}, 9)...), 0xff, markEOI)
}

// dht returns the tables of luma as number to.
func dht(to byte) []byte {
	var e Encoder
	e.table(to, dcCounts[0], dcSymbols[0])
	e.table(0x10|to, acCounts[0], acSymbols[0])
	return e.out
}

// TestLeft checks what is left to image/jpeg, and what both refuse by a rule of their own rather than by their data.
func TestLeft(t *testing.T) {
	t.Parallel()
	grey := image.Pt(8, 8)
	full := seed(t, "baseline-444.jpg")
	jfif := bytes.Index(full, []byte("JFIF")) - 4
	late := slices.Delete(bytes.Clone(full), jfif, jfif+18)
	late = slices.Insert(late, len(late)-2, []byte("\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00")...)
	restart := []byte{0xff, markDRI, 0, 2 + 2, 0, 100}
	planes := seed(t, "baseline-420-planes.jpg")
	luma := seed(t, "progressive-420-restart.jpg")
	short := []byte{0xff, markDHT, 0, 2 + 17 + 3, 0, 3}
	short = append(append(short, make([]byte, 15)...), 0, 1, 2)
	for _, tt := range []struct {
		name string
		data []byte
		want error
	}{
		{"one blank block", blank(markSOF0, grey, "\x11", "\x01\x00"), nil},
		{"the colour space told behind the scan", late, ErrUnsupported},
		{"four components", blank(markSOF0, grey, "\x11\x11\x11\x11", "\x01\x00\x02\x00\x03\x00\x04\x00"), ErrUnsupported},
		{"three codes of one bit", blank(markSOF0, grey, "\x11", "\x01\x00", short...), ErrUnsupported},
		{"a scan of luma of 2x2 with restarts", slices.Insert(bytes.Clone(planes), 2, restart...), ErrUnsupported},
		{"a damaged progressive scan of luma with restarts", luma[:len(luma)-60], ErrUnsupported},
		{"a scan of a middle sampling", blank(markSOF0, image.Pt(69, 8), "\x41\x21\x21", "\x02\x00"), ErrUnsupported},
		{"the same where both ways count alike", blank(markSOF0, image.Pt(64, 8), "\x41\x21\x21", "\x02\x00"), nil},
		{"ten blocks in an MCU", blank(markSOF0, grey, "\x42\x11\x11", "\x01\x00\x02\x00\x03\x00"), nil},
		{"twelve blocks in an MCU", blank(markSOF0, grey, "\x42\x21\x21", "\x01\x00\x02\x00\x03\x00"), ErrFormat},
		{"table 2 in a baseline scan", blank(markSOF0, grey, "\x11", "\x01\x20", dht(2)...), ErrFormat},
		{"table 2 in an extended scan", blank(markSOF1, grey, "\x11", "\x01\x22", dht(2)...), nil},
		{"table 4", blank(markSOF1, grey, "\x11", "\x01\x40"), ErrFormat},
		{"a table that is not there", blank(markSOF1, grey, "\x11", "\x01\x03"), ErrFormat},
		{"a component twice in the frame", bytes.Replace(full, []byte("\x02\x11\x01\x03"), []byte("\x02\x11\x01\x02"), 1), ErrFormat},
		{"a component twice in the scan", blank(markSOF0, grey, "\x11\x11\x11", "\x01\x00\x01\x00"), ErrFormat},
		{"chroma finer than luma", blank(markSOF0, grey, "\x11\x22\x22", "\x01\x00"), ErrFormat},
		{"unlike chroma", blank(markSOF0, grey, "\x22\x11\x21", "\x01\x00"), ErrFormat},
		{"luma of four rows", blank(markSOF0, grey, "\x14\x11\x11", "\x01\x00"), ErrFormat},
		{"sampling by three", blank(markSOF0, grey, "\x31\x11\x11", "\x01\x00"), ErrFormat},
	} {
		var d Decoder
		_, err := d.Decode(t.Context(), tt.data, image.Point{})
		if tt.want == nil && err != nil || !errors.Is(err, tt.want) || errors.Is(err, ErrUnsupported) != errors.Is(tt.want, ErrUnsupported) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
		if _, err := std(tt.data); !errors.Is(tt.want, ErrUnsupported) && (err == nil) != (tt.want == nil) {
			t.Errorf("%s: image/jpeg says %v, want %v", tt.name, err, tt.want)
		}
	}
	t.Run("Check leaves progressive files", func(t *testing.T) {
		t.Parallel()
		var d Decoder
		if _, err := d.Check(t.Context(), seed(t, "progressive-444-restart.jpg")); !errors.Is(err, ErrUnsupported) {
			t.Errorf("%v, want ErrUnsupported", err)
		}
	})
}
