package sqlite

import (
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"testing"

	"portaria/store/query"
	"portaria/store/schema"
)

// change is one request that changes rows.
type change struct {
	verb   string
	table  *schema.Table
	rows   []schema.Row // the one of a modify: what is assigned
	filter query.Filter
}

func (c change) String() string {
	return fmt.Sprintf("%s %s where %s join %v\n%s", c.verb, c.table.Name, query.Format(c.filter.Where), c.filter.Join, rowTexts(c.table, c.rows))
}

// outcome is what a change answers.
type outcome struct {
	kind    string
	ids     []int64
	changes int64
}

func (o outcome) String() string {
	return fmt.Sprintf("%s, ids %d, %d changes", o.kind, o.ids, o.changes)
}

// TestChanges makes the same changes on both sides, good ones and bad ones.
func TestChanges(t *testing.T) {
	t.Parallel()
	seed := seedOf(t)
	n := numberOf(t, "PORTARIA_CHANGES", 6_000)
	const worlds = 2
	for i := range worlds {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			t.Parallel()
			newWorld(t, seed+uint64(i)).change(t, seed, n/worlds)
		})
	}
}

func (w *world) change(t *testing.T, seed uint64, n int) {
	few := func(string) int { return 6 }
	w.populate(t, few)
	kinds := make(map[string]int)
	var ways tally
	for i := range n {
		if i%200 == 199 {
			w.populate(t, few)
			random := w.random
			w.examine(t, seed+uint64(i), 100, &ways)
			w.random = random
		}
		if i%40 == 20 {
			w.reform(t)
		}
		c := w.anyChange()
		want, got := w.sqlite(t, c), w.terminal(c)
		kinds[c.verb+" "+want.kind]++
		if severalRules(c, got, want) {
			kinds["several rules"]++
			continue
		}
		if got.kind != want.kind || got.changes != want.changes || !slices.Equal(got.ids, want.ids) {
			t.Fatalf("change %d: %v\n portaria %v\n SQLite   %v", i, c, got, want)
		}
		touched := w.family(c.table)
		if i%50 == 0 {
			touched = w.tables
		}
		if err := w.compareState(touched); err != nil {
			t.Fatalf("change %d: %v\n%v\n%v", i, c, want, err)
		}
		w.look(t, touched)
	}
	t.Log(kinds)
}

// severalRules tells whether a change of many rows breaks a rule at one and
// another rule at the next: SQLite judges references when it is done with all
// of them, the terminal one row after the other.
func severalRules(c change, got, want outcome) bool {
	return c.verb == "modify" && want.kind == "unique" && got.kind == "foreign key"
}

// family is the table with all that depend on it.
func (w *world) family(table *schema.Table) []*schema.Table {
	family := []*schema.Table{table}
	for i := 0; i < len(family); i++ {
		for _, child := range w.schema.Children(family[i].Name) {
			if !slices.Contains(family, child.Table) && slices.Contains(w.tables, child.Table) {
				family = append(family, child.Table)
			}
		}
	}
	return family
}

// definitions are tables whose rows stand for columns of others.
var definitions = []string{"custom_tables", "custom_columns"}

func (w *world) anyChange() change {
	table := w.schema.Table(pick(w.random, asked))
	if w.chance(50) {
		table = pick(w.random, w.tables)
	}
	if slices.Contains(definitions, table.Name) {
		return w.anyChange()
	}
	c := change{table: table, filter: query.Filter{Table: table.Name}}
	wrong := pick(w.random, []int{0, 0, 10, 30})
	switch n := w.random.IntN(100); {
	case n < 45:
		c.verb = "create"
		for range 1 + w.random.IntN(3) {
			c.rows = append(c.rows, w.row(table, wrong))
		}
	case n < 60:
		c.verb = "modify"
		c.filter = w.filter(table)
		c.rows = []schema.Row{w.assignments(table, wrong)}
	case n < 70:
		c.verb = "create or modify"
		for range 1 + w.random.IntN(3) {
			c.rows = append(c.rows, w.known(table, w.row(table, wrong), 50))
		}
	case n < 78 && table.Key >= 0:
		c.verb = "modify each"
		for range 1 + w.random.IntN(3) {
			row := slices.DeleteFunc(w.assignments(table, wrong), func(a schema.Assignment) bool { return a.Column == table.Key })
			c.rows = append(c.rows, w.known(table, row, 100))
		}
	default:
		c.verb = "destroy"
		c.filter = w.filter(table)
	}
	return c
}

// known gives the row the key of one that is there, mostly.
func (w *world) known(table *schema.Table, row schema.Row, percent int) schema.Row {
	if table.Key < 0 || !w.chance(percent) {
		return row
	}
	row = slices.DeleteFunc(row, func(a schema.Assignment) bool { return a.Column == table.Key })
	key := w.newKey()
	if keys := w.keys[table.Name]; len(keys) > 0 && w.chance(90) {
		key = pick(w.random, keys)
	}
	return append(schema.Row{{Column: table.Key, Value: schema.Int(key)}}, row...)
}

func (w *world) assignments(table *schema.Table, wrong int) schema.Row {
	var row schema.Row
	for range 1 + w.random.IntN(3) {
		i := w.random.IntN(len(table.Columns))
		if slices.ContainsFunc(row, func(a schema.Assignment) bool { return a.Column == i }) || i == table.Key && w.chance(70) {
			continue
		}
		row = append(row, schema.Assignment{Column: i, Value: w.cell(table, i, wrong)})
	}
	return row
}

