package jpeg

import (
	"context"
	"encoding/binary"
	"fmt"
	"image"
)

// patience is how many MCUs, or blocks of a scan of one component, are decoded between two looks at the context. It counts
// work and not bytes: a scan of ten bytes may pass over the whole picture.
const patience = 8

// Decoder decodes one JPEG after the other and keeps its buffers in between. Its zero value is ready and unlimited. It is
// not for two goroutines at once.
type Decoder struct {
	Limits Limits

	ctx    context.Context // of the current call only
	data   []byte
	at     int // the next byte of data that is no coded data
	bits   reader
	scans  int
	want   want
	memory int64

	process      byte // SOF marker
	size         image.Point
	store        [3]component
	comps        []component // of store
	across, down int         // MCUs
	interval     int         // of restarts, in MCUs
	blocksToSkip int         // whose AC coefficients are known to be zero: the run of ends of blocks
	until        int         // MCUs until the context is asked
	uncertain    bool        // image/jpeg may read a scan in another way
	rgbWanted    bool        // the colour space that the scales were chosen for
	jfif, adobe  bool
	transform    byte

	dc, ac  [4]table
	hurried [2][4]bool // class, number: ready for a sequential scan
	quant   [4][64]int32
	scanned [3]*component
	planes  [3]Plane
	reaches [9]reach
	block   block
}

// want is what a caller asks of a decoding.
type want struct {
	size  image.Point // of the result it is for; zero: the whole picture
	luma  bool        // luma only
	check bool        // no picture, only whether there is one
	side  int         // with luma: the least length of the longer side
	grey  bool        // with check: no chroma has been seen so far
}

// Decode decodes data for a result of the given size, which is not larger than the picture: every plane comes at the
// smallest scale of N/8 that leaves enough to resample from. A zero size is the full one.
func (d *Decoder) Decode(ctx context.Context, data []byte, size image.Point) (Picture, error) {
	if err := d.run(ctx, data, want{size: size}); err != nil {
		return Picture{}, err
	}
	return d.picture(), nil
}

// Luma decodes the first plane alone, at the smallest scale of N/8 whose longer side has at least side samples, or else at
// full size.
func (d *Decoder) Luma(ctx context.Context, data []byte, side int) (Picture, error) {
	if err := d.run(ctx, data, want{luma: true, side: side}); err != nil {
		return Picture{}, err
	}
	p := d.picture()
	p.Planes = p.Planes[:1]
	return p, nil
}

// Check reads data to its last coefficient and reports whether it is a picture without colour: chroma strays from neutral
// by greyTolerance at most, inside the picture. A progressive file is ErrUnsupported.
func (d *Decoder) Check(ctx context.Context, data []byte) (grey bool, err error) {
	if err := d.run(ctx, data, want{check: true, grey: true}); err != nil {
		return false, err
	}
	return d.want.grey && !d.isRGB(), nil
}

// run decodes data.
func (d *Decoder) run(ctx context.Context, data []byte, w want) error {
	d.reset(ctx, data, w)
	defer func() { d.ctx, d.data = nil, nil }() // a Decoder in a pool must not hold on to an upload
	return d.segments()
}

// reset forgets the file before; of its buffers only their room is kept.
func (d *Decoder) reset(ctx context.Context, data []byte, w want) {
	d.ctx, d.data, d.at, d.want = ctx, data, 0, w
	d.scans, d.memory, d.process, d.comps = 0, 0, 0, nil
	d.interval, d.blocksToSkip, d.until = 0, 0, 0
	d.uncertain, d.rgbWanted, d.jfif, d.adobe, d.transform = false, false, false, false, 0
	d.hurried = [2][4]bool{}
	for i := range d.dc {
		d.dc[i].forget()
		d.ac[i].forget()
		clear(d.quant[i][:])
	}
}

// Retained returns the bytes that the buffers hold between two calls.
func (d *Decoder) Retained() int {
	n := cap(d.bits.buf)
	for i := range d.store {
		c := &d.store[i]
		n += cap(c.pix) + 2*cap(c.coeffs) + 8*cap(c.nonzero)
	}
	return n
}

// segments reads data from marker to marker. A missing end marker is taken as there.
func (d *Decoder) segments() error {
	if len(d.data) < 2 || d.data[0] != 0xff || d.data[1] != markSOI {
		return fmt.Errorf("%w: no start marker", ErrFormat)
	}
	d.at = 2
	for {
		mark := d.marker()
		if mark == markEOI {
			return d.finish()
		}
		if mark >= markRST0 && mark <= markRST7 {
			continue // behind the last interval, harmless
		}
		body, err := d.segment()
		if err != nil {
			return err
		}
		if err := d.take(mark, body); err != nil {
			return err
		}
	}
}

