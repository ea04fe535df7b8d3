package jpeg

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
)

// Margins of the scale over the result, as fractions. A plane that is hardly larger than the result leaves the resampler
// nothing to tell an edge by; see DESIGN.md for the figures.
const (
	lumaMargin, lumaMarginOf     = 3, 2
	chromaMargin, chromaMarginOf = 1, 1
)

// small is the number of pixels below which a picture is decoded in full: there is nothing to be gained, and the edge of a
// few samples is much of it.
const small = 128 * 128

// scan decodes the coded data of s.
func (d *Decoder) scan(s *scan) error {
	if d.scans++; d.Limits.Scans > 0 && d.scans > d.Limits.Scans {
		return fmt.Errorf("%w: %d scans", ErrLimit, d.scans)
	}
	if d.want.check && d.process == markSOF2 {
		return fmt.Errorf("%w: a progressive picture is never kept", ErrUnsupported)
	}
	if d.scans == 1 {
		d.rgbWanted = d.isRGB()
		if err := d.allocate(); err != nil {
			return err
		}
	}
	for _, c := range s.comps {
		c.pred, c.seen = 0, true
		if d.process == markSOF2 {
			continue
		}
		if !d.hurried[0][c.dc] {
			d.dc[c.dc].hurryDC()
			d.hurried[0][c.dc] = true
		}
		if !d.hurried[1][c.ac] {
			d.ac[c.ac].hurry()
			d.hurried[1][c.ac] = true
		}
	}
	d.at += d.bits.load(d.data[d.at:])
	if len(s.comps) == 1 {
		return d.single(s)
	}
	return d.interleaved(s)
}

// doubt turns an error into ErrUnsupported where image/jpeg might read on: it counts the blocks of a scan of one component
// between restarts by the MCUs of the frame.
func (d *Decoder) doubt(err error) error {
	if d.uncertain && errors.Is(err, ErrFormat) {
		return fmt.Errorf("%w: %w", ErrUnsupported, err)
	}
	return err
}

// interleaved decodes a scan of several components, MCU by MCU.
func (d *Decoder) interleaved(s *scan) error {
	left, mark := d.interval, byte(markRST0)
	for my := range d.down {
		for mx := range d.across {
			if d.interval > 0 {
				if left == 0 {
					if err := d.restart(s, &mark); err != nil {
						return err
					}
					left = d.interval
				}
				left--
			}
			for _, c := range s.comps {
				for v := range c.v {
					for h := range c.h {
						if err := d.unit(c, s, mx*c.h+h, my*c.v+v); err != nil {
							return err
						}
					}
				}
			}
			if err := d.ask(); err != nil {
				return err
			}
		}
	}
	return nil
}

// single decodes a scan of one component, block by block and without those that only pad the last MCUs.
func (d *Decoder) single(s *scan) error {
	c, luma := s.comps[0], &d.comps[0]
	across := (d.size.X*c.h + 8*luma.h - 1) / (8 * luma.h)
	down := (d.size.Y*c.v + 8*luma.v - 1) / (8 * luma.v)
	if across != min(c.across, (d.size.X+7)/8) || down != min(c.down, (d.size.Y+7)/8) {
		return fmt.Errorf("%w: scan of a component of %dx%d in %dx%d", ErrUnsupported, c.h, c.v, luma.h, luma.v)
	}
	if d.interval > 0 && c.h*c.v > 1 {
		if d.process != markSOF2 {
			// It might be kept as it is, and then image/jpeg could not read it.
			return fmt.Errorf("%w: restarts in a scan of a component of %dx%d", ErrUnsupported, c.h, c.v)
		}
		d.uncertain = true
	}
	if s.start > 0 && d.interval == 0 {
		return d.band(c, s, across, down)
	}
	left, mark := d.interval, byte(markRST0)
	for y := range down {
		for x := range across {
			if d.interval > 0 {
				if left == 0 {
					if err := d.restart(s, &mark); err != nil {
						return err
					}
					left = d.interval
				}
				left--
			}
			if err := d.unit(c, s, x, y); err != nil {
				return err
			}
			if err := d.ask(); err != nil {
				return err
			}
		}
	}
	return nil
}

// unit decodes one block.
func (d *Decoder) unit(c *component, s *scan, x, y int) error {
	if d.process != markSOF2 {
		return d.sequential(c, x, y)
	}
	at := y*c.across + x
	coeffs := c.coeffs[at*c.kept.count : (at+1)*c.kept.count]
	switch {
	case s.start == 0 && s.high == 0:
		return d.firstDC(c, coeffs, s)
	case s.start == 0:
		if d.bits.take(1) != 0 {
			coeffs[0] |= 1 << s.low
		}
		return nil
	case s.high == 0:
		return d.firstAC(c, coeffs, &c.nonzero[at], s)
	}
	return d.refineAC(c, coeffs, &c.nonzero[at], s)
}

