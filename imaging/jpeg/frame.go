package jpeg

import (
	"encoding/binary"
	"fmt"
	"image"
)

// component is one plane of a frame and what is decoded of it.
type component struct {
	id     byte
	h, v   int // sampling factors
	quant  byte
	dc, ac byte // tables of the current scan
	seen   bool // it has had a scan

	across, down int // blocks, padded to whole MCUs
	scale        int // side of a decoded block in samples, 0: none is wanted
	kept         *reach
	pix          []byte
	stride, rows int

	pred    int32    // DC of the block before
	coeffs  []int16  // progressive: scale*scale of each block
	nonzero []uint64 // progressive: which of the 64 coefficients of each block are not zero
}

// frame reads a SOF segment. It asks of sampling factors what image/jpeg asks.
func (d *Decoder) frame(mark byte, body []byte) error {
	if len(d.comps) > 0 {
		return fmt.Errorf("%w: second frame", ErrFormat)
	}
	if len(body) < 6 || body[0] != 8 {
		return fmt.Errorf("%w: not a frame of 8 bits", ErrFormat)
	}
	n := int(body[5])
	if n != 1 && n != 3 && n != 4 || len(body) != 6+3*n {
		return fmt.Errorf("%w: frame of %d components in %d bytes", ErrFormat, n, len(body))
	}
	if n == 4 {
		return fmt.Errorf("%w: four components", ErrUnsupported)
	}
	d.process = mark
	d.size = image.Pt(int(binary.BigEndian.Uint16(body[3:])), int(binary.BigEndian.Uint16(body[1:])))
	d.comps = d.store[:n]
	for i := range d.comps {
		c := &d.comps[i]
		*c = component{
			id: body[6+3*i], h: int(body[7+3*i] >> 4), v: int(body[7+3*i] & 15), quant: body[8+3*i],
			pix: c.pix, coeffs: c.coeffs, nonzero: c.nonzero,
		}
		if err := d.sampling(i); err != nil {
			return err
		}
	}
	return d.measure()
}

// sampling checks component i. The first component is never the coarser one, and the two of chroma are alike.
func (d *Decoder) sampling(i int) error {
	c, luma := &d.comps[i], &d.comps[0]
	for _, before := range d.comps[:i] {
		if before.id == c.id {
			return fmt.Errorf("%w: component %d twice", ErrFormat, c.id)
		}
	}
	legal := func(f int) bool { return f == 1 || f == 2 || f == 4 }
	if c.quant > 3 || !legal(c.h) || !legal(c.v) {
		return fmt.Errorf("%w: sampling %dx%d, table %d", ErrFormat, c.h, c.v, c.quant)
	}
	switch {
	case len(d.comps) == 1:
		c.h, c.v = 1, 1 // one component is never interleaved, whatever its factors say
	case i == 0 && c.v == 4,
		i == 1 && (luma.h%c.h != 0 || luma.v%c.v != 0),
		i == 2 && (c.h != d.comps[1].h || c.v != d.comps[1].v):
		return fmt.Errorf("%w: sampling %dx%d of component %d", ErrFormat, c.h, c.v, i)
	}
	return nil
}

// measure counts the MCUs and blocks of the frame.
func (d *Decoder) measure() error {
	w, h := d.size.X, d.size.Y
	if w == 0 || h == 0 {
		return fmt.Errorf("%w: %dx%d pixels", ErrFormat, w, h)
	}
	if d.Limits.Pixels > 0 && int64(w)*int64(h) > d.Limits.Pixels {
		return fmt.Errorf("%w: %dx%d pixels", ErrLimit, w, h)
	}
	luma := &d.comps[0]
	d.across, d.down = (w+8*luma.h-1)/(8*luma.h), (h+8*luma.v-1)/(8*luma.v)
	for i := range d.comps {
		c := &d.comps[i]
		c.across, c.down = d.across*c.h, d.down*c.v
	}
	return nil
}

