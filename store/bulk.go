package store

import "slices"

// Bulk runs fn, which inserts many rows, and stores their index entries in
// order afterwards: bbolt keeps what a transaction adds to a page in one
// array, and entries in a random order would be moved about in it again and
// again. Whatever reads an index meanwhile finds it complete.
func (tx *Tx) Bulk(fn func() error) error {
	tx.bulk = true
	defer func() { tx.bulk = false }()
	if err := fn(); err != nil {
		return err
	}
	for _, t := range tx.open {
		for i := range t.indexes {
			if err := tx.enter(&t.indexes[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// postpone notes an entry for enter. Those of a unique index go by their keys
// without the id, which is what the next row is compared with.
func (x *index) postpone(key []byte, id int64) {
	if x.pending == nil {
		x.pending = make(map[string]int64)
	}
	if !x.unique {
		key = append(key, idKey(id)...)
	}
	x.pending[string(key)] = id
}

// enter stores the entries that are pending.
func (tx *Tx) enter(x *index) error {
	if len(x.pending) == 0 {
		return nil
	}
	pending := x.pending
	x.pending = nil
	keys := make([]string, 0, len(pending))
	for key := range pending {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	b, err := tx.indexForWriting(x)
	if err != nil {
		return err
	}
	for _, key := range keys {
		entry := []byte(key)
		if x.unique {
			entry = append(entry, idKey(pending[key])...)
		}
		if err := b.Put(entry, []byte{}); err != nil {
			return err
		}
	}
	return nil
}
