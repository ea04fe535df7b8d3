package store_test

import (
	"fmt"
	"testing"

	"portaria/store"
	"portaria/store/query"
	"portaria/store/schema"
)

func BenchmarkTables(b *testing.B) {
	s, err := store.Open(store.Options{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	ins := func(tx *store.Tx, table string, values ...any) {
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
			b.Fatal(err)
		}
	}
	const N = 100_000
	for base := 0; base < N; base += 10_000 {
		s.Update(0, func(tx *store.Tx) error {
			for i := base; i < base+10_000; i++ {
				ins(tx, "users", "id", i+1, "name", fmt.Sprintf("User %d of %d", (i*7919)%N, i), "registration", fmt.Sprint(i))
				ins(tx, "cards", "value", 1_000_000+i*3, "user_id", i+1)
				if i%5 == 0 {
					ins(tx, "cards", "value", 1_000_001+i*3, "user_id", i+1)
				}
			}
			return nil
		})
	}
	s.Update(0, func(tx *store.Tx) error {
		for g := range 100 {
			ins(tx, "groups", "id", g+1, "name", fmt.Sprint("g", g))
		}
		for i := range N {
			ins(tx, "user_groups", "user_id", i+1, "group_id", 1+i%100)
		}
		return nil
	})
	for base := 0; base < 200_000; base += 20_000 {
		s.Update(0, func(tx *store.Tx) error {
			for i := base; i < base+20_000; i++ {
				ins(tx, "access_logs", "time", 1_700_000_000+i*5, "event", 7, "user_id", 1+i%N, "portal_id", 1)
			}
			return nil
		})
	}
	fmt.Println(s.Stats().FileBytes)
	sel := func(name string, q query.Query) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				n = 0
				err := s.View(func(tx *store.Tx) error {
					p, err := q.Plan(tx.Schema(), query.Known{Rows: tx.Rows})
					if err != nil {
						return err
					}
					return tx.Select(p, func([]schema.Value) error { n++; return nil })
				})
				if err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(n), "rows")
		})
	}
	col := func(t, n string) query.Column { return query.Column{Table: t, Name: n} }
	f := func(t string, e query.Expr) query.Filter { return query.Filter{Table: t, Where: e} }
	sel("id", query.Query{Filter: f("users", query.Compare{Column: col("users", "id"), Value: schema.Int(54321)}), Limit: -1})
	sel("card", query.Query{Filter: f("cards", query.Compare{Column: col("cards", "value"), Value: schema.Int(1_000_000 + 3*777)}), Limit: -1})
	sel("list", query.Query{Filter: f("users", nil), Order: []query.Column{col("users", "name")}, Limit: 1000})
	sel("range", query.Query{Filter: f("access_logs", query.And{query.Compare{Column: col("access_logs", "time"), Op: query.GreaterEqual, Value: schema.Int(1_700_500_000)}, query.Compare{Column: col("access_logs", "time"), Op: query.Less, Value: schema.Int(1_700_505_000)}}), Limit: -1})
	sel("like", query.Query{Filter: f("users", query.Compare{Column: col("users", "name"), Op: query.Like, Value: schema.Text("%777%")}), Limit: -1})
	sel("join", query.Query{Filter: f("users", query.Compare{Column: col("groups", "id"), Value: schema.Int(42)}), Limit: -1})
	sel("all", query.Query{Filter: f("users", nil), Limit: -1})
	b.Run("insert", func(b *testing.B) {
		n := 0
		for b.Loop() {
			s.Update(0, func(tx *store.Tx) error {
				for range 1000 {
					n++
					ins(tx, "users", "id", 1_000_000+n, "name", "Somebody New", "registration", fmt.Sprint(n))
				}
				return nil
			})
		}
	})
	b.Run("delete", func(b *testing.B) {
		n := 0
		users := schema.All().Table("users")
		for b.Loop() {
			err := s.Update(0, func(tx *store.Tx) error {
				for range 1000 {
					n++
					if n > N {
						b.Fatal("over")
					}
					if err := tx.Remove(users, int64(n)); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}
