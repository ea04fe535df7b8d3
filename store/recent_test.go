package store

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"portaria/store/query"
)

func TestAppendRow(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := mustOpen(t, Options{Dir: dir})
	var want []int64
	add := func(n int) {
		t.Helper()
		for range n {
			err := s.Update(0, func(tx *Tx) error {
				logs := tx.Schema().Table("change_logs")
				id, err := tx.AppendRow(logs, rowOf(t, logs, "operation_type", "insert", "table_name", "users", "table_id", len(want)))
				if err == nil && id != int64(len(want)+1) {
					err = fmt.Errorf("row %d got the id %d", len(want)+1, id)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			want = append(want, int64(len(want)+1))
		}
	}
	settled := func() {
		t.Helper()
		if err := s.Update(0, (*Tx).Settle); err != nil {
			t.Fatal(err)
		}
		if got := idsOf(t, s, "change_logs"); !slices.Equal(got, want) {
			t.Errorf("rows %v, want %v", got, want)
		}
	}
	check := func() {
		t.Helper()
		s.Close()
		report, err := Check(t.Context(), dir, nil)
		if err != nil || len(report.Problems) > 0 || report.Rows != len(want) {
			t.Errorf("%d rows, %q, %v; want %d and no problems", report.Rows, report.Problems, err, len(want))
		}
		s = mustOpen(t, Options{Dir: dir})
	}
	t.Run("who asks in vain is told to settle", func(t *testing.T) {
		add(3)
		err := s.View(func(tx *Tx) error {
			plan, err := query.Query{Filter: query.Filter{Table: "change_logs"}}.Plan(tx.Schema(), query.Known{})
			if err != nil {
				return err
			}
			_, err = tx.IDs(plan)
			return err
		})
		if !errors.Is(err, ErrUnsettled) {
			t.Errorf("got %v, want ErrUnsettled", err)
		}
		settled()
	})
	t.Run("many of them settle by themselves", func(t *testing.T) {
		add(200)
		rows := int64(0)
		err := s.View(func(tx *Tx) error {
			rows = tx.Rows("change_logs")
			return nil
		})
		if rows < 150 || err != nil {
			t.Errorf("%d of 203 rows have joined the others, %v", rows, err)
		}
		settled()
	})
	t.Run("a new file has them", func(t *testing.T) {
		add(5)
		if err := s.DeleteAllAnd(Entry{Kind: "all"}); err != nil {
			t.Fatal(err)
		}
		add(2)
		check()
		add(2)
		if _, err := insert(t, s, "change_logs", "operation_type", "delete", "table_name", "users", "table_id", 1); err != nil {
			t.Fatal(err)
		}
		want = append(want, int64(len(want)+1))
		check()
		settled()
	})
	t.Run("not every table can", func(t *testing.T) {
		err := s.Update(0, func(tx *Tx) error {
			cards := tx.Schema().Table("cards")
			_, err := tx.AppendRow(cards, rowOf(t, cards, "value", 1, "user_id", 1))
			return err
		})
		if !errors.Is(err, ErrNoTable) {
			t.Errorf("got %v, want ErrNoTable", err)
		}
	})
	s.Close()
}

// TestAppendRowAtTheEnd appends where a client has given a row nearly the
// largest id.
func TestAppendRowAtTheEnd(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := mustOpen(t, Options{Dir: dir})
	mustInsert(t, s, "change_logs", "id", int64(math.MaxInt64-3), "operation_type", "x", "table_name", "y", "table_id", 1)
	seen := map[int64]bool{math.MaxInt64 - 3: true}
	for i := range 50 {
		err := s.Update(0, func(tx *Tx) error {
			logs := tx.Schema().Table("change_logs")
			id, err := tx.AppendRow(logs, rowOf(t, logs, "operation_type", "insert", "table_name", "users", "table_id", i))
			if id < 1 || seen[id] {
				t.Errorf("row %d got the id %d", i, id)
			}
			seen[id] = true
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Update(0, (*Tx).Settle); err != nil {
		t.Fatal(err)
	}
	s.Close()
	report, err := Check(t.Context(), dir, nil)
	if err != nil || len(report.Problems) > 0 || report.Rows != len(seen) {
		t.Errorf("%d rows, %q, %v; want %d and no problems", report.Rows, report.Problems, err, len(seen))
	}
}