// marker moves behind the next marker and returns it; EOI at the end of data. What lies in between is skipped, and so are
// stuffed zeros.
func (d *Decoder) marker() byte {
	for d.at+1 < len(d.data) {
		if d.data[d.at] != 0xff {
			d.at++
			continue
		}
		d.at++
		if d.data[d.at] == 0 {
			d.at++
			continue
		}
		for d.at < len(d.data) && d.data[d.at] == 0xff {
			d.at++
		}
		if d.at < len(d.data) {
			d.at++
			return d.data[d.at-1]
		}
	}
	return markEOI
}

// segment returns the body of the segment whose marker was read last, and moves behind it.
func (d *Decoder) segment() ([]byte, error) {
	rest := d.data[d.at:]
	if len(rest) < 2 {
		return nil, fmt.Errorf("%w: truncated at byte %d", ErrFormat, d.at)
	}
	n := int(binary.BigEndian.Uint16(rest))
	if n < 2 || n > len(rest) {
		return nil, fmt.Errorf("%w: segment of %d bytes at byte %d", ErrFormat, n, d.at)
	}
	d.at += n
	return rest[2:n], nil
}

// take learns from one segment; a scan it decodes.
func (d *Decoder) take(mark byte, body []byte) error {
	switch mark {
	case markSOF0, markSOF1, markSOF2:
		return d.frame(mark, body)
	case markDHT:
		return d.tables(body)
	case markDQT:
		return d.quantizers(body)
	case markDRI:
		if len(body) != 2 {
			return fmt.Errorf("%w: restart interval of %d bytes", ErrFormat, len(body))
		}
		d.interval = int(binary.BigEndian.Uint16(body))
	case markSOS:
		s, err := d.scanHeader(body)
		if err != nil {
			return err
		}
		if err := d.scan(&s); err != nil {
			return d.doubt(err)
		}
	case markAPP0:
		if len(body) >= 5 {
			d.jfif = string(body[:5]) == "JFIF\x00"
		}
	case markAPP14:
		if len(body) >= 12 && string(body[:5]) == "Adobe" {
			d.adobe, d.transform = true, body[11]
		}
	default:
		if mark != markCOM && (mark < markAPP0 || mark > markAPP15) {
			return fmt.Errorf("%w: marker %02x", ErrFormat, mark)
		}
	}
	return nil
}

// isRGB reports whether the planes are red, green and blue, as far as the segments read so far tell.
func (d *Decoder) isRGB() bool {
	switch {
	case len(d.comps) != 3 || d.jfif:
		return false
	case d.adobe && d.transform == 0:
		return true
	}
	return d.comps[0].id == 'R' && d.comps[1].id == 'G' && d.comps[2].id == 'B'
}

var errEarly = fmt.Errorf("%w: coded data ends early", ErrFormat)

// ask looks at the context now and then, and at the end of the data of each MCU.
func (d *Decoder) ask() error {
	if d.bits.overrun() {
		return errEarly
	}
	if d.until--; d.until < 0 {
		d.until = patience - 1
		return d.ctx.Err()
	}
	return nil
}

// finish makes the picture complete once the end has been reached.
func (d *Decoder) finish() error {
	if d.scans == 0 {
		return fmt.Errorf("%w: no scan", ErrFormat)
	}
	if d.isRGB() != d.rgbWanted {
		return fmt.Errorf("%w: colour space told behind the first scan", ErrUnsupported)
	}
	for i := range d.comps {
		c := &d.comps[i]
		switch {
		case c.scale == 0:
		case !c.seen:
			clear(c.pix) // it holds a plane of the picture before
		case d.process == markSOF2:
			if err := d.reconstruct(c); err != nil {
				return err
			}
		}
	}
	return nil
}

// picture returns the decoded planes.
func (d *Decoder) picture() Picture {
	p := Picture{Size: d.size, RGB: d.isRGB(), Planes: d.planes[:len(d.comps)]}
	for i := range d.comps {
		c := &d.comps[i]
		p.Planes[i] = Plane{
			Pix: c.pix, Stride: c.stride,
			Width:  Extent{d.size.X * c.h * c.scale, 8 * d.comps[0].h},
			Height: Extent{d.size.Y * c.v * c.scale, 8 * d.comps[0].v},
		}
	}
	return p
}
