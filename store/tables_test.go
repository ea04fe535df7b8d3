package store

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"portaria/store/query"
	"portaria/store/schema"
)

// rowOf makes a row of column names and values in turn.
func rowOf(t testing.TB, table *schema.Table, values ...any) schema.Row {
	t.Helper()
	var row schema.Row
	for i := 0; i < len(values); i += 2 {
		column := table.Column(values[i].(string))
		if column < 0 {
			t.Fatalf("%s has no column %s", table.Name, values[i])
		}
		v := schema.Null
		switch x := values[i+1].(type) {
		case int:
			v = schema.Int(int64(x))
		case int64:
			v = schema.Int(x)
		case string:
			v = schema.Text(x)
		case []byte:
			v = schema.Blob(string(x))
		}
		row = append(row, schema.Assignment{Column: column, Value: v})
	}
	return row
}

// insert adds one row in a transaction of its own.
func insert(t testing.TB, s *Store, table string, values ...any) (id int64, err error) {
	t.Helper()
	err = s.Update(0, func(tx *Tx) error {
		view := tx.Schema().Table(table)
		id, err = tx.Insert(view, rowOf(t, view, values...))
		return err
	})
	return id, err
}

func mustInsert(t testing.TB, s *Store, table string, values ...any) int64 {
	t.Helper()
	id, err := insert(t, s, table, values...)
	if err != nil {
		t.Fatalf("insert into %s %v: %v", table, values, err)
	}
	return id
}

// idsOf lists the ids of a table's rows.
func idsOf(t testing.TB, s *Store, table string) []int64 {
	t.Helper()
	ids := []int64{}
	err := s.View(func(tx *Tx) error {
		plan, err := query.Query{Filter: query.Filter{Table: table}, Limit: query.NoLimit}.Plan(tx.Schema(), query.Known{})
		if err != nil {
			return err
		}
		found, err := tx.IDs(plan)
		ids = append(ids, found...)
		return err
	})
	if err != nil {
		t.Error(err)
	}
	return ids
}

func wantRule(t testing.TB, err error, want ConstraintError) {
	t.Helper()
	var got *ConstraintError
	if !errors.As(err, &got) {
		t.Errorf("got %v, want the constraint %v", err, &want)
		return
	}
	if diff := cmp.Diff(want, *got); diff != "" {
		t.Errorf("constraint (-want +got)\n%s", diff)
	}
}

func TestRowIDs(t *testing.T) {
	t.Parallel()
	s := mustOpen(t, Options{Ephemeral: true})
	for _, step := range []struct{ given, want int64 }{
		{0, 1}, {0, 2}, {40, 40}, {0, 41}, {-1, -1}, {0, 42}, {math.MinInt64, math.MinInt64}, {1 << 62, 1 << 62}, {0, 1<<62 + 1},
	} {
		values := []any{"name", "x"}
		if step.given != 0 {
			values = append(values, "id", step.given)
		}
		if got := mustInsert(t, s, "groups", values...); got != step.want {
			t.Errorf("a row with id %d got %d, want %d", step.given, got, step.want)
		}
	}
	mustInsert(t, s, "groups", "name", "last", "id", int64(math.MaxInt64))
	for range 3 {
		if got := mustInsert(t, s, "groups", "name", "below"); got < 1 || got == math.MaxInt64 {
			t.Errorf("a row after the largest id got %d, want a positive one that is free", got)
		}
	}

	t.Run("after a negative id comes the next", func(t *testing.T) {
		t.Parallel()
		s := mustOpen(t, Options{Ephemeral: true})
		mustInsert(t, s, "devices", "id", -1, "name", "server")
		if got := mustInsert(t, s, "devices", "name", "other"); got != 0 {
			t.Errorf("got id %d, want 0", got)
		}
	})
}