// filter means few rows, mostly.
func (w *world) filter(table *schema.Table) query.Filter {
	f := query.Filter{Table: table.Name}
	scope := w.scope(table)
	switch {
	case w.chance(3):
		return f
	case table.Key >= 0 && w.chance(50) && len(w.keys[table.Name]) > 0:
		f.Where = query.Compare{
			Column: query.Column{Table: table.Name, Name: table.Columns[table.Key].Name},
			Value:  schema.Int(pick(w.random, w.keys[table.Name])),
		}
		return f
	}
	f.Where = query.And{w.condition(scope, 1), w.condition(scope, 1)}
	return f
}

// terminal makes the change on the terminal.
func (w *world) terminal(c change) (o outcome) {
	var err error
	switch c.verb {
	case "create":
		o.ids, err = w.device.Create(c.table.Name, c.rows)
	case "create or modify":
		o.ids, _, err = w.device.CreateOrModify(c.table.Name, c.rows)
	case "modify":
		o.changes, err = w.device.Modify(c.filter, c.rows[0])
	case "modify each":
		o.changes, err = w.device.ModifyEach(c.table.Name, c.rows)
	case "destroy":
		o.changes, err = w.device.Destroy(c.filter)
	}
	if o.kind = kind(err); err != nil {
		o.ids, o.changes = nil, 0
	}
	return o
}

// sqlite makes the change in SQLite.
func (w *world) sqlite(t testing.TB, c change) outcome {
	t.Helper()
	tx, err := w.db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	o, err := w.inSQL(tx, c)
	if o.kind = kind(err); err != nil {
		if err := tx.Rollback(); err != nil {
			t.Fatal(err)
		}
		return outcome{kind: o.kind}
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	return o
}

func (w *world) inSQL(tx *sql.Tx, c change) (o outcome, err error) {
	switch c.verb {
	case "create":
		for _, row := range c.rows {
			id, err := insert(tx, c.table, row)
			if err != nil {
				return o, err
			}
			o.ids = append(o.ids, id)
		}
	case "create or modify":
		for _, row := range c.rows {
			id, err := insertOrUpdate(tx, c.table, row)
			if err != nil {
				return o, err
			}
			o.ids = append(o.ids, id)
		}
	case "modify":
		if len(c.rows[0]) == 0 {
			return o, nil
		}
		meant, err := w.meant(c.filter)
		if err != nil {
			return o, err
		}
		o.changes, err = affect(tx, Update(c.table, c.rows[0], meant), Arguments(turnRow(c.table, c.rows[0]))...)
		return o, err
	case "modify each":
		for _, row := range c.rows {
			n, err := updateByKey(tx, c.table, row)
			if err != nil {
				return o, err
			}
			o.changes += n
		}
	case "destroy":
		meant, err := w.meant(c.filter)
		if err != nil {
			return o, err
		}
		o.changes, err = affect(tx, Delete(c.table, meant))
		return o, err
	}
	return o, nil
}

func (w *world) meant(f query.Filter) (string, error) {
	f.Where = w.turnExpr(f.Where)
	return Meant(w.schema, f)
}

func affect(tx *sql.Tx, text string, arguments ...any) (int64, error) {
	result, err := tx.Exec(text, arguments...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// updateByKey assigns the rest of a row to the one that has its key, the
// first of its columns.
func updateByKey(tx *sql.Tx, table *schema.Table, row schema.Row) (int64, error) {
	meant := "SELECT " + literal(row[0].Value)
	set := row[1:]
	if len(set) == 0 {
		set = row
	}
	return affect(tx, Update(table, set, meant), Arguments(turnRow(table, set))...)
}

func insertOrUpdate(tx *sql.Tx, table *schema.Table, row schema.Row) (id int64, err error) {
	if table.Key < 0 {
		id, found, err := twin(tx, table, row)
		if err != nil {
			return 0, err
		}
		if !found {
			return insert(tx, table, row)
		}
		_, err = affect(tx, Update(table, row, "SELECT "+literal(schema.Int(id))), Arguments(turnRow(table, row))...)
		return id, err
	}
	if len(row) == 0 || row[0].Column != table.Key {
		return insert(tx, table, row)
	}
	n, err := updateByKey(tx, table, row)
	if n > 0 || err != nil {
		return row[0].Value.Int(), err
	}
	return insert(tx, table, row)
}

// twin finds the row of a table without a key that a row would be once more.
func twin(tx *sql.Tx, table *schema.Table, row schema.Row) (id int64, found bool, err error) {
	for _, set := range table.Unique {
		var parts []query.Expr
		for _, i := range set {
			v := table.Columns[i].Default
			for _, a := range row {
				if a.Column == i {
					v = a.Value
				}
			}
			parts = append(parts, query.Compare{Column: query.Column{Table: table.Name, Name: table.Columns[i].Name}, Value: v})
		}
		err = tx.QueryRow("SELECT rowid FROM " + quote(table.Name) + " WHERE " + query.Format(query.And(parts))).Scan(&id)
		if err != sql.ErrNoRows {
			return id, err == nil, err
		}
	}
	return 0, false, nil
}
