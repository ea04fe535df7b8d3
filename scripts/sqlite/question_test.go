package sqlite

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"portaria/store/query"
	"portaria/store/schema"
)

// asked are the tables that clients ask about most.
var asked = []string{
	"users", "users", "cards", "groups", "user_groups", "access_logs", "access_rules", "portals", "user_roles",
	"group_access_rules", "portal_access_rules", "time_zones", "time_spans", "templates", "areas", "visits",
}

// oddBounds are limits and offsets that only mistakes and attacks have.
var oddBounds = []int64{math.MinInt64, math.MinInt64 + 1, -5, -2, query.NoLimit, 0, 3, math.MaxInt64 - 3, math.MaxInt64}

// question is any question that has one right answer, but for rows that are
// equal in its order.
func (w *world) question() query.Query {
	main := w.schema.Table(pick(w.random, asked))
	switch {
	case w.chance(40):
		main = pick(w.random, w.tables)
	case w.chance(3):
		main = w.schema.Table(itsOwn)
	}
	scope := w.scope(main)
	if w.chance(6) {
		return w.page(main)
	}
	q := query.Query{
		Filter:     query.Filter{Table: main.Name, Where: w.condition(scope, 3)},
		Left:       w.chance(30),
		Descending: w.chance(40),
		Limit:      query.NoLimit,
	}
	if w.chance(15) {
		q.Where = nil
	}
	for _, table := range scope[1:] {
		if w.chance(25) {
			q.Join = append(q.Join, table.Name)
		}
	}
	switch n := w.random.IntN(100); {
	case n < 30:
	case n < 42:
		q.Fields = []query.Field{{Count: true}}
	case n < 55:
		q.Group = w.columns(scope, 3)
		for _, c := range q.Group {
			q.Fields = append(q.Fields, query.Field{Column: c})
		}
		q.Fields = slices.Insert(q.Fields, w.random.IntN(len(q.Fields)+1), query.Field{Count: true})
		q.Fields = q.Fields[:1+w.random.IntN(len(q.Fields))]
	default:
		for _, c := range w.columns(scope, 5) {
			q.Fields = append(q.Fields, query.Field{Column: c})
		}
	}
	switch {
	case len(q.Group) > 0 && w.chance(60):
		for range 1 + w.random.IntN(2) {
			q.Order = append(q.Order, pick(w.random, q.Group))
		}
	case len(q.Group) == 0 && w.chance(50):
		q.Order = w.columns(scope, 3)
	}
	if w.chance(35) {
		q.Limit = w.random.Int64N(20)
	}
	if w.chance(20) {
		q.Offset = w.random.Int64N(10)
	}
	if w.chance(3) {
		q.Limit, q.Offset = pick(w.random, oddBounds), pick(w.random, oddBounds)
	}
	if w.chance(40) {
		w.settle(&q)
	}
	return q
}

// page is a question for part of a table, in the order of a column that may
// have an index.
func (w *world) page(main *schema.Table) query.Query {
	var columns []query.Column
	for i, c := range main.Columns {
		if i == main.Key || c.HasIndex() {
			columns = append(columns, query.Column{Table: main.Name, Name: c.Name})
		}
	}
	q := query.Query{
		Filter:     query.Filter{Table: main.Name},
		Limit:      w.random.Int64N(10),
		Offset:     w.random.Int64N(5),
		Descending: w.chance(50),
	}
	if len(columns) == 0 {
		_, c := w.column([]*schema.Table{main})
		columns = append(columns, c)
	}
	q.Order = []query.Column{pick(w.random, columns)}
	if main.Key >= 0 && w.chance(30) {
		q.Order = append(q.Order, query.Column{Table: main.Name, Name: main.Columns[main.Key].Name})
	}
	if w.chance(40) {
		q.Where = w.leaf([]*schema.Table{main})
	}
	return q
}

// scope is a table with up to three that it can be joined with.
func (w *world) scope(main *schema.Table) []*schema.Table {
	scope := []*schema.Table{main}
	for range pick(w.random, []int{0, 0, 0, 0, 1, 1, 1, 2, 2, 3}) {
		other := pick(w.random, w.tables)
		if w.chance(50) {
			other = w.schema.Table(pick(w.random, asked))
		}
		if w.schema.Path([]string{main.Name}, other.Name) != nil {
			scope = append(scope, other)
		}
	}
	return scope
}

