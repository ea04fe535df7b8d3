package jpeg

// Weights of one sample add up to unit. With sums of seven bits, four of them fit into a word of 64 bits side by side.
const (
	unitBits = 7
	unit     = 1 << unitBits
)

// one is 1 in the fixed point that weights are computed in. No floating point: fused multiplications of some processors
// would give other bytes.
const (
	oneBits = 16
	one     = 1 << oneBits
)

// support is how far the kernel reaches to each side.
const support = 2

// kernel returns the cubic with a slope of -3/4 at distance x, which is not negative. It is as sharp as the windowed sinc of
// Lanczos to the eye, and needs two thirds of its samples. The spline of Catmull and Rom, whose slope is -1/2, is softer by a
// decibel.
func kernel(x int64) int64 {
	x2 := x * x >> oneBits
	x3 := x2 * x >> oneBits
	switch {
	case x < one:
		return (5*x3-9*x2)/4 + one
	case x < 2*one:
		return (15*x2-3*x3)/4 - 6*x + 3*one
	}
	return 0
}

// taps are the weights for one direction: sample i of the result is the sum of n samples from from[i], weighted.
type taps struct {
	n      int
	from   []int32
	weight []int16 // n for each sample
	span   []int64 // scratch, of one sample
}

// axis is one direction of a resampling.
type axis struct {
	from, to Extent // the same length in samples of the source and of the result
	samples  int    // of the result
	mirrored bool
}

// plain reports whether nothing is to be done.
func (a axis) plain() bool { return !a.mirrored && a.from.same(a.to) && a.from.Samples() == a.samples }

// plan computes the weights of a.
func (t *taps) plan(a axis) {
	have := a.from.Samples()
	// Positions and lengths are in samples of the source.
	above, below := int64(a.from.Num), 2*int64(a.from.Den)*int64(a.to.Num)
	step := max(one, 2*int64(a.to.Den)*above<<oneBits/below)
	inverse := int64(1) << 40 / step
	reach := support * step
	t.n = min(have, int((2*reach+one-1)>>oneBits)+1)
	t.from = grown(t.from, a.samples)
	t.weight = grown(t.weight, a.samples*t.n)
	t.span = grown(t.span, t.n)
	for i := range a.samples {
		place := int64(2*i+1) * int64(a.to.Den)
		if a.mirrored {
			place = 2*int64(a.to.Num) - place
		}
		centre := place * above << oneBits / below
		from := min(max(0, (centre-reach+one/2)>>oneBits), int64(have-t.n))
		t.from[i] = int32(from)
		sum := int64(0)
		for j := range t.span {
			x := (from+int64(j))<<oneBits + one/2 - centre
			t.span[j] = kernel(max(x, -x) * inverse >> (40 - oneBits))
			sum += t.span[j]
		}
		t.settle(t.weight[i*t.n:(i+1)*t.n], sum)
	}
	t.trim()
}

// trim takes out zeros at the ends of the weights, as many as all have in common: of a mirrored plane that is not scaled
// they leave one.
func (t *taps) trim() {
	widest := 1
	for i := range t.from {
		first, end := t.used(i)
		widest = max(widest, end-first)
	}
	for i := range t.from {
		first, _ := t.used(i)
		first = min(first, t.n-widest) // not beyond the last sample
		copy(t.weight[i*widest:(i+1)*widest], t.weight[i*t.n+first:])
		t.from[i] += int32(first)
	}
	t.n = widest
}

// used returns where the weights of sample i that are not zero begin and end.
func (t *taps) used(i int) (first, end int) {
	weight := t.weight[i*t.n : (i+1)*t.n]
	for end = t.n; end > 1 && weight[end-1] == 0; end-- {
	}
	for first < end-1 && weight[first] == 0 {
		first++
	}
	return first, end
}

// settle rounds t.span to weights that add up to unit exactly. What rounding takes from one weight it gives to the next, so
// that neighbours make up for each other: what is left over is as fine as noise can be, also where there are more
// samples than unit.
func (t *taps) settle(weight []int16, sum int64) {
	if sum <= 0 {
		clear(weight) // beyond the edge of what there is
		weight[0] = unit
		return
	}
	total, given := sum/2, int64(0)
	for j, w := range t.span {
		total += w * unit
		next := floor(total, sum)
		weight[j] = int16(next - given)
		given = next
	}
}

// floor divides towards below.
func floor(a, b int64) int64 {
	if a < 0 {
		return -((b - 1 - a) / b)
	}
	return a / b
}
