package schema

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// factories are terminals of every line and kind.
func factories() []FactoryOptions {
	var all []FactoryOptions
	for _, e := range everyLine {
		for _, o := range []FactoryOptions{
			{Doors: 0, Action: "door"},
			{Doors: 1, Action: "sec_box", SecBox: true},
			{Doors: 2, Action: "door", Portuguese: true},
			{Doors: 4, Action: "door"},
			{Doors: 1, Action: "catra", Turnstile: true},
		} {
			o.Line, o.DeviceID, o.Serial, o.IP = e.line, 4409419584545677, "0F0200/000A1D", "10.0.0.9"
			all = append(all, o)
		}
	}
	return all
}

// TestFactory stores the rows in a table of tables, with the checks that a
// database would make.
func TestFactory(t *testing.T) {
	t.Parallel()
	for _, o := range factories() {
		t.Run(fmt.Sprintf("%s with %d doors and %s", lineNames(o.Line), o.Doors, o.Action), func(t *testing.T) {
			t.Parallel()
			rows := Factory(o)
			if len(rows) == 0 {
				t.Fatal("no rows")
			}
			stored := make(shelves)
			for _, row := range rows {
				if err := stored.put(Of(o.Line), row); err != nil {
					t.Errorf("%s %v: %v", row.Table, row.Cells, err)
				}
			}
		})
	}
}

// shelves hold the rows of each table, cell by cell.
type shelves map[string][]map[string]Value

func (s shelves) put(schema *Schema, row FactoryRow) error {
	table := schema.Table(row.Table)
	if table == nil {
		return fmt.Errorf("no such table")
	}
	cells := make(map[string]Value)
	for _, c := range row.Cells {
		if table.Column(c.Column) < 0 {
			return fmt.Errorf("no column %s", c.Column)
		}
		if _, ok := cells[c.Column]; ok {
			return fmt.Errorf("%s twice", c.Column)
		}
		cells[c.Column] = c.Value
	}
	for _, c := range table.Columns {
		v, ok := cells[c.Name]
		if !ok {
			v = c.Default
			cells[c.Name] = v
		}
		switch {
		case v.IsNull() && c.NotNull:
			return fmt.Errorf("%s is null", c.Name)
		case v.IsNull():
			continue
		case v.Kind() != c.Type.Kind():
			return fmt.Errorf("%s is no %s", c.Name, c.Type)
		}
		if r := c.Ref; r != nil && r.OnDelete != Soft && !s.have(r.Table, r.Column, v) {
			return fmt.Errorf("%s = %d refers to nothing in %s", c.Name, v.Int(), r.Table)
		}
		if unique := c.Unique || c.Name == "id"; unique && s.have(table.Name, c.Name, v) {
			return fmt.Errorf("%s is there already", c.Name)
		}
	}
	for _, set := range table.Unique {
		for _, other := range s[table.Name] {
			same := true
			for _, i := range set {
				same = same && other[table.Columns[i].Name] == cells[table.Columns[i].Name]
			}
			if same {
				return fmt.Errorf("the row is there already")
			}
		}
	}
	s[table.Name] = append(s[table.Name], cells)
	return nil
}

func (s shelves) have(table, column string, v Value) bool {
	for _, row := range s[table] {
		if row[column] == v {
			return true
		}
	}
	return false
}

// of lists one column of a table's factory rows.
func of(rows []FactoryRow, table, column string) []Value {
	var values []Value
	for _, row := range rows {
		for _, c := range row.Cells {
			if row.Table == table && c.Column == column {
				values = append(values, c.Value)
			}
		}
	}
	return values
}

