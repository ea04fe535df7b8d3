package sqlite

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	driver "modernc.org/sqlite"

	"portaria/store"
	"portaria/store/query"
	"portaria/store/schema"
	"portaria/terminal/device"
)

// pair is a terminal and an SQLite database that hold the same.
type pair struct {
	device *device.Device
	db     *sql.DB
	schema *schema.Schema
	tables []*schema.Table // those that are compared
}

// itsOwn are tables into which the terminal writes rows of itself.
var itsOwn = []string{"change_logs", "audit_logs", "access_events"}

// newPair opens a factory-new terminal and copies its rows to SQLite.
func newPair(t testing.TB) *pair {
	t.Helper()
	s, err := store.Open(store.Options{Ephemeral: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	profile, err := device.ProfileOf("amico")
	if err != nil {
		t.Fatal(err)
	}
	d, err := device.New(device.Config{Store: s, Profile: profile, PasswordCost: 1})
	if err != nil {
		t.Fatal(err)
	}
	p := &pair{device: d, schema: d.Schema()}
	for _, table := range p.schema.Tables() {
		if !table.Pseudo && !slices.Contains(itsOwn, table.Name) {
			p.tables = append(p.tables, table)
		}
	}
	if len(p.tables) < 50 {
		t.Fatalf("only %d tables; where are the others?", len(p.tables))
	}
	if p.db, err = Memory(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.db.Close() })
	if err := CreateTables(p.db, p.schema); err != nil {
		t.Fatal(err)
	}
	p.copyFactory(t)
	return p
}

func (p *pair) copyFactory(t testing.TB) {
	t.Helper()
	if _, err := p.db.Exec("PRAGMA foreign_keys=OFF"); err != nil {
		t.Fatal(err)
	}
	for _, table := range p.tables {
		rows, err := p.load(query.Query{Filter: query.Filter{Table: table.Name}, Limit: query.NoLimit})
		if err != nil {
			t.Fatal(err)
		}
		for _, cells := range rows {
			var row schema.Row
			for i, v := range cells {
				row = append(row, schema.Assignment{Column: i, Value: v})
			}
			if _, err := p.db.Exec(Insert(table, row), Arguments(row)...); err != nil {
				t.Fatalf("factory rows of %s: %v", table.Name, err)
			}
		}
	}
	if _, err := p.db.Exec("PRAGMA foreign_keys=ON"); err != nil {
		t.Fatal(err)
	}
}

// load is the terminal's answer.
func (p *pair) load(q query.Query) ([][]schema.Value, error) {
	var rows [][]schema.Value
	err := p.device.Load(q, func(values []schema.Value) error {
		row := make([]schema.Value, len(values))
		for i, v := range values {
			row[i] = v
			switch v.Kind() {
			case schema.TextKind:
				row[i] = schema.Text(strings.Clone(v.Str()))
			case schema.BlobKind:
				row[i] = schema.Blob(strings.Clone(v.Str()))
			}
		}
		rows = append(rows, row)
		return nil
	})
	return rows, err
}

// ask is SQLite's answer.
func (p *pair) ask(text string) ([][]schema.Value, error) {
	rows, err := p.db.Query(text)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	cells := make([]any, len(columns))
	for i := range cells {
		cells[i] = new(any)
	}
	var all [][]schema.Value
	for rows.Next() {
		if err := rows.Scan(cells...); err != nil {
			return nil, err
		}
		row := make([]schema.Value, len(cells))
		for i := range cells {
			row[i] = Value(*cells[i].(*any))
		}
		all = append(all, row)
	}
	return all, rows.Err()
}

// kind is what an error is called on either side.
func kind(err error) string {
	var constraint *store.ConstraintError
	var sqlite *driver.Error
	switch {
	case err == nil:
		return "ok"
	case errors.As(err, &constraint):
		return [...]string{"unique", "foreign key", "not null", "row id"}[constraint.Rule]
	case errors.As(err, &sqlite):
		if name, ok := constraintCodes[sqlite.Code()]; ok {
			return name
		}
	}
	return err.Error()
}

// constraintCodes are SQLite's extended result codes. Restrict is a trigger.
var constraintCodes = map[int]string{
	787:  "foreign key",
	1299: "not null",
	1555: "unique",
	1811: "foreign key",
	2067: "unique",
	2579: "unique", // of a rowid
}

// compareState tells in which of the tables the two hold other rows.
func (p *pair) compareState(tables []*schema.Table) error {
	for _, table := range tables {
		q := query.Query{Filter: query.Filter{Table: table.Name}, Limit: query.NoLimit}
		if err := p.compare(q); err != nil {
			return err
		}
	}
	return nil
}

// compare asks both and returns how the answers differ.
func (p *pair) compare(q query.Query) error {
	text, err := Select(p.schema, q, !Aggregate(q) || len(q.Group) > 0)
	if err != nil {
		return fmt.Errorf("%w in %+v", err, q)
	}
	want, err := p.ask(text)
	if err != nil {
		return fmt.Errorf("SQLite: %w\n%s", err, text)
	}
	got, err := p.load(q)
	if err != nil {
		return fmt.Errorf("portaria: %w\n%s", err, text)
	}
	if problem := difference(got, want); problem != "" {
		return fmt.Errorf("%s\n%s", problem, text)
	}
	return nil
}

// difference compares rows with those of SQLite, which have the columns of the
// order behind their own: rows that agree in these may change places.
func difference(got, want [][]schema.Value) string {
	if len(got) != len(want) {
		return fmt.Sprintf("portaria has %d rows, SQLite %d%s", len(got), len(want), firstOdd(got, want))
	}
	for start := 0; start < len(got); {
		width := len(got[start])
		end := start + 1
		for end < len(got) && slices.Equal(want[end][width:], want[start][width:]) {
			end++
		}
		a, b := texts(got[start:end], width), texts(want[start:end], width)
		for i := range a {
			if a[i] != b[i] {
				return fmt.Sprintf("rows %d to %d of %d differ:\n portaria %s\n SQLite   %s", start, end-1, len(got), a[i], b[i])
			}
		}
		start = end
	}
	return ""
}

// texts are the rows as sorted texts.
func texts(rows [][]schema.Value, width int) []string {
	var list []string
	for _, row := range rows {
		list = append(list, query.Format(query.In{Values: row[:min(width, len(row))]}))
	}
	slices.Sort(list)
	return list
}

// firstOdd names a row that one side has more often.
func firstOdd(got, want [][]schema.Value) string {
	width := 0
	for _, rows := range [][][]schema.Value{want, got} {
		if len(rows) > 0 {
			width = len(rows[0])
		}
	}
	count := make(map[string]int)
	for _, text := range texts(got, width) {
		count[text]++
	}
	for _, text := range texts(want, width) {
		count[text]--
	}
	for text, n := range count {
		if n > 0 {
			return fmt.Sprintf("\n only portaria: %s", text)
		}
		if n < 0 {
			return fmt.Sprintf("\n only SQLite: %s", text)
		}
	}
	return ""
}
