package device

import (
	"errors"
	"fmt"
	"slices"

	"portaria/store"
	"portaria/store/query"
	"portaria/store/schema"
)

// ErrColumnName is a name that no column can have.
var ErrColumnName = errors.New("not a column name")

// ErrColumnRule is a custom column that would keep the terminal from adding rows
// of its own, which know nothing of it.
var ErrColumnRule = errors.New("the terminal's own rows would break the column's rule")

// written are the tables to which the terminal adds rows itself.
var written = []string{changeLogsTable, faceTemplatesTable, customTablesTable, customColumnsTable}

// maxColumnName is in bytes [guess].
const maxColumnName = 64

// AddField adds a custom column and returns the id of its row in
// custom_columns (access-api §3.6). Errors: ErrColumnName, ErrColumnRule,
// store.ErrColumnTaken, *query.NoTableError, *store.ConstraintError.
func (d *Device) AddField(f schema.Field) (id int64, err error) {
	if !isColumnName(f.Name) {
		return 0, fmt.Errorf("%.80q: %w", f.Name, ErrColumnName)
	}
	if slices.Contains(written, f.Table) && (f.Unique || f.NotNull && f.Default.IsNull()) {
		return 0, fmt.Errorf("%s.%s: %w", f.Table, f.Name, ErrColumnRule)
	}
	err = d.update(0, func(tx *store.Tx) error {
		columns, err := d.table(tx, customColumnsTable)
		if err != nil {
			return err
		}
		if _, err := d.table(tx, f.Table); err != nil {
			return err
		}
		owner, err := d.customTable(tx, f.Table)
		if err != nil {
			return err
		}
		id, err = tx.Insert(columns, schema.Row{
			{Column: columns.Column("custom_table_id"), Value: schema.Int(owner)},
			{Column: columns.Column("column_name"), Value: schema.Text(f.Name)},
			{Column: columns.Column("name"), Value: schema.Text(f.Label)},
		})
		if err != nil {
			return err
		}
		f.ID = id
		return tx.AddField(f)
	})
	return id, err
}

// customTable is the id of the row in custom_tables that stands for a table,
// which is added when there is none.
func (d *Device) customTable(tx *store.Tx, name string) (int64, error) {
	tables, err := d.table(tx, customTablesTable)
	if err != nil {
		return 0, err
	}
	_, ids, err := d.matching(tx, query.Filter{
		Table: customTablesTable,
		Where: query.Compare{Column: query.Column{Table: customTablesTable, Name: "table_name"}, Value: schema.Text(name)},
	})
	if err != nil || len(ids) > 0 {
		return append(ids, 0)[0], err
	}
	return tx.Insert(tables, schema.Row{
		{Column: tables.Column("table_name"), Value: schema.Text(name)},
		{Column: tables.Column("name"), Value: schema.Text(name)},
	})
}

// RemoveFields removes the custom columns of these rows of custom_columns,
// with what is in them. A row that is not there is no error.
func (d *Device) RemoveFields(ids []int64) error {
	return d.update(0, func(tx *store.Tx) error {
		columns, err := d.table(tx, customColumnsTable)
		if err != nil {
			return err
		}
		for _, id := range ids {
			// The column goes with its row.
			if err := orNotFound(tx.Remove(columns, id)); err != nil {
				return err
			}
		}
		return nil
	})
}

func isColumnName(s string) bool {
	if s == "" || len(s) > maxColumnName || s[0] >= '0' && s[0] <= '9' {
		return false
	}
	for _, c := range []byte(s) {
		if c != '_' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return true
}
