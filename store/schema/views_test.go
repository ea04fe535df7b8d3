package schema

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func columnNames(t *Table) []string {
	var names []string
	for _, c := range t.Columns {
		names = append(names, c.Name)
	}
	return names
}

func TestOf(t *testing.T) {
	t.Parallel()
	t.Run("a legacy log has the eight oldest columns", func(t *testing.T) {
		t.Parallel()
		want := []string{
			"id", "time", "event", "device_id", "identifier_id", "user_id", "portal_id", "identification_rule_id",
		}
		if diff := cmp.Diff(want, columnNames(Of(Legacy).Table("access_logs"))); diff != "" {
			t.Errorf("access_logs (-want +got):\n%s", diff)
		}
	})
	t.Run("a legacy user has no photo, no panic and no last access", func(t *testing.T) {
		t.Parallel()
		want := []string{
			"id", "registration", "name", "password", "salt", "expires", "user_type_id", "begin_time", "end_time",
		}
		if diff := cmp.Diff(want, columnNames(Of(Legacy).Table("users"))); diff != "" {
			t.Errorf("users (-want +got):\n%s", diff)
		}
	})
	t.Run("slots stay, whatever the line lacks", func(t *testing.T) {
		t.Parallel()
		for _, e := range everyLine {
			for _, table := range Of(e.line).Tables() {
				full := All().Table(table.Name)
				for _, c := range table.Columns {
					if want := full.Columns[full.Column(c.Name)].Slot; c.Slot != want {
						t.Errorf("%s: %s.%s has slot %d, want %d", e.name, table.Name, c.Name, c.Slot, want)
					}
				}
				if table.Slots() != full.Slots() {
					t.Errorf("%s: rows of %s have %d places, want %d", e.name, table.Name, table.Slots(), full.Slots())
				}
			}
		}
	})
	t.Run("each line has its own tables", func(t *testing.T) {
		t.Parallel()
		for _, c := range []struct {
			table string
			lines Lines
		}{
			{"users", Every},
			{"sec_boxs", Every},
			{"catra_infos", Every},
			{"face_templates", FacialSet},
			{"visits", FacialSet},
			{"portal_rules", FacialSet},
			{"access_log_portal_rules", FacialSet},
			{"api_logins", FacialSet},
			{"wiegand_modes", FacialSet},
			{"change_logs", FacialSet},
			{"uhf_tags", V5},
			{"pins", Modern},
		} {
			for _, e := range everyLine {
				if got, want := Of(e.line).Table(c.table) != nil, c.lines.Has(e.line); got != want {
					t.Errorf("Of(%s) has %s: %t, want %t", e.name, c.table, got, want)
				}
			}
		}
	})
	t.Run("the amico unit has what it was read from", func(t *testing.T) {
		t.Parallel()
		if got := len(Of(Amico).Tables()); got != 90 {
			t.Errorf("%d tables, want 90 (access-api §3.11)", got)
		}
	})
	t.Run("a unique set that loses a column is dropped, others are found again", func(t *testing.T) {
		t.Parallel()
		full := table("t", bigint("new").on(Amico), bigint("a"), bigint("b"), id()).once("a", "b").once("new", "a")
		view := full.of(V5, New(full))
		if want := [][]int{{0, 1}}; !cmp.Equal(view.Unique, want) || view.Key != 2 {
			t.Errorf("unique %v, key %d, want %v and 2", view.Unique, view.Key, want)
		}
		if len(full.Columns) != 4 || full.Key != 3 {
			t.Error("the full definition has changed")
		}
	})
	t.Run("a reference to a table that the line lacks is none", func(t *testing.T) {
		t.Parallel()
		a := table("a", id(), ref("b_id", "b.id"))
		b := table("b", id()).on(Amico)
		if c := a.of(V5, New(a, b)).Columns[1]; c.Ref != nil {
			t.Errorf("b_id still refers to %s", c.Ref.Table)
		}
		if a.Columns[1].Ref == nil {
			t.Error("the full definition has changed")
		}
	})
}

