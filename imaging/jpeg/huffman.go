package jpeg

import "fmt"

// Widths of the look-up tables, in bits. Measured on photos of 0.3 to 12 megapixels.
const (
	lookBits = 9
	fastBits = 10
	skipBits = 11
)

// table is a Huffman table made for speed. Its zero value knows no code. It holds three views of the same codes:
// look for a symbol, fast for a symbol with its value, skip for as many symbols as fit.
type table struct {
	look [1 << lookBits]uint16 // symbol<<8 | length; zero: a longer code

	// fast has symbols with their value: length of both at bit 0, run at bit 8, bits of value still to be read at bit
	// 16, value at bit 20. A run of endRun is the end of the block; zero is left to symbol.
	fast [1 << fastBits]uint32

	// skip has whole AC coefficients in a row: length of all at bit 0, skipEnd for the end of the block, coefficients
	// at bit 8. noSkip is left to symbol.
	skip [1 << skipBits]uint16

	max     [17]int32 // first code beyond those of a length, left-aligned to 16 bits
	first   [17]int32 // what is added to a code of a length to find its symbol
	symbols [256]byte
}

const (
	endRun  = 64
	skipEnd = 1 << 5
	noSkip  = 127 << 8
)

// define makes t the table of a DHT segment: counts of codes by length, then their symbols. It returns ErrUnsupported for
// counts that no prefix code has; image/jpeg reads such a table in a way of its own.
func (t *table) define(counts, symbols []byte) error {
	clear(t.look[:])
	copy(t.symbols[:], symbols)
	code, k := int32(0), int32(0)
	for length := int32(1); length <= 16; length++ {
		t.first[length] = k - code
		n := int32(counts[length-1])
		if code+n > 1<<length {
			return fmt.Errorf("%w: more codes than their length allows", ErrUnsupported)
		}
		for range n {
			if length <= lookBits {
				from := code << (lookBits - length)
				for i := range int32(1) << (lookBits - length) {
					t.look[from+i] = uint16(t.symbols[k])<<8 | uint16(length)
				}
			}
			code++
			k++
		}
		t.max[length] = code << (16 - length)
		code <<= 1
	}
	return nil
}

// find returns the symbol and the length of the code at the top of 16 bits, or length zero if no code is there.
func (t *table) find(top uint32) (symbol byte, length uint) {
	if e := t.look[top>>(16-lookBits)]; e != 0 {
		return byte(e >> 8), uint(e & 0xff)
	}
	l := uint(lookBits + 1)
	for l <= 16 && int32(top) >= t.max[l] {
		l++
	}
	if l > 16 {
		return 0, 0
	}
	return t.symbols[(int32(top)>>(16-l)+t.first[l])&0xff], l
}

// hurryDC fills fast with DC symbols, which a sequential scan needs.
func (t *table) hurryDC() {
	for i := range uint32(len(t.fast)) {
		t.fast[i] = 0
		if size, length := t.find(i << (16 - fastBits)); length > 0 && length <= fastBits && size < 16 {
			t.fast[i] = withValue(i, 0, length, uint(size))
		}
	}
}

// hurry fills fast and skip, which only the AC coefficients of a sequential scan need.
func (t *table) hurry() {
	for i := range t.fast {
		t.fast[i] = t.entry(uint32(i))
	}
	for i := range t.skip {
		t.skip[i] = t.leap(uint32(i))
	}
}

// withValue returns what fast holds for a symbol of length bits and a value of size: with the value, if all of it is there.
func withValue(bits, run uint32, length, size uint) uint32 {
	if length+size > fastBits {
		return uint32(length) | run<<8 | uint32(size)<<16
	}
	v := int32(0)
	if size > 0 {
		v = extend(int32(bits>>(fastBits-length-size)&(1<<size-1)), size)
	}
	return uint32(length+size) | run<<8 | uint32(v)<<20
}

// entry returns what fast holds for the next bits.
func (t *table) entry(bits uint32) uint32 {
	symbol, length := t.find(bits << (16 - fastBits))
	if length == 0 || length > fastBits {
		return 0
	}
	run, size := uint32(symbol>>4), uint(symbol&15)
	switch {
	case size == 0 && run == 0:
		return uint32(length) | endRun<<8
	case size == 0 && run == 15:
		return uint32(length) | 15<<8 // a coefficient of zero behind a run of 15
	case size == 0:
		return 0 // the end of several blocks, which belongs into progressive scans
	}
	return withValue(bits, run, length, size)
}

// leap returns what skip holds for the next bits.
func (t *table) leap(bits uint32) uint16 {
	used, count := uint(0), uint(0)
	for used < skipBits {
		symbol, length := t.find(bits << (16 - skipBits + used) & 0xffff)
		if length == 0 || used+length > skipBits {
			break
		}
		run, size := uint(symbol>>4), uint(symbol&15)
		if size == 0 && run == 0 {
			return uint16(count<<8 | skipEnd | used + length)
		}
		if size == 0 && run != 15 || count+run+1 > 63 {
			break
		}
		used += length + size // the bits of a value need not be looked at
		count += run + 1
	}
	if count == 0 {
		return noSkip
	}
	return uint16(count<<8 | used)
}

// forget makes t know no code.
func (t *table) forget() {
	clear(t.look[:])
	clear(t.max[:])
}
