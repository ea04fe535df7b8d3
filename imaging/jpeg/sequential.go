package jpeg

import (
	"encoding/binary"
	"fmt"
)

// block is one block of dequantized coefficients, row by row, each row as long as the scale, and behind them the dump. Its
// length is a power of two so that a masked index needs no check.
type block [2 * dump]int32

// sequential decodes the block at (x, y) of a sequential scan.
func (d *Decoder) sequential(c *component, x, y int) error {
	b, kept := &d.block, c.kept
	if d.want.check && !d.want.grey {
		kept = d.reach(0)
	}
	if kept.count <= 4 {
		b[0], b[1], b[2], b[3] = 0, 0, 0, 0
	} else {
		clear(b[:kept.count])
	}
	last, err := d.readBlock(c, &d.quant[c.quant], kept)
	switch {
	case err != nil || kept.mask == 0:
		return err
	case d.want.check:
		inverse(8, b, last, c.pix, 8)
		d.want.grey = d.neutral(c, x, y)
		return nil
	}
	inverse(c.scale, b, last, c.pix[(y*c.stride+x)*c.scale:], c.stride)
	return nil
}

// nextDC moves c.pred to the next block.
func (d *Decoder) nextDC(c *component) error {
	b := &d.bits
	b.need()
	size, length := d.dc[c.dc].find(uint32(b.acc >> 48))
	if length == 0 || size > 16 {
		return fmt.Errorf("%w: bad code of DC", ErrFormat)
	}
	b.acc <<= length
	b.n -= length
	c.pred += extend(b.take(uint(size)), uint(size))
	return nil
}

// readBlock reads a block of a sequential scan. It dequantizes what kept needs into d.block and returns the last coefficient
// that it put there. All of it is one function, so that the bits stay in registers: half the time of a large photo goes
// here.
func (d *Decoder) readBlock(c *component, quant *[64]int32, kept *reach) (last int, err error) {
	b, t := &d.bits, &d.ac[c.ac]
	buf, at, acc, n := b.buf, b.at, b.acc, b.n
	if n < 32 {
		acc |= binary.BigEndian.Uint64(buf[at:]) >> (n & 63)
		at += int((63 - n) >> 3)
		n |= 56
	}
	if e := d.dc[c.dc].fast[acc>>(64-fastBits)]; e != 0 {
		acc <<= e & 0x3f
		n -= uint(e & 0x3f)
		v, size := int32(e)>>20, uint(e>>16&15)
		if size != 0 {
			v = extend(int32(acc>>32>>(32-size)), size)
			acc <<= size
			n -= size
		}
		c.pred += v
	} else {
		b.at, b.acc, b.n = at, acc, n
		if err := d.nextDC(c); err != nil {
			return 0, err
		}
		at, acc, n = b.at, b.acc, b.n
	}
	d.block[0] = c.pred * quant[0]
	k := 1
	if d.blocksToSkip > 0 {
		d.blocksToSkip--
		k = 64
	}
	for ; k <= kept.last; k++ {
		if n < 32 {
			acc |= binary.BigEndian.Uint64(buf[at:]) >> (n & 63)
			at += int((63 - n) >> 3)
			n |= 56
		}
		e := t.fast[acc>>(64-fastBits)]
		run := int(e >> 8 & 0x7f)
		var v int32
		if e != 0 && k+run < 64 {
			k += run
			acc <<= e & 0x3f
			n -= uint(e & 0x3f)
			v = int32(e) >> 20
			if size := uint(e >> 16 & 15); size != 0 {
				v = extend(int32(acc>>32>>(32-size)), size)
				acc <<= size
				n -= size
			}
		} else if run == endRun {
			acc <<= e & 0x3f
			n -= uint(e & 0x3f)
			k = 64
			break
		} else {
			b.at, b.acc, b.n = at, acc, n
			if k, v, err = d.rareAC(t, k); err != nil || k > 63 {
				return last, err
			}
			at, acc, n = b.at, b.acc, b.n
		}
		d.block[kept.place[k&63]&(2*dump-1)] = v * quant[k&63]
		last = k
	}
	for k < 64 { // where no value is asked for, one look-up leaps over several coefficients
		if n < 32 {
			acc |= binary.BigEndian.Uint64(buf[at:]) >> (n & 63)
			at += int((63 - n) >> 3)
			n |= 56
		}
		e := t.skip[acc>>(64-skipBits)]
		end := int(e >> 5 & 1)
		if next := k + int(e>>8); next+end <= 64 {
			acc <<= e & 0x1f
			n -= uint(e & 0x1f)
			k = next + end<<6
			continue
		}
		b.at, b.acc, b.n = at, acc, n
		if k, _, err = d.rareAC(t, k); err != nil {
			return last, err
		}
		k++
		at, acc, n = b.at, b.acc, b.n
	}
	b.at, b.acc, b.n = at, acc, n
	return last, nil
}

// rareAC reads one symbol at coefficient k in full and returns the coefficient that it is for, beyond 63 at the end of the
// block. As in image/jpeg, a run beyond the block ends it with the bits of its value unread, and the end of several blocks
// counts in sequential scans as well.
func (d *Decoder) rareAC(t *table, k int) (int, int32, error) {
	b := &d.bits
	b.need()
	symbol, length := t.find(uint32(b.acc >> 48))
	if length == 0 {
		return 0, 0, fmt.Errorf("%w: bad code of AC", ErrFormat)
	}
	b.acc <<= length
	b.n -= length
	run, size := uint(symbol>>4), uint(symbol&15)
	switch {
	case size != 0 && k+int(run) > 63:
		return 64, 0, nil
	case size != 0:
		return k + int(run), extend(b.take(size), size), nil
	case run == 15:
		return k + 15, 0, nil
	}
	d.blocksToSkip = int(1<<run|b.take(run)) - 1
	return 64, 0, nil
}

// greyTolerance is how far chroma may stray from neutral in a picture that Check calls grey: a step of rounding or two.
const greyTolerance = 2

// neutral reports whether the chroma in c.pix, the block at (x, y) of c, shows no colour inside the picture.
func (d *Decoder) neutral(c *component, x, y int) bool {
	luma := &d.comps[0]
	across := (d.size.X*c.h + luma.h - 1) / luma.h
	down := (d.size.Y*c.v + luma.v - 1) / luma.v
	for j := range min(8, down-8*y) {
		for i := range min(8, across-8*x) {
			if s := c.pix[8*j+i]; s < 128-greyTolerance || s > 128+greyTolerance {
				return false
			}
		}
	}
	return true
}
