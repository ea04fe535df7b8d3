package store

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	bolt "go.etcd.io/bbolt"

	"portaria/store/query"
	"portaria/store/schema"
)

// errEnough ends a walk whose rows are all there.
var errEnough = errors.New("enough rows")

// Select calls each with the fields of every row that plan yields. values, and
// the texts in them, are valid during the call only. Errors: each's own,
// ErrUnsettled, and ErrDamaged.
func (tx *Tx) Select(plan *query.Plan, each func(values []schema.Value) error) error {
	s, err := tx.selection(plan)
	if err != nil {
		return err
	}
	defer s.end()
	out := &s.out
	out.selection, out.each, out.skip, out.left = s, each, plan.Offset, plan.Limit
	out.values = resized(out.values, len(plan.Items))
	var result interface {
		row() error
		end() error
	}
	switch {
	case plan.Limit == 0:
		return nil
	case len(plan.Group) > 0 || slices.ContainsFunc(plan.Items, func(i query.Item) bool { return i.Count }):
		if n, ok := s.countAlone(); ok {
			return stopped(out.yield(n))
		}
		result = newGroups(out)
	case plan.Sorted:
		result = out
	default:
		result = newSorting(out)
	}
	s.found = result.row
	if err := s.step(0); err != nil {
		return stopped(err)
	}
	return stopped(result.end())
}

func stopped(err error) error {
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// IDs returns the ids of the rows of the plan's own table that it yields, each
// once and ascending. Order, limit and fields of the plan play no part.
func (tx *Tx) IDs(plan *query.Plan) ([]int64, error) {
	s, err := tx.selection(plan)
	if err != nil {
		return nil, err
	}
	defer s.end()
	var ids []int64
	s.found = func() error {
		ids = append(ids, s.rows[0].id)
		return nil
	}
	if err := s.step(0); err != nil {
		return nil, err
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}

// selection is a plan under way.
type selection struct {
	tx      *Tx
	plan    *query.Plan
	tables  []*table
	columns []int // of each step, in its stored table
	rows    []boundRow
	found   func() error // called with every combination of rows
	matches []map[schema.Value][]boundRow
	photos  photoDates
	cursors []*bolt.Cursor // of each table, for get
	values  []*bolt.Cursor // of each step, for walkValue
	key     []byte         // scratch

	few room // for the slices above, which most questions do not outgrow
	out output
}

// resized is list with n places, whatever is in them.
func resized(list []schema.Value, n int) []schema.Value {
	if cap(list) < n {
		return make([]schema.Value, n)
	}
	return list[:n]
}

// room is what a question about few tables needs, in one piece.
type room struct {
	tables  [fewTables]*table
	columns [fewTables]int
	rows    [fewTables]boundRow
	cursors [fewTables]*bolt.Cursor
	values  [fewTables]*bolt.Cursor
	key     [8]byte
}

const fewTables = 4

// selections are kept for the next question: most are small and many.
var selections = sync.Pool{New: func() any { return new(selection) }}

// end lets go of whatever belongs to the transaction.
func (s *selection) end() {
	cells, values := s.out.cells, s.out.values
	clear(cells)
	clear(values)
	*s = selection{}
	s.out.cells, s.out.values = cells, values
	selections.Put(s)
}

// boundRow is the row of one table in the combination at hand.
type boundRow struct {
	id   int64
	row  []byte
	here bool // false: an outer join found no partner
}

func (tx *Tx) selection(plan *query.Plan) (*selection, error) {
	s := selections.Get().(*selection)
	s.tx, s.plan = tx, plan
	// There is one step for each table.
	n := len(plan.Tables)
	if f := &s.few; n <= fewTables {
		s.tables, s.columns, s.rows, s.cursors, s.values = f.tables[:n], f.columns[:n], f.rows[:n], f.cursors[:n], f.values[:n]
	} else {
		s.tables, s.columns, s.rows = make([]*table, n), make([]int, n), make([]boundRow, n)
		s.cursors, s.values = make([]*bolt.Cursor, n), make([]*bolt.Cursor, n)
	}
	s.key = s.few.key[:]
	for i, view := range plan.Tables {
		if s.tables[i] = tx.table(view.Name); s.tables[i] == nil {
			return nil, fmt.Errorf("%s: %w", view.Name, ErrNoTable)
		}
		if tx.unsettled(s.tables[i].layout) {
			return nil, fmt.Errorf("%s: %w", view.Name, ErrUnsettled)
		}
	}
	for i, step := range plan.Steps {
		s.columns[i] = s.tables[step.Table].Column(plan.Tables[step.Table].Columns[step.Column].Name)
	}
	s.photos.tx = tx
	return s, nil
}

// countAlone answers a question for the number of all rows.
func (s *selection) countAlone() (int64, bool) {
	p := s.plan
	if len(p.Tables) > 1 || len(p.Group) > 0 || len(p.Items) != 1 || len(p.Steps[0].Where) > 0 || p.Steps[0].Way != query.Scan {
		return 0, false
	}
	return s.tables[0].count(), true
}

// step binds each row of the ith step in turn.
func (s *selection) step(i int) error {
	if i == len(s.plan.Steps) {
		return s.found()
	}
	step := &s.plan.Steps[i]
	matched := false
	err := s.walk(i, step, &matched)
	if err != nil || matched || !step.Outer {
		return err
	}
	s.rows[step.Table] = boundRow{}
	return s.judge(i, step)
}

// bind takes a row into the combination.
func (s *selection) bind(i int, step *query.Step, id int64, row []byte, matched *bool) error {
	*matched = true
	s.rows[step.Table] = boundRow{id, row, true}
	return s.judge(i, step)
}

// judge goes on to the next step when the conditions of this one hold.
func (s *selection) judge(i int, step *query.Step) error {
	for c := range step.Where {
		ok, err := s.holds(&step.Where[c])
		if err != nil || !ok {
			return err
		}
	}
	return s.step(i + 1)
}

func (s *selection) holds(c *query.Cond) (bool, error) {
	switch {
	case c.Any != nil:
		for i := range c.Any {
			if ok, err := s.holds(&c.Any[i]); ok || err != nil {
				return ok, err
			}
		}
		return false, nil
	case c.All != nil:
		for i := range c.All {
			if ok, err := s.holds(&c.All[i]); !ok || err != nil {
				return false, err
			}
		}
		return true, nil
	}
	v, err := s.cell(c.Cell)
	return err == nil && c.Holds(v), err
}

// cell reads a cell of the combination at hand.
func (s *selection) cell(c query.Cell) (schema.Value, error) {
	b := &s.rows[c.Table]
	switch {
	case !b.here:
		return schema.Null, nil
	case c.Key:
		return schema.Int(b.id), nil
	case c.Column.Follows:
		if date, ok := s.photos.of(b.id); ok {
			return schema.Int(date), nil
		}
	}
	v, found, err := cellAt(b.row, c.Column.Slot)
	if !found && err == nil {
		v = c.Column.Default
	}
	return v, err
}
