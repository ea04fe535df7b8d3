package main

import (
	"fmt"
	"math/bits"
	"math/rand/v2"
)

// sectors tells which sectors of a write arrived, by its number in a state: a
// small negative one are the first so many, and beyond tornEnd the others;
// any other number is a pattern that repeats.
func sectors(how int) func(int) bool {
	switch {
	case how == whole:
		return nil
	case how < -tornEnd:
		return func(n int) bool { return n >= -how-tornEnd }
	case how < 0:
		return func(n int) bool { return n < -how }
	}
	return func(n int) bool { return bits.RotateLeft64(uint64(how), -n)&1 == 1 }
}

const tornEnd = 1 << 20

// most bounds how many states of one sort a single sync contributes, so that a
// fresh file of hundreds of writes does not crowd out the rest.
const most = 24

// states lists the states that a cut now can leave: with every sort of loss at
// least once, and so many more by chance.
func (c *card) states(rng *rand.Rand, more int) []state {
	var list []state
	seen := make(map[string]bool)
	add := func(moves int, data []int) {
		s := state{moves, data}
		if key := fmt.Sprint(s); !seen[key] {
			seen[key] = true
			list = append(list, s)
		}
	}
	none, all := c.fill(0), c.fill(whole)
	for moves := range len(c.moves) + 1 {
		add(moves, none)
		add(moves, all)
	}
	moves := func() int { return rng.IntN(len(c.moves) + 1) }
	for _, i := range sample(len(c.data), most) {
		before := c.fill(0)
		for j := range i {
			before[j] = whole
		}
		add(moves(), before) // in order, up to here
		only, but := c.fill(0), c.fill(whole)
		only[i], but[i] = whole, 0
		add(moves(), only)
		add(moves(), but)
		c.tear(i, rng, func(how int) {
			torn := append([]int(nil), before...)
			torn[i] = how
			add(moves(), torn)
			torn = c.fill(whole)
			torn[i] = how
			add(moves(), torn)
		})
	}
	for range more {
		some := c.fill(0)
		for i := range some {
			switch rng.IntN(5) {
			case 0, 1:
				some[i] = whole
			case 2:
				some[i] = rng.Int()
			}
		}
		add(moves(), some)
	}
	return list
}

// tear names ways in which a write arrives in part.
func (c *card) tear(i int, rng *rand.Rand, use func(how int)) {
	n := (len(c.data[i].data) + sector - 1) / sector
	if n < 2 {
		return
	}
	cut := 1 + rng.IntN(n-1)
	use(-cut)
	use(-tornEnd - cut)
	use(-(n / 2))
	use(2 + rng.Int())
}

func (c *card) fill(how int) []int {
	data := make([]int, len(c.data))
	for i := range data {
		data[i] = how
	}
	return data
}

// sample returns up to most numbers below n, evenly spread, the first and the
// last among them.
func sample(n, most int) []int {
	var list []int
	if n <= most {
		most = n
	}
	for i := range most {
		list = append(list, i*(n-1)/max(most-1, 1))
	}
	return list
}
