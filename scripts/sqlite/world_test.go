package sqlite

import (
	"database/sql"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"portaria/store/query"
	"portaria/store/schema"
)

// world is a pair with rows, and what the rows have in them: questions by
// chance have few answers.
type world struct {
	*pair
	random *rand.Rand
	keys   map[string][]int64
	rows   map[string]int64
	values map[query.Column][]schema.Value
	fields []schema.Field // the custom columns
}

func newWorld(t testing.TB, seed uint64) *world {
	t.Helper()
	w := &world{
		pair:   newPair(t),
		random: rand.New(rand.NewPCG(seed, 0)),
		keys:   make(map[string][]int64),
		rows:   make(map[string]int64),
		values: make(map[query.Column][]schema.Value),
	}
	w.look(t, w.tables)
	return w
}

// populate adds rows to each table until it has so many, those that are
// referred to first.
func (w *world) populate(t testing.TB, rows func(table string) int) {
	t.Helper()
	for _, table := range parentsFirst(w.tables) {
		const most = 100 // in one change
		for left := int64(rows(table.Name)) - w.rows[table.Name]; left > 0; left -= most {
			w.add(t, table, int(min(left, most)))
		}
	}
	w.look(t, w.tables)
}

func parentsFirst(tables []*schema.Table) []*schema.Table {
	var list []*schema.Table
	done := make(map[string]bool)
	var visit func(*schema.Table)
	visit = func(table *schema.Table) {
		if done[table.Name] {
			return
		}
		done[table.Name] = true
		for _, c := range table.Columns {
			i := slices.IndexFunc(tables, func(t *schema.Table) bool { return c.Ref != nil && t.Name == c.Ref.Table })
			if i >= 0 {
				visit(tables[i])
			}
		}
		list = append(list, table)
	}
	for _, table := range tables {
		visit(table)
	}
	return list
}

