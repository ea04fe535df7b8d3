package store_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"portaria/store"
	"portaria/store/query"
	"portaria/store/schema"
	"portaria/store/storetest"
)

// asked are the tables of random questions and what random conditions are
// about.
var asked = map[string][]string{
	"users":        {"id", "name", "registration", "user_type_id", "begin_time", "image_timestamp"},
	"groups":       {"id", "name"},
	"user_groups":  {"user_id", "group_id"},
	"cards":        {"id", "value", "user_id", "secret"},
	"access_logs":  {"id", "time", "event", "user_id", "portal_id"},
	"access_rules": {"id", "name", "type"},
	"time_zones":   {"id", "name"},
}

// askedJoins are the tables that a question may add to another's.
var askedJoins = map[string][]string{
	"users":        {"groups", "cards", "access_rules", "user_groups"},
	"groups":       {"users", "access_rules"},
	"user_groups":  {"users", "groups"},
	"cards":        {"users", "groups"},
	"access_logs":  {"users", "groups", "cards"},
	"access_rules": {"users", "time_zones"},
	"time_zones":   {"access_rules"},
}

// TestPlans asks random questions twice: by ids and indexes as planned, and by
// reading everything.
func TestPlans(t *testing.T) {
	t.Parallel()
	rounds := 4000
	if testing.Short() {
		rounds = 400
	}
	// Luck may leave a way out, so that all are asked for where there is none.
	t.Run("the same questions every time, which take every way", func(t *testing.T) {
		t.Parallel()
		ways := askRandomly(t, 1, rounds)
		for _, way := range []query.Way{query.Scan, query.WalkIndex, query.RangeOf, query.ValuesOf, query.IDRange, query.IDs, query.Match, query.Follow} {
			if ways[way] == 0 {
				t.Errorf("no question was answered by way %d: %v", way, ways)
			}
		}
	})
	t.Run("others every time", func(t *testing.T) {
		t.Parallel()
		askRandomly(t, rand.Uint64(), rounds)
	})
}

// askRandomly asks the questions of a seed and counts the ways of their plans.
func askRandomly(t *testing.T, seed uint64, rounds int) map[query.Way]int {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 0))
	s := storetest.New(t)
	fillRandomly(t, s, rng)
	ways := map[query.Way]int{}
	for n := range rounds {
		q := randomQuestion(rng)
		err := s.View(func(tx *store.Tx) error {
			known := query.Known{Rows: tx.Rows}
			plan, err := q.Plan(tx.Schema(), known)
			if err != nil {
				return err
			}
			known.Slow = true
			slow, err := q.Plan(tx.Schema(), known)
			if err != nil {
				return err
			}
			for _, step := range plan.Steps {
				ways[step.Way]++
			}
			got, want := answer(t, tx, plan), answer(t, tx, slow)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("seed %d, question %d: %s %+v where %s (-reading everything +planned)\n%s", seed, n, q.Table, q, query.Format(q.Where), diff)
			}
			return nil
		})
		if err != nil {
			t.Errorf("seed %d, question %d: %v: %+v", seed, n, err, q)
		}
		if t.Failed() {
			break
		}
	}
	return ways
}