// restart looks for the restart marker that mark names and begins anew behind it. Stray data before it is skipped, another
// marker is not.
func (d *Decoder) restart(s *scan, mark *byte) error {
	at := d.at
	for at+1 < len(d.data) && (d.data[at] != 0xff || d.data[at+1] != *mark) {
		switch {
		case d.data[at] != 0xff || d.data[at+1] == 0xff:
			at++
		case d.data[at+1] == 0:
			at += 2
		default:
			return fmt.Errorf("%w: marker %02x for %02x", ErrFormat, d.data[at+1], *mark)
		}
	}
	if at+1 >= len(d.data) {
		return fmt.Errorf("%w: no restart marker", ErrFormat)
	}
	at += 2
	d.at = at + d.bits.load(d.data[at:])
	if *mark++; *mark > markRST7 {
		*mark = markRST0
	}
	for _, c := range s.comps {
		c.pred = 0
	}
	d.blocksToSkip = 0
	return nil
}

// allocate chooses the scale of every component and makes room for it.
func (d *Decoder) allocate() error {
	for i := range d.comps {
		c := &d.comps[i]
		c.scale = d.scaleOf(i)
		c.kept = d.reach(c.scale)
		c.stride, c.rows = c.across*c.scale, c.down*c.scale
		if d.want.check {
			c.stride, c.rows = 8, 8 // one block after the other
		}
		d.memory += int64(c.stride) * int64(c.rows)
		if d.process == markSOF2 {
			d.memory += int64(c.across*c.down) * int64(2*c.kept.count+8)
		}
	}
	if d.Limits.Memory > 0 && d.memory+int64(len(d.data)) > d.Limits.Memory || d.memory > math.MaxInt/2 {
		return fmt.Errorf("%w: %d bytes", ErrLimit, d.memory)
	}
	for i := range d.comps {
		c := &d.comps[i]
		// Eight samples more: the resampler reads whole words.
		c.pix = grown(c.pix, c.stride*c.rows+8)
		if d.process == markSOF2 {
			c.coeffs = grown(c.coeffs, c.across*c.down*c.kept.count)
			c.nonzero = grown(c.nonzero, c.across*c.down)
			clear(c.coeffs)
			clear(c.nonzero)
		}
	}
	return nil
}

// scaleOf returns the side of a decoded block of component i.
func (d *Decoder) scaleOf(i int) int {
	w, c, luma := &d.want, &d.comps[i], &d.comps[0]
	switch {
	case w.check:
		return min(i, 1) * 8 // chroma, to see whether there is any
	case w.luma:
		if i > 0 {
			return 0
		}
		return min(8, max(1, (8*w.side+max(d.size.X, d.size.Y)-1)/max(d.size.X, d.size.Y)))
	case w.size == d.size && (i == 0 || d.rgbWanted) || w.size.X == 0 || int64(d.size.X)*int64(d.size.Y) < small:
		return 8
	}
	least := func(side, of, margin, marginOf int) int {
		return min(8, (8*margin*side+marginOf*of-1)/(marginOf*of))
	}
	if i == 0 || d.rgbWanted {
		return max(least(w.size.X*luma.h, d.size.X*c.h, lumaMargin, lumaMarginOf),
			least(w.size.Y*luma.v, d.size.Y*c.v, lumaMargin, lumaMarginOf))
	}
	// Chroma is kept at half the size.
	return max(least(w.size.X*luma.h, 2*d.size.X*c.h, chromaMargin, chromaMarginOf),
		least(w.size.Y*luma.v, 2*d.size.Y*c.v, chromaMargin, chromaMarginOf))
}

// reach says which coefficients a scale needs.
type reach struct {
	count int       // coefficients kept, and samples, of a block
	last  int       // the highest in zigzag order
	mask  uint64    // bit k: the k-th in zigzag order
	place [64]uint8 // where the k-th goes; dump for one that is not needed
}

// dump is where coefficients go that nobody needs: writing them there is cheaper than asking.
const dump = 64

// reach returns the reach of scale, which is computed once in the life of a Decoder.
func (d *Decoder) reach(scale int) *reach {
	r := &d.reaches[scale]
	if r.count > 0 {
		return r
	}
	*r = reach{count: max(1, scale*scale)}
	for k, at := range zigzag {
		x, y := int(at)&7, int(at)>>3
		r.place[k] = dump
		if x < scale && y < scale {
			r.place[k] = uint8(y*scale + x)
			r.mask |= 1 << k
		}
	}
	if scale > 0 {
		r.last = bits.Len64(r.mask) - 1
	}
	return r
}
