package query

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	"portaria/store/schema"
)

// What a planner guesses where it does not know.
const (
	openRange   = 4  // one row in so many is beyond a bound
	closedRange = 50 // and between two
	sameValue   = 100
)

// slow reads the tables in the order of the question and joins without ids
// and indexes.
func (c *compiler) slow(left bool) []Step {
	steps := []Step{{}}
	for _, j := range c.joins {
		steps = append(steps, Step{Table: j.to.Table, Way: Match, Column: c.columnOf(j.to), From: j.from, Outer: left})
	}
	return steps
}

// outer reads the question's own table first, because all its rows count.
func (c *compiler) outer(conjuncts []Cond) []Step {
	first, _ := c.access(0, conjuncts)
	steps := []Step{first}
	for _, j := range c.joins {
		s, _ := c.partner(j)
		s.Outer = true
		steps = append(steps, s)
	}
	return steps
}

// inner tries every table as the first and takes the order that reads the
// fewest rows.
func (c *compiler) inner(conjuncts []Cond) []Step {
	if len(c.plan.Tables) == 1 {
		only, _ := c.access(0, conjuncts)
		return []Step{only}
	}
	var best []Step
	least := math.Inf(1)
	for first := range c.plan.Tables {
		// Of equals the question's own table goes first: its order is wanted.
		if steps, cost := c.from(first, conjuncts); cost < least {
			best, least = steps, cost
		}
	}
	return best
}

func (c *compiler) from(first int, conjuncts []Cond) (steps []Step, cost float64) {
	s, rows := c.access(first, conjuncts)
	steps, cost = []Step{s}, rows
	bound := map[int]bool{first: true}
	rest := slices.Clone(c.joins)
	for len(rest) > 0 {
		at, fewest := -1, math.Inf(1)
		var next Step
		for i, j := range rest {
			if bound[j.to.Table] {
				j = join{j.to, j.from}
			}
			if !bound[j.from.Table] {
				continue
			}
			s, each := c.partner(j)
			if each *= c.share(s.Table, conjuncts); each < fewest {
				at, fewest, next = i, each, s
			}
		}
		if next.Way == Match {
			cost += c.rows(next.Table)
		}
		_, each := c.partner(join{next.From, c.cellAt(next.Table, next.Column)})
		cost += rows * max(each, 1)
		rows *= fewest
		steps = append(steps, next)
		bound[next.Table] = true
		rest = slices.Delete(rest, at, at+1)
	}
	return steps, cost
}

// share is which part of a table's rows the conditions on it alone let pass,
// as far as a lookup tells.
func (c *compiler) share(table int, conjuncts []Cond) float64 {
	_, rows := c.access(table, conjuncts)
	return min(1, rows/max(1, c.rows(table)))
}

func (c *compiler) rows(table int) float64 {
	if c.known.Rows == nil {
		return 1000
	}
	return float64(c.known.Rows(c.plan.Tables[table].Name))
}

func (c *compiler) columnOf(cell Cell) int {
	return c.plan.Tables[cell.Table].Column(cell.Column.Name)
}

// partner is the step that finds what equals j.from, and how many rows each
// time.
func (c *compiler) partner(j join) (Step, float64) {
	s := Step{Table: j.to.Table, Way: Follow, Column: c.columnOf(j.to), From: j.from}
	switch {
	case j.to.Key, j.to.Column.Unique:
		return s, 1
	case !j.to.Column.HasIndex():
		s.Way = Match
	}
	return s, max(1, c.rows(j.to.Table)/max(1, c.rows(j.from.Table)))
}

// access is the best way to read a table by the conditions on it alone, and
// about how many rows that reads.
func (c *compiler) access(table int, conjuncts []Cond) (Step, float64) {
	all := c.rows(table)
	best, fewest := Step{Table: table}, all+1
	var ranges map[int]*Step
	for i := range conjuncts {
		cond := &conjuncts[i]
		if cond.Expr == nil || cond.Cell.Table != table || cond.Pattern != nil || !cond.Cell.Key && !cond.Cell.Column.HasIndex() {
			continue
		}
		column := c.columnOf(cond.Cell)
		if values, ok := valuesOf(cond); ok {
			s := Step{Table: table, Way: ValuesOf, Column: column, Values: values}
			if cond.Cell.Key {
				s.Way = IDs
			}
			if rows := float64(len(values)) * c.each(cond.Cell); rows < fewest {
				best, fewest = s, rows
			}
			continue
		}
		low, high, ok := boundsOf(cond)
		if !ok {
			continue
		}
		s := ranges[column]
		if s == nil {
			s = &Step{Table: table, Way: RangeOf, Column: column}
			if cond.Cell.Key {
				s.Way = IDRange
			}
			if ranges == nil {
				ranges = make(map[int]*Step)
			}
			ranges[column] = s
		}
		s.narrow(low, high, cond.Cell.Column.Unsigned)
		rows := all / openRange
		if s.Low != nil && s.High != nil {
			rows = all / closedRange
		}
		if rows < fewest {
			best, fewest = *s, rows
		}
	}
	// A range may have been narrowed after it was taken.
	if s := ranges[best.Column]; s != nil && (best.Way == RangeOf || best.Way == IDRange) {
		best = *s
	}
	return best, fewest
}

