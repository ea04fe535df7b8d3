package imaging

import (
	"bytes"
	"encoding/binary"
	"image"
	"strings"
	"testing"
)

// jpegClaiming returns a JPEG of a header and one empty scan, claiming a size. mark says which process.
func jpegClaiming(mark byte, w, h uint16, sampling ...byte) []byte {
	frame := binary.BigEndian.AppendUint16([]byte{8}, h)
	frame = append(binary.BigEndian.AppendUint16(frame, w), byte(len(sampling)))
	scan := []byte{byte(len(sampling))}
	for i, s := range sampling {
		frame = append(frame, byte(i+1), s, 0)
		scan = append(scan, byte(i+1), 0)
	}
	out := append([]byte{0xff, 0xd8}, segment(mark, string(frame))...)
	out = append(out, segment(markSOS, string(scan)+"\x00\x3f\x00")...)
	return append(out, 0, 0xff, markEOI)
}

// pngClaiming returns a PNG of an IHDR and nothing else, claiming a size.
func pngClaiming(w, h uint32, depth, kind, interlace byte) []byte {
	ihdr := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, w), h)
	ihdr = append(ihdr, depth, kind, 0, 0, interlace)
	return append([]byte(magicPNG), append(chunk("IHDR", string(ihdr)), chunk("IEND", "")...)...)
}

// manyScans returns a progressive JPEG with n scans, all but one of them empty refinements.
func manyScans(n int) []byte {
	out := jpegClaiming(markSOF2, 8, 8, 0x11)
	scan := append(segment(markSOS, "\x01\x01\x00\x01\x3f\x10"), 0)
	return append(append(out[:len(out)-2], bytes.Repeat(scan, n-1)...), 0xff, markEOI)
}

// TestBombs checks the bounds from both sides. No context has a deadline here, so ErrTooCostly can only come from the
// header: a decoder that had been asked would say ErrFormat.
func TestBombs(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		upload []byte
		want   error
	}{
		{"baseline 65500x65500", jpegClaiming(markSOF0, 65500, 65500, 0x22, 0x11, 0x11), ErrTooCostly},
		{"progressive 65500x65500", jpegClaiming(markSOF2, 65500, 65500, 0x22, 0x11, 0x11), ErrTooCostly},
		{"JPEG of one row more than a side", jpegClaiming(markSOF0, 8, MaxSide+1, 0x11), ErrTooCostly},
		{"JPEG of a side at most", jpegClaiming(markSOF0, 8, MaxSide, 0x11), ErrFormat},
		{"JPEG of all pixels and a row", jpegClaiming(markSOF0, 6000, 4001, 0x11), ErrTooCostly},
		{"JPEG of all pixels", jpegClaiming(markSOF0, 6000, 4000, 0x11), ErrFormat},
		{"progressive of more coefficients than memory", jpegClaiming(markSOF2, 6000, 4000, 0x11, 0x11, 0x11), ErrTooCostly},
		{"four planes of more than memory", jpegClaiming(markSOF0, 6000, 4000, 0x11, 0x11, 0x11, 0x11), ErrTooCostly},
		{"RGB planes of more than memory", with(jpegClaiming(markSOF0, 6000, 4000, 0x11, 0x11, 0x11),
			segment(markAPP14, adobeBody(0))), ErrTooCostly},
		{"PNG 20000x20000", pngClaiming(20000, 20000, 8, 6, 0), ErrTooCostly},
		{"PNG of the widest claim", pngClaiming(1<<31-1, 1, 1, 3, 0), ErrTooCostly},
		{"PNG beyond the widest claim", pngClaiming(1, 1<<32-1, 8, 0, 0), ErrTooCostly},
		{"PNG of all pixels and a row", pngClaiming(6000, 4001, 8, 0, 0), ErrTooCostly},
		{"PNG of more than memory", pngClaiming(6000, 4000, 16, 6, 0), ErrTooCostly},
		{"interlaced PNG of more than memory", pngClaiming(6000, 4000, 8, 2, 1), ErrTooCostly},
		{"a scan too many", manyScans(MaxScans + 1), ErrTooCostly},
		{
			"a baseline scan too many", bytes.Replace(manyScans(MaxScans+1), []byte{0xff, markSOF2}, []byte{0xff, markSOF0}, 1),
			ErrTooCostly,
		},
		{"scans at most", manyScans(MaxScans), ErrFormat},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			checkError(t, tt.name, tt.upload, Spec{}, tt.want)
		})
	}
}

func TestAffordable(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		upload []byte
		want   int64
	}{
		{"grey planes", jpegClaiming(markSOF0, 17, 1, 0x22), 192},
		{"a plane is whole blocks", jpegClaiming(markSOF0, 9, 1, 0x11), 128},
		{"4:2:0", jpegClaiming(markSOF0, 16, 16, 0x22, 0x11, 0x11), 384},
		{"4:2:0 is whole groups of blocks", jpegClaiming(markSOF0, 17, 1, 0x22, 0x11, 0x11), 768},
		{"4:4:4", jpegClaiming(markSOF0, 16, 16, 0x11, 0x11, 0x11), 768},
		{"coefficients", jpegClaiming(markSOF2, 16, 16, 0x22, 0x11, 0x11), 5 * 384},
		{"CMYK", jpegClaiming(markSOF0, 16, 16, 0x11, 0x11, 0x11, 0x11), 1024 + 8*256},
		{"grey PNG", pngClaiming(10, 10, 8, 0, 0), 100},
		{"grey PNG with alpha", pngClaiming(10, 10, 8, 4, 0), 400},
		{"grey PNG of 16 bits", pngClaiming(10, 10, 16, 0, 0), 300},
		{"RGB PNG", pngClaiming(10, 10, 8, 2, 0), 400},
		{"RGB PNG of 16 bits, interlaced", pngClaiming(10, 10, 16, 2, 1), 2000},
		{"paletted PNG", pngClaiming(10, 10, 1, 3, 0), 500},
		{"grey PNG with a transparent colour", afterIHDR(pngClaiming(10, 10, 8, 0, 0), chunk("tRNS", "\x00\x00")), 400},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h, err := readHeader(tt.upload)
			if err != nil {
				t.Fatal(err)
			}
			if h.cost != tt.want {
				t.Errorf("cost %d, want %d bytes", h.cost, tt.want)
			}
		})
	}
}

func TestReadHeaderQuotesLittle(t *testing.T) {
	t.Parallel()
	_, err := readHeader([]byte(strings.Repeat("secret ", 100)))
	if err == nil || len(err.Error()) > 100 {
		t.Errorf("error of %v, want a short one: uploads do not belong into a log", err)
	}
}

func TestHeaderWalksThroughScans(t *testing.T) {
	t.Parallel()
	h, err := readHeader(manyScans(37))
	if err != nil || h.scans != 37 || h.size != image.Pt(8, 8) {
		t.Errorf("readHeader: %d scans of %v, %v, want 37 of 8x8", h.scans, h.size, err)
	}
}
