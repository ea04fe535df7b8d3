package jpeg

import "encoding/binary"

// The inverse transforms take the N*N lowest coefficients of a block of 64 to N*N samples: an N-point transform of the same
// basis, without any pixel being computed to be thrown away. All are separable, in 13 bits of fraction, and leave three
// bits between their passes.
const (
	fraction = 13
	between  = 3

	first  = fraction - between // what the first pass shifts down, and half of that
	halfUp = 1 << (first - 1)

	down = fraction + between + 3 // the second pass, with the eighth of a block
	bias = 128<<down + 1<<(down-1)
)

// inverse writes the samples of b to dst. last is the highest coefficient, in zigzag order, that may be other than zero.
func inverse(scale int, b *block, last int, dst []byte, stride int) {
	if last == 0 {
		flat(scale, clamp((b[0]+4)>>3+128), dst, stride)
		return
	}
	switch scale {
	case 1:
		dst[0] = clamp((b[0]+4)>>3 + 128)
	case 2:
		inverse2(b, dst, stride)
	case 3:
		inverse3(b, dst, stride)
	case 4:
		inverse4(b, dst, stride)
	case 5:
		inverse5(b, dst, stride)
	case 6:
		inverse6(b, dst, stride)
	case 7:
		inverse7(b, dst, stride)
	default:
		if last < 10 { // the coefficients before the tenth are in the upper left quarter
			inverse8low(b, dst, stride)
		} else {
			inverse8(b, dst, stride)
		}
	}
}

// flat fills a block with one sample.
func flat(scale int, v byte, dst []byte, stride int) {
	word := uint64(v) * 0x0101010101010101
	switch scale {
	case 8:
		for y := range 8 {
			binary.LittleEndian.PutUint64(dst[y*stride:], word)
		}
	case 4:
		for y := range 4 {
			binary.LittleEndian.PutUint32(dst[y*stride:], uint32(word))
		}
	default:
		for y := range scale {
			row := dst[y*stride : y*stride+scale]
			for x := range row {
				row[x] = v
			}
		}
	}
}

// clamp returns v within the range of a sample.
func clamp(v int32) byte {
	if uint32(v) > 255 {
		return byte(^(v >> 31))
	}
	return byte(v)
}

func inverse2(b *block, dst []byte, stride int) {
	upper, lower := dst[:2:2], dst[stride:stride+2:stride+2]
	// The cosine of the second basis function is one over the root of two, twice: no multiplication.
	s0, d0, s1, d1 := b[0]+b[1]+1028, b[0]-b[1]+1028, b[2]+b[3], b[2]-b[3]
	upper[0], upper[1] = clamp((s0+s1)>>3), clamp((d0+d1)>>3)
	lower[0], lower[1] = clamp((s0-s1)>>3), clamp((d0-d1)>>3)
}

// Roots of two times cosines of multiples of pi/8.
const (
	quarter1 = 10703
	quarter3 = 4433
)

func inverse4(b *block, dst []byte, stride int) {
	var t [16]int32
	for x := range 4 {
		s0, s1, s2, s3 := b[x], b[4+x], b[8+x], b[12+x]
		e0, e1 := (s0+s2)<<fraction+halfUp, (s0-s2)<<fraction+halfUp
		o0, o1 := s1*quarter1+s3*quarter3, s1*quarter3-s3*quarter1
		t[x], t[12+x] = (e0+o0)>>first, (e0-o0)>>first
		t[4+x], t[8+x] = (e1+o1)>>first, (e1-o1)>>first
	}
	for y := range 4 {
		s := t[4*y : 4*y+4 : 4*y+4]
		e0, e1 := (s[0]+s[2])<<fraction+bias, (s[0]-s[2])<<fraction+bias
		o0, o1 := s[1]*quarter1+s[3]*quarter3, s[1]*quarter3-s[3]*quarter1
		d := dst[y*stride : y*stride+4 : y*stride+4]
		d[0], d[3] = clamp((e0+o0)>>down), clamp((e0-o0)>>down)
		d[1], d[2] = clamp((e1+o1)>>down), clamp((e1-o1)>>down)
	}
}

// Cosines of multiples of pi/16. The transforms of eight points are scaled by the root of a half in each pass.
const (
	cos1 = 8035
	cos2 = 7568
	cos3 = 6811
	cos4 = 5793
	cos5 = 4551
	cos6 = 3135
	cos7 = 1598

	down8 = fraction + between + 2
	bias8 = 128<<down8 + 1<<(down8-1)
)

