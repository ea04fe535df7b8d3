package jpeg

import (
	"bytes"
	"encoding/binary"
	"image"
	"math/bits"
)

// Encoder encodes planes as baseline JPEG. Its zero value is ready; it keeps its buffer. It is not for two goroutines at
// once.
type Encoder struct {
	out     []byte
	acc     uint64
	n       uint
	quality int // that quant is set for; zero: neither quant nor books are
	quant   [2]quantizer
	books   [2]codebook

	block, coeffs [64]int32
}

// Encode returns planes as a picture of size: one plane as grey, three as luma with chroma of half the width and height, rounded
// up. Quality is 1 to 100. The codes are those of the standard: fitting them to the picture saves some percent of bytes
// and costs a second pass.
func (e *Encoder) Encode(size image.Point, planes []Plane, quality int) []byte {
	if e.quality == 0 {
		e.books[0].open(0)
		e.books[1].open(1)
	}
	if e.quality != quality {
		e.quality = quality
		e.quant[0].set(0, quality)
		e.quant[1].set(1, quality)
	}
	e.out, e.acc, e.n = e.out[:0], 0, 0
	e.header(size, len(planes))
	if len(planes) == 1 {
		e.grey(planes[0], size)
	} else {
		e.colour(planes, size)
	}
	e.finish()
	return bytes.Clone(e.out)
}

// Retained returns the bytes that the buffer holds between two calls.
func (e *Encoder) Retained() int { return cap(e.out) }

// header writes everything before the coded data.
func (e *Encoder) header(size image.Point, components int) {
	e.out = append(e.out, 0xff, markSOI, 0xff, markAPP0, 0, 16, 'J', 'F', 'I', 'F', 0, 1, 1, 0, 0, 1, 0, 1, 0, 0)
	tables := min(components, 2)
	for t := range tables {
		e.out = append(e.out, 0xff, markDQT, 0, 67, byte(t))
		for _, at := range zigzag {
			e.out = append(e.out, e.quant[t].step[at])
		}
	}
	e.out = append(e.out, 0xff, markSOF0, 0, byte(8+3*components), 8,
		byte(size.Y>>8), byte(size.Y), byte(size.X>>8), byte(size.X), byte(components))
	if components == 1 {
		e.out = append(e.out, 1, 0x11, 0)
	} else {
		e.out = append(e.out, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1)
	}
	for t := range tables {
		e.table(byte(t), dcCounts[t], dcSymbols[t])
		e.table(0x10|byte(t), acCounts[t], acSymbols[t])
	}
	e.out = append(e.out, 0xff, markSOS, 0, byte(6+2*components), byte(components), 1, 0)
	if components == 3 {
		e.out = append(e.out, 2, 0x11, 3, 0x11)
	}
	e.out = append(e.out, 0, 63, 0)
}

func (e *Encoder) table(to byte, counts, symbols string) {
	e.out = append(e.out, 0xff, markDHT)
	e.out = binary.BigEndian.AppendUint16(e.out, uint16(3+len(counts)+len(symbols)))
	e.out = append(append(append(e.out, to), counts...), symbols...)
}

func (e *Encoder) grey(luma Plane, size image.Point) {
	dc := int32(0)
	for y := 0; y < size.Y; y += 8 {
		for x := 0; x < size.X; x += 8 {
			e.load(luma, size, x, y)
			dc = e.code(0, dc)
		}
	}
}

func (e *Encoder) colour(planes []Plane, size image.Point) {
	small := image.Pt((size.X+1)/2, (size.Y+1)/2)
	var dc [3]int32
	for y := 0; y < size.Y; y += 16 {
		for x := 0; x < size.X; x += 16 {
			for i := range 4 {
				e.load(planes[0], size, x+8*(i&1), y+8*(i>>1))
				dc[0] = e.code(0, dc[0])
			}
			for i := 1; i < 3; i++ {
				e.load(planes[i], small, x/2, y/2)
				dc[i] = e.code(1, dc[i])
			}
		}
	}
}

// load fills e.block with the samples of p from (x, y), less 128. Beyond the picture the last samples are repeated: any
// other choice would cost bytes and show at the edge.
func (e *Encoder) load(p Plane, size image.Point, x, y int) {
	if x+8 <= size.X && y+8 <= size.Y {
		at := y*p.Stride + x
		for j := 0; j < 64; j += 8 {
			w := binary.LittleEndian.Uint64(p.Pix[at:])
			b := e.block[j : j+8 : j+8]
			b[0], b[1], b[2], b[3] = int32(w&0xff)-128, int32(w>>8&0xff)-128, int32(w>>16&0xff)-128, int32(w>>24&0xff)-128
			b[4], b[5], b[6], b[7] = int32(w>>32&0xff)-128, int32(w>>40&0xff)-128, int32(w>>48&0xff)-128, int32(w>>56)-128
			at += p.Stride
		}
		return
	}
	for j := range 8 {
		row := p.Pix[min(y+j, size.Y-1)*p.Stride:]
		for i := range 8 {
			e.block[8*j+i] = int32(row[min(x+i, size.X-1)]) - 128
		}
	}
}

// code writes e.block with the tables t; dc is the DC of the block before. It returns that of this one.
func (e *Encoder) code(t int, before int32) int32 {
	forward(&e.block)
	left := e.quant[t].quantize(&e.block, &e.coeffs)
	book := &e.books[t]
	dc := int32(0)
	if left&1 != 0 {
		dc = e.coeffs[0]
	}
	v, size := magnitude(dc - before)
	c := book.dc[size]
	e.put(c.bits<<size|v, c.length+size)
	done := 0
	for left &^= 1; left != 0; left &= left - 1 {
		k := bits.TrailingZeros64(left)
		run := k - done - 1
		done = k
		for ; run > 15; run -= 16 {
			e.put(book.ac[0xf0].bits, book.ac[0xf0].length)
		}
		v, size := magnitude(e.coeffs[k&63])
		c := &book.ac[(uint(run)<<4|size)&0xff]
		e.put(c.bits<<size|v, c.length+size)
	}
	if done != 63 {
		e.put(book.ac[0].bits, book.ac[0].length)
	}
	return dc
}

// magnitude returns the bits that follow the code of v, and how many they are.
func magnitude(v int32) (uint32, uint) {
	sign := v >> 31
	size := uint(bits.Len32(uint32((v ^ sign) - sign)))
	return uint32(v+sign) & (1<<size - 1), size
}

// put writes the lowest length bits of v, at most 27.
func (e *Encoder) put(v uint32, length uint) {
	e.acc = e.acc<<length | uint64(v)
	e.n += length
	if e.n < 32 {
		return
	}
	e.n -= 32
	w := uint32(e.acc >> e.n)
	if (^w-0x01010101)&w&0x80808080 == 0 { // no byte is 0xff
		e.out = binary.BigEndian.AppendUint32(e.out, w)
		return
	}
	for shift := 24; shift >= 0; shift -= 8 {
		e.stuff(byte(w >> shift))
	}
}

// stuff writes a byte of coded data.
func (e *Encoder) stuff(b byte) {
	if e.out = append(e.out, b); b == 0xff {
		e.out = append(e.out, 0)
	}
}

// finish pads the coded data with ones and writes the end marker.
func (e *Encoder) finish() {
	e.put(0x7f, 7)
	for ; e.n >= 8; e.n -= 8 {
		e.stuff(byte(e.acc >> (e.n - 8)))
	}
	e.out = append(e.out, 0xff, markEOI)
}
