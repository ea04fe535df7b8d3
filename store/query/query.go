// Package query is what can be asked of the tables: conditions, joins, order,
// paging. A condition is one closed tree with one canonical text, whatever
// dialect it came in; Plan decides which conditions become lookups. It knows
// no wire and no disk.
package query

import "portaria/store/schema"

// Column names a column of a table.
type Column struct{ Table, Name string }

// Op compares a column with a value.
type Op uint8

// The operators. Like folds the case of ASCII letters; % stands for any text,
// _ for any one character.
const (
	Equal Op = iota
	NotEqual
	Less
	LessEqual
	Greater
	GreaterEqual
	Like
	NotLike
)

// Expr is a condition: one of And, Or, Compare, In, IsNull. A nil Expr is no
// condition. A comparison with a null is neither true nor false, and only
// what is true passes.
type Expr interface{ expr() }

// And holds when each of its parts does. It has at least two.
type And []Expr

// Or holds when one of its parts does. It has at least two.
type Or []Expr

// Compare holds when the column compares with the value.
type Compare struct {
	Column Column
	Op     Op
	Value  schema.Value
}

// In holds when the column equals one of the values, or with Not, none.
type In struct {
	Column Column
	Not    bool
	Values []schema.Value
}

// IsNull holds when the column is null, or with Not, when it is not.
type IsNull struct {
	Column Column
	Not    bool
}

func (And) expr()     {}
func (Or) expr()      {}
func (Compare) expr() {}
func (In) expr()      {}
func (IsNull) expr()  {}

// NoLimit is the Limit of a query that wants every row; any other negative one
// means the same.
const NoLimit = -1

// Filter says which rows of a table are meant.
type Filter struct {
	Table string
	// Join names further tables that are joined although no condition or
	// field speaks of them.
	Join  []string
	Where Expr
}

// Field is one member of the answer's rows: a column, or with Count the
// number of rows.
type Field struct {
	Column Column
	Count  bool
}

// Query is one question.
type Query struct {
	Filter
	Left       bool    // other tables are joined where they match, and null where not
	Fields     []Field // none: every column of Table
	Group      []Column
	Order      []Column // none: by the rows' ids
	Descending bool     // of all of Order together
	Limit      int64    // NoLimit: every row
	Offset     int64
}

// NoTableError is a table that the terminal does not have.
type NoTableError struct{ Table string }

func (e *NoTableError) Error() string { return "no such table: " + e.Table }

// NoColumnError is a column that its table does not have.
type NoColumnError struct{ Column Column }

func (e *NoColumnError) Error() string {
	return "no such column: " + e.Column.Table + "." + e.Column.Name
}

// NoJoinError is a table that no reference connects with the others.
type NoJoinError struct{ Table string }

func (e *NoJoinError) Error() string { return "no join with table: " + e.Table }
