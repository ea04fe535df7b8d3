package store

import (
	"container/heap"
	"slices"

	"portaria/store/query"
	"portaria/store/schema"
)

// output hands the rows of a selection to the caller, within offset and limit.
type output struct {
	*selection
	each   func([]schema.Value) error
	values []schema.Value
	cells  []schema.Value // scratch for a whole row
	skip   int64
	left   int64 // query.NoLimit: all
}

// row takes the combination at hand as the next row.
func (o *output) row() error { return o.yield(0) }

func (o *output) end() error { return nil }

// yield hands out the combination at hand, with count where it is asked for.
func (o *output) yield(count int64) error {
	if o.skip > 0 {
		o.skip--
		return nil
	}
	if err := o.fill(count); err != nil {
		return err
	}
	if err := o.each(o.values); err != nil {
		return err
	}
	if o.left > 0 {
		if o.left--; o.left == 0 {
			return errEnough
		}
	}
	return nil
}

// fewCells are looked for one by one; for more, the row is read once.
const fewCells = 3

func (o *output) fill(count int64) error {
	items := o.plan.Items
	whole := len(items) > fewCells
	if whole {
		if err := o.readOwn(); err != nil {
			return err
		}
	}
	for i := range items {
		item := &items[i]
		switch {
		case item.Count:
			o.values[i] = schema.Int(count)
		case whole && item.Cell.Table == 0 && !item.Cell.Column.Follows && o.rows[0].here:
			o.values[i] = o.cells[item.Cell.Column.Slot]
		default:
			v, err := o.cell(item.Cell)
			if err != nil {
				return err
			}
			o.values[i] = v
		}
	}
	return nil
}

// readOwn reads the row of the plan's own table in whole.
func (o *output) readOwn() error {
	b := &o.rows[0]
	if !b.here {
		return nil
	}
	t := o.tables[0]
	if len(o.cells) != t.slots {
		o.cells = resized(o.cells, t.slots)
	}
	return t.readInto(o.cells, b.id, b.row)
}

// sorting gathers the rows and hands them out in order. With a limit it keeps
// no more than are wanted.
type sorting struct {
	*output
	keep  int // 0: all
	keys  []schema.Value
	saved []boundRow
	order []int32 // the saved rows; a heap with the last one on top while keep is reached
	probe []schema.Value
}

func newSorting(o *output) *sorting {
	s := &sorting{output: o, probe: make([]schema.Value, len(o.plan.Order))}
	const most = 1 << 20
	if o.left != query.NoLimit && o.skip < most && o.left < most {
		s.keep = int(o.skip + o.left)
	}
	return s
}

func (s *sorting) row() error {
	for i, c := range s.plan.Order {
		v, err := s.cell(c)
		if err != nil {
			return err
		}
		s.probe[i] = v
	}
	if s.keep == 0 || len(s.order) < s.keep {
		s.order = append(s.order, int32(len(s.order)))
		s.keys = append(s.keys, s.probe...)
		s.saved = append(s.saved, s.rows...)
		if len(s.order) == s.keep {
			heap.Init(s)
		}
		return nil
	}
	last := s.order[0]
	if s.plan.CompareCells(s.probe, s.key(last), s.rows[0].id, s.own(last).id) >= 0 {
		return nil
	}
	copy(s.key(last), s.probe)
	copy(s.saved[int(last)*len(s.rows):], s.rows)
	heap.Fix(s, 0)
	return nil
}

func (s *sorting) key(i int32) []schema.Value {
	n := len(s.probe)
	return s.keys[int(i)*n : int(i)*n+n]
}

func (s *sorting) own(i int32) *boundRow { return &s.saved[int(i)*len(s.rows)] }

func (s *sorting) compare(a, b int32) int {
	return s.plan.CompareCells(s.key(a), s.key(b), s.own(a).id, s.own(b).id)
}

// Len, Less, Swap, Push and Pop implement heap.Interface.
func (s *sorting) Len() int           { return len(s.order) }
func (s *sorting) Less(i, j int) bool { return s.compare(s.order[i], s.order[j]) > 0 }
func (s *sorting) Swap(i, j int)      { s.order[i], s.order[j] = s.order[j], s.order[i] }

// Push is not called: the heap never grows.
func (s *sorting) Push(any) {}

// Pop is not called either.
func (s *sorting) Pop() any { return nil }

func (s *sorting) end() error {
	if s.keep > 0 && len(s.order) == s.keep {
		// The heap has shuffled them; equal rows go out as they came in.
		slices.Sort(s.order)
	}
	slices.SortStableFunc(s.order, s.compare)
	for _, i := range s.order {
		copy(s.rows, s.saved[int(i)*len(s.rows):])
		if err := s.output.row(); err != nil {
			return err
		}
	}
	return nil
}

// groups counts rows by the cells they share.
type groups struct {
	*output
	byKey  map[string]int
	counts []int64
	keys   []schema.Value // of each group, the cells it is ordered by
	saved  []boundRow     // the first row of each group
	cells  []query.Cell   // what keys hold
	key    []byte
}

func newGroups(o *output) *groups {
	g := &groups{output: o, byKey: make(map[string]int), cells: o.plan.Order}
	if len(g.cells) == 0 {
		g.cells = o.plan.Group
	}
	return g
}

func (g *groups) row() error {
	g.key = g.key[:0]
	for _, c := range g.plan.Group {
		v, err := g.cell(c)
		if err != nil {
			return err
		}
		g.key = appendCell(g.key, v)
	}
	if at, ok := g.byKey[string(g.key)]; ok {
		g.counts[at]++
		return nil
	}
	g.byKey[string(g.key)] = len(g.counts)
	return g.open(1)
}

// open starts a group with the combination at hand.
func (g *groups) open(count int64) error {
	for _, c := range g.cells {
		v, err := g.cell(c)
		if err != nil {
			return err
		}
		g.keys = append(g.keys, v)
	}
	g.counts = append(g.counts, count)
	g.saved = append(g.saved, g.rows...)
	return nil
}

func (g *groups) end() error {
	if len(g.plan.Group) == 0 && len(g.counts) == 0 {
		// The number of no rows is a row.
		clear(g.rows)
		if err := g.open(0); err != nil {
			return err
		}
	}
	order := make([]int, len(g.counts))
	for i := range order {
		order[i] = i
	}
	n := len(g.cells)
	slices.SortStableFunc(order, func(a, b int) int {
		for i, c := range g.cells {
			if by := schema.Compare(g.keys[a*n+i], g.keys[b*n+i], c.Column.Unsigned); by != 0 {
				if g.plan.Descending {
					return -by
				}
				return by
			}
		}
		return 0
	})
	for _, i := range order {
		copy(g.rows, g.saved[i*len(g.rows):])
		if err := g.yield(g.counts[i]); err != nil {
			return err
		}
	}
	return nil
}
