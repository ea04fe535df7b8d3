package main

import (
	"database/sql"
	"fmt"
	"strings"

	"portaria/scripts/sqlite"
	"portaria/store/schema"
)

// database is SQLite's side.
type database struct {
	db         *sql.DB
	schema     *schema.Schema
	statements map[string]*sql.Stmt
	scans      map[*question]*scan
}

// scan is what the rows of a question are read into.
type scan struct {
	answer  *answer
	cells   []any
	numbers []sql.NullInt64
	texts   []sql.NullString
}

func openSQLite(path string, s *schema.Schema) (*database, error) {
	db, err := sqlite.File(path)
	if err != nil {
		return nil, err
	}
	if err := sqlite.CreateTables(db, s); err != nil {
		return nil, err
	}
	return &database{db: db, schema: s, statements: make(map[string]*sql.Stmt), scans: make(map[*question]*scan)}, nil
}

func (d *database) close() { _ = d.db.Close() }

// prepare returns the statement of that text, made when it is first wanted.
func (d *database) prepare(text string) (*sql.Stmt, error) {
	if s := d.statements[text]; s != nil {
		return s, nil
	}
	s, err := d.db.Prepare(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", text, err)
	}
	d.statements[text] = s
	return s, nil
}

func (d *database) scanOf(q *question, table *schema.Table) *scan {
	if s := d.scans[q]; s != nil {
		return s
	}
	s := &scan{
		answer:  newAnswer(table),
		cells:   make([]any, len(table.Columns)),
		numbers: make([]sql.NullInt64, len(table.Columns)),
		texts:   make([]sql.NullString, len(table.Columns)),
	}
	for i, c := range table.Columns {
		if c.Type.Kind() == schema.IntKind {
			s.cells[i] = &s.numbers[i]
		} else {
			s.cells[i] = &s.texts[i]
		}
	}
	d.scans[q] = s
	return s
}

func (d *database) answer(q *question, number int64) ([]byte, error) {
	name, _, _ := strings.Cut(q.sql, " ")
	table := d.schema.Table(name)
	var columns []string
	if d.scans[q] == nil {
		for _, c := range table.Columns {
			columns = append(columns, name+"."+c.Name)
		}
		stmt, err := d.prepare("SELECT " + strings.Join(columns, ", ") + " FROM " + q.sql)
		if err != nil {
			return nil, err
		}
		d.statements[q.name] = stmt
	}
	s := d.scanOf(q, table)
	rows, err := d.statements[q.name].Query(q.args(number)...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // Err tells all that can go wrong
	s.answer.begin(name)
	for rows.Next() {
		if err := rows.Scan(s.cells...); err != nil {
			return nil, err
		}
		s.append(table)
	}
	return s.answer.end(), rows.Err()
}

// append appends the row that was scanned.
func (s *scan) append(table *schema.Table) {
	s.answer.row()
	for i := range table.Columns {
		switch n, text := s.numbers[i], s.texts[i]; {
		case n.Valid:
			s.answer.number(i, n.Int64)
		case text.Valid:
			s.answer.text(i, text.String)
		default:
			s.answer.null(i)
		}
	}
	s.answer.rowEnd()
}

func (d *database) insert(b batch) (first int64, err error) {
	marks := strings.TrimSuffix(strings.Repeat("?, ", len(b.columns)), ", ")
	stmt, err := d.prepare(fmt.Sprintf(`INSERT INTO "%s" (%s) VALUES (%s)`, b.table, strings.Join(b.columns, ", "), marks))
	if err != nil {
		return 0, err
	}
	tx, err := d.db.Begin()
	if err != nil {
		return 0, err
	}
	defer func() {
		if err != nil {
			_ = tx.Rollback()
		}
	}()
	stmt = tx.Stmt(stmt)
	args := make([]any, len(b.columns))
	for n, row := range b.rows {
		for i, v := range row {
			args[i] = sqlite.Argument(v)
		}
		result, err := stmt.Exec(args...)
		if err != nil {
			return 0, err
		}
		if n == 0 {
			if first, err = result.LastInsertId(); err != nil {
				return 0, err
			}
		}
	}
	return first, tx.Commit()
}

func (d *database) remove(first, count int64) error {
	stmt, err := d.prepare("DELETE FROM users WHERE id >= ? AND id < ?")
	if err != nil {
		return err
	}
	_, err = stmt.Exec(first, first+count)
	return err
}
