package sqlite

import (
	"fmt"
	"strings"

	"portaria/store/query"
	"portaria/store/schema"
)

// Meant is the SQL of the rowids of the rows that f means.
func Meant(s *schema.Schema, f query.Filter) (string, error) {
	from, err := from(s, query.Query{Filter: f})
	if err != nil {
		return "", err
	}
	text := fmt.Sprintf("SELECT %s.rowid FROM %s", quote(f.Table), from)
	if where := query.Format(f.Where); where != "" {
		text += "\nWHERE " + where
	}
	return text, nil
}

// Insert is the SQL that adds a row with the columns of row, as parameters.
func Insert(t *schema.Table, row schema.Row) string {
	if len(row) == 0 {
		return fmt.Sprintf("INSERT INTO %s DEFAULT VALUES", quote(t.Name))
	}
	var columns, marks []string
	for _, a := range row {
		columns = append(columns, quote(t.Columns[a.Column].Name))
		marks = append(marks, "?")
	}
	return fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", quote(t.Name), strings.Join(columns, ", "), strings.Join(marks, ", "))
}

// Update is the SQL that assigns set, as parameters, to the rows of meant.
func Update(t *schema.Table, set schema.Row, meant string) string {
	var columns []string
	for _, a := range set {
		columns = append(columns, quote(t.Columns[a.Column].Name)+" = ?")
	}
	return fmt.Sprintf("UPDATE %s SET %s WHERE rowid IN (%s)", quote(t.Name), strings.Join(columns, ", "), meant)
}

// Delete is the SQL that removes the rows of meant.
func Delete(t *schema.Table, meant string) string {
	return fmt.Sprintf("DELETE FROM %s WHERE rowid IN (%s)", quote(t.Name), meant)
}

// Arguments are the values of row as database/sql takes them.
func Arguments(row schema.Row) []any {
	var list []any
	for _, a := range row {
		list = append(list, Argument(a.Value))
	}
	return list
}
