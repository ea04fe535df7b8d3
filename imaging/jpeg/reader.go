package jpeg

import (
	"bytes"
	"encoding/binary"
)

// slack is how many zero bytes follow the coded data of a segment. An MCU has at most ten blocks, and a block 64 symbols of
// 16 bits with 16 bits each. So an MCU may run past the end without a look at every bit; overrun tells afterwards.
const slack = 10*64*4 + 16

// reader reads the entropy-coded data between two markers. The stuffed zeros are taken out beforehand: copying at the speed
// of memory costs less than looking for 0xff at each of some million refills.
type reader struct {
	buf []byte // data of one segment, then slack
	end int    // bytes of data
	at  int    // the next byte to load
	acc uint64 // the next bits, from the highest; n of them count
	n   uint
}

// load takes the coded data at the start of data, up to a marker or the end, and returns how many bytes that were.
func (b *reader) load(data []byte) int {
	b.buf = grown(b.buf, len(data)+slack)
	at, end := 0, 0
	for {
		k := bytes.IndexByte(data[at:], 0xff)
		if k < 0 {
			k = len(data) - at
		}
		end += copy(b.buf[end:], data[at:at+k])
		at += k
		if at+1 >= len(data) || data[at+1] != 0 {
			break
		}
		b.buf[end] = 0xff
		end++
		at += 2
	}
	clear(b.buf[end : end+slack])
	b.end, b.at, b.acc, b.n = end, 0, 0, 0
	return at
}

// fill makes at least 56 bits count. The bits of a byte that is only partly taken are put below the others, and again by the
// next fill: the same bits at the same place.
func (b *reader) fill() {
	b.acc |= binary.BigEndian.Uint64(b.buf[b.at:]) >> (b.n & 63)
	b.at += int((63 - b.n) >> 3)
	b.n |= 56
}

// need makes at least 32 bits count.
func (b *reader) need() {
	if b.n < 32 {
		b.fill()
	}
}

// take returns the next k bits, at most 16.
func (b *reader) take(k uint) int32 {
	b.need()
	v := int32(b.acc >> 32 >> (32 - k))
	b.acc <<= k
	b.n -= k
	return v
}

// skip drops k bits, at most 64.
func (b *reader) skip(k uint) {
	for ; k > 16; k -= 16 {
		b.take(16)
	}
	b.take(k)
}

// overrun reports whether more bits have been taken than there were.
func (b *reader) overrun() bool { return 8*b.at-int(b.n) > 8*b.end }

// extend gives the k bits in v their sign, ITU-T T.81 figure F.12.
func extend(v int32, k uint) int32 {
	// Without a branch: which sign comes next is what the coder could not predict either.
	return v + ((v-(1<<k>>1))>>31)&(-1<<k+1)
}
