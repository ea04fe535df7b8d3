package face

// stage is some stumps that vote together. Votes and threshold are in fixed
// point.
type stage struct {
	threshold int32
	stumps    []stump
}

// stump looks at nine equal blocks, three by three, of w by h pixels each, the
// first of which begins at (x, y) of the window. Which of the outer eight are
// at least as bright as the middle one is a pattern of eight bits; the stump
// votes yes for the patterns in its set, no for all others.
type stump struct {
	x, y, w, h int
	set        [8]uint32
	yes, no    int32

	// rest is what the votes after this one in its stage add up to, at the
	// least and at the most: whoever cannot be stopped any more has passed.
	least, most int32
}

// corners are the sixteen corners of the nine blocks of a stump, as places in
// an integral image relative to the first pixel of the window.
type corners [16]int32

// layout is the corners of every stump, in the order of the stages, for
// integral images of one width.
func layout(places []corners, stride int) []corners {
	places = places[:0]
	for _, st := range stages {
		for i := range st.stumps {
			s := &st.stumps[i]
			var c corners
			for k := range c {
				c[k] = int32((s.y+k/4*s.h)*stride + s.x + k%4*s.w)
			}
			places = append(places, c)
		}
	}
	return places
}

// pattern is the pattern that the blocks at c show in sums, which begins at
// the window's first pixel.
func pattern(sums []uint32, c *corners) uint32 {
	s0, s1, s2, s3 := sums[c[0]], sums[c[1]], sums[c[2]], sums[c[3]]
	s4, s5, s6, s7 := sums[c[4]], sums[c[5]], sums[c[6]], sums[c[7]]
	s8, s9, s10, s11 := sums[c[8]], sums[c[9]], sums[c[10]], sums[c[11]]
	s12, s13, s14, s15 := sums[c[12]], sums[c[13]], sums[c[14]], sums[c[15]]
	middle := s5 - s6 - s9 + s10
	return atLeast(s0-s1-s4+s5, middle)<<7 |
		atLeast(s1-s2-s5+s6, middle)<<6 |
		atLeast(s2-s3-s6+s7, middle)<<5 |
		atLeast(s6-s7-s10+s11, middle)<<4 |
		atLeast(s10-s11-s14+s15, middle)<<3 |
		atLeast(s9-s10-s13+s14, middle)<<2 |
		atLeast(s8-s9-s12+s13, middle)<<1 |
		atLeast(s4-s5-s8+s9, middle)
}

// atLeast is 1 if a >= b, else 0, without a branch: a picture decides it, and
// no processor foretells a picture. Both are below 2^31.
func atLeast(a, b uint32) uint32 { return ^(a - b) >> 31 }

// accepts tells whether every stage takes what is in the window for a face.
func accepts(sums []uint32, places []corners) bool {
	for i := range stages {
		st := &stages[i]
		of := places[:len(st.stumps)]
		places = places[len(st.stumps):]
		var votes int32
		for k := range of {
			s := &st.stumps[k]
			p := pattern(sums, &of[k])
			if s.set[p>>5]>>(p&31)&1 != 0 {
				votes += s.yes
			} else {
				votes += s.no
			}
			if votes+s.least >= st.threshold {
				break
			}
			if votes+s.most < st.threshold {
				return false
			}
		}
	}
	return true
}