func TestConstraints(t *testing.T) {
	t.Parallel()
	fill := func(t *testing.T) *Store {
		s := mustOpen(t, Options{Ephemeral: true})
		mustInsert(t, s, "users", "id", 1)
		mustInsert(t, s, "users", "id", 2)
		mustInsert(t, s, "groups", "id", 5, "name", "g")
		mustInsert(t, s, "cards", "value", 700, "user_id", 1)
		mustInsert(t, s, "user_groups", "user_id", 1, "group_id", 5)
		return s
	}
	for name, c := range map[string]struct {
		table  string
		values []any
		want   ConstraintError
	}{
		"an id is taken":             {"users", []any{"id", 1}, ConstraintError{Rule: UniqueRule, Table: "users", Columns: []string{"id"}, Key: true}},
		"a card number is taken":     {"cards", []any{"value", 700, "user_id", 2}, ConstraintError{Rule: UniqueRule, Table: "cards", Columns: []string{"value"}}},
		"a pair is taken":            {"user_groups", []any{"user_id", 1, "group_id", 5}, ConstraintError{Rule: UniqueRule, Table: "user_groups", Columns: []string{"user_id", "group_id"}}},
		"nobody has the card":        {"cards", []any{"value", 701, "user_id", 3}, ConstraintError{Rule: ForeignRule, Table: "cards"}},
		"a card without number":      {"cards", []any{"user_id", 1}, ConstraintError{Rule: NotNullRule, Table: "cards", Columns: []string{"value"}}},
		"a null where none may be":   {"groups", []any{"name", nil}, ConstraintError{Rule: NotNullRule, Table: "groups", Columns: []string{"name"}}},
		"what lacks a value is told": {"cards", []any{"value", nil, "user_id", 3}, ConstraintError{Rule: NotNullRule, Table: "cards", Columns: []string{"value"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := fill(t)
			before := len(idsOf(t, s, c.table))
			_, err := insert(t, s, c.table, c.values...)
			wantRule(t, err, c.want)
			if got := len(idsOf(t, s, c.table)); got != before {
				t.Errorf("%d rows, want %d as before", got, before)
			}
		})
	}
	t.Run("changes keep to the rules as well", func(t *testing.T) {
		t.Parallel()
		s := fill(t)
		mustInsert(t, s, "cards", "id", 9, "value", 900, "user_id", 2)
		change := func(table string, id int64, values ...any) error {
			return s.Update(0, func(tx *Tx) error {
				view := tx.Schema().Table(table)
				return tx.Change(view, id, rowOf(t, view, values...))
			})
		}
		wantRule(t, change("cards", 9, "value", 700), ConstraintError{Rule: UniqueRule, Table: "cards", Columns: []string{"value"}})
		wantRule(t, change("cards", 9, "user_id", 77), ConstraintError{Rule: ForeignRule, Table: "cards"})
		wantRule(t, change("cards", 9, "value", nil), ConstraintError{Rule: NotNullRule, Table: "cards", Columns: []string{"value"}})
		wantRule(t, change("cards", 9, "id", 1), ConstraintError{Rule: UniqueRule, Table: "cards", Columns: []string{"id"}, Key: true})
		wantRule(t, change("users", 1, "id", 3), ConstraintError{Rule: ForeignRule, Table: "users"})
		if err := change("cards", 9, "value", 900, "id", 10); err != nil {
			t.Errorf("a card's own number and another id: %v", err)
		}
		if err := change("users", 88, "name", "nobody"); !errors.Is(err, ErrNotFound) {
			t.Errorf("changing nobody: %v, want ErrNotFound", err)
		}
		if got, want := idsOf(t, s, "cards"), []int64{1, 10}; !slices.Equal(got, want) {
			t.Errorf("cards %v, want %v", got, want)
		}
	})
	t.Run("a row over MaxRow is too large", func(t *testing.T) {
		t.Parallel()
		s := fill(t)
		if _, err := insert(t, s, "templates", "template", make([]byte, MaxRow+1), "user_id", 1); !errors.Is(err, ErrTooLarge) {
			t.Errorf("got %v, want ErrTooLarge", err)
		}
	})
	t.Run("a table that is not there", func(t *testing.T) {
		t.Parallel()
		s := fill(t)
		err := s.Update(0, func(tx *Tx) error {
			_, err := tx.Insert(&schema.Table{Name: "nonsense"}, nil)
			return err
		})
		if !errors.Is(err, ErrNoTable) {
			t.Errorf("got %v, want ErrNoTable", err)
		}
	})
}

func TestRemove(t *testing.T) {
	t.Parallel()
	s := mustOpen(t, Options{Ephemeral: true})
	for id := range 3 {
		mustInsert(t, s, "users", "id", id+1)
		mustInsert(t, s, "cards", "value", id+100, "user_id", id+1)
		mustInsert(t, s, "contacts", "name", "c", "number", "1", "user_id", id+1)
		mustInsert(t, s, "access_logs", "time", 1, "event", 7, "user_id", id+1)
	}
	mustInsert(t, s, "groups", "id", 1, "name", "g")
	mustInsert(t, s, "user_groups", "user_id", 2, "group_id", 1)
	mustInsert(t, s, "areas", "id", 1, "name", "inside")
	mustInsert(t, s, "portals", "id", 1, "name", "door", "area_from_id", 1, "area_to_id", 1)
	var seen []string
	remove := func(table string, id int64) error {
		return s.Update(0, func(tx *Tx) error {
			seen = nil
			tx.Watch(func(c Change) error {
				seen = append(seen, fmt.Sprintf("%d %s %d", c.Op, c.Table.Name, c.ID))
				return nil
			})
			return tx.Remove(tx.Schema().Table(table), id)
		})
	}
	t.Run("what cannot be without the row goes with it", func(t *testing.T) {
		if err := remove("users", 2); err != nil {
			t.Fatal(err)
		}
		if got, want := idsOf(t, s, "cards"), []int64{1, 3}; !slices.Equal(got, want) {
			t.Errorf("cards %v, want %v", got, want)
		}
		if got := idsOf(t, s, "user_groups"); len(got) != 0 {
			t.Errorf("memberships %v, want none", got)
		}
		slices.Sort(seen)
		if want := []string{"1 contacts 2", "2 cards 2", "2 user_groups 1", "2 users 2"}; !slices.Equal(seen, want) {
			t.Errorf("changes %q, want %q", seen, want)
		}
	})
	t.Run("what can be without it stays, and points nowhere", func(t *testing.T) {
		err := s.View(func(tx *Tx) error {
			cells, err := tx.Row("contacts", 2)
			contacts := tx.Schema().Table("contacts")
			if err == nil && !cells[contacts.Columns[contacts.Column("user_id")].Slot].IsNull() {
				t.Errorf("the contact still has a user: %v", cells)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
	t.Run("a log keeps the id of who is gone", func(t *testing.T) {
		if got := idsOf(t, s, "access_logs"); len(got) != 3 {
			t.Errorf("logs %v, want three", got)
		}
	})
	t.Run("what others stand on stays", func(t *testing.T) {
		wantRule(t, remove("areas", 1), ConstraintError{Rule: ForeignRule, Table: "portals"})
		if got := idsOf(t, s, "areas"); len(got) != 1 {
			t.Errorf("areas %v, want one", got)
		}
	})
	t.Run("nobody cannot go", func(t *testing.T) {
		if err := remove("users", 99); !errors.Is(err, ErrNotFound) {
			t.Errorf("got %v, want ErrNotFound", err)
		}
	})
}

func TestKeep(t *testing.T) {
	t.Parallel()
	s := mustOpen(t, Options{Ephemeral: true})
	keep := 0
	err := s.Update(0, func(tx *Tx) error {
		logs := tx.Schema().Table("change_logs")
		keep = logs.Keep
		row := rowOf(t, logs, "operation_type", "insert", "table_name", "users", "table_id", 1)
		for range keep + 25 {
			if _, err := tx.Insert(logs, row); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	ids := idsOf(t, s, "change_logs")
	if keep != 10_000 || len(ids) != keep || ids[0] != 26 || ids[keep-1] != int64(keep+25) {
		t.Errorf("%d rows kept, from %d on; want the newest 10,000", len(ids), ids[0])
	}
}

func TestFields(t *testing.T) {
	t.Parallel()
	s := mustOpen(t, Options{Ephemeral: true})
	mustInsert(t, s, "users", "id", 1)
	mustInsert(t, s, "c_users", "id", 1, "user_id", 1)
	add := func(f schema.Field) error {
		return s.Update(0, func(tx *Tx) error { return tx.AddField(f) })
	}
	cell := func(id int64, column string) (v schema.Value) {
		t.Helper()
		err := s.View(func(tx *Tx) error {
			table := tx.Schema().Table("c_users")
			cells, err := tx.Row("c_users", id)
			if i := table.Column(column); err == nil && i >= 0 {
				v = cells[table.Columns[i].Slot]
			} else if err == nil {
				err = errors.New("no column " + column)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
		return v
	}
	if err := add(schema.Field{ID: 1, Table: "c_users", Name: "colour", Type: schema.String, Default: schema.Text("red")}); err != nil {
		t.Fatal(err)
	}
	if got := cell(1, "colour"); got != schema.Text("red") {
		t.Errorf("an older row has %v, want the default", got)
	}
	mustInsert(t, s, "c_users", "id", 2, "user_id", 1, "colour", nil)
	if got := cell(2, "colour"); got != schema.Null {
		t.Errorf("a row with a null has %v", got)
	}
	err := s.Update(0, func(tx *Tx) error { return tx.RemoveField(1) })
	if err != nil {
		t.Fatal(err)
	}
	if err := add(schema.Field{ID: 2, Table: "c_users", Name: "colour", Type: schema.Integer}); err != nil {
		t.Fatal(err)
	}
	if got := cell(1, "colour"); got != schema.Null {
		t.Errorf("a new column shows %v, which was in the one that was removed", got)
	}
	if err := add(schema.Field{ID: 3, Table: "c_users", Name: "number", Type: schema.BigInt, Unique: true}); err != nil {
		t.Fatal(err)
	}
	mustInsert(t, s, "c_users", "id", 3, "user_id", 1, "number", 5)
	_, err = insert(t, s, "c_users", "id", 4, "user_id", 1, "number", 5)
	wantRule(t, err, ConstraintError{Rule: UniqueRule, Table: "c_users", Columns: []string{"number"}})
	for name, f := range map[string]schema.Field{
		"a name that is taken":             {ID: 9, Table: "c_users", Name: "cpf", Type: schema.String},
		"rows would lack a value":          {ID: 9, Table: "c_users", Name: "must", Type: schema.String, NotNull: true},
		"rows would share what is unique":  {ID: 9, Table: "c_users", Name: "one", Unique: true, Default: schema.Int(1)},
		"a table that is not there at all": {ID: 9, Table: "nonsense", Name: "x"},
	} {
		if err := add(f); err == nil {
			t.Errorf("%s: added", name)
		}
	}
	for table, name := range map[string]string{"c_users": "CPF", "actions": "Group_ID", "access_logs": "uhf_tag"} {
		if err := add(schema.Field{ID: 9, Table: table, Name: name, Type: schema.String}); !errors.Is(err, ErrColumnTaken) {
			t.Errorf("one more %s.%s: %v, want ErrColumnTaken", table, name, err)
		}
	}
	if err := s.Update(0, func(tx *Tx) error { return tx.RemoveField(77) }); !errors.Is(err, ErrNotFound) {
		t.Errorf("removing nothing: %v, want ErrNotFound", err)
	}
}

// TestBulk compares rows that were inserted in bulk with the same ones by one.
func TestBulk(t *testing.T) {
	t.Parallel()
	for _, bulk := range []bool{false, true} {
		dir := t.TempDir()
		s := mustOpen(t, Options{Dir: dir})
		mustInsert(t, s, "users", "id", 1)
		rng := rand.New(rand.NewPCG(1, 2))
		err := s.Update(0, func(tx *Tx) error {
			cards := tx.Schema().Table("cards")
			fill := func() error {
				for i := range 2000 {
					if _, err := tx.Insert(cards, rowOf(t, cards, "value", rng.Int64N(1<<40), "user_id", 1)); err != nil {
						return err
					}
					if i == 1000 {
						// What reads and changes an index meanwhile finds it whole.
						if err := tx.Remove(cards, 500); err != nil {
							return err
						}
					}
				}
				_, err := tx.Insert(cards, rowOf(t, cards, "value", 5, "user_id", 1))
				if err != nil {
					return err
				}
				_, err = tx.Insert(cards, rowOf(t, cards, "value", 5, "user_id", 1))
				wantRule(t, err, ConstraintError{Rule: UniqueRule, Table: "cards", Columns: []string{"value"}})
				return nil
			}
			if bulk {
				return tx.Bulk(fill)
			}
			return fill()
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := len(idsOf(t, s, "cards")); got != 2000 {
			t.Errorf("bulk %v: %d cards, want 2000", bulk, got)
		}
		s.Close()
		if report, err := Check(t.Context(), dir, nil); err != nil || len(report.Problems) > 0 {
			t.Errorf("bulk %v: %v, %q", bulk, err, report.Problems)
		}
	}
}

// TestCheckTables spoils tables and expects Check to say so.
func TestCheckTables(t *testing.T) {
	t.Parallel()
	for want, spoil := range map[string]func(*Tx) error{
		"rows, counted": func(tx *Tx) error { return tx.tables().Bucket([]byte("cards")).SetSequence(9) },
		"entries for": func(tx *Tx) error {
			return tx.tables().Bucket([]byte("cards.value")).Delete(append(appendKey(nil, schema.Int(7), true), idKey(1)...))
		},
		"is not of its row": func(tx *Tx) error {
			return tx.tables().Bucket([]byte("cards.value")).Put(append(appendKey(nil, schema.Int(8), true), idKey(1)...), []byte{})
		},
		"stored data is damaged": func(tx *Tx) error { return tx.tables().Bucket([]byte("cards")).Put(idKey(1), []byte{200, 1}) },
		"a row under the key":    func(tx *Tx) error { return tx.tables().Bucket([]byte("cards")).Put([]byte("short"), []byte{0}) },
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			s := mustOpen(t, Options{Dir: dir})
			mustInsert(t, s, "users", "id", 1)
			mustInsert(t, s, "cards", "value", 7, "user_id", 1)
			err := s.Update(0, func(tx *Tx) error {
				tx.dirty = true
				return spoil(tx)
			})
			if err != nil {
				t.Fatal(err)
			}
			s.Close()
			report, err := Check(t.Context(), dir, nil)
			if err != nil || !strings.Contains(strings.Join(report.Problems, "\n"), want) {
				t.Errorf("problems %q, %v; want one with %q", report.Problems, err, want)
			}
		})
	}
}

// FuzzCells reads arbitrary bytes as a row, and what they hold as they were
// written.
func FuzzCells(f *testing.F) {
	f.Add([]byte{0, 9, 10, 3, 1, 2, 3, 17, 'a', 11, 2, 'x', 'y', 12, 0}, int64(-5), "text")
	f.Fuzz(func(t *testing.T, raw []byte, n int64, s string) {
		cells := make([]schema.Value, 40)
		if _, err := decodeRow(cells, raw); err != nil && !errors.Is(err, ErrDamaged) {
			t.Errorf("decodeRow: %v", err)
		}
		want := []schema.Value{schema.Null, schema.Int(n), schema.Text(s), schema.Blob(s), schema.Int(n >> 32)}
		row := encodeRow(want)
		got := make([]schema.Value, len(want))
		if count, err := decodeRow(got, row); count != len(want) || err != nil || !slices.Equal(got, want) {
			t.Errorf("row %v reads as %v, %v", want, got, err)
		}
		for i := range want {
			if v, found, err := cellAt(row, i); v != want[i] || !found || err != nil {
				t.Errorf("cell %d of %v is %v, %v", i, want, v, err)
			}
		}
	})
}