// quantizers reads a DQT segment.
func (d *Decoder) quantizers(body []byte) error {
	for len(body) > 0 {
		wide, to := body[0]>>4, body[0]&15
		size := 64 << wide
		if wide <= 1 && to <= 3 && len(body) == 1 {
			return nil // image/jpeg does not miss the table either
		}
		if wide > 1 || to > 3 || len(body) < 1+size {
			return fmt.Errorf("%w: DQT segment", ErrFormat)
		}
		for k := range d.quant[to] {
			if wide == 0 {
				d.quant[to][k] = int32(body[1+k])
			} else {
				d.quant[to][k] = int32(binary.BigEndian.Uint16(body[1+2*k:]))
			}
		}
		body = body[1+size:]
	}
	return nil
}

// tables reads a DHT segment.
func (d *Decoder) tables(body []byte) error {
	for len(body) > 0 {
		if len(body) < 17 {
			return fmt.Errorf("%w: DHT segment", ErrFormat)
		}
		class, to := body[0]>>4, body[0]&15
		if class > 1 || to > 3 || d.process == markSOF0 && to > 1 {
			return fmt.Errorf("%w: Huffman table %d of class %d", ErrFormat, to, class)
		}
		n := 0
		for _, count := range body[1:17] {
			n += int(count)
		}
		if n == 0 || n > 256 || len(body) < 17+n {
			return fmt.Errorf("%w: Huffman table of %d codes", ErrFormat, n)
		}
		t := &d.dc[to]
		if class == 1 {
			t = &d.ac[to]
		}
		d.hurried[class][to] = false
		if err := t.define(body[1:17], body[17:17+n]); err != nil {
			return err
		}
		body = body[17+n:]
	}
	return nil
}

// scan is a SOS segment.
type scan struct {
	comps      []*component
	start, end int  // spectral selection
	high, low  uint // successive approximation
}

// scanHeader reads a SOS segment.
func (d *Decoder) scanHeader(body []byte) (s scan, err error) {
	if len(d.comps) == 0 {
		return scan{}, fmt.Errorf("%w: scan before the frame", ErrFormat)
	}
	if len(body) < 6 || len(body) != 4+2*int(body[0]) || int(body[0]) > len(d.comps) {
		return scan{}, fmt.Errorf("%w: scan header of %d bytes", ErrFormat, len(body))
	}
	n := int(body[0])
	blocks := 0
	s = scan{comps: d.scanned[:0], end: 63}
	for i := range n {
		c := d.component(body[1+2*i])
		if c == nil {
			return scan{}, fmt.Errorf("%w: scan of an unknown component", ErrFormat)
		}
		for _, before := range s.comps {
			if before == c {
				return scan{}, fmt.Errorf("%w: component twice in a scan", ErrFormat)
			}
		}
		blocks += c.h * c.v
		c.dc, c.ac = body[2+2*i]>>4, body[2+2*i]&15
		if c.dc > 3 || c.ac > 3 || d.process == markSOF0 && (c.dc > 1 || c.ac > 1) {
			return scan{}, fmt.Errorf("%w: scan with tables %d and %d", ErrFormat, c.dc, c.ac)
		}
		s.comps = append(s.comps, c)
	}
	if len(d.comps) > 1 && blocks > 10 {
		return scan{}, fmt.Errorf("%w: %d blocks in an MCU", ErrFormat, blocks)
	}
	if d.process == markSOF2 {
		s.start, s.end = int(body[1+2*n]), int(body[2+2*n])
		s.high, s.low = uint(body[3+2*n]>>4), uint(body[3+2*n]&15)
		if s.start == 0 && s.end != 0 || s.start > s.end || s.end > 63 || s.start != 0 && n != 1 ||
			s.high != 0 && s.high != s.low+1 {
			return scan{}, fmt.Errorf("%w: coefficients %d to %d, bits %d to %d", ErrFormat, s.start, s.end, s.high, s.low)
		}
	}
	return s, nil
}

// component returns the component of id, or nil.
func (d *Decoder) component(id byte) *component {
	for i := range d.comps {
		if d.comps[i].id == id {
			return &d.comps[i]
		}
	}
	return nil
}
