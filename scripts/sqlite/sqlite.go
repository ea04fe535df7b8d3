// Package sqlite says the terminal's tables and questions in SQL, so that
// SQLite can be asked the same as portaria. Its tests compare the answers; the
// program in bench compares the times. It is a module of its own: nothing that
// portaria ships knows SQLite.
package sqlite

import (
	"database/sql"
	"fmt"
	"strings"

	_ "modernc.org/sqlite" // the driver

	"portaria/store/query"
	"portaria/store/schema"
)

// Memory opens a database that lives as long as it is open.
func Memory() (*sql.DB, error) { return open(":memory:") }

// File opens a database in a file, with memory enough for all that the bench
// has. What is committed is on disk.
func File(path string) (*sql.DB, error) {
	return open(path, "journal_mode=WAL", "synchronous=FULL", "cache_size=-65536")
}

func open(path string, pragmas ...string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", path)
	if err != nil {
		return nil, err
	}
	// A database in memory belongs to its connection, and so do pragmas.
	db.SetMaxOpenConns(1)
	for _, pragma := range append(pragmas, "foreign_keys=ON") {
		if _, err := db.Exec("PRAGMA " + pragma); err != nil {
			_ = db.Close()
			return nil, fmt.Errorf("pragma %s: %w", pragma, err)
		}
	}
	return db, nil
}

// CreateTables makes the tables of s that hold rows, with an index wherever
// portaria has one.
func CreateTables(db *sql.DB, s *schema.Schema) error {
	for _, t := range s.Tables() {
		if t.Pseudo {
			continue
		}
		for _, statement := range createTable(s, t) {
			if _, err := db.Exec(statement); err != nil {
				return fmt.Errorf("%s: %w", statement, err)
			}
		}
	}
	return nil
}

func createTable(s *schema.Schema, t *schema.Table) []string {
	var parts, indexes []string
	for i, c := range t.Columns {
		parts = append(parts, createColumn(s, t, i))
		if i != t.Key && !c.Unique && c.HasIndex() {
			indexes = append(indexes, fmt.Sprintf("CREATE INDEX %s ON %s (%s)",
				quote(t.Name+"."+c.Name), quote(t.Name), quote(c.Name)))
		}
	}
	for _, set := range t.Unique {
		var names []string
		for _, i := range set {
			names = append(names, quote(t.Columns[i].Name))
		}
		parts = append(parts, "UNIQUE ("+strings.Join(names, ", ")+")")
	}
	create := fmt.Sprintf("CREATE TABLE %s (\n\t%s\n)", quote(t.Name), strings.Join(parts, ",\n\t"))
	return append([]string{create}, indexes...)
}

// onDelete is what SQL calls the ways.
var onDelete = map[schema.OnDelete]string{
	schema.Cascade:  "CASCADE",
	schema.SetNull:  "SET NULL",
	schema.Restrict: "RESTRICT",
}

func createColumn(s *schema.Schema, t *schema.Table, i int) string {
	c := t.Columns[i]
	if i == t.Key {
		return quote(c.Name) + " INTEGER PRIMARY KEY"
	}
	text := quote(c.Name) + " " + c.Type.String()
	if c.NotNull {
		text += " NOT NULL"
	}
	if !c.Default.IsNull() {
		text += " DEFAULT " + literal(c.Default)
	}
	if c.Unique {
		text += " UNIQUE"
	}
	if c.Ref != nil && c.Ref.OnDelete != schema.Soft && s.Table(c.Ref.Table) != nil {
		text += fmt.Sprintf(" REFERENCES %s (%s) ON DELETE %s",
			quote(c.Ref.Table), quote(c.Ref.Column), onDelete[c.Ref.OnDelete])
	}
	return text
}

func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

func quoteColumn(c query.Column) string { return quote(c.Table) + "." + quote(c.Name) }

// literal borrows the text that a condition has for v.
func literal(v schema.Value) string {
	const is = "c = "
	return strings.TrimPrefix(query.Format(query.Compare{Column: query.Column{Name: "c"}, Value: v}), is)
}

// Argument is v as database/sql takes it.
func Argument(v schema.Value) any {
	switch v.Kind() {
	case schema.IntKind:
		return v.Int()
	case schema.TextKind:
		return v.Str()
	case schema.BlobKind:
		return []byte(v.Str())
	}
	return nil
}

// Value is what the driver made of a cell.
func Value(cell any) schema.Value {
	switch cell := cell.(type) {
	case nil:
		return schema.Null
	case int64:
		return schema.Int(cell)
	case string:
		return schema.Text(cell)
	case []byte:
		return schema.Blob(string(cell))
	}
	panic(fmt.Sprintf("sqlite: a %T in a table without any", cell))
}
