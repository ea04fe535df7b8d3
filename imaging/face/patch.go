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

// sharpest returns the plane in which scale, the pixels of the picture for one
// that is to be drawn, is below two; how often it is halved, too.
func (m mips) sharpest(scale int) (p plane, shrink int) {
	for shrink+1 < len(m) && scale>>shrink >= 2*one {
		shrink++
	}
	return m[shrink], shrink
}

// draw draws what lies between the origin, the upper left corner in fixed
// point, and (across, down) further, turned so that the upper edge rises by
// rise while it goes across.
func (m mips) draw(x, y, across, rise int) *patch {
	dx, dy := across/side, rise/side
	p, shrink := m.sharpest(max(abs(dx), abs(dy)))
	var out patch
	for row := range side {
		atX := x - row*dy + (dx-dy-one)/2
		atY := y + row*dx + (dy+dx-one)/2
		for column := range side {
			out[row*side+column] = uint8(p.at((atX+column*dx+(one>>1))>>shrink-one>>1, (atY+column*dy+(one>>1))>>shrink-one>>1))
		}
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
