package jpeg

import (
	"fmt"
	"math/bits"
)

// Of a progressive picture only the coefficients that the scale needs are kept. The refining scans have to know of all the
// others whether they are zero, and nothing else: one bit each.

// firstDC reads the first bits of the DC of a block.
func (d *Decoder) firstDC(c *component, coeffs []int16, s *scan) error {
	if err := d.nextDC(c); err != nil {
		return err
	}
	coeffs[0] = int16(c.pred << s.low)
	return nil
}

// firstAC reads the first bits of a band of a block.
func (d *Decoder) firstAC(c *component, coeffs []int16, nonzero *uint64, s *scan) error {
	if d.blocksToSkip > 0 {
		d.blocksToSkip--
		return nil
	}
	t, b, kept := &d.ac[c.ac], &d.bits, c.kept
	for k := s.start; k <= s.end; k++ {
		b.need()
		symbol, length := t.find(uint32(b.acc >> 48))
		if length == 0 {
			return fmt.Errorf("%w: bad code of AC", ErrFormat)
		}
		b.acc <<= length
		b.n -= length
		run, size := uint(symbol>>4), uint(symbol&15)
		if size == 0 {
			if run != 15 {
				d.blocksToSkip = int(1<<run|b.take(run)) - 1
				return nil
			}
			k += 15
			continue
		}
		if k += int(run); k > s.end {
			return nil // as image/jpeg, which leaves the bits of the value unread
		}
		v := extend(b.take(size), size)
		*nonzero |= 1 << (k & 63)
		if p := int(kept.place[k&63]); p < len(coeffs) {
			coeffs[p] = int16(v << s.low)
		}
	}
	return nil
}

// refineAC reads one more bit of a band of a block.
func (d *Decoder) refineAC(c *component, coeffs []int16, nonzero *uint64, s *scan) error {
	t, b, kept := &d.ac[c.ac], &d.bits, c.kept
	delta := int32(1) << s.low
	k := s.start
	for d.blocksToSkip == 0 && k <= s.end {
		b.need()
		symbol, length := t.find(uint32(b.acc >> 48))
		if length == 0 {
			return fmt.Errorf("%w: bad code of AC", ErrFormat)
		}
		b.acc <<= length
		b.n -= length
		run, size := uint(symbol>>4), symbol&15
		fresh := int32(0)
		switch {
		case size == 0 && run != 15:
			d.blocksToSkip = int(1<<run | b.take(run))
			continue
		case size == 1:
			fresh = 2*delta*b.take(1) - delta
		case size != 0:
			return fmt.Errorf("%w: coefficient of %d bits in a refinement", ErrFormat, size)
		}
		zeros := ^*nonzero & upTo(k, s.end)
		for ; run > 0; run-- {
			zeros &= zeros - 1
		}
		if zeros == 0 {
			d.correct(coeffs, *nonzero&upTo(k, s.end), kept, delta)
			return fmt.Errorf("%w: more coefficients than the band has", ErrFormat)
		}
		stop := bits.TrailingZeros64(zeros)
		d.correct(coeffs, *nonzero&upTo(k, stop), kept, delta)
		if fresh != 0 {
			*nonzero |= 1 << stop
			if p := int(kept.place[stop&63]); p < len(coeffs) {
				coeffs[p] = int16(fresh)
			}
		}
		k = stop + 1
	}
	if d.blocksToSkip > 0 {
		d.blocksToSkip--
		if k <= s.end {
			d.correct(coeffs, *nonzero&upTo(k, s.end), kept, delta)
		}
	}
	return nil
}

// band decodes an AC scan without restarts. Most blocks of most such scans are within a run of ends of blocks and have
// nothing to read, so they are not looked at one by one where that can be helped.
func (d *Decoder) band(c *component, s *scan, across, down int) error {
	which, count := upTo(s.start, s.end), c.kept.count
	for y := range down {
		if err := d.ctx.Err(); err != nil {
			return err
		}
		for x := 0; x < across; x++ {
			at := y*c.across + x
			switch {
			case d.blocksToSkip == 0:
				if err := d.unit(c, s, x, y); err != nil {
					return err
				}
			case s.high == 0:
				n := min(d.blocksToSkip, across-x)
				d.blocksToSkip -= n
				x += n - 1
				continue
			default:
				d.blocksToSkip--
				if c.nonzero[at]&which == 0 {
					continue
				}
				d.correct(c.coeffs[at*count:(at+1)*count], c.nonzero[at]&which, c.kept, 1<<s.low)
			}
			if d.bits.overrun() {
				return errEarly
			}
		}
	}
	return nil
}

// upTo returns a mask of the coefficients from k to end, which is not below k.
func upTo(k, end int) uint64 { return ^uint64(0) << k & (^uint64(0) >> (63 - end)) }

// correct reads a bit for each coefficient in which.
func (d *Decoder) correct(coeffs []int16, which uint64, kept *reach, delta int32) {
	if which&kept.mask == 0 {
		d.bits.skip(uint(bits.OnesCount64(which)))
		return
	}
	for ; which != 0; which &= which - 1 {
		if d.bits.take(1) == 0 {
			continue
		}
		if p := int(kept.place[bits.TrailingZeros64(which)&63]); p < len(coeffs) {
			if coeffs[p] >= 0 {
				coeffs[p] += int16(delta)
			} else {
				coeffs[p] -= int16(delta)
			}
		}
	}
}

// reconstruct makes the samples of c from its coefficients.
func (d *Decoder) reconstruct(c *component) error {
	var quant [64]int32 // as the coefficients lie
	for k, p := range c.kept.place {
		if p < dump {
			quant[p] = d.quant[c.quant][k]
		}
	}
	b := &d.block
	for y := range c.down {
		if err := d.ctx.Err(); err != nil {
			return err
		}
		for x := range c.across {
			at := y*c.across + x
			coeffs := c.coeffs[at*c.kept.count : (at+1)*c.kept.count]
			last := 0
			if seen := c.nonzero[at] & c.kept.mask; seen != 0 {
				last = bits.Len64(seen) - 1
				for i, v := range coeffs {
					b[i&(dump-1)] = int32(v) * quant[i&(dump-1)]
				}
			} else {
				b[0] = int32(coeffs[0]) * quant[0]
			}
			inverse(c.scale, b, last, c.pix[(y*c.stride+x)*c.scale:], c.stride)
		}
	}
	return nil
}
