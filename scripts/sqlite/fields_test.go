package sqlite

import (
	"fmt"
	"testing"

	"portaria/store/query"
	"portaria/store/schema"
)

// extended are the tables that get custom columns.
var extended = []string{"users", "cards", "groups", "user_groups", "c_users", "access_logs", "visits"}

// reform adds a custom column, or removes one.
func (w *world) reform(t testing.TB) {
	t.Helper()
	if len(w.fields) > 0 && w.chance(40) {
		i := w.random.IntN(len(w.fields))
		f := w.fields[i]
		w.fields = without(w.fields, i)
		if err := w.device.RemoveFields([]int64{f.ID}); err != nil {
			t.Fatalf("remove %+v: %v", f, err)
		}
		w.must(t, "DROP INDEX IF EXISTS "+quote(f.Table+"."+f.Name))
		w.must(t, "ALTER TABLE "+quote(f.Table)+" DROP COLUMN "+quote(f.Name))
	} else {
		w.addField(t)
	}
	w.reread()
	for _, name := range []string{"custom_columns", "custom_tables"} {
		w.copyTable(t, w.schema.Table(name))
	}
	if err := w.compareState(w.tables); err != nil {
		t.Fatalf("%v\nwith the fields %+v", err, w.fields)
	}
	w.look(t, w.tables)
}

func (w *world) addField(t testing.TB) {
	t.Helper()
	f := schema.Field{Table: pick(w.random, extended), Type: schema.Type(w.random.IntN(4)), Unique: w.chance(20)}
	// Names come again, also for columns of another type.
	taken := func(f schema.Field) bool { return w.schema.Table(f.Table).Column(f.Name) >= 0 }
	for f.Name = "x1"; taken(f); f.Name += "1" {
	}
	if !f.Unique && w.chance(60) {
		if f.Default = w.any(&schema.Column{Type: f.Type}); f.Type == schema.String {
			f.Default = schema.Text(pick(w.random, commonTexts))
		}
		f.NotNull = w.chance(50)
	}
	var err error
	if f.ID, err = w.device.AddField(f); err != nil {
		t.Fatalf("add %+v: %v", f, err)
	}
	w.fields = append(w.fields, f)
	text := fmt.Sprintf("ALTER TABLE %s ADD COLUMN %s %s", quote(f.Table), quote(f.Name), f.Type)
	if f.NotNull {
		text += " NOT NULL"
	}
	if !f.Default.IsNull() {
		text += " DEFAULT " + literal(f.Default)
	}
	w.must(t, text)
	if f.Unique {
		w.must(t, fmt.Sprintf("CREATE UNIQUE INDEX %s ON %s (%s)", quote(f.Table+"."+f.Name), quote(f.Table), quote(f.Name)))
	}
}

func (w *world) must(t testing.TB, text string) {
	t.Helper()
	if _, err := w.db.Exec(text); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

// copyTable makes SQLite's table what the terminal's is.
func (p *pair) copyTable(t testing.TB, table *schema.Table) {
	t.Helper()
	rows, err := p.load(query.Query{Filter: query.Filter{Table: table.Name}, Limit: query.NoLimit})
	if err != nil {
		t.Fatal(err)
	}
	statements := []string{"PRAGMA foreign_keys=OFF", "DELETE FROM " + quote(table.Name)}
	for _, text := range statements {
		if _, err := p.db.Exec(text); err != nil {
			t.Fatal(err)
		}
	}
	for _, cells := range rows {
		var row schema.Row
		for i, v := range cells {
			row = append(row, schema.Assignment{Column: i, Value: v})
		}
		if _, err := p.db.Exec(Insert(table, row), Arguments(turnRow(table, row))...); err != nil {
			t.Fatalf("rows of %s: %v", table.Name, err)
		}
	}
	if _, err := p.db.Exec("PRAGMA foreign_keys=ON"); err != nil {
		t.Fatal(err)
	}
}

// reread takes the terminal's schema as it is now.
func (p *pair) reread() {
	p.schema, p.tables = p.device.Schema(), nil
	for _, table := range p.schema.Tables() {
		if !table.Pseudo && table.Name != itsOwn {
			p.tables = append(p.tables, table)
		}
	}
}
