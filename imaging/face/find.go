package face

import (
	"cmp"
	"image"
	"slices"
)

// Side is the longer side of the picture in which faces are looked for. A
// larger one is reduced to it: who has a choice need not make one.
const Side = 480

// The bounds of the search.
const (
	// growth is how much the windows grow from one search to the next, per
	// mille.
	growth = 1150

	// coarse is the narrowest window, in pixels of the base, of the first
	// search. Smaller faces are looked for only where it finds none: they
	// cost most, and behind a large face they are passers-by.
	coarse = 36

	// border is how far, in pixels of the cascade's window, a window may
	// reach beyond the picture: a quarter of it.
	border = window / 4

	// minContrast is the least difference between the darkest and the
	// brightest ninth of a window: below it there is noise, not a face.
	minContrast = 12

	// agreement is how many of the windows of the second look make a face.
	agreement = 12

	// maxGroups and maxLooks bound what a hostile picture can ask for.
	maxGroups = 64
	maxLooks  = 16
)

// spot is a window in pixels of the base, in fixed point.
type spot struct{ x, y, side int64 }

// search is one search through one picture.
type search struct {
	halves []plane // the base, its half, its quarter …
	line   []uint8
	taps   []tap
	sums   []uint32
	stride int // what places are for
	places []corners
	groups []group
}

// find lists the faces in base, the largest first, in pixels of the base.
func find(base plane) []group {
	s := newSearch(base)
	largest := int64(min(base.w, base.h)) * one * 5 / 4
	var sides []int64
	for side := int64(window * one); side <= largest; side = side * growth / 1000 {
		sides = append(sides, side)
	}
	slices.Reverse(sides)
	for len(sides) > 0 {
		fine := slices.IndexFunc(sides, func(side int64) bool { return side < coarse*one })
		if fine <= 0 {
			fine = len(sides)
		}
		for _, side := range sides[:fine] {
			s.scan(side)
		}
		sides = sides[fine:]
		if faces := s.faces(); len(faces) > 0 {
			return faces
		}
		s.groups = s.groups[:0]
	}
	return nil
}

func newSearch(base plane) *search {
	s := &search{halves: []plane{base}}
	for p := base; min(p.w, p.h) > 2*window; {
		p = p.halved()
		s.halves = append(s.halves, p)
	}
	width := base.w + 2*border
	s.line, s.taps = make([]uint8, width), make([]tap, width)
	s.sums = make([]uint32, (width+1)*(base.h+2*border+1))
	return s
}

// scan asks the cascade about every other window of one side.
func (s *search) scan(side int64) {
	scale := side / window // base pixels for one pixel of the level
	w := int(int64(s.halves[0].w)*one/scale) + 2*border
	h := int(int64(s.halves[0].h)*one/scale) + 2*border
	if w < window || h < window {
		return
	}
	s.draw(scale, -border*scale, -border*scale, w, h)
	for y := 0; y+window <= h; y += 2 {
		for x := 0; x+window <= w; x += 2 {
			if s.accepts(x, y, w+1) {
				s.add(spot{int64(x-border) * scale, int64(y-border) * scale, window * scale})
			}
		}
	}
}

// The second look at a window: at 2*fineSteps+1 sides around its own, each
// fineGrowth/1000 of the last, moved by up to fineReach pixels either way. It
// is repeated around what it found, so that the same face in another copy of
// a picture gets nearly the same bounds.
const (
	fineSteps  = 4
	fineGrowth = 1050
	fineReach  = 3
	looks      = 3
)

// verify looks closely around a window and returns the windows that agree.
func (s *search) verify(at spot) group {
	g := s.look(at, at.side, group{})
	larger, smaller := at.side, at.side
	for step := range fineSteps {
		larger, smaller = larger*fineGrowth/1000, smaller*1000/fineGrowth
		g = s.look(at, larger, g)
		g = s.look(at, smaller, g)
		if step == 0 && g.count < agreement/4 {
			break
		}
	}
	return g
}

// look adds to g the windows of one side about the middle of at that are taken
// for a face.
func (s *search) look(at spot, side int64, g group) group {
	const span = window + 2*fineReach
	scale := side / window
	left := at.x + (at.side-side)/2 - fineReach*scale
	top := at.y + (at.side-side)/2 - fineReach*scale
	s.draw(scale, left, top, span, span)
	for y := range 2*fineReach + 1 {
		for x := range 2*fineReach + 1 {
			if s.accepts(x, y, span+1) {
				g = group{spot{g.x + left + int64(x)*scale, g.y + top + int64(y)*scale, g.side + side}, g.count + 1}
			}
		}
	}
	return g
}

