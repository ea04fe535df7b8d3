package query

import (
	"slices"

	"portaria/store/schema"
)

// Cell is a column of one of a plan's tables.
type Cell struct {
	Table  int // index into Plan.Tables
	Column *schema.Column
	Key    bool // it is the row's id
}

// Item is one member of the rows that a plan yields.
type Item struct {
	Cell  Cell
	Count bool
}

// Plan is a question with every name resolved and every table's way of being
// read decided.
type Plan struct {
	Tables []*schema.Table // the first is the question's own
	Steps  []Step          // in the order in which rows are put together
	Items  []Item
	Group  []Cell
	Order  []Cell

	Descending    bool
	Sorted        bool // the steps yield the rows in the wanted order
	Limit, Offset int64
}

// Way is how the rows of a step are found.
type Way uint8

// The ways, the cheapest last.
const (
	Scan      Way = iota // every row, by id
	WalkIndex            // every row, by an indexed column
	RangeOf              // an index between two values
	ValuesOf             // an index at each of some values
	IDRange              // ids between two
	IDs                  // each of some ids
	Match                // what equals a cell of an earlier step, found by a table made for this question
	Follow               // the same, found by id or index
)

// Step is one table's part in putting a row together.
type Step struct {
	Table  int
	Way    Way
	Column int            // of an index; Match and Follow: the column that equals From
	Values []schema.Value // of ValuesOf and IDs: ascending, each once
	Low    *schema.Value  // of a range, included; nil: open
	High   *schema.Value
	From   Cell // of Match and Follow
	// Back reads backwards: the largest id or value first.
	Back bool
	// Outer keeps a row that finds no partner in this table.
	Outer bool
	// Where are the conditions that can be judged from this step on, all of
	// which must hold.
	Where []Cond
}

// Cond is a condition with its names resolved.
type Cond struct {
	Any, All []Cond // one of them: the parts of Or, of And
	Cell     Cell
	Expr     Expr     // Compare, In or IsNull, when neither Any nor All is set
	Pattern  *Pattern // of Like and NotLike
	set      map[schema.Value]struct{}
}

// Known is what a planner may ask about the data.
type Known struct {
	Rows func(table string) int64 // how many there are
	// Slow reads every table in whole and in order, for comparison.
	Slow bool
}

// Plan resolves the names of q and decides how to read each table. Errors:
// *NoTableError, *NoColumnError, *NoJoinError.
func (q Query) Plan(s *schema.Schema, known Known) (*Plan, error) {
	c := compiler{schema: s, known: known, plan: &Plan{Descending: q.Descending, Limit: max(q.Limit, NoLimit), Offset: max(q.Offset, 0)}}
	if err := c.resolve(q); err != nil {
		return nil, err
	}
	where, err := c.cond(Normal(q.Where))
	if err != nil {
		return nil, err
	}
	var conjuncts []Cond
	switch {
	case where == nil:
	case where.All != nil:
		conjuncts = where.All
	default:
		conjuncts = []Cond{*where}
	}
	p := c.plan
	switch {
	case known.Slow:
		p.Steps = c.slow(q.Left)
	case q.Left:
		p.Steps = c.outer(conjuncts)
	default:
		p.Steps = c.inner(conjuncts)
	}
	c.place(conjuncts)
	c.sort()
	return p, nil
}

// compiler makes one plan.
type compiler struct {
	schema *schema.Schema
	known  Known
	plan   *Plan
	names  []string
	joins  []join // joins[i] brings in table i+1

	// Places for what most questions need no more of.
	few struct {
		tables [2]*schema.Table
		names  [2]string
	}
}

// join says that two cells are equal.
type join struct{ from, to Cell }

// resolve fills in the plan's tables, items, group and order.
func (c *compiler) resolve(q Query) error {
	main := c.schema.Table(q.Table)
	if main == nil || main.Pseudo {
		return &NoTableError{q.Table}
	}
	c.plan.Tables, c.names = append(c.few.tables[:0], main), append(c.few.names[:0], q.Table)
	if err := c.joinAll(q); err != nil {
		return err
	}
	c.plan.Items = make([]Item, 0, max(len(q.Fields), len(main.Columns)))
	for _, f := range q.Fields {
		if f.Count {
			c.plan.Items = append(c.plan.Items, Item{Count: true})
			continue
		}
		cell, err := c.cell(f.Column)
		if err != nil {
			return err
		}
		c.plan.Items = append(c.plan.Items, Item{Cell: cell})
	}
	if len(q.Fields) == 0 {
		for i := range main.Columns {
			c.plan.Items = append(c.plan.Items, Item{Cell: c.cellAt(0, i)})
		}
	}
	var err error
	if c.plan.Group, err = c.cells(q.Group); err != nil {
		return err
	}
	c.plan.Order, err = c.cells(q.Order)
	return err
}

// joinAll brings in the tables that q speaks of.
func (c *compiler) joinAll(q Query) error {
	for _, f := range q.Fields {
		if f.Count {
			continue
		}
		if err := c.join(f.Column.Table); err != nil {
			return err
		}
	}
	for _, name := range q.Join {
		if err := c.join(name); err != nil {
			return err
		}
	}
	for _, columns := range [...][]Column{q.Group, q.Order} {
		for _, column := range columns {
			if err := c.join(column.Table); err != nil {
				return err
			}
		}
	}
	return c.joinFor(q.Where)
}

