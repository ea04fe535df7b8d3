package store

import "portaria/store/schema"

// LastEntry returns the newest entry of the log, and whether there is one that
// can be read.
func (tx *Tx) LastEntry() (last Entry, ok bool) {
	keep := func(e Entry) bool {
		last, ok = e, true
		return true
	}
	_, chunk := tx.bolt.Bucket(bucketLog).Cursor().Last()
	yieldLines(chunk, 0, keep)
	yieldLines(tx.bolt.Bucket(bucketTail).Get(keyTail), 0, keep)
	return last, ok
}

// LastRow returns the cells of the row with the highest id, by slot, nil where
// the table has no row. Recent rows count, settled or not. Its texts are the
// transaction's.
func (tx *Tx) LastRow(name string) ([]schema.Value, error) {
	t := tx.table(name)
	if t == nil {
		return nil, ErrNoTable
	}
	var id int64
	var row []byte
	if recent := tx.bolt.Bucket(bucketRecent).Get(t.name); recent != nil {
		for i, r := range recentRows(recent) {
			id, row = i, r
		}
	}
	if row == nil && t.rows != nil {
		key, value := t.rows.Cursor().Last()
		if key == nil {
			return nil, nil
		}
		id, row = idOf(key), value
	}
	if row == nil {
		return nil, nil
	}
	return t.read(id, row)
}