// each is about how many rows have one value of an indexed column.
func (c *compiler) each(cell Cell) float64 {
	switch {
	case cell.Key, cell.Column.Unique:
		return 1
	case cell.Column.Ref != nil && c.known.Rows != nil:
		return max(1, c.rows(cell.Table)/max(1, float64(c.known.Rows(cell.Column.Ref.Table))))
	}
	return max(1, c.rows(cell.Table)/sameValue)
}

// valuesOf is the list that a condition restricts its column to, ascending.
func valuesOf(cond *Cond) ([]schema.Value, bool) {
	kind := cond.Cell.Column.Type.Kind()
	switch e := cond.Expr.(type) {
	case Compare:
		if e.Op == Equal && e.Value.Kind() == kind {
			return []schema.Value{e.Value}, true
		}
	case In:
		if e.Not {
			return nil, false
		}
		values := []schema.Value{}
		for _, v := range e.Values {
			if v.Kind() == kind {
				values = append(values, v)
			}
		}
		unsigned := cond.Cell.Column.Unsigned
		slices.SortFunc(values, func(a, b schema.Value) int { return schema.Compare(a, b, unsigned) })
		return slices.Compact(values), true
	}
	return nil, false
}

// boundsOf is the range that a condition restricts an integer column to; its
// ends are included, which may let one row too many pass to the condition.
func boundsOf(cond *Cond) (low, high *schema.Value, ok bool) {
	e, isCompare := cond.Expr.(Compare)
	if !isCompare || e.Value.Kind() != schema.IntKind || cond.Cell.Column.Type.Kind() != schema.IntKind {
		return nil, nil, false
	}
	switch e.Op {
	case Less, LessEqual:
		return nil, &e.Value, true
	case Greater, GreaterEqual:
		return &e.Value, nil, true
	}
	return nil, nil, false
}

func (s *Step) narrow(low, high *schema.Value, unsigned bool) {
	if low != nil && (s.Low == nil || schema.Compare(*s.Low, *low, unsigned) < 0) {
		s.Low = low
	}
	if high != nil && (s.High == nil || schema.Compare(*s.High, *high, unsigned) > 0) {
		s.High = high
	}
}

// place gives each condition to the first step from which it can be judged.
func (c *compiler) place(conjuncts []Cond) {
	if len(c.plan.Steps) == 1 {
		c.plan.Steps[0].Where = conjuncts
		return
	}
	at := make([]int, len(c.plan.Tables))
	for i, s := range c.plan.Steps {
		at[s.Table] = i
	}
	for _, cond := range conjuncts {
		step := cond.latest(at)
		c.plan.Steps[step].Where = append(c.plan.Steps[step].Where, cond)
	}
}

func (c *Cond) latest(at []int) int {
	if c.Expr != nil {
		return at[c.Cell.Table]
	}
	last := 0
	for i := range c.Any {
		last = max(last, c.Any[i].latest(at))
	}
	for i := range c.All {
		last = max(last, c.All[i].latest(at))
	}
	return last
}

// sort decides whether the first step can yield the rows in order.
func (c *compiler) sort() {
	p := c.plan
	first := &p.Steps[0]
	if first.Table != 0 {
		return
	}
	byID := len(p.Order) == 0 || len(p.Order) == 1 && p.Order[0].Table == 0 && p.Order[0].Key
	switch {
	case byID:
		p.Sorted = first.Way == Scan || first.Way == IDRange || first.Way == IDs ||
			first.Way == ValuesOf && len(first.Values) <= 1
	case len(p.Order) == 1 && p.Order[0].Table == 0 && p.Order[0].Column.Type.Kind() == schema.IntKind:
		column := c.columnOf(p.Order[0])
		walkable := p.Order[0].Column.HasIndex() && p.Order[0].Column.NotNull && p.Limit != NoLimit && len(p.Group) == 0
		switch {
		case first.Way == Scan && walkable && !c.known.Slow:
			first.Way, first.Column, p.Sorted = WalkIndex, column, true
		case first.Way == RangeOf && first.Column == column:
			p.Sorted = true
		}
	}
	first.Back = p.Sorted && p.Descending
}

// textOf is the text that a pattern is matched with.
func textOf(v schema.Value, unsigned bool) string {
	switch {
	case v.Kind() != schema.IntKind:
		return v.Str()
	case unsigned:
		return strconv.FormatUint(uint64(v.Int()), 10)
	}
	return strconv.FormatInt(v.Int(), 10)
}

// CompareCells orders two rows by the plan's order, then by the ids of its own
// table.
func (p *Plan) CompareCells(a, b []schema.Value, idA, idB int64) int {
	for i, cell := range p.Order {
		if order := schema.Compare(a[i], b[i], cell.Column.Unsigned); order != 0 {
			return p.turn(order)
		}
	}
	return p.turn(cmp.Compare(idA, idB))
}

func (p *Plan) turn(order int) int {
	if p.Descending {
		return -order
	}
	return order
}
