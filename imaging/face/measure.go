package face

import (
	"image"
	"math"
	"math/bits"
)

// Measures is what is told of a face. Lengths are per mille, qualities from 0
// to 1000, the best.
type Measures struct {
	Width   int // of the bounds, of the picture's width
	OffsetX int // of the middle of the bounds from that of the picture, in widths of the bounds; right is positive
	OffsetY int // the same, down is positive
	Margin  int // from the bounds to the nearest edge of the picture, in widths of the bounds; negative beyond it

	Pose      int // how straight the face looks ahead
	Sharpness int
}

// Describe measures the face f in img, and takes its print.
func Describe(img *image.Gray, f Face) (Measures, Print) {
	size, b := img.Rect.Size(), f.Bounds
	if b.Empty() || size.X == 0 || size.Y == 0 {
		return Measures{}, Print{}
	}
	width := b.Dx()
	margin := min(b.Min.X, b.Min.Y, size.X-b.Max.X, size.Y-b.Max.Y)
	p := mipsOf(planeOf(img)).draw(int64(b.Min.X)*one, int64(b.Min.Y)*one, int64(width)*one)
	s := p.integral()
	return Measures{
		Width:     width * 1000 / size.X,
		OffsetX:   (b.Min.X + b.Max.X - size.X) * 500 / width,
		OffsetY:   (b.Min.Y + b.Max.Y - size.Y) * 500 / width,
		Margin:    margin * 1000 / width,
		Pose:      pose(p, s),
		Sharpness: sharpness(p.edges()),
	}, p.print(s)
}

// What costs how much of the pose's quality. The numbers are set so that faces
// that look ahead, lit from one side too, get more than 600.
const (
	unlikeness = 700 // halves that are nothing alike
	half       = 30  // each half pixel of the axis from the middle
	level      = 100 // the fall of the line through the eyes, per mille, that costs nothing
	ahead      = 100 // how far the nose may lie beside the middle of the eyes, per mille of the way between them
	mostBeside = 150 // what it costs at most: the nose is the hardest to find
)

// pose is how straight a face looks ahead: halves alike, the axis in the
// middle, the eyes level.
func pose(p *patch, s *integral) int {
	alike, axis := symmetry(p.details(s))
	e := findEyes(s)
	apart := e.right.X - e.left.X
	fall := abs(e.right.Y-e.left.Y) * 1000 / apart
	beside := abs(2*noseBase(s, e)-e.left.X-e.right.X) * 500 / apart
	lost := (1000-alike)*unlikeness/1000 + abs(axis)*half + max(fall-level, 0)/2 + min(max(beside-ahead, 0)/2, mostBeside)
	return min(max(1000-lost, 0), 1000)
}

// sharpness is 450, the least that passes, for the edges that are blurred
// until a print of the face is of little use, and 200 more each time they
// double.
func sharpness(edges int) int {
	const blurred, least, octave = 60, 450, 200
	if edges < 1 {
		return 0
	}
	return min(max(least+octave*(log(edges)-log(blurred))/256, 0), 1000)
}

// log is the logarithm of n to the base of 2 in 256ths, straight between the
// powers of two.
func log(n int) int {
	whole := bits.Len(uint(n)) - 1
	return whole*256 + (n<<8>>whole - 256)
}

// eyes are the centres of the eyes in a patch, as it is seen: left is left in
// the picture.
type eyes struct{ left, right image.Point }

// findEyes looks for the two darkest spots where eyes are.
func findEyes(s *integral) eyes {
	return eyes{darkest(s, 10, 30), darkest(s, 34, 54)}
}

// darkest is where, in the upper half and between the columns from and to, a
// spot of the size of an eye is darkest against what is around it.
func darkest(s *integral, from, to int) image.Point {
	best, at := math.MinInt, image.Point{}
	for y := 16; y < 32; y++ {
		for x := from; x < to; x++ {
			if d := s.mean(x-7, y-5, x+8, y+6) - s.mean(x-3, y-2, x+4, y+3); d > best {
				best, at = d, image.Pt(x, y)
			}
		}
	}
	return at
}

// noseBase is the column of the shadow under the nose.
func noseBase(s *integral, e eyes) int {
	middle, line := (e.left.X+e.right.X)/2, (e.left.Y+e.right.Y)/2
	best, at := math.MinInt, middle
	for y := line + 14; y < line+24; y++ {
		for x := middle - 10; x <= middle+10; x++ {
			if d := s.mean(x-10, y-4, x+11, y+2) - s.mean(x-4, y-1, x+5, y+2) - abs(x-middle)*4; d > best {
				best, at = d, x
			}
		}
	}
	return at
}

// details is the patch without its light: what differs from the mean around.
func (p *patch) details(s *integral) *[side * side]int {
	const fine, reach = 2, 10
	var d [side * side]int
	for y := range side {
		for x := range side {
			d[y*side+x] = s.mean(x-fine, y-fine, x+fine+1, y+fine+1) - s.mean(x-reach, y-reach, x+reach+1, y+reach+1)
		}
	}
	return &d
}

// symmetry tells how much the left of a face resembles the mirrored right, per
// mille, about the upright axis where it does most, and how far that is from
// the middle, in half pixels.
func symmetry(d *[side * side]int) (best, axis int) {
	best = math.MinInt
	const reach = 12
	for a := -reach; a <= reach; a++ {
		if r := alike(d, a); r-4*abs(a) > best-4*abs(axis) || best == math.MinInt {
			best, axis = r, a
		}
	}
	return best, axis
}

// alike compares the columns x and side-1-x+a.
func alike(d *[side * side]int, a int) int {
	const margin = 9
	var ab, aa, bb int64
	for y := margin; y < side-margin; y++ {
		for x := margin; 2*x < side-1+a; x++ {
			m := side - 1 - x + a
			if m >= side-margin {
				continue
			}
			l, r := int64(d[y*side+x]), int64(d[y*side+m])
			ab, aa, bb = ab+l*r, aa+l*l, bb+r*r
		}
	}
	norm := root(aa) * root(bb)
	if norm == 0 {
		return 0
	}
	return int(ab * 1000 / norm)
}

// root is the square root of n, rounded down.
func root(n int64) int64 {
	if n < 2 {
		return n
	}
	r := n
	for next := (n + 1) / 2; next < r; next = (r + n/r) / 2 {
		r = next
	}
	return r
}

// edges is the variance of the Laplacian in relation to that of the picture,
// per mille.
func (p *patch) edges() int {
	var n, sum, squares, ls, lss int64
	for y := 1; y < side-1; y++ {
		for x := 1; x < side-1; x++ {
			i := y*side + x
			v := int64(p[i])
			l := 4*v - int64(p[i-1]) - int64(p[i+1]) - int64(p[i-side]) - int64(p[i+side])
			n, sum, squares, ls, lss = n+1, sum+v, squares+v*v, ls+l, lss+l*l
		}
	}
	variance := n*squares - sum*sum
	if variance == 0 {
		return 0
	}
	return int((n*lss - ls*ls) * 1000 / variance)
}