// answer is the rows of a plan as text. Without a total order, rows that may
// come in any order are sorted.
func answer(t *testing.T, tx *store.Tx, plan *query.Plan) []string {
	t.Helper()
	var rows []string
	err := tx.Select(plan, func(values []schema.Value) error {
		rows = append(rows, fmt.Sprint(values))
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	if len(plan.Tables) > 1 {
		slices.Sort(rows)
	}
	return rows
}

func fillRandomly(t *testing.T, s *store.Store, rng *rand.Rand) {
	t.Helper()
	mustUpdate(t, s, func(tx *store.Tx) error {
		insert := func(table string, values ...any) {
			view := tx.Schema().Table(table)
			var row schema.Row
			for i := 0; i < len(values); i += 2 {
				v := schema.Null
				switch x := values[i+1].(type) {
				case int:
					v = schema.Int(int64(x))
				case string:
					v = schema.Text(x)
				}
				row = append(row, schema.Assignment{Column: view.Column(values[i].(string)), Value: v})
			}
			if _, err := tx.Insert(view, row); err != nil {
				t.Fatalf("insert into %s %v: %v", table, values, err)
			}
		}
		maybe := func(n int) any {
			if rng.IntN(4) == 0 {
				return nil
			}
			return rng.IntN(n)
		}
		insert("custom_tables", "id", 1, "table_name", "c_users", "name", "users")
		insert("user_types", "id", 1, "custom_table_id", 1)
		insert("user_types", "id", 2, "custom_table_id", 1)
		for i := range 60 {
			var kind any
			if rng.IntN(2) == 0 {
				kind = 1 + rng.IntN(2)
			}
			insert("users", "id", i-5, "name", randomName(rng), "registration", fmt.Sprint(rng.IntN(40)), "user_type_id", kind, "begin_time", maybe(5))
			if rng.IntN(3) == 0 {
				if err := tx.SetPhoto(int64(i-5), int64(rng.IntN(9)), []byte("jpeg")); err != nil {
					return err
				}
			}
		}
		for i := range 8 {
			insert("groups", "id", i*3, "name", randomName(rng))
			insert("access_rules", "id", i+1, "name", randomName(rng), "type", rng.IntN(2), "priority", 0)
			insert("time_zones", "id", i+1, "name", randomName(rng))
		}
		for user := range 60 {
			for group := range 8 {
				if rng.IntN(6) == 0 {
					insert("user_groups", "user_id", user-5, "group_id", group*3)
				}
				if rng.IntN(30) == 0 {
					insert("user_access_rules", "user_id", user-5, "access_rule_id", group+1)
				}
			}
		}
		for rule := range 8 {
			insert("access_rule_time_zones", "access_rule_id", rule+1, "time_zone_id", 1+rng.IntN(8))
		}
		for i := range 80 {
			insert("cards", "value", 1000+i*7, "user_id", rng.IntN(60)-5, "secret", any(randomName(rng)))
		}
		for range 150 {
			insert("access_logs", "time", rng.IntN(50), "event", rng.IntN(12), "user_id", maybe(80), "portal_id", maybe(3))
		}
		return nil
	})
}

func randomName(rng *rand.Rand) string {
	return []string{"Ana", "ana maria", "Bia", "", "Caio 10%", "d_vi", "Érica", "bia"}[rng.IntN(8)]
}

func randomQuestion(rng *rand.Rand) query.Query {
	tables := []string{"users", "groups", "user_groups", "cards", "access_logs", "access_rules", "time_zones"}
	main := tables[rng.IntN(len(tables))]
	q := query.Query{Filter: query.Filter{Table: main}, Limit: query.NoLimit, Left: rng.IntN(4) == 0}
	use := []string{main}
	for _, other := range askedJoins[main] {
		if rng.IntN(4) == 0 {
			use = append(use, other)
			q.Join = append(q.Join, other)
		}
	}
	column := func() query.Column {
		table := use[rng.IntN(len(use))]
		names := asked[table]
		return query.Column{Table: table, Name: names[rng.IntN(len(names))]}
	}
	if rng.IntN(5) > 0 {
		q.Where = randomCondition(rng, column, 3)
	}
	switch rng.IntN(6) {
	case 0:
		q.Fields = []query.Field{{Count: true}}
		return q
	case 1:
		c := column()
		q.Fields, q.Group = []query.Field{{Column: c}, {Count: true}}, []query.Column{c}
		return q
	case 2:
		for range 1 + rng.IntN(4) {
			q.Fields = append(q.Fields, query.Field{Column: column()})
		}
	}
	for range rng.IntN(3) {
		q.Order = append(q.Order, column())
	}
	q.Descending = rng.IntN(2) == 0
	if len(use) == 1 && rng.IntN(2) == 0 {
		q.Limit, q.Offset = rng.Int64N(25)-5, rng.Int64N(5)
	}
	return q
}

func randomCondition(rng *rand.Rand, column func() query.Column, depth int) query.Expr {
	if depth > 0 && rng.IntN(3) > 0 {
		parts := make([]query.Expr, 2+rng.IntN(2))
		for i := range parts {
			parts[i] = randomCondition(rng, column, depth-1)
		}
		if rng.IntN(3) == 0 {
			return query.Or(parts)
		}
		return query.And(parts)
	}
	c := column()
	value := func() schema.Value {
		switch c.Name {
		case "name", "secret":
			return schema.Text([]string{"Ana", "%a%", "b%", "%i_", "", "d_vi"}[rng.IntN(6)])
		case "registration":
			return schema.Text(fmt.Sprint(rng.IntN(40)))
		case "value":
			return schema.Int(1000 + rng.Int64N(80)*7)
		}
		return schema.Int(rng.Int64N(60) - 6)
	}
	switch rng.IntN(6) {
	case 0:
		in := query.In{Column: c, Not: rng.IntN(3) == 0}
		for range rng.IntN(12) {
			in.Values = append(in.Values, value())
		}
		return in
	case 1:
		return query.IsNull{Column: c, Not: rng.IntN(2) == 0}
	}
	return query.Compare{Column: c, Op: query.Op(rng.IntN(8)), Value: value()}
}
