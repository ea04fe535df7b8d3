package imaging

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
)

// Markers of ITU-T T.81, table B.1.
const (
	markSOF0  = 0xc0 // baseline
	markSOF1  = 0xc1 // extended sequential
	markSOF2  = 0xc2 // progressive
	markDHT   = 0xc4
	markRST0  = 0xd0
	markRST7  = 0xd7
	markSOI   = 0xd8
	markEOI   = 0xd9
	markSOS   = 0xda
	markDQT   = 0xdb
	markDRI   = 0xdd
	markAPP0  = 0xe0 // JFIF
	markAPP1  = 0xe1 // EXIF, XMP
	markAPP14 = 0xee // Adobe
	markAPP15 = 0xef
	markCOM   = 0xfe
)

const (
	jfifHeader  = 12 // bytes of a JFIF segment before its thumbnail
	adobeLength = 12 // bytes of an Adobe segment that mean something
)

// walk is one pass over the markers of a JPEG.
type walk struct {
	data []byte
	at   int
	h    header

	process    byte // the SOF marker, zero before it
	components []byte
	scanned    uint8 // bit i: component i has had a scan
	jfif       bool
	adobe      bool
	rgb        bool // an Adobe segment says that the planes are not YCbCr
	exif       bool // an EXIF segment has given the orientation
}

// readJPEG walks over the markers of a JPEG to its end, through the scans.
func readJPEG(data []byte) (header, error) {
	w := walk{data: data, at: 2, h: header{format: formatJPEG, orientation: 1, clean: true}}
	w.keep(data[:2])
	afterScan := false
	for {
		mark, ok := w.next()
		if !ok && !afterScan {
			return header{}, fmt.Errorf("%w: truncated at byte %d", ErrFormat, w.at)
		}
		if !ok {
			// Nothing is missing but the end marker: senders that cut it off are common, and every pixel is there.
			w.h.clean = false
			return w.end()
		}
		if mark == markEOI {
			w.h.clean = w.h.clean && w.at == len(data)
			return w.end()
		}
		body, err := w.segment()
		if err != nil {
			return header{}, err
		}
		if err := w.take(mark, body); err != nil {
			return header{}, err
		}
		if afterScan = mark == markSOS; afterScan {
			w.scan()
		}
	}
}

// next moves behind the next marker and returns it, or false at the end of the data. Fill bytes are legal; anything else
// before the marker is junk.
func (w *walk) next() (byte, bool) {
	for w.at < len(w.data) {
		if w.data[w.at] != 0xff {
			w.h.junk, w.h.clean = true, false
			w.at++
			continue
		}
		for w.at < len(w.data) && w.data[w.at] == 0xff {
			w.at++
		}
		if w.at == len(w.data) {
			return 0, false
		}
		mark := w.data[w.at]
		w.at++
		if mark == 0 || mark >= markRST0 && mark <= markRST7 {
			w.h.junk, w.h.clean = true, false
			continue
		}
		return mark, true
	}
	return 0, false
}

// segment returns the body of the segment whose marker was read last, and moves behind it.
func (w *walk) segment() ([]byte, error) {
	rest := w.data[w.at:]
	if len(rest) < 2 {
		return nil, fmt.Errorf("%w: truncated at byte %d", ErrFormat, w.at)
	}
	n := int(binary.BigEndian.Uint16(rest))
	if n < 2 || n > len(rest) {
		return nil, fmt.Errorf("%w: segment of %d bytes at byte %d", ErrFormat, n, w.at)
	}
	w.at += n
	return rest[2:n], nil
}

// take learns from one segment and decides whether stripping keeps it.
func (w *walk) take(mark byte, body []byte) error {
	whole := w.data[w.at-len(body)-4 : w.at] // marker, length, body: no fill bytes
	switch {
	case mark == markDHT || mark == markDQT || mark == markDRI:
		w.keep(whole)
	case mark == markSOF0 || mark == markSOF1 || mark == markSOF2:
		w.keep(whole)
		return w.frame(mark, body)
	case mark == markSOS:
		w.keep(whole)
		return w.scanHeader(body)
	case mark == markAPP0:
		w.app0(whole, body)
	case mark == markAPP14:
		w.app14(whole, body)
	case mark >= markAPP0 && mark <= markAPP15 || mark == markCOM:
		w.h.clean = false
		if mark == markAPP1 {
			w.app1(body)
		}
	default:
		return fmt.Errorf("%w: marker %02x", ErrFormat, mark)
	}
	return nil
}

// frame reads a SOF segment.
func (w *walk) frame(mark byte, body []byte) error {
	if w.process != 0 {
		return fmt.Errorf("%w: second frame", ErrFormat)
	}
	if len(body) < 6 || body[0] != 8 {
		return fmt.Errorf("%w: not an 8-bit frame", ErrFormat)
	}
	n := int(body[5])
	if n != 1 && n != 3 && n != 4 || len(body) != 6+3*n {
		return fmt.Errorf("%w: frame of %d components in %d bytes", ErrFormat, n, len(body))
	}
	w.process = mark
	w.h.size = image.Pt(int(binary.BigEndian.Uint16(body[3:])), int(binary.BigEndian.Uint16(body[1:])))
	w.h.grey = n == 1
	factors := make([]image.Point, n)
	for i := range n {
		c := body[6+3*i:]
		w.components = append(w.components, c[0])
		factors[i] = image.Pt(int(c[1]>>4), int(c[1]&15))
		if f := factors[i]; f.X < 1 || f.X > 4 || f.Y < 1 || f.Y > 4 {
			return fmt.Errorf("%w: sampling %dx%d", ErrFormat, f.X, f.Y)
		}
	}
	w.h.cost = jpegCost(w.h.size, factors, mark == markSOF2)
	return nil
}