func inverse8(b *block, dst []byte, stride int) {
	var t [64]int32
	for x := range 8 {
		s0, s1, s2, s3, s4, s5, s6, s7 := b[x], b[8+x], b[16+x], b[24+x], b[32+x], b[40+x], b[48+x], b[56+x]
		if s1|s2|s3|s4|s5|s6|s7 == 0 {
			v := (s0*cos4 + halfUp) >> first
			t[x], t[8+x], t[16+x], t[24+x], t[32+x], t[40+x], t[48+x], t[56+x] = v, v, v, v, v, v, v, v
			continue
		}
		e0, e1 := (s0+s4)*cos4+halfUp, (s0-s4)*cos4+halfUp
		e2, e3 := s2*cos6-s6*cos2, s2*cos2+s6*cos6
		a0, a3, a1, a2 := e0+e3, e0-e3, e1+e2, e1-e2
		o0 := s1*cos1 + s3*cos3 + s5*cos5 + s7*cos7
		o1 := s1*cos3 - s3*cos7 - s5*cos1 - s7*cos5
		o2 := s1*cos5 - s3*cos1 + s5*cos7 + s7*cos3
		o3 := s1*cos7 - s3*cos5 + s5*cos3 - s7*cos1
		t[x], t[56+x] = (a0+o0)>>first, (a0-o0)>>first
		t[8+x], t[48+x] = (a1+o1)>>first, (a1-o1)>>first
		t[16+x], t[40+x] = (a2+o2)>>first, (a2-o2)>>first
		t[24+x], t[32+x] = (a3+o3)>>first, (a3-o3)>>first
	}
	for y := range 8 {
		s := t[8*y : 8*y+8 : 8*y+8]
		e0, e1 := (s[0]+s[4])*cos4+bias8, (s[0]-s[4])*cos4+bias8
		e2, e3 := s[2]*cos6-s[6]*cos2, s[2]*cos2+s[6]*cos6
		a0, a3, a1, a2 := e0+e3, e0-e3, e1+e2, e1-e2
		o0 := s[1]*cos1 + s[3]*cos3 + s[5]*cos5 + s[7]*cos7
		o1 := s[1]*cos3 - s[3]*cos7 - s[5]*cos1 - s[7]*cos5
		o2 := s[1]*cos5 - s[3]*cos1 + s[5]*cos7 + s[7]*cos3
		o3 := s[1]*cos7 - s[3]*cos5 + s[5]*cos3 - s[7]*cos1
		d := dst[y*stride : y*stride+8 : y*stride+8]
		d[0], d[7] = clamp((a0+o0)>>down8), clamp((a0-o0)>>down8)
		d[1], d[6] = clamp((a1+o1)>>down8), clamp((a1-o1)>>down8)
		d[2], d[5] = clamp((a2+o2)>>down8), clamp((a2-o2)>>down8)
		d[3], d[4] = clamp((a3+o3)>>down8), clamp((a3-o3)>>down8)
	}
}

// inverse8low is inverse8 for a block with nothing outside its upper left quarter.
func inverse8low(b *block, dst []byte, stride int) {
	var t [64]int32
	for x := range 4 {
		s0, s1, s2, s3 := b[x], b[8+x], b[16+x], b[24+x]
		e0 := s0*cos4 + halfUp
		e2, e3 := s2*cos6, s2*cos2
		a0, a3, a1, a2 := e0+e3, e0-e3, e0+e2, e0-e2
		o0, o1 := s1*cos1+s3*cos3, s1*cos3-s3*cos7
		o2, o3 := s1*cos5-s3*cos1, s1*cos7-s3*cos5
		t[x], t[56+x] = (a0+o0)>>first, (a0-o0)>>first
		t[8+x], t[48+x] = (a1+o1)>>first, (a1-o1)>>first
		t[16+x], t[40+x] = (a2+o2)>>first, (a2-o2)>>first
		t[24+x], t[32+x] = (a3+o3)>>first, (a3-o3)>>first
	}
	for y := range 8 {
		s := t[8*y : 8*y+4 : 8*y+4]
		e0 := s[0]*cos4 + bias8
		e2, e3 := s[2]*cos6, s[2]*cos2
		a0, a3, a1, a2 := e0+e3, e0-e3, e0+e2, e0-e2
		o0, o1 := s[1]*cos1+s[3]*cos3, s[1]*cos3-s[3]*cos7
		o2, o3 := s[1]*cos5-s[3]*cos1, s[1]*cos7-s[3]*cos5
		d := dst[y*stride : y*stride+8 : y*stride+8]
		d[0], d[7] = clamp((a0+o0)>>down8), clamp((a0-o0)>>down8)
		d[1], d[6] = clamp((a1+o1)>>down8), clamp((a1-o1)>>down8)
		d[2], d[5] = clamp((a2+o2)>>down8), clamp((a2-o2)>>down8)
		d[3], d[4] = clamp((a3+o3)>>down8), clamp((a3-o3)>>down8)
	}
}
