package sqlite

import (
	"slices"

	"portaria/store/query"
	"portaria/store/schema"
)

// simplest makes a question that fails as small as it can while it fails.
func simplest(q query.Query, fails func(query.Query) bool) query.Query {
	for {
		candidates := simpler(q)
		i := slices.IndexFunc(candidates, fails)
		if i < 0 {
			return q
		}
		q = candidates[i]
	}
}

// simpler lists questions that ask a little less than q.
func simpler(q query.Query) []query.Query {
	var list []query.Query
	with := func(change func(*query.Query)) {
		less := q
		change(&less)
		list = append(list, less)
	}
	if q.Limit != query.NoLimit {
		with(func(q *query.Query) { q.Limit = query.NoLimit })
	}
	if q.Offset > 0 {
		with(func(q *query.Query) { q.Offset = 0 })
	}
	if q.Where != nil {
		for _, e := range append(simplerExprs(q.Where), nil) {
			with(func(q *query.Query) { q.Where = e })
		}
	}
	if q.Left {
		with(func(q *query.Query) { q.Left = false })
	}
	for i := range q.Join {
		with(func(q *query.Query) { q.Join = without(q.Join, i) })
	}
	if q.Limit == query.NoLimit && q.Offset == 0 {
		for i := range q.Order {
			with(func(q *query.Query) { q.Order = without(q.Order, i) })
		}
		if q.Descending {
			with(func(q *query.Query) { q.Descending = false })
		}
	}
	if len(q.Group) == 0 && len(q.Fields) > 1 {
		for i := range q.Fields {
			with(func(q *query.Query) { q.Fields = without(q.Fields, i) })
		}
	}
	return list
}

func without[T any](list []T, i int) []T { return slices.Delete(slices.Clone(list), i, i+1) }

func simplerExprs(e query.Expr) []query.Expr {
	var list []query.Expr
	switch e := e.(type) {
	case query.And:
		list = append(list, e...)
		for _, less := range simplerParts(e) {
			list = append(list, query.And(less))
		}
	case query.Or:
		list = append(list, e...)
		for _, less := range simplerParts(e) {
			list = append(list, query.Or(less))
		}
	case query.In:
		if len(e.Values) > 4 {
			half := len(e.Values) / 2
			for _, values := range [][]schema.Value{e.Values[:half], e.Values[half:]} {
				list = append(list, query.In{Column: e.Column, Not: e.Not, Values: values})
			}
		}
		for i := range e.Values[:min(len(e.Values), 10)] {
			list = append(list, query.In{Column: e.Column, Not: e.Not, Values: without(e.Values, i)})
		}
	}
	return list
}

func simplerParts(parts []query.Expr) [][]query.Expr {
	var list [][]query.Expr
	for i, part := range parts {
		if len(parts) > 2 {
			list = append(list, without(parts, i))
		}
		for _, less := range simplerExprs(part) {
			changed := slices.Clone(parts)
			changed[i] = less
			list = append(list, changed)
		}
	}
	return list
}
