package jpeg

// The quantizers of ITU-T T.81, annex K.1, row by row: of luma and of chroma.
var annexK = [2][64]uint8{
	{
		16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62,
		18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
	},
	{
		17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99, 47, 66, 99, 99, 99, 99, 99, 99,
		99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
	},
}

// quantizer divides the coefficients of a block, row by row, by a step each.
type quantizer struct {
	step    [64]uint8
	inverse [64]int32 // one over eight steps, in 20 bits of fraction: the largest coefficient just fits
	zero    [64]int32 // a coefficient times eight that is nearer to zero than this becomes zero
}

// set makes q the quantizer of a table of annex K at quality, 1 to 100, by the rule that all encoders share.
func (q *quantizer) set(table, quality int) {
	quality = min(max(quality, 1), 100)
	percent := 200 - 2*quality
	if quality < 50 {
		percent = 5000 / quality
	}
	for i, base := range annexK[table] {
		step := min(max((int(base)*percent+50)/100, 1), 255)
		q.step[i] = uint8(step)
		q.inverse[i] = int32((1<<20 + 4*step) / (8 * step))
		q.zero[i] = int32(4 * step)
	}
}

// quantize returns a mask of the coefficients in zigzag order that are not zero, and writes those to out.
func (q *quantizer) quantize(in *[64]int32, out *[64]int32) (nonzero uint64) {
	for k, at := range zigzag {
		v, zero := in[at&63], q.zero[at&63]
		if uint32(v+zero-1) < uint32(2*zero-1) {
			continue
		}
		sign := v >> 31
		v = (((v^sign)-sign)*q.inverse[at&63] + 1<<19) >> 20
		out[k] = (v ^ sign) - sign
		if v != 0 {
			nonzero |= 1 << k
		}
	}
	return nonzero
}

// forward transforms a block of samples less 128, row by row, to its coefficients times eight.
func forward(b *[64]int32) {
	const round = 1 << (fraction - between - 1)
	for y := 0; y < 64; y += 8 {
		r := b[y : y+8 : y+8]
		s0, s7 := r[0]+r[7], r[0]-r[7]
		s1, s6 := r[1]+r[6], r[1]-r[6]
		s2, s5 := r[2]+r[5], r[2]-r[5]
		s3, s4 := r[3]+r[4], r[3]-r[4]
		e0, e3, e1, e2 := s0+s3, s0-s3, s1+s2, s1-s2
		r[0], r[4] = ((e0+e1)*cos4+round)>>(fraction-between), ((e0-e1)*cos4+round)>>(fraction-between)
		r[2], r[6] = (e3*cos2+e2*cos6+round)>>(fraction-between), (e3*cos6-e2*cos2+round)>>(fraction-between)
		r[1] = (s7*cos1 + s6*cos3 + s5*cos5 + s4*cos7 + round) >> (fraction - between)
		r[3] = (s7*cos3 - s6*cos7 - s5*cos1 - s4*cos5 + round) >> (fraction - between)
		r[5] = (s7*cos5 - s6*cos1 + s5*cos7 + s4*cos3 + round) >> (fraction - between)
		r[7] = (s7*cos7 - s6*cos5 + s5*cos3 - s4*cos1 + round) >> (fraction - between)
	}
	const down, round2 = fraction + 2, 1 << (fraction + 1) // two of the bits between remain, and one is the halves of both passes
	for x := range 8 {
		r0, r1, r2, r3, r4, r5, r6, r7 := b[x], b[8+x], b[16+x], b[24+x], b[32+x], b[40+x], b[48+x], b[56+x]
		s0, s7, s1, s6, s2, s5, s3, s4 := r0+r7, r0-r7, r1+r6, r1-r6, r2+r5, r2-r5, r3+r4, r3-r4
		e0, e3, e1, e2 := s0+s3, s0-s3, s1+s2, s1-s2
		b[x], b[32+x] = ((e0+e1)*cos4+round2)>>down, ((e0-e1)*cos4+round2)>>down
		b[16+x], b[48+x] = (e3*cos2+e2*cos6+round2)>>down, (e3*cos6-e2*cos2+round2)>>down
		b[8+x] = (s7*cos1 + s6*cos3 + s5*cos5 + s4*cos7 + round2) >> down
		b[24+x] = (s7*cos3 - s6*cos7 - s5*cos1 - s4*cos5 + round2) >> down
		b[40+x] = (s7*cos5 - s6*cos1 + s5*cos7 + s4*cos3 + round2) >> down
		b[56+x] = (s7*cos7 - s6*cos5 + s5*cos3 - s4*cos1 + round2) >> down
	}
}
