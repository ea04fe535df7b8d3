package schema

import (
	"slices"
	"strings"
)

// ColumnName names a column of a table.
type ColumnName struct{ Table, Column string }

// columnName reads "users.id".
func columnName(s string) ColumnName {
	table, column, _ := strings.Cut(s, ".")
	return ColumnName{table, column}
}

// Hop joins one more table: From is of a table that is already there.
type Hop struct{ From, To ColumnName }

// Join is how a table is joined with another: the columns that its hops
// compare, in pairs.
type Join struct {
	Table  string
	Fields []ColumnName
}

// passedOver are references that lead to a table to which the same table has
// a better one: a log's area is where its portal leads to.
var passedOver = map[ColumnName]bool{
	{"portals", "area_from_id"}:     true,
	{"visits", "host_id"}:           true,
	{"device_clients", "client_id"}: true,
}

// firstStarts are tables that a path rather starts from than from others of the
// same distance: who asks about a group means what its members may do by it.
var firstStarts = []string{"groups"}

// hangsOn are tables that mean nothing without a table that is no way through
// for others: paths from and to them lead through it.
var hangsOn = map[string]string{
	"access_log_access_rules": "access_logs",
	"access_log_portal_rules": "access_logs",
	"alarm_logs":              "access_logs",
	"c_visits":                "visits",
}

// link makes the graph: for each table, the hops to its neighbours, in the
// order of the reference.
func (s *Schema) link() {
	type pair struct{ from, to string }
	hops := make(map[pair]Hop)
	for _, t := range s.tables {
		for _, c := range t.Columns {
			if c.Ref == nil || s.Table(c.Ref.Table) == nil || passedOver[ColumnName{t.Name, c.Name}] {
				continue
			}
			from, to := ColumnName{t.Name, c.Name}, ColumnName{c.Ref.Table, c.Ref.Column}
			if _, ok := hops[pair{from.Table, to.Table}]; !ok {
				hops[pair{from.Table, to.Table}] = Hop{from, to}
				hops[pair{to.Table, from.Table}] = Hop{to, from}
			}
		}
	}
	order := make(map[string]int, len(s.tables))
	for i, t := range s.tables {
		order[t.Name] = i
	}
	s.hops = make(map[string][]Hop, len(s.tables))
	for p, h := range hops {
		s.hops[p.from] = append(s.hops[p.from], h)
	}
	for _, list := range s.hops {
		slices.SortFunc(list, func(a, b Hop) int { return order[a.To.Table] - order[b.To.Table] })
	}
}

// Path is the way to join the table: the hops from one of the tables that are
// joined already, empty when it is one of them, nil when there is none.
//
// The shortest way wins, then the table that was joined first, then the
// order of the reference. DESIGN.md says which tables a way leads through.
func (s *Schema) Path(joined []string, to string) []Hop {
	if s.Table(to) == nil {
		return nil
	}
	if slices.Contains(joined, to) {
		return []Hop{}
	}
	came := s.walk(joined, to)
	if _, ok := came[to]; !ok {
		return nil
	}
	return came.path(to)
}

// trail says over which hop a table was reached; the zero Hop at a start.
type trail map[string]Hop

func (w trail) path(to string) []Hop {
	var path []Hop
	for h := w[to]; h != (Hop{}); h = w[h.From.Table] {
		path = append(path, h)
	}
	slices.Reverse(path)
	return path
}

// walk goes from the starts in all directions until it is at to.
func (s *Schema) walk(starts []string, to string) trail {
	came := make(trail)
	var queue []string
	begin := func(name string) {
		if _, ok := came[name]; !ok && s.Table(name) != nil {
			came[name] = Hop{}
			queue = append(queue, name)
		}
	}
	for _, name := range firstStarts {
		if slices.Contains(starts, name) {
			begin(name)
		}
	}
	for _, name := range starts {
		begin(name)
	}
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		for _, h := range s.hops[at] {
			if _, ok := came[h.To.Table]; ok || !s.passes(came, at, h.To.Table, to) {
				continue
			}
			came[h.To.Table] = h
			if h.To.Table == to {
				return came
			}
			queue = append(queue, h.To.Table)
		}
	}
	return came
}

// passes tells whether a way may lead from at to next.
func (s *Schema) passes(came trail, at, next, to string) bool {
	arrived := came[at]
	switch {
	case arrived == Hop{}: // a start
		return true
	case s.Table(at).Through:
		return true
	case next == to && hangsOn[to] == at:
		return true
	}
	// From a start that hangs on it.
	before := arrived.From.Table
	return came[before] == Hop{} && hangsOn[before] == at
}

// Joins lists, in the order of the reference, every table that can be joined
// with the one named, and how: as Path does.
func (s *Schema) Joins(table string) []Join {
	var joins []Join
	everywhere := s.walk([]string{table}, "")
	for _, t := range s.tables {
		came := everywhere
		if hangsOn[t.Name] != "" { // its own walk has one way more
			came = s.walk([]string{table}, t.Name)
		}
		path := came.path(t.Name)
		if len(path) == 0 {
			continue
		}
		j := Join{Table: t.Name}
		for _, h := range path {
			j.Fields = append(j.Fields, h.From, h.To)
		}
		joins = append(joins, j)
	}
	return joins
}
