package store

import "bytes"

// checkTables reads every row and compares the tables with their indexes.
func checkTables(tx *Tx, r *Report) {
	for _, s := range tx.schema().Tables() {
		t := tx.table(s.Name)
		if t == nil {
			continue
		}
		rows := t.rowsOf(r)
		for i := range t.indexes {
			tx.checkIndex(t, &t.indexes[i], rows[i], r)
		}
		r.Rows += int(t.count())
		if tx.unsettled(t.layout) {
			for id, row := range recentRows(tx.bolt.Bucket(bucketRecent).Get(t.name)) {
				r.Rows++
				if _, err := t.read(id, row); err != nil {
					r.problem("table %v", err)
				}
			}
		}
		if s.Name == "users" {
			r.Users = int(t.count())
		}
	}
}

// rowsOf walks the rows and returns how many entries each index should have.
func (t *table) rowsOf(r *Report) []int64 {
	entries := make([]int64, len(t.indexes))
	if t.rows == nil {
		return entries
	}
	n := int64(0)
	c := t.rows.Cursor()
	for k, v := c.First(); k != nil; k, v = c.Next() {
		n++
		if len(k) != 8 {
			r.problem("table %s: a row under the key %x", t.Name, k)
			continue
		}
		cells, err := t.read(idOf(k), v)
		if err != nil {
			r.problem("table %v", err)
			continue
		}
		for i := range t.indexes {
			if t.keyOf(&t.indexes[i], cells) != nil {
				entries[i]++
			}
		}
	}
	if n != t.count() {
		r.problem("table %s: %d rows, counted %d", t.Name, n, t.count())
	}
	return entries
}

// checkIndex looks for entries of rows that are not there or differ.
func (tx *Tx) checkIndex(t *table, x *index, want int64, r *Report) {
	n := int64(0)
	if b := tx.at(x); b != nil {
		c := b.Cursor()
		for k, _ := c.First(); k != nil; k, _ = c.Next() {
			n++
			if !tx.entryIsRight(t, x, k) {
				r.problem("index %s: the entry %x is not of its row", x.name, k)
			}
		}
	}
	if n != want {
		r.problem("index %s: %d entries for %d rows", x.name, n, want)
	}
}

func (tx *Tx) entryIsRight(t *table, x *index, key []byte) bool {
	id, err := idOfEntry(key)
	if err != nil || t.rows == nil {
		return false
	}
	row := t.rows.Get(idKey(id))
	if row == nil {
		return false
	}
	cells, err := t.read(id, row)
	return err == nil && bytes.Equal(t.keyOf(x, cells), key[:len(key)-8])
}