func TestFactoryRows(t *testing.T) {
	t.Parallel()
	options := func(change func(*FactoryOptions)) FactoryOptions {
		o := FactoryOptions{Line: V6, Doors: 1, Action: "door", DeviceID: 77, Serial: "0M0300/00002A", IP: "10.0.0.9"}
		change(&o)
		return o
	}
	for _, c := range []struct {
		says          string
		options       FactoryOptions
		table, column string
		want          []Value
	}{
		{
			"group 1 is named", options(func(*FactoryOptions) {}),
			"groups", "name",
			[]Value{Text("Standard")},
		},
		{
			"and in Portuguese", options(func(o *FactoryOptions) { o.Portuguese = true }),
			"groups", "name",
			[]Value{Text("Padrão")},
		},
		{
			"all of the day is allowed", options(func(o *FactoryOptions) { o.Portuguese = true }),
			"time_zones", "name",
			[]Value{Text("Sempre Liberado")},
		},
		{
			"to its last second", options(func(*FactoryOptions) {}),
			"time_spans", "end",
			[]Value{Int(86399)},
		},
		{
			"on holidays too", options(func(*FactoryOptions) {}),
			"time_spans", "hol3",
			[]Value{Int(1)},
		},
		{
			"rule 1 allows", options(func(*FactoryOptions) {}),
			"access_rules", "type",
			[]Value{Int(1)},
		},
		{
			"and covers every portal", options(func(o *FactoryOptions) { o.Doors = 4 }),
			"portal_access_rules", "portal_id",
			[]Value{Int(1), Int(2), Int(3), Int(4)},
		},
		{
			"a terminal without a count of doors has portal 1", options(func(o *FactoryOptions) { o.Doors = 0 }),
			"portals", "id",
			[]Value{Int(1)},
		},
		{
			"relays open doors by number", options(func(o *FactoryOptions) { o.Doors = 2 }),
			"actions", "parameters",
			[]Value{Text("door=1"), Text("door=2")},
		},
		{
			"a security box opens by its id", options(func(o *FactoryOptions) { o.Action = "sec_box" }),
			"actions", "parameters",
			[]Value{Text("id=65793, reason=1")},
		},
		{
			"a turnstile lets pass both ways", options(func(o *FactoryOptions) { o.Action = "catra" }),
			"actions", "parameters",
			[]Value{Text("allow=both")},
		},
		{
			"the terminal is a device", options(func(*FactoryOptions) {}),
			"devices", "id",
			[]Value{Int(77)},
		},
		{
			"named by its serial", options(func(*FactoryOptions) {}),
			"devices", "name",
			[]Value{Text("0M0300/00002A")},
		},
		{
			"only a terminal with a security box has its row", options(func(*FactoryOptions) {}),
			"sec_boxs", "id", nil,
		},
		{
			"which has one id everywhere", options(func(o *FactoryOptions) { o.SecBox = true }),
			"sec_boxs", "id",
			[]Value{Int(65793)},
		},
		{
			"turns are counted on turnstiles", options(func(o *FactoryOptions) { o.Turnstile = true }),
			"catra_infos", "left_turns",
			[]Value{Int(0)},
		},
		{
			"and nowhere else", options(func(*FactoryOptions) {}),
			"catra_infos", "left_turns", nil,
		},
		{
			"scripts are those that clients know", options(func(*FactoryOptions) {}),
			"scripts", "script",
			[]Value{
				Text("biometry"), Text("card_idbox"), Text("password"), Text("user_identified"), Text("card"),
			},
		},
		{
			"their parameters have the ids that clients know", options(func(*FactoryOptions) {}),
			"script_parameters", "id",
			[]Value{Int(1), Int(5), Int(6), Int(7), Int(8), Int(9), Int(10)},
		},
		{
			"four doors have a reader each", options(func(o *FactoryOptions) { o.Doors = 4 }),
			"portal_script_parameters", "value",
			[]Value{Int(1), Int(1), Int(2), Int(3), Int(4), Int(1), Int(1)},
		},
		{
			"visitors are a type, which needs a visit", options(func(*FactoryOptions) {}),
			"user_types", "require_visitor",
			[]Value{Int(1)},
		},
		{
			"unless the line knows no visits", options(func(o *FactoryOptions) { o.Line = V5 }),
			"user_types", "require_visitor",
			[]Value{Int(0)},
		},
		{
			"custom tables are those of the line", options(func(o *FactoryOptions) { o.Line = V5 }),
			"custom_tables", "table_name",
			[]Value{Text("c_users")},
		},
		{
			"cpf is there from the start", options(func(*FactoryOptions) {}),
			"custom_columns", "column_name",
			[]Value{Text("cpf")},
		},
		{
			"nobody is", options(func(*FactoryOptions) {}),
			"users", "id", nil,
		},
	} {
		t.Run(c.says, func(t *testing.T) {
			t.Parallel()
			got := of(Factory(c.options), c.table, c.column)
			if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(Value{})); diff != "" {
				t.Errorf("%s.%s (-want +got):\n%s", c.table, c.column, diff)
			}
		})
	}
}