func TestWith(t *testing.T) {
	t.Parallel()
	fields := []Field{
		{ID: 2, Table: "c_users", Name: "birthdate", Type: String, NotNull: true, Default: Text("-"), Unique: true, Slot: 33},
		{ID: 3, Table: "nowhere", Name: "x", Slot: 32},
		{ID: 4, Table: "c_users", Name: "cpf", Type: Integer, Slot: 34},
	}
	before := Of(Amico)
	after := before.With(fields)

	t.Run("the column is its table's last", func(t *testing.T) {
		t.Parallel()
		table := after.Table("c_users")
		if diff := cmp.Diff([]string{"id", "user_id", "cpf", "birthdate"}, columnNames(table)); diff != "" {
			t.Fatalf("c_users (-want +got):\n%s", diff)
		}
		want := Column{
			Name: "birthdate", Type: String, NotNull: true, Default: Text("-"), Unique: true, Slot: 33,
		}
		if diff := cmp.Diff(want, table.Columns[3], cmp.AllowUnexported(Value{})); diff != "" {
			t.Errorf("birthdate (-want +got):\n%s", diff)
		}
		if table.Column("birthdate") != 3 || table.Slots() != 34 {
			t.Errorf("Column %d, Slots %d, want 3 and 34", table.Column("birthdate"), table.Slots())
		}
	})
	t.Run("the terminal's own column wins over one of the same name", func(t *testing.T) {
		t.Parallel()
		if c := after.Table("c_users").Columns[2]; c.Type != String || c.Slot != 2 {
			t.Errorf("cpf is %s in slot %d, want TEXT in slot 2", c.Type, c.Slot)
		}
	})
	t.Run("a field of an unknown table is left out", func(t *testing.T) {
		t.Parallel()
		if after.Table("nowhere") != nil {
			t.Error("a table came out of nothing")
		}
	})
	t.Run("the schema it came from is as it was", func(t *testing.T) {
		t.Parallel()
		if diff := cmp.Diff([]string{"id", "user_id", "cpf"}, columnNames(before.Table("c_users"))); diff != "" {
			t.Errorf("c_users (-want +got):\n%s", diff)
		}
		checkSchema(t, after)
	})
	t.Run("two copies of one schema share no column", func(t *testing.T) {
		t.Parallel()
		one := before.With([]Field{{Table: "c_users", Name: "one", Slot: 32}})
		before.With([]Field{{Table: "c_users", Name: "other", Slot: 32}})
		if diff := cmp.Diff([]string{"id", "user_id", "cpf", "one"}, columnNames(one.Table("c_users"))); diff != "" {
			t.Errorf("c_users (-want +got):\n%s", diff)
		}
	})
	t.Run("children and paths are of the copy", func(t *testing.T) {
		t.Parallel()
		for _, c := range after.Children("users") {
			if c.Table != after.Table(c.Table.Name) {
				t.Errorf("the child %s is of another schema", c.Table.Name)
			}
		}
		if len(after.Path([]string{"users"}, "c_users")) != 1 {
			t.Error("no path from users to c_users")
		}
	})
}

func TestNextSlot(t *testing.T) {
	t.Parallel()
	t.Run("the first is beyond what firmware may bring", func(t *testing.T) {
		t.Parallel()
		for _, table := range All().Tables() {
			if len(table.Columns) > firstField {
				t.Errorf("%s has %d columns, custom ones begin at %d", table.Name, len(table.Columns), firstField)
			}
			if got := All().NextSlot(table.Name, nil); got != firstField {
				t.Errorf("NextSlot(%s) = %d, want %d", table.Name, got, firstField)
			}
		}
	})
	t.Run("the place of a removed field is not given again", func(t *testing.T) {
		t.Parallel()
		fields := []Field{{Table: "c_users", Slot: 32}, {Table: "c_users", Slot: 35}, {Table: "users", Slot: 50}}
		if got := Of(V5).With(fields[:1]).NextSlot("c_users", fields); got != 36 {
			t.Errorf("NextSlot = %d, want 36", got)
		}
	})
	t.Run("fields that are in use count without being told", func(t *testing.T) {
		t.Parallel()
		s := All().With([]Field{{Table: "c_users", Name: "a", Slot: 40}})
		if got := s.NextSlot("c_users", nil); got != 41 {
			t.Errorf("NextSlot = %d, want 41", got)
		}
	})
}
