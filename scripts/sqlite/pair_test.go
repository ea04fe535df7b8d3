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

// itsOwn is the table into which the terminal writes rows of itself.
const itsOwn = "change_logs"

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
	p := &pair{device: d}
	p.reread()
	if len(p.tables) < 50 {
		t.Fatalf("only %d tables; where are the others?", len(p.tables))
	}
	if p.db, err = Memory(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.db.Close() })
	if err := CreateTables(p.db, turnDefaults(p.schema)); err != nil {
		t.Fatal(err)
	}
	for _, table := range p.tables {
		p.copyTable(t, table)
	}
	return p
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
		if _, err := p.compare(q); err != nil {
			return err
		}
	}
	return nil
}

// compare asks both and returns how many rows they answer, and how these
// differ. SQLite is asked for all rows, since of those that are equal in the
// order any may be within the limit.
func (p *pair) compare(q query.Query) (rows int, err error) {
	all := q
	all.Limit, all.Offset = query.NoLimit, 0
	all.Where = p.turnExpr(q.Where)
	text, err := Select(p.schema, all, !Aggregate(q) || len(q.Group) > 0)
	if err != nil {
		return 0, fmt.Errorf("%w in %+v", err, q)
	}
	want, err := p.ask(text)
	if err != nil {
		return 0, fmt.Errorf("SQLite: %w\n%s", err, text)
	}
	p.turnAnswer(q, want)
	got, err := p.load(q)
	if err == nil {
		err = difference(got, want, q)
	}
	if err != nil {
		// As it can be given to a shell.
		text, _ := Select(p.schema, q, false)
		return 0, fmt.Errorf("%w\n%s", err, text)
	}
	return len(got), nil
}

// difference compares the answer to q with all rows that SQLite has, behind
// which the columns of the order stand: rows that agree in these may change
// places.
func difference(got, want [][]schema.Value, q query.Query) error {
	from, to := window(len(want), q)
	if len(got) != to-from {
		return fmt.Errorf("portaria has %d rows, SQLite %d%s", len(got), to-from, firstOdd(got, want[from:to]))
	}
	for at := from; at < to; {
		width := len(got[at-from])
		equal := func(i int) bool { return slices.Equal(want[i][width:], want[at][width:]) }
		first, last := at, at
		for first > 0 && equal(first-1) {
			first--
		}
		for last+1 < len(want) && equal(last+1) {
			last++
		}
		end := min(last+1, to)
		if odd := firstOdd(got[at-from:end-from], want[first:last+1]); strings.Contains(odd, onlyPortaria) {
			return fmt.Errorf("rows %d to %d of %d differ:%s", at, end-1, len(want), odd)
		}
		at = end
	}
	return nil
}

// window is which of n rows q asks for.
func window(n int, q query.Query) (from, to int) {
	from = int(min(max(q.Offset, 0), int64(n)))
	to = n
	if q.Limit >= 0 {
		to = from + int(min(q.Limit, int64(n-from)))
	}
	return from, to
}

const onlyPortaria = "only portaria:"

// firstOdd names rows that one side has more often.
func firstOdd(got, want [][]schema.Value) string {
	width := 0
	for _, rows := range [][][]schema.Value{want, got} {
		if len(rows) > 0 {
			width = len(rows[0])
		}
	}
	count := make(map[string]int)
	for _, row := range got {
		count[rowText(row)]++
	}
	for _, row := range want {
		count[rowText(row[:width])]--
	}
	more, less := "", ""
	for text, n := range count {
		switch {
		case n > 0:
			more = "\n " + onlyPortaria + " " + text
		case n < 0:
			less = "\n only SQLite:   " + text
		}
	}
	return more + less
}

func rowText(row []schema.Value) string {
	return strings.TrimPrefix(query.Format(query.In{Values: row}), `"" IN `)
}
