package sqlite

import (
	"fmt"
	"slices"
	"strings"

	"portaria/store/query"
	"portaria/store/schema"
)

// Select is q in SQL: the tables joined in the order in which fields, Join,
// group, order and condition speak of them.
//
// With keys, the columns of the order follow those of the fields, so that one
// who reads the rows knows which of them may change places.
func Select(s *schema.Schema, q query.Query, keys bool) (string, error) {
	from, err := from(s, q)
	if err != nil {
		return "", err
	}
	columns := fields(s, q)
	order := orderOf(q)
	if keys {
		columns = append(columns, order...)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "SELECT %s\nFROM %s", strings.Join(columns, ", "), from)
	if where := query.Format(q.Where); where != "" {
		fmt.Fprintf(&b, "\nWHERE %s", where)
	}
	if len(q.Group) > 0 {
		fmt.Fprintf(&b, "\nGROUP BY %s", strings.Join(names(q.Group), ", "))
	}
	for i, column := range order {
		fmt.Fprint(&b, []string{"\nORDER BY ", ", "}[min(i, 1)], column)
		if q.Descending {
			b.WriteString(" DESC")
		}
	}
	if q.Limit != query.NoLimit || q.Offset > 0 {
		fmt.Fprintf(&b, "\nLIMIT %d OFFSET %d", q.Limit, q.Offset)
	}
	return b.String(), nil
}

// Aggregate tells whether the answer's rows are not rows of the tables.
func Aggregate(q query.Query) bool {
	return len(q.Group) > 0 || slices.ContainsFunc(q.Fields, func(f query.Field) bool { return f.Count })
}

// orderOf lists what rows are ordered by, without which it is the rows' ids.
func orderOf(q query.Query) []string {
	if len(q.Order) == 0 && !Aggregate(q) {
		return []string{quote(q.Table) + ".rowid"}
	}
	return names(q.Order)
}

func names(columns []query.Column) []string {
	var list []string
	for _, c := range columns {
		list = append(list, quoteColumn(c))
	}
	return list
}

func fields(s *schema.Schema, q query.Query) []string {
	var list []string
	for _, f := range q.Fields {
		if f.Count {
			list = append(list, "COUNT(*)")
		} else {
			list = append(list, quoteColumn(f.Column))
		}
	}
	if len(list) == 0 {
		for _, c := range s.Table(q.Table).Columns {
			list = append(list, quoteColumn(query.Column{Table: q.Table, Name: c.Name}))
		}
	}
	return list
}

// from is the main table with all that are joined.
func from(s *schema.Schema, q query.Query) (string, error) {
	hops, err := Joined(s, q)
	if err != nil {
		return "", err
	}
	join := "JOIN"
	if q.Left {
		join = "LEFT JOIN"
	}
	text := quote(q.Table)
	for _, hop := range hops {
		text += fmt.Sprintf("\n%s %s ON %s.%s = %s.%s", join, quote(hop.To.Table),
			quote(hop.From.Table), quote(hop.From.Column), quote(hop.To.Table), quote(hop.To.Column))
	}
	return text, nil
}

// Joined lists the hops that bring in every table that q speaks of.
func Joined(s *schema.Schema, q query.Query) ([]schema.Hop, error) {
	var wanted []string
	for _, f := range q.Fields {
		if !f.Count {
			wanted = append(wanted, f.Column.Table)
		}
	}
	wanted = append(wanted, q.Join...)
	for _, c := range slices.Concat(q.Group, q.Order) {
		wanted = append(wanted, c.Table)
	}
	wanted = speaksOf(wanted, q.Where)
	joined := []string{q.Table}
	var hops []schema.Hop
	for _, table := range wanted {
		path := s.Path(joined, table)
		if path == nil {
			return nil, &query.NoJoinError{Table: table}
		}
		for _, hop := range path {
			hops = append(hops, hop)
			joined = append(joined, hop.To.Table)
		}
	}
	return hops, nil
}

// speaksOf appends the tables of a condition.
func speaksOf(tables []string, e query.Expr) []string {
	switch e := e.(type) {
	case query.And:
		for _, part := range e {
			tables = speaksOf(tables, part)
		}
	case query.Or:
		for _, part := range e {
			tables = speaksOf(tables, part)
		}
	case query.Compare:
		return append(tables, e.Column.Table)
	case query.In:
		return append(tables, e.Column.Table)
	case query.IsNull:
		return append(tables, e.Column.Table)
	}
	return tables
}
