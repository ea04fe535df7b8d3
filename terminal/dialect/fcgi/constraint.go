package fcgi

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"portaria/store"
	"portaria/store/query"
	"portaria/store/schema"
)

// The words of the device's database (access-api §1.5).
const (
	textUnique    = "constraint failed: UNIQUE constraint failed: "
	textForeign   = "constraint failed: FOREIGN KEY constraint failed"
	textNotNull   = "constraint failed: NOT NULL constraint failed: "
	textNoRowID   = "database or disk is full"
	textNoTable   = "no such table: "  // [guess], with those below
	textNoColumn  = "no such column: " // SQLite's words
	textNoJoin    = "no join with table: "
	textOldKey    = "PRIMARY KEY must be unique"
	textOldOne    = "column value is not unique"
	textOldMany   = "columns %s are not unique"
	textOldParent = "foreign key constraint failed"
	textOldNull   = "%s may not be NULL"
)

// objectText puts what the tables refuse into the words of the device's
// database, which the oldest line of firmware has an older one of.
func (a *API) objectText(err error) (text string, ok bool) {
	var (
		constraint *store.ConstraintError
		noTable    *query.NoTableError
		noColumn   *query.NoColumnError
		noJoin     *query.NoJoinError
	)
	switch {
	case errors.As(err, &constraint):
		if a.device.Profile().Line == schema.Legacy {
			return oldConstraintText(constraint), true
		}
		return constraintText(constraint), true
	case errors.As(err, &noTable):
		return textNoTable + noTable.Table, true
	case errors.As(err, &noColumn):
		return textNoColumn + noColumn.Column.Table + "." + noColumn.Column.Name, true
	case errors.As(err, &noJoin):
		return textNoJoin + noJoin.Table, true
	}
	return "", false
}

func constraintText(e *store.ConstraintError) string {
	columns := make([]string, len(e.Columns))
	for i, c := range e.Columns {
		columns[i] = e.Table + "." + c
	}
	switch e.Rule {
	case store.UniqueRule:
		return textUnique + strings.Join(columns, ", ")
	case store.ForeignRule:
		return textForeign
	case store.NotNullRule:
		return textNotNull + strings.Join(columns, ", ")
	}
	return textNoRowID
}

// oldConstraintText is in the words of SQLite 3.7 [guess].
func oldConstraintText(e *store.ConstraintError) string {
	columns := strings.Join(e.Columns, ", ")
	switch {
	case e.Rule == store.UniqueRule && e.Key:
		return textOldKey
	case e.Rule == store.UniqueRule && len(e.Columns) > 1:
		return fmt.Sprintf(textOldMany, columns)
	case e.Rule == store.UniqueRule:
		return textOldOne
	case e.Rule == store.ForeignRule:
		return textOldParent
	case e.Rule == store.NotNullRule:
		return fmt.Sprintf(textOldNull, e.Table+"."+columns)
	}
	return textNoRowID
}

// objectStatus is the status of everything that the tables refuse.
const objectStatus = http.StatusBadRequest