// joinFor brings in the tables that a condition speaks of.
func (c *compiler) joinFor(e Expr) error {
	switch e := e.(type) {
	case And:
		return c.joinForEach(e)
	case Or:
		return c.joinForEach(e)
	case Compare:
		return c.join(e.Column.Table)
	case In:
		return c.join(e.Column.Table)
	case IsNull:
		return c.join(e.Column.Table)
	}
	return nil
}

func (c *compiler) joinForEach(list []Expr) error {
	for _, e := range list {
		if err := c.joinFor(e); err != nil {
			return err
		}
	}
	return nil
}

// join brings a table in, with those that lie between.
func (c *compiler) join(name string) error {
	if slices.Contains(c.names, name) {
		return nil
	}
	if t := c.schema.Table(name); t == nil || t.Pseudo {
		return &NoTableError{name}
	}
	hops := c.schema.Path(c.names, name)
	if hops == nil {
		return &NoJoinError{name}
	}
	for _, hop := range hops {
		from, err := c.cell(Column{hop.From.Table, hop.From.Column})
		if err != nil {
			return err
		}
		c.names = append(c.names, hop.To.Table)
		c.plan.Tables = append(c.plan.Tables, c.schema.Table(hop.To.Table))
		to, err := c.cell(Column{hop.To.Table, hop.To.Column})
		if err != nil {
			return err
		}
		c.joins = append(c.joins, join{from, to})
	}
	return nil
}

func (c *compiler) cells(columns []Column) ([]Cell, error) {
	var cells []Cell
	for _, column := range columns {
		cell, err := c.cell(column)
		if err != nil {
			return nil, err
		}
		cells = append(cells, cell)
	}
	return cells, nil
}

func (c *compiler) cell(column Column) (Cell, error) {
	table := slices.Index(c.names, column.Table)
	if table < 0 {
		return Cell{}, &NoTableError{column.Table}
	}
	i := c.plan.Tables[table].Column(column.Name)
	if i < 0 {
		return Cell{}, &NoColumnError{column}
	}
	return c.cellAt(table, i), nil
}

func (c *compiler) cellAt(table, column int) Cell {
	t := c.plan.Tables[table]
	return Cell{Table: table, Column: &t.Columns[column], Key: column == t.Key}
}

// cond resolves a condition; nil is no condition.
func (c *compiler) cond(e Expr) (*Cond, error) {
	switch e := e.(type) {
	case And:
		parts, err := c.conds(e)
		return &Cond{All: parts}, err
	case Or:
		parts, err := c.conds(e)
		return &Cond{Any: parts}, err
	case Compare:
		cell, err := c.cell(e.Column)
		cond := &Cond{Cell: cell, Expr: e}
		if e.Op == Like || e.Op == NotLike {
			cond.Pattern = NewPattern(e.Value.Str())
		}
		return cond, err
	case In:
		cell, err := c.cell(e.Column)
		cond := &Cond{Cell: cell, Expr: e}
		if len(e.Values) > fewValues {
			cond.set = make(map[schema.Value]struct{}, len(e.Values))
			for _, v := range e.Values {
				cond.set[v] = struct{}{}
			}
		}
		return cond, err
	case IsNull:
		cell, err := c.cell(e.Column)
		return &Cond{Cell: cell, Expr: e}, err
	}
	return nil, nil
}

// fewValues are compared one by one; more of them are looked up.
const fewValues = 8

func (c *compiler) conds(list []Expr) ([]Cond, error) {
	var conds []Cond
	for _, e := range list {
		cond, err := c.cond(e)
		if err != nil {
			return nil, err
		}
		conds = append(conds, *cond)
	}
	return conds, nil
}

// Holds judges a leaf: the condition on one value.
func (c *Cond) Holds(v schema.Value) bool {
	switch e := c.Expr.(type) {
	case IsNull:
		return v.IsNull() != e.Not
	case In:
		return c.isIn(e, v)
	case Compare:
		if v.IsNull() || e.Value.IsNull() {
			return false
		}
		if c.Pattern != nil {
			return c.Pattern.Match(textOf(v, c.Cell.Column.Unsigned)) == (e.Op == Like)
		}
		return e.Op.holds(schema.Compare(v, e.Value, c.Cell.Column.Unsigned))
	}
	return false
}

// isIn judges a list as SQL does: against a list with a null in it, a value
// that is not found is neither in nor not in.
func (c *Cond) isIn(e In, v schema.Value) bool {
	if len(e.Values) == 0 {
		return e.Not
	}
	if v.IsNull() {
		return false
	}
	found, null := false, false
	if c.set != nil {
		_, found = c.set[v]
		_, null = c.set[schema.Null]
	} else {
		for _, w := range e.Values {
			found = found || w == v
			null = null || w.IsNull()
		}
	}
	if e.Not {
		return !found && !null
	}
	return found
}

func (op Op) holds(order int) bool {
	switch op {
	case Equal:
		return order == 0
	case NotEqual:
		return order != 0
	case Less:
		return order < 0
	case LessEqual:
		return order <= 0
	case Greater:
		return order > 0
	}
	return order >= 0
}