// accepts tells whether the window at (x, y) of the level is taken for a face.
func (s *search) accepts(x, y, stride int) bool {
	const rows = window + 1
	sums := s.sums[y*stride+x:][:window*stride+rows]
	return accepts(sums, s.places) && contrast(sums, stride) >= minContrast
}

// draw fills sums with the integral image of w by h pixels that are scale of
// the base each, from (left, top) of the base on, and prepares the cascade for
// it.
func (s *search) draw(scale, left, top int64, w, h int) {
	p, shrink := s.halves[0], 0
	for shrink+1 < len(s.halves) && scale>>shrink >= 2*one {
		shrink++
		p = s.halves[shrink]
	}
	step := scale >> shrink
	stride := w + 1
	if s.stride != stride {
		s.stride, s.places = stride, layout(s.places, stride)
	}
	line, taps := s.line[:w], s.taps[:w]
	fillTaps(taps, left>>shrink+(step-one)/2, step, p.w)
	clear(s.sums[:stride])
	for y := range h {
		p.line(line, taps, top>>shrink+(step-one)/2+int64(y)*step)
		above := s.sums[y*stride:][:stride]
		row := s.sums[(y+1)*stride:][:stride]
		row[0] = 0
		var sum uint32
		for x, v := range line {
			sum += uint32(v)
			row[x+1] = above[x+1] + sum
		}
	}
}

// contrast is how far the means of the nine ninths of a window are apart.
func contrast(sums []uint32, stride int) int {
	const third = window / 3
	low, high := uint32(1<<31), uint32(0)
	for k := range 9 {
		at := k/3*third*stride + k%3*third
		below := at + third*stride
		sum := sums[at] - sums[at+third] - sums[below] + sums[below+third]
		low, high = min(low, sum), max(high, sum)
	}
	return int((high - low) / (third * third))
}

// group is windows that agree on one face, as sums.
type group struct {
	spot
	count int
}

func (g group) mean() spot {
	n := int64(g.count)
	return spot{g.x / n, g.y / n, g.side / n}
}

// add puts a window to the first group whose mean it resembles.
func (s *search) add(at spot) {
	for i := range s.groups {
		g := &s.groups[i]
		if m := g.mean(); near(m, at) {
			*g = group{spot{g.x + at.x, g.y + at.y, g.side + at.side}, g.count + 1}
			return
		}
	}
	if len(s.groups) < maxGroups {
		s.groups = append(s.groups, group{at, 1})
	}
}

// near tells whether a and b are the same face: sides and centres no more than
// a quarter apart.
func near(a, b spot) bool {
	reach := min(a.side, b.side) / 4
	return abs(a.side-b.side) <= reach*3/2 &&
		abs(a.x+a.side/2-b.x-b.side/2) <= reach && abs(a.y+a.side/2-b.y-b.side/2) <= reach
}

// faces are the groups that enough windows agree on at the second look,
// without those that overlap a stronger one.
func (s *search) faces() []group {
	slices.SortStableFunc(s.groups, stronger)
	var seen []group
	for _, g := range s.groups[:min(len(s.groups), maxLooks)] {
		for range looks {
			if g = s.verify(g.mean()); g.count < agreement {
				break
			}
		}
		if g.count >= agreement {
			seen = append(seen, g)
		}
	}
	slices.SortStableFunc(seen, stronger)
	var faces []group
	for _, g := range seen {
		if !slices.ContainsFunc(faces, func(f group) bool { return overlap(f.mean(), g.mean()) }) {
			faces = append(faces, g)
		}
	}
	slices.SortStableFunc(faces, func(a, b group) int { return cmp.Compare(b.mean().side, a.mean().side) })
	return faces
}

func stronger(a, b group) int { return b.count - a.count }

// overlap tells whether a and b share more than a quarter of the smaller one.
func overlap(a, b spot) bool {
	w := min(a.x+a.side, b.x+b.side) - max(a.x, b.x)
	h := min(a.y+a.side, b.y+b.side) - max(a.y, b.y)
	if w <= 0 || h <= 0 {
		return false
	}
	smaller := min(a.side, b.side)
	return 4*w*h > smaller*smaller
}

func abs[T int | int64](n T) T {
	if n < 0 {
		return -n
	}
	return n
}

// bounds is g in pixels of a picture that is larger than the base by num/den.
func (g group) bounds(num, den int) image.Rectangle {
	m := g.mean()
	scaled := func(v int64) int { return int((v*int64(num)/int64(den) + one/2) >> 16) }
	x, y := scaled(m.x), scaled(m.y)
	side := scaled(m.side)
	return image.Rect(x, y, x+side, y+side)
}
