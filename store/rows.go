package store

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

	"portaria/store/schema"
)

// ErrNoTable is a table that the terminal does not have.
var ErrNoTable = errors.New("no such table")

// MaxRow is the most bytes a row may take.
const MaxRow = 4 << 20

// Insert adds a row to the table that view describes and returns its id. A row
// without an id gets the one after the largest. Errors: *ConstraintError,
// ErrTooLarge.
func (tx *Tx) Insert(view *schema.Table, row schema.Row) (int64, error) {
	t := tx.table(view.Name)
	if t == nil {
		return 0, fmt.Errorf("%s: %w", view.Name, ErrNoTable)
	}
	cells := t.fill(view, row)
	id, err := tx.idFor(t, cells)
	if err != nil {
		return 0, err
	}
	if err := t.checkRow(id, cells, nil); err != nil {
		return 0, err
	}
	if t.rows != nil && t.rows.Get(idKey(id)) != nil {
		return 0, t.takenID()
	}
	if err := tx.checkUnique(t, cells, nil); err != nil {
		return 0, err
	}
	if err := tx.checkForeign(t, cells, nil); err != nil {
		return 0, err
	}
	if err := tx.put(t, id, cells, nil, true); err != nil {
		return 0, err
	}
	if err := tx.changed(Inserted, t, id, id, cells); err != nil {
		return 0, err
	}
	return id, tx.rotate(t)
}

// fill returns the cells of a new row, by slot.
func (l *layout) fill(view *schema.Table, row schema.Row) []schema.Value {
	cells := make([]schema.Value, l.slots)
	for i := range l.Columns {
		cells[l.Columns[i].Slot] = l.Columns[i].Default
	}
	for _, a := range row {
		cells[view.Columns[a.Column].Slot] = a.Value
	}
	return cells
}

// idFor takes the id out of the cells, or finds the next one.
func (tx *Tx) idFor(t *table, cells []schema.Value) (int64, error) {
	if t.keySlot >= 0 {
		if v := cells[t.keySlot]; !v.IsNull() {
			return v.Int(), nil
		}
	}
	id := int64(1)
	if t.rows != nil {
		if last, _ := t.rows.Cursor().Last(); last != nil {
			if id = idOf(last); id == math.MaxInt64 {
				if id = t.freeID(); id == 0 {
					return 0, &ConstraintError{Rule: RowIDRule, Table: t.Name}
				}
			} else {
				id++
			}
		}
	}
	if t.keySlot >= 0 {
		cells[t.keySlot] = schema.Int(id)
	}
	return id, nil
}

// freeID finds an id where there is none above the largest, as SQLite does:
// one of the positive ones by chance, 0 when they all seem taken. A row that a
// client has given the largest number must not keep the others out.
func (t *table) freeID() int64 {
	for range 100 {
		if id := 1 + rand.Int64N(1<<62); t.rows.Get(idKey(id)) == nil {
			return id
		}
	}
	return 0
}

// put stores a row and keeps the indexes. old is the row it replaces, under
// the same id.
func (tx *Tx) put(t *table, id int64, cells, old []schema.Value, added bool) error {
	tx.dirty, tx.grows = true, true
	stored := cells
	if t.keySlot >= 0 {
		// The id is the key already.
		stored = append([]schema.Value(nil), cells...)
		stored[t.keySlot] = schema.Null
	}
	rows, err := tx.rowsForWriting(t)
	if err != nil {
		return err
	}
	if err := rows.Put(idKey(id), encodeRow(stored)); err != nil {
		return err
	}
	if added {
		if err := rows.SetSequence(rows.Sequence() + 1); err != nil {
			return err
		}
	}
	for i := range t.indexes {
		x := &t.indexes[i]
		key := t.keyOf(x, cells)
		if old != nil {
			before := t.keyOf(x, old)
			if bytes.Equal(key, before) {
				continue
			}
			if err := tx.dropEntry(x, before, id); err != nil {
				return err
			}
		}
		if key == nil {
			continue
		}
		if tx.bulk {
			x.postpone(key, id)
			continue
		}
		if err := tx.addEntry(x, key, id); err != nil {
			return err
		}
	}
	return nil
}

