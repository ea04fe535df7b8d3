package sqlite

import (
	"math"
	"slices"

	"portaria/store/query"
	"portaria/store/schema"
)

// SQLite has no unsigned integers. Those of the terminal are given to it with
// the highest bit turned, which keeps their order.

// turn is v for SQLite if c is unsigned, and v again when it comes back.
func turn(c *schema.Column, v schema.Value) schema.Value {
	if c.Unsigned && v.Kind() == schema.IntKind {
		return schema.Int(v.Int() ^ math.MinInt64)
	}
	return v
}

func turnDefaults(s *schema.Schema) *schema.Schema {
	tables := s.Tables()
	for i, t := range tables {
		turned := *t
		turned.Columns = slices.Clone(t.Columns)
		for n := range turned.Columns {
			c := &turned.Columns[n]
			c.Default = turn(c, c.Default)
		}
		tables[i] = &turned
	}
	return schema.New(tables...)
}

func turnRow(table *schema.Table, row schema.Row) schema.Row {
	var turned schema.Row
	for _, a := range row {
		a.Value = turn(&table.Columns[a.Column], a.Value)
		turned = append(turned, a)
	}
	return turned
}

func (p *pair) columnOf(c query.Column) *schema.Column {
	table := p.schema.Table(c.Table)
	return &table.Columns[table.Column(c.Name)]
}

func (p *pair) turnExpr(e query.Expr) query.Expr {
	switch e := e.(type) {
	case query.And:
		return query.And(p.turnExprs(e))
	case query.Or:
		return query.Or(p.turnExprs(e))
	case query.Compare:
		e.Value = turn(p.columnOf(e.Column), e.Value)
		return e
	case query.In:
		var values []schema.Value
		for _, v := range e.Values {
			values = append(values, turn(p.columnOf(e.Column), v))
		}
		e.Values = values
		return e
	}
	return e
}

func (p *pair) turnExprs(list []query.Expr) []query.Expr {
	var turned []query.Expr
	for _, e := range list {
		turned = append(turned, p.turnExpr(e))
	}
	return turned
}

// turnAnswer turns the answer to q back.
func (p *pair) turnAnswer(q query.Query, rows [][]schema.Value) {
	var columns []*schema.Column
	for _, f := range q.Fields {
		if f.Count {
			columns = append(columns, &schema.Column{})
		} else {
			columns = append(columns, p.columnOf(f.Column))
		}
	}
	if len(q.Fields) == 0 {
		table := p.schema.Table(q.Table)
		for i := range table.Columns {
			columns = append(columns, &table.Columns[i])
		}
	}
	for _, row := range rows {
		for i, c := range columns {
			row[i] = turn(c, row[i])
		}
	}
}
