// Package schema is the terminal's tables as data: columns, types, keys,
// references, which product line has which of them, and the rows that a
// terminal leaves the factory with (access-api §3.8 to §3.12). It stores
// nothing and speaks to nobody.
package schema

import "slices"

// Type is what a column holds.
type Type uint8

// The types, with the names that the device's metadata gives them.
const (
	BigInt  Type = iota // BIGINT
	Integer             // INTEGER
	String              // TEXT
	Bytes               // BLOB
)

var typeNames = [...]string{"BIGINT", "INTEGER", "TEXT", "BLOB"}

func (t Type) String() string { return typeNames[t] }

// Kind is the kind of the values of a column of type t.
func (t Type) Kind() Kind {
	switch t {
	case String:
		return TextKind
	case Bytes:
		return BlobKind
	}
	return IntKind
}

// Lines is a set of product lines.
type Lines uint8

// The product lines: generations of firmware that share their tables.
const (
	Legacy Lines = 1 << iota // iDAccess, iDFit: firmware up to 4
	V5                       // iDFlex, iDBlock: firmware 5
	V6                       // iDFace, iDFace Max: firmware 6 and later
	Amico                    // the HID-branded units

	Modern    = V5 | V6 | Amico
	FacialSet = V6 | Amico
	Every     = Legacy | Modern
)

// Has tells whether line is one of l.
func (l Lines) Has(line Lines) bool { return l&line != 0 }

// OnDelete is what becomes of a row when the row that it refers to goes.
type OnDelete uint8

// The ways. A Soft reference is only a way to join: it may dangle.
const (
	Cascade OnDelete = iota
	SetNull
	Restrict
	Soft
)

// Reference says which column of which table a column points to.
type Reference struct {
	Table, Column string
	OnDelete      OnDelete
}

// Column is one column of a table.
type Column struct {
	Name    string
	Type    Type
	NotNull bool
	Default Value // of a row that leaves the column out; Null: none
	Ref     *Reference

	Unsigned bool // integers are uint64, held as the int64 of the same bits
	Unique   bool // no two rows have the same value in it
	Indexed  bool // conditions on it become lookups; references always do

	// Follows is set for the one column that the photo of the row's user
	// speaks for while there is one.
	Follows bool

	Alias string // another documented name, accepted on input
	Lines Lines  // who has it; 0: as the table

	// Slot is the column's place in a stored row. It never changes: a place
	// is not given twice.
	Slot int
}

// Table is one table.
type Table struct {
	Name    string
	Columns []Column
	// Key is the index of the column that is the row's id, or -1 where rows
	// have none that shows.
	Key    int
	Unique [][]int // sets of columns, by index, that no two rows share
	Keep   int     // the newest rows that are kept; 0: all
	Pseudo bool    // holds no rows: it only lends its columns to a query
	Lines  Lines   // who shows it; 0: nobody, it is this program's own

	// Through is set for junctions and for the main tables: a way to join two
	// other tables may lead through them.
	Through bool

	places int // of the full definition, whatever columns a view shows
	byName map[string]int
}

// Column returns the index of the column with that name or alias, or -1.
func (t *Table) Column(name string) int {
	if i, ok := t.byName[name]; ok {
		return i
	}
	return -1
}

// Cell is what a stored row, its values by slot, has for the column of that
// name, which t must have.
func (t *Table) Cell(row []Value, column string) Value { return row[t.Columns[t.Column(column)].Slot] }

// Slots is how many places a stored row of t may have, those included that
// only terminals of another line use.
func (t *Table) Slots() int {
	n := t.places
	for i := range t.Columns {
		n = max(n, t.Columns[i].Slot+1)
	}
	return n
}

func (t *Table) index() {
	t.byName = make(map[string]int, len(t.Columns))
	for i, c := range t.Columns {
		if c.Alias != "" {
			t.byName[c.Alias] = i
		}
	}
	for i, c := range t.Columns {
		t.byName[c.Name] = i
	}
}

// Schema is the tables of a terminal, or of all terminals.
type Schema struct {
	tables   []*Table
	byName   map[string]*Table
	children map[string][]Child
	hops     map[string][]Hop // by the table they start from
}

// Table returns the table with that name, or nil.
func (s *Schema) Table(name string) *Table { return s.byName[name] }

// Tables lists the tables in the order of the reference.
func (s *Schema) Tables() []*Table { return slices.Clone(s.tables) }

// Assignment is a value on its way into a column, by the column's index.
type Assignment struct {
	Column int
	Value  Value

	// Of is the column as the caller saw it, where the table may have changed
	// since: a custom column goes, and another one gets its index.
	Of *Column
}

// Row is what a caller knows of a row: columns that are not assigned get
// their defaults, or stay as they are.
type Row []Assignment

// Child is a column that refers to a table.
type Child struct {
	Table  *Table
	Column int
}

// New makes a schema of tables, which it indexes and keeps.
func New(tables ...*Table) *Schema {
	s := &Schema{tables: tables, byName: make(map[string]*Table, len(tables)), children: make(map[string][]Child)}
	for _, t := range tables {
		t.index()
		s.byName[t.Name] = t
	}
	for _, t := range tables {
		for i, c := range t.Columns {
			if c.Ref != nil && c.Ref.OnDelete != Soft {
				s.children[c.Ref.Table] = append(s.children[c.Ref.Table], Child{t, i})
			}
		}
	}
	s.link()
	return s
}

// Children lists the columns that refer to a table and may not dangle.
func (s *Schema) Children(table string) []Child { return s.children[table] }