func (tx *Tx) addEntry(x *index, key []byte, id int64) error {
	b, err := tx.indexForWriting(x)
	if err != nil {
		return err
	}
	return b.Put(append(key, idKey(id)...), []byte{})
}

func (tx *Tx) dropEntry(x *index, key []byte, id int64) error {
	if key == nil {
		return nil
	}
	b, err := tx.indexForWriting(x)
	if err != nil {
		return err
	}
	return b.Delete(append(key, idKey(id)...))
}

// Change assigns set to the row of view with that id. Errors: ErrNotFound,
// *ConstraintError, ErrTooLarge.
func (tx *Tx) Change(view *schema.Table, id int64, set schema.Row) error {
	t := tx.table(view.Name)
	old, err := tx.cellsOf(t, id)
	if err != nil {
		return fmt.Errorf("%s: %w", view.Name, err)
	}
	cells := append([]schema.Value(nil), old...)
	for _, a := range set {
		cells[view.Columns[a.Column].Slot] = a.Value
	}
	return tx.change(t, id, cells, old)
}

// change replaces the row old by cells, which may have another id.
func (tx *Tx) change(t *table, id int64, cells, old []schema.Value) error {
	next := id
	if t.keySlot >= 0 {
		v := cells[t.keySlot]
		if v.IsNull() {
			return &ConstraintError{Rule: NotNullRule, Table: t.Name, Columns: []string{t.Columns[t.Key].Name}}
		}
		next = v.Int()
	}
	if err := t.checkRow(next, cells, old); err != nil {
		return err
	}
	if next != id {
		if tx.hasRow(t.Name, next) {
			return t.takenID()
		}
		if tx.referred(t, id) {
			return &ConstraintError{Rule: ForeignRule, Table: t.Name}
		}
	}
	if err := tx.checkUnique(t, cells, old); err != nil {
		return err
	}
	if err := tx.checkForeign(t, cells, old); err != nil {
		return err
	}
	if next != id {
		if err := tx.drop(t, id, old); err != nil {
			return err
		}
		old = nil
	}
	if err := tx.put(t, next, cells, old, next != id); err != nil {
		return err
	}
	return tx.changed(Updated, t, next, id, cells)
}

// cellsOf returns the cells of a row, or ErrNotFound. They are the
// transaction's.
func (tx *Tx) cellsOf(t *table, id int64) ([]schema.Value, error) {
	if t == nil {
		return nil, ErrNoTable
	}
	if t.rows != nil {
		if row := t.rows.Get(idKey(id)); row != nil {
			return t.read(id, bytes.Clone(row))
		}
	}
	return nil, fmt.Errorf("%s %d: %w", t.Name, id, ErrNotFound)
}

// referred tells whether another row refers to this one.
func (tx *Tx) referred(t *table, id int64) bool {
	for _, child := range tx.schema().Children(t.Name) {
		c := tx.table(child.Table.Name)
		for range tx.referring(c, child.Column, id) {
			return true
		}
	}
	return false
}

// referring lists the rows of t whose column is id. They must not be changed
// meanwhile.
func (tx *Tx) referring(t *table, column int, id int64) func(func(int64) bool) {
	return func(yield func(int64) bool) {
		b := tx.at(t.indexOn(column))
		if b == nil {
			return
		}
		prefix := appendKey(nil, schema.Int(id), t.Columns[column].Unsigned)
		c := b.Cursor()
		for k, _ := c.Seek(prefix); bytes.HasPrefix(k, prefix); k, _ = c.Next() {
			if !yield(idOf(k[len(k)-8:])) {
				return
			}
		}
	}
}

