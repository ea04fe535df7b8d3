package schema

import (
	"testing"
)

// TestSchema holds for the full definition and for what each line sees of it.
func TestSchema(t *testing.T) {
	t.Parallel()
	t.Run("all tables together are in order", func(t *testing.T) {
		t.Parallel()
		checkSchema(t, All())
	})
	for _, e := range everyLine {
		t.Run("the tables of "+e.name+" are in order", func(t *testing.T) {
			t.Parallel()
			s := Of(e.line)
			if len(s.Tables()) < 50 {
				t.Fatalf("%d tables, want most of All's", len(s.Tables()))
			}
			checkSchema(t, s)
		})
	}
}

func checkSchema(t *testing.T, s *Schema) {
	t.Helper()
	tables := make(map[string]bool)
	for _, table := range s.Tables() {
		if tables[table.Name] {
			t.Errorf("two tables %s", table.Name)
		}
		tables[table.Name] = true
		if len(table.Columns) == 0 {
			t.Errorf("%s has no columns", table.Name)
		}
		checkKey(t, table)
		checkSets(t, table)

		names, slots := make(map[string]bool), make(map[int]bool)
		for i, c := range table.Columns {
			for _, name := range []string{c.Name, c.Alias} {
				if name != "" && names[name] {
					t.Errorf("%s: two columns %s", table.Name, name)
				}
				names[name] = true
			}
			if slots[c.Slot] {
				t.Errorf("%s.%s: slot %d is another column's", table.Name, c.Name, c.Slot)
			}
			slots[c.Slot] = true
			if c.Slot >= table.Slots() {
				t.Errorf("%s.%s: slot %d, and rows have %d places", table.Name, c.Name, c.Slot, table.Slots())
			}
			if got := table.Column(c.Name); got != i {
				t.Errorf("%s.Column(%s) = %d, want %d", table.Name, c.Name, got, i)
			}
			checkColumn(t, s, table, c)
		}
	}
}

func checkKey(t *testing.T, table *Table) {
	t.Helper()
	want := -1
	for i, c := range table.Columns {
		if c.Name == "id" || table.Name == "alarm_zones" && c.Name == "zone" {
			want = i
		}
	}
	if table.Key != want {
		t.Errorf("%s: key is column %d, want %d", table.Name, table.Key, want)
	}
}

func checkSets(t *testing.T, table *Table) {
	t.Helper()
	for _, set := range table.Unique {
		for _, i := range set {
			if i < 0 || i >= len(table.Columns) {
				t.Errorf("%s: unique set %v names no column", table.Name, set)
				return
			}
		}
	}
	if table.Key < 0 && table.Through && len(table.Unique) == 0 {
		t.Errorf("%s is a junction whose rows may repeat", table.Name)
	}
}

func checkColumn(t *testing.T, s *Schema, table *Table, c Column) {
	t.Helper()
	name := table.Name + "." + c.Name
	if !c.Default.IsNull() && c.Default.Kind() != c.Type.Kind() {
		t.Errorf("%s is %s, its default is not", name, c.Type)
	}
	if c.Unsigned && c.Type.Kind() != IntKind {
		t.Errorf("%s is %s and unsigned", name, c.Type)
	}
	if c.Lines&^table.Lines != 0 {
		t.Errorf("%s is of lines that do not have the table", name)
	}
	r := c.Ref
	if r == nil {
		return
	}
	to := s.Table(r.Table)
	if to == nil {
		t.Errorf("%s refers to %s, which is not there", name, r.Table)
		return
	}
	if to.Key < 0 || to.Columns[to.Key].Name != r.Column {
		t.Errorf("%s refers to %s.%s, which is not its key", name, r.Table, r.Column)
	}
	if r.OnDelete == SetNull && c.NotNull {
		t.Errorf("%s would become null and may not", name)
	}
	if r.OnDelete == Cascade && !c.NotNull {
		t.Errorf("%s may be null and takes its row along", name)
	}
}

func TestChildren(t *testing.T) {
	t.Parallel()
	s := Of(Amico)
	children := make(map[string]bool)
	for _, c := range s.Children("users") {
		children[c.Table.Name+"."+c.Table.Columns[c.Column].Name] = true
	}
	for _, want := range []string{
		"cards.user_id", "templates.user_id", "face_templates.user_id", "qrcodes.user_id", "pins.user_id",
		"user_groups.user_id", "user_access_rules.user_id", "user_roles.user_id", "visits.host_id",
	} {
		if !children[want] {
			t.Errorf("%s does not notice that its user goes", want)
		}
	}
	if children["access_logs.user_id"] {
		t.Error("access_logs notices that its user goes; logs keep the number (access-api §3.5)")
	}
}
