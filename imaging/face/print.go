package face

import (
	"encoding/binary"
	"math/bits"
)

// PrintSize is the size of a Print in bytes.
const PrintSize = 8 * printWords

// A print has printGrid places a side; at each, the nine blocks of each of
// printBlocks pixels are compared.
const (
	printGrid  = 8
	printWords = printGrid * printGrid * 8 * 2 / 64
)

// Print is what is remembered of a face: for places all over it, which of
// their surroundings are brighter.
type Print [printWords]uint64

// Same is the largest Distance between two prints of one face: an eighth of
// the bits.
const Same = 64 * printWords / 8

// print takes the print of a face. A block is brighter than the middle one
// when it is so by a quarter of the face's mean contrast in 16ths of a grey
// level: what is flat shall not depend on noise.
func (p *patch) print(s *integral) Print {
	var out Print
	next := 0
	margin := p.spread() / 4
	for _, block := range [...]int{4, 7} {
		for y := range printGrid {
			for x := range printGrid {
				cx, cy := 11+x*6, 11+y*6
				code := uint64(0)
				middle := s.mean(cx-block/2, cy-block/2, cx-block/2+block, cy-block/2+block) + margin
				for k := range 9 {
					if k == 4 {
						continue
					}
					bx, by := cx-block/2+(k%3-1)*block, cy-block/2+(k/3-1)*block
					code <<= 1
					if s.mean(bx, by, bx+block, by+block) >= middle {
						code |= 1
					}
				}
				out[next/64] |= code << (next % 64)
				next += 8
			}
		}
	}
	return out
}

// spread is how far the grey levels of a face lie from their mean, on average.
func (p *patch) spread() int {
	sum := 0
	for _, v := range p {
		sum += int(v)
	}
	mean, far := sum/len(p), 0
	for _, v := range p {
		far += abs(int(v) - mean)
	}
	return far / len(p)
}

// Distance is how many of the bits of a and b differ.
func Distance(a, b *Print) int {
	n := 0
	for i := range a {
		n += bits.OnesCount64(a[i] ^ b[i])
	}
	return n
}

// ReadPrint reads what AppendPrint has written, and tells whether it is that.
func ReadPrint(data []byte) (p Print, ok bool) {
	if len(data) != PrintSize {
		return p, false
	}
	for i := range p {
		p[i] = binary.LittleEndian.Uint64(data[8*i:])
	}
	return p, true
}

// AppendPrint appends the bytes of p.
func AppendPrint(dst []byte, p *Print) []byte {
	for _, w := range p {
		dst = binary.LittleEndian.AppendUint64(dst, w)
	}
	return dst
}