// Remove deletes the row with that id, and what depends on it. Errors:
// ErrNotFound, *ConstraintError when a row that must not dangle refers to it.
func (tx *Tx) Remove(view *schema.Table, id int64) error {
	return tx.remove(tx.table(view.Name), id)
}

func (tx *Tx) remove(t *table, id int64) error {
	cells, err := tx.cellsOf(t, id)
	if err != nil {
		return err
	}
	for _, child := range tx.schema().Children(t.Name) {
		if err := tx.release(child, id); err != nil {
			return err
		}
	}
	if err := tx.drop(t, id, cells); err != nil {
		return err
	}
	return tx.changed(Deleted, t, id, id, cells)
}

// release does to the rows that refer to id what their reference says.
func (tx *Tx) release(child schema.Child, id int64) error {
	t := tx.table(child.Table.Name)
	if t.rows == nil {
		return nil
	}
	var rows []int64
	for row := range tx.referring(t, child.Column, id) {
		rows = append(rows, row)
	}
	column := &t.Columns[child.Column]
	for _, row := range rows {
		var err error
		switch column.Ref.OnDelete {
		case schema.Cascade:
			err = tx.remove(t, row)
		case schema.SetNull:
			var old []schema.Value
			if old, err = tx.cellsOf(t, row); err == nil {
				cells := append([]schema.Value(nil), old...)
				cells[column.Slot] = schema.Null
				err = tx.change(t, row, cells, old)
			}
		default:
			err = &ConstraintError{Rule: ForeignRule, Table: t.Name}
		}
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
	}
	return nil
}

// drop takes a row out of the table and its indexes.
func (tx *Tx) drop(t *table, id int64, cells []schema.Value) error {
	tx.dirty = true
	rows, err := tx.rowsForWriting(t)
	if err != nil {
		return err
	}
	if err := rows.Delete(idKey(id)); err != nil {
		return err
	}
	if err := rows.SetSequence(rows.Sequence() - 1); err != nil {
		return err
	}
	for i := range t.indexes {
		if err := tx.dropEntry(&t.indexes[i], t.keyOf(&t.indexes[i], cells), id); err != nil {
			return err
		}
	}
	return nil
}

// rotate drops the oldest rows of a table that keeps only so many.
func (tx *Tx) rotate(t *table) error {
	for t.Keep > 0 && t.count() > int64(t.Keep) {
		first, row := t.rows.Cursor().First()
		if first == nil {
			return nil
		}
		id := idOf(first)
		cells, err := t.read(id, bytes.Clone(row))
		if err != nil {
			return err
		}
		if err := tx.drop(t, id, cells); err != nil {
			return err
		}
	}
	return nil
}

// Rows tells how many rows a table has.
func (tx *Tx) Rows(name string) int64 {
	if t := tx.table(name); t != nil {
		return t.count()
	}
	return 0
}

// Has tells whether a table has a row with that id.
func (tx *Tx) Has(table string, id int64) bool { return tx.hasRow(table, id) }

// Row returns the cells of one row by slot, or ErrNotFound.
func (tx *Tx) Row(table string, id int64) ([]schema.Value, error) {
	return tx.cellsOf(tx.table(table), id)
}

// FindUnique returns the id of the row that has the value in a column which is
// unique by itself, or ErrNotFound.
func (tx *Tx) FindUnique(view *schema.Table, columns []int, values []schema.Value) (int64, error) {
	t := tx.table(view.Name)
	if t == nil {
		return 0, ErrNoTable
	}
	cells := make([]schema.Value, t.slots)
	for i, c := range columns {
		cells[view.Columns[c].Slot] = values[i]
	}
	for i := range t.indexes {
		x := &t.indexes[i]
		if !x.unique || len(x.columns) != len(columns) {
			continue
		}
		if key := t.keyOf(x, cells); key != nil {
			if id, ok := tx.holder(x, key); ok {
				return id, nil
			}
		}
	}
	return 0, fmt.Errorf("%s: %w", t.Name, ErrNotFound)
}
