package store

import (
	"fmt"
	"strings"
)

// Rule is what a row has to keep to.
type Rule uint8

// The rules that the tables enforce.
const (
	UniqueRule  Rule = iota // no two rows share these columns
	ForeignRule             // what a row refers to exists
	NotNullRule             // the column has a value
	RowIDRule               // there is an id left for one more row
)

// ConstraintError is a change that would break a rule of a table. Nothing of
// the change is stored.
type ConstraintError struct {
	Rule    Rule
	Table   string
	Columns []string // none for ForeignRule and RowIDRule
	Key     bool     // UniqueRule: it is the row's id
}

func (e *ConstraintError) Error() string {
	names := [...]string{"unique", "foreign key", "not null", "row id"}
	return fmt.Sprintf("%s: %s of %s", e.Table, names[e.Rule], strings.Join(e.Columns, ", "))
}