// jpegCost estimates the bytes that decoding allocates: the planes, for a progressive picture a four-byte coefficient for
// each of their samples, and for four components the conversions to CMYK and RGB.
func jpegCost(size image.Point, factors []image.Point, progressive bool) int64 {
	if len(factors) == 1 {
		factors = []image.Point{{X: 1, Y: 1}} // one component is never interleaved, whatever its factors say
	}
	var most image.Point
	for _, f := range factors {
		most.X, most.Y = max(most.X, f.X), max(most.Y, f.Y)
	}
	across := int64((size.X + 8*most.X - 1) / (8 * most.X))
	down := int64((size.Y + 8*most.Y - 1) / (8 * most.Y))
	var samples int64
	for _, f := range factors {
		samples += across * down * 64 * int64(f.X*f.Y)
	}
	cost := samples
	if progressive {
		cost += 4 * samples
	}
	if len(factors) == 4 {
		cost += 8 * int64(size.X) * int64(size.Y)
	}
	return cost
}

// scanHeader reads a SOS segment.
func (w *walk) scanHeader(body []byte) error {
	if w.process == 0 {
		return fmt.Errorf("%w: scan before the frame", ErrFormat)
	}
	if len(body) < 1 || len(body) < 1+2*int(body[0]) {
		return fmt.Errorf("%w: scan header of %d bytes", ErrFormat, len(body))
	}
	w.h.scans++
	for i := range int(body[0]) {
		if k := bytes.IndexByte(w.components, body[1+2*i]); k >= 0 {
			w.scanned |= 1 << k
		}
	}
	return nil
}

// scan moves behind the entropy-coded data and keeps it. Stuffed zeros and restart markers are part of it.
func (w *walk) scan() {
	start := w.at
	for {
		k := bytes.IndexByte(w.data[w.at:], 0xff)
		if k < 0 {
			w.at = len(w.data)
			break
		}
		end := w.at + k
		next := end
		for next < len(w.data) && w.data[next] == 0xff {
			next++
		}
		if next == len(w.data) || w.data[next] != 0 && (w.data[next] < markRST0 || w.data[next] > markRST7) {
			w.at = end
			break
		}
		w.at = next + 1
	}
	w.keep(w.data[start:w.at])
}

// app0 keeps the first JFIF header without its thumbnail and drops any other APP0 (JFXX, AVI1).
func (w *walk) app0(whole, body []byte) {
	if w.jfif || len(body) < jfifHeader+2 || !bytes.HasPrefix(body, []byte("JFIF\x00")) {
		w.h.clean = false
		return
	}
	w.jfif = true
	if len(body) == jfifHeader+2 && body[jfifHeader] == 0 && body[jfifHeader+1] == 0 {
		w.keep(whole)
		return
	}
	w.h.clean = false
	w.keep([]byte{0xff, markAPP0, 0, jfifHeader + 4})
	w.keep(body[:jfifHeader])
	w.keep([]byte{0, 0})
}

// app14 keeps the first Adobe segment, which tells how the planes are to be read, and drops any other APP14.
func (w *walk) app14(whole, body []byte) {
	if len(body) < adobeLength || !bytes.HasPrefix(body, []byte("Adobe")) {
		w.h.clean = false
		return
	}
	w.rgb = w.rgb || body[adobeLength-1] == 0
	switch {
	case w.adobe:
		w.h.clean = false
	case len(body) == adobeLength:
		w.keep(whole)
	default:
		w.h.clean = false
		w.keep([]byte{0xff, markAPP14, 0, adobeLength + 2})
		w.keep(body[:adobeLength])
	}
	w.adobe = true
}

// app1 reads the orientation. The first EXIF segment before the scans that has one decides; XMP lives in APP1 too and may
// come first.
func (w *walk) app1(body []byte) {
	tiff, ok := bytes.CutPrefix(body, []byte("Exif\x00\x00"))
	if !ok || w.exif || w.h.scans > 0 {
		return
	}
	if o, ok := readOrientation(tiff); ok {
		w.h.orientation, w.exif = o, true
	}
}

func (w *walk) keep(piece []byte) { w.h.pieces = append(w.h.pieces, piece) }

// end judges the whole once the end has been reached.
func (w *walk) end() (header, error) {
	w.keep([]byte{0xff, markEOI})
	// A stream cut between two scans looks complete; the planes that never came would decode to a flat colour.
	if n := len(w.components); n == 0 || w.scanned != 1<<n-1 {
		return header{}, fmt.Errorf("%w: no scan for some of %d components", ErrFormat, n)
	}
	rgb := len(w.components) == 3 && (w.rgb || string(w.components) == "RGB")
	if rgb {
		w.h.cost += 4 * int64(w.h.size.X) * int64(w.h.size.Y) // the decoder interleaves the planes
	}
	w.h.conforming = w.process == markSOF0 && len(w.components) != 4 && !rgb && w.h.orientation == 1
	return w.h, nil
}
