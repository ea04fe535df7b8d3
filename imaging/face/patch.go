package face

// side is how large a face is drawn to be measured.
const side = 64

// patch is a face, drawn to one size.
type patch [side * side]uint8

// mips is a picture, its half, its quarter and so on.
type mips []plane

// mipsOf halves p until it is not much larger than a patch.
func mipsOf(p plane) mips {
	m := mips{p}
	for min(p.w, p.h) >= 2*side {
		p = p.halved()
		m = append(m, p)
	}
	return m
}

// draw draws the square of the side across from (x, y) on, all in fixed point.
func (m mips) draw(x, y, across int64) *patch {
	scale := across / side
	p, shrink := m[0], 0
	for shrink+1 < len(m) && scale>>shrink >= 2*one {
		shrink++
		p = m[shrink]
	}
	step := scale >> shrink
	var taps [side]tap
	fillTaps(taps[:], x>>shrink+(step-one)/2, step, p.w)
	var out patch
	for row := range side {
		p.line(out[row*side:][:side], taps[:], y>>shrink+(step-one)/2+int64(row)*step)
	}
	return &out
}

// integral is the sums of all that is above and left of a place in a patch.
type integral [(side + 1) * (side + 1)]int32

func (p *patch) integral() *integral {
	var s integral
	for y := range side {
		var sum int32
		for x := range side {
			sum += int32(p[y*side+x])
			s[(y+1)*(side+1)+x+1] = s[y*(side+1)+x+1] + sum
		}
	}
	return &s
}

// mean is the mean of the pixels from (x0, y0) up to (x1, y1), as far as they
// are in the patch, in 16ths.
func (s *integral) mean(x0, y0, x1, y1 int) int {
	x0, y0, x1, y1 = max(x0, 0), max(y0, 0), min(x1, side), min(y1, side)
	if x0 >= x1 || y0 >= y1 {
		return 0
	}
	sum := s[y1*(side+1)+x1] - s[y1*(side+1)+x0] - s[y0*(side+1)+x1] + s[y0*(side+1)+x0]
	return int(sum) * 16 / ((x1 - x0) * (y1 - y0))
}
