package store

import (
	"bytes"
	"fmt"
	"strings"

	"portaria/store/schema"
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

func (t *table) takenID() error {
	name := "rowid"
	if t.keySlot >= 0 {
		name = t.Columns[t.Key].Name
	}
	return &ConstraintError{Rule: UniqueRule, Table: t.Name, Columns: []string{name}, Key: true}
}

// checkRow refuses a row that lacks a value or is too large. old is the row it
// replaces, nil for none.
func (l *layout) checkRow(id int64, cells, old []schema.Value) error {
	size := 0
	for i := range l.Columns {
		c := &l.Columns[i]
		v := cells[c.Slot]
		size += len(v.Str())
		if v.IsNull() && c.NotNull && i != l.Key && (old == nil || !old[c.Slot].IsNull()) {
			return &ConstraintError{Rule: NotNullRule, Table: l.Name, Columns: []string{c.Name}}
		}
	}
	if size > MaxRow {
		return fmt.Errorf("%s %d, %d bytes: %w", l.Name, id, size, ErrTooLarge)
	}
	return nil
}

// checkUnique refuses a row that another one shares unique columns with.
func (tx *Tx) checkUnique(t *table, cells, old []schema.Value) error {
	for i := range t.indexes {
		x := &t.indexes[i]
		if !x.unique {
			continue
		}
		key := t.keyOf(x, cells)
		if key == nil || old != nil && bytes.Equal(key, t.keyOf(x, old)) {
			continue
		}
		if _, taken := tx.holder(x, key); taken {
			names := make([]string, len(x.columns))
			for n, c := range x.columns {
				names[n] = t.Columns[c].Name
			}
			return &ConstraintError{Rule: UniqueRule, Table: t.Name, Columns: names}
		}
	}
	return nil
}

// holder returns the id of the row that a unique index has for a key.
func (tx *Tx) holder(x *index, key []byte) (id int64, ok bool) {
	if id, pending := x.pending[string(key)]; pending {
		return id, true
	}
	b := tx.settled(x)
	if b == nil {
		return 0, false
	}
	found, _ := b.Cursor().Seek(key)
	if len(found) != len(key)+8 || !bytes.HasPrefix(found, key) {
		return 0, false
	}
	return idOf(found[len(key):]), true
}

// checkForeign refuses a row that refers to one that is not there.
func (tx *Tx) checkForeign(t *table, cells, old []schema.Value) error {
	for i := range t.Columns {
		c := &t.Columns[i]
		if c.Ref == nil || c.Ref.OnDelete == schema.Soft {
			continue
		}
		v := cells[c.Slot]
		if v.IsNull() || old != nil && v == old[c.Slot] {
			continue
		}
		if !tx.hasRow(c.Ref.Table, v.Int()) {
			return &ConstraintError{Rule: ForeignRule, Table: t.Name}
		}
	}
	return nil
}

func (tx *Tx) hasRow(name string, id int64) bool {
	t := tx.table(name)
	return t != nil && t.rows != nil && t.rows.Get(idKey(id)) != nil
}