// add adds rows, which are tried on SQLite first: the terminal must take all
// that it takes.
func (w *world) add(t testing.TB, table *schema.Table, n int) {
	t.Helper()
	tx, err := w.db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	var rows []schema.Row
	var want []int64
	for range n {
		row := w.row(table, 0)
		id, err := insert(tx, table, row)
		if err != nil {
			continue
		}
		rows, want = append(rows, row), append(want, id)
		if table.Key >= 0 {
			w.keys[table.Name] = append(w.keys[table.Name], id)
		}
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if len(rows) == 0 {
		return
	}
	got, err := w.device.Create(table.Name, rows)
	if err != nil {
		t.Fatalf("%s: the terminal refuses rows that SQLite takes: %v\n%s", table.Name, err, rowTexts(table, rows))
	}
	if !slices.Equal(got, want) {
		t.Fatalf("%s: the terminal's ids are %d, SQLite's %d\n%s", table.Name, got, want, rowTexts(table, rows))
	}
}

func insert(tx *sql.Tx, table *schema.Table, row schema.Row) (int64, error) {
	result, err := tx.Exec(Insert(table, row), Arguments(turnRow(table, row))...)
	if err != nil {
		return 0, err
	}
	return result.LastInsertId()
}

func rowTexts(table *schema.Table, rows []schema.Row) string {
	var b strings.Builder
	for _, row := range rows {
		for i, a := range row {
			b.WriteString([]string{"\t", ", "}[min(i, 1)])
			b.WriteString(table.Columns[a.Column].Name + ": " + literal(a.Value))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// look learns from SQLite what is in the tables.
func (w *world) look(t testing.TB, tables []*schema.Table) {
	t.Helper()
	for _, table := range tables {
		count, err := w.ask("SELECT COUNT(*) FROM " + quote(table.Name))
		if err != nil {
			t.Fatal(err)
		}
		w.rows[table.Name] = count[0][0].Int()
		w.keys[table.Name] = nil
		for i, c := range table.Columns {
			column := query.Column{Table: table.Name, Name: c.Name}
			w.values[column] = nil
			limit := " LIMIT 60"
			if i == table.Key {
				limit = ""
			}
			rows, err := w.ask("SELECT DISTINCT " + quote(c.Name) + " FROM " + quote(table.Name) + limit)
			if err != nil {
				t.Fatal(err)
			}
			for _, row := range rows {
				w.values[column] = append(w.values[column], turn(&c, row[0]))
				if i == table.Key {
					w.keys[table.Name] = append(w.keys[table.Name], row[0].Int())
				}
			}
		}
	}
}

// row is a row for the table. Of the columns of a wrong one, so many in a
// hundred break a rule.
func (w *world) row(table *schema.Table, wrong int) schema.Row {
	var row schema.Row
	for i, c := range table.Columns {
		leaves := 15
		switch {
		case i == table.Key:
			leaves = 60
		case c.NotNull && c.Default.IsNull():
			leaves = wrong / 3
		}
		if w.chance(leaves) {
			continue
		}
		row = append(row, schema.Assignment{Column: i, Value: w.cell(table, i, wrong)})
	}
	return row
}

func (w *world) chance(percent int) bool { return w.random.IntN(100) < percent }

// cell is a value to store in a column.
func (w *world) cell(table *schema.Table, i, wrong int) schema.Value {
	c := &table.Columns[i]
	column := query.Column{Table: table.Name, Name: c.Name}
	switch {
	case i == table.Key:
		if w.chance(wrong) && len(w.keys[table.Name]) > 0 {
			return schema.Int(pick(w.random, w.keys[table.Name]))
		}
		return schema.Int(w.newKey())
	case c.NotNull && w.chance(wrong/3), !c.NotNull && w.chance(20):
		return schema.Null
	case c.Ref != nil && len(w.keys[c.Ref.Table]) > 0 && !w.chance(wrong) && (c.Ref.OnDelete != schema.Soft || w.chance(70)):
		return schema.Int(pick(w.random, w.keys[c.Ref.Table]))
	case c.Unique && w.chance(wrong) && len(w.values[column]) > 0:
		return pick(w.random, w.values[column])
	case c.Unique:
		return w.wide(c)
	}
	return w.any(c)
}

// newKey is mostly a small number, so that rows of different tables have the
// same.
func (w *world) newKey() int64 {
	switch n := w.random.IntN(20); {
	case n == 0:
		return math.MinInt64 + w.random.Int64N(10)
	case n < 3:
		return -w.random.Int64N(50)
	case n < 5:
		return w.random.Int64N(1 << 40)
	}
	return 1 + w.random.Int64N(500)
}

// wide is a value that hardly comes twice.
func (w *world) wide(c *schema.Column) schema.Value {
	switch c.Type.Kind() {
	case schema.TextKind:
		return schema.Text(likeText(w.random, 6) + strconv.Itoa(w.random.IntN(1e6)))
	case schema.BlobKind:
		return schema.Blob(strconv.Itoa(w.random.IntN(1e6)))
	}
	n := w.random.Int64() >> w.random.IntN(45)
	if w.chance(20) {
		n = -n
	}
	return schema.Int(n)
}

var (
	commonTexts = []string{"", "a", "A", "ana", "Ana", "ANA", "ana maria", "Ana Maria", "joão", "JOÃO", "123", "0", "%", "_", "a%", "it's"}
	commonInts  = []int64{0, 0, 1, 1, 2, 3, 4, 5, 7, 10, 100, 1_700_000_000, 1_700_086_399}
	oddInts     = []int64{-1, -2, math.MaxInt32, math.MinInt32, math.MaxUint32, 1 << 53, 1<<53 + 1, math.MaxInt64, math.MinInt64, math.MinInt64 + 1}
)

// any is a value for a column, often one that others have.
func (w *world) any(c *schema.Column) schema.Value {
	switch c.Type.Kind() {
	case schema.TextKind:
		return schema.Text(w.text())
	case schema.BlobKind:
		return schema.Blob(w.text())
	}
	n := pick(w.random, commonInts)
	switch {
	case w.chance(20):
		n = w.random.Int64N(600)
	case w.chance(8):
		n = pick(w.random, oddInts)
	}
	return schema.Int(n)
}

func (w *world) text() string {
	switch n := w.random.IntN(20); {
	case n < 12:
		return pick(w.random, commonTexts)
	case n == 12:
		// About the length from which an index holds less than the text.
		return strings.Repeat(pick(w.random, []string{"x", "á"}), 197+w.random.IntN(8)) + strconv.Itoa(w.random.IntN(3))
	}
	return likeText(w.random, 12)
}