// settle adds to the order until no two rows that differ are equal in it.
func (w *world) settle(q *query.Query) {
	if len(q.Group) > 0 {
		q.Order = append(q.Order, q.Group...)
		return
	}
	if Aggregate(*q) {
		return
	}
	for {
		hops, err := Joined(w.schema, *q)
		if err != nil {
			return
		}
		if len(hops) == 0 && len(q.Order) == 0 {
			return // by the ids
		}
		tables := []string{q.Table}
		for _, hop := range hops {
			tables = append(tables, hop.To.Table)
		}
		before := len(q.Order)
		for _, name := range tables {
			table := w.schema.Table(name)
			for i, c := range table.Columns {
				column := query.Column{Table: name, Name: c.Name}
				if (table.Key < 0 || i == table.Key) && !slices.Contains(q.Order, column) {
					q.Order = append(q.Order, column)
				}
			}
		}
		if len(q.Order) == before {
			return
		}
	}
}

func (w *world) column(scope []*schema.Table) (*schema.Column, query.Column) {
	table := pick(w.random, scope)
	for {
		c := &table.Columns[w.random.IntN(len(table.Columns))]
		// SQL has this word for itself, and Format does not know SQL's words.
		if c.Name != "group" {
			return c, query.Column{Table: table.Name, Name: c.Name}
		}
	}
}

func (w *world) columns(scope []*schema.Table, most int) []query.Column {
	var list []query.Column
	for range 1 + w.random.IntN(most) {
		_, c := w.column(scope)
		list = append(list, c)
	}
	return list
}

func (w *world) condition(scope []*schema.Table, depth int) query.Expr {
	n := w.random.IntN(10)
	if depth == 0 || n < 4 {
		return w.leaf(scope)
	}
	var parts []query.Expr
	for range 2 + w.random.IntN(2) {
		parts = append(parts, w.condition(scope, depth-1))
	}
	if n < 8 {
		return query.And(parts)
	}
	return query.Or(parts)
}

func (w *world) leaf(scope []*schema.Table) query.Expr {
	c, column := w.column(scope)
	likes := 0
	if !c.Unsigned {
		likes = map[schema.Kind]int{schema.TextKind: 35, schema.IntKind: 5}[c.Type.Kind()]
	}
	switch n := w.random.IntN(100); {
	case n < 10:
		return query.IsNull{Column: column, Not: w.chance(50)}
	case n < 25:
		return query.In{Column: column, Not: w.chance(30), Values: w.list(c, column)}
	case n < 25+likes:
		v := schema.Text(w.pattern(column))
		if w.chance(4) {
			v = schema.Null
		}
		return query.Compare{Column: column, Op: pick(w.random, []query.Op{query.Like, query.Like, query.NotLike}), Value: v}
	}
	return query.Compare{Column: column, Op: query.Op(w.random.IntN(int(query.Like))), Value: w.value(c, column)}
}

// value is one to compare the column with, of its kind: SQLite makes others
// of that kind first, the terminal does not.
func (w *world) value(c *schema.Column, column query.Column) schema.Value {
	known := w.values[column]
	switch {
	case w.chance(4):
		return schema.Null
	case w.chance(20), len(known) == 0:
		return w.any(c)
	}
	v := pick(w.random, known)
	if v.Kind() == schema.IntKind && w.chance(15) {
		return schema.Int(v.Int() + w.random.Int64N(3) - 1)
	}
	return v
}

func (w *world) list(c *schema.Column, column query.Column) []schema.Value {
	n := w.random.IntN(6)
	if w.chance(10) {
		n = w.random.IntN(300)
	}
	list := make([]schema.Value, 0, n)
	for range n {
		v := w.value(c, column)
		if v.IsNull() && !w.chance(30) {
			continue
		}
		list = append(list, v)
	}
	return list
}

// pattern is made of a text that is there, or of anything.
func (w *world) pattern(column query.Column) string {
	known := w.values[column]
	if len(known) == 0 || w.chance(15) {
		return likeText(w.random, 8)
	}
	v := pick(w.random, known)
	text := v.Str()
	if v.Kind() == schema.IntKind {
		text = strconv.FormatInt(v.Int(), 10)
	}
	var b strings.Builder
	for _, r := range text {
		switch n := w.random.IntN(12); n {
		case 0:
			b.WriteByte('%')
		case 1:
			b.WriteByte('_')
		case 2:
			b.WriteString(strings.ToUpper(string(r)))
		case 3:
			b.WriteString("%" + string(r) + "%")
		default:
			b.WriteRune(r)
		}
	}
	switch w.random.IntN(4) {
	case 0:
		return "%" + b.String()
	case 1:
		return b.String() + "%"
	case 2:
		return "%" + b.String() + "%"
	}
	return b.String()
}
