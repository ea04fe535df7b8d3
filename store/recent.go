package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"portaria/store/schema"
)

// recentBytes is the most that recent rows may take: with what else lies inside
// the root page they must not need a second one.
const recentBytes = 700

// ErrUnsettled is a question about a table whose newest rows have not joined
// the others yet. Call Settle and ask again.
var ErrUnsettled = errors.New("recent rows are not settled")

// AppendRow adds a row to a table that nothing refers to and that has no index,
// such as a log, and returns its id, which is the next one whatever the row
// says. It costs a commit no page of its own: the newest rows lie together
// inside the root page, which every commit writes anyway, and join the others
// when they have become many or are asked for. Watch does not hear of them.
//
// The recent rows of a table are one value: the id of the first, and the rows,
// each with its length before it.
func (tx *Tx) AppendRow(view *schema.Table, row schema.Row) (int64, error) {
	tx.schema()
	l := tx.layouts[view.Name]
	if l == nil || len(l.indexes) > 0 {
		return 0, fmt.Errorf("%s: %w", view.Name, ErrNoTable)
	}
	cells := l.fill(view, row)
	if l.keySlot >= 0 {
		cells[l.keySlot] = schema.Null
	}
	if err := l.checkRow(0, cells, nil); err != nil {
		return 0, err
	}
	bucket := tx.bolt.Bucket(bucketRecent)
	rows := bucket.Get(l.name)
	if rows == nil {
		first, err := tx.idFor(tx.table(view.Name), cells)
		if err != nil {
			return 0, err
		}
		rows = binary.BigEndian.AppendUint64(nil, uint64(first))
	}
	id, n := int64(binary.BigEndian.Uint64(rows)), 0
	for range recentRows(rows) {
		n++
	}
	if int64(n) > math.MaxInt64-id {
		// No id is left after these.
		if err := tx.settle(l); err != nil {
			return 0, err
		}
		return tx.AppendRow(view, row)
	}
	encoded := encodeRow(cells)
	rows = binary.AppendUvarint(rows[:len(rows):len(rows)], uint64(len(encoded)))
	rows = append(rows, encoded...)
	tx.dirty, tx.grows = true, true
	tx.forget(view.Name)
	if err := bucket.Put(l.name, rows); err != nil {
		return 0, err
	}
	if len(rows) > recentBytes {
		return id + int64(n), tx.settle(l)
	}
	return id + int64(n), nil
}

// recentRows walks the rows of a value of recent ones.
func recentRows(value []byte) func(func(int64, []byte) bool) {
	return func(yield func(int64, []byte) bool) {
		if len(value) < 8 {
			return
		}
		id := int64(binary.BigEndian.Uint64(value))
		for value = value[8:]; len(value) > 0; id++ {
			n, width := binary.Uvarint(value)
			if width <= 0 || n > uint64(len(value)-width) {
				panic(errCells)
			}
			if !yield(id, value[width:width+int(n)]) {
				return
			}
			value = value[width+int(n):]
		}
	}
}

// Settle makes the recent rows of every table join the others.
func (tx *Tx) Settle() error {
	tx.schema()
	for _, l := range tx.layouts {
		if tx.unsettled(l) {
			if err := tx.settle(l); err != nil {
				return err
			}
		}
	}
	return nil
}

func (tx *Tx) unsettled(l *layout) bool {
	return len(l.indexes) == 0 && tx.bolt.Bucket(bucketRecent).Get(l.name) != nil
}

// settle makes the recent rows of one table join the others.
func (tx *Tx) settle(l *layout) error {
	bucket := tx.bolt.Bucket(bucketRecent)
	value := bytes.Clone(bucket.Get(l.name))
	tx.dirty = true
	if err := bucket.Delete(l.name); err != nil {
		return err
	}
	tx.forget(l.Name)
	t := tx.table(l.Name)
	for id, row := range recentRows(value) {
		cells, err := t.read(id, row)
		if err != nil {
			return err
		}
		if err := tx.put(t, id, cells, nil, true); err != nil {
			return err
		}
	}
	return tx.rotate(t)
}
