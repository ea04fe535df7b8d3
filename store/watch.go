package store

import "portaria/store/schema"

// ChangeOp is what became of a row.
type ChangeOp uint8

// The ways a row can change.
const (
	Inserted ChangeOp = iota
	Updated
	Deleted
)

// Change is one row that was inserted, updated or deleted, also as the
// consequence of another.
type Change struct {
	Op    ChangeOp
	Table *schema.Table
	ID    int64
	Was   int64 // the id before, of a row that was given another; else ID
	// Cells are the row's, by slot: as it is now, or as it was when it is
	// deleted. They are valid during the call only.
	Cells []schema.Value
}

// Watch calls watch after every further change of a row in this transaction.
// Its error fails the change.
func (tx *Tx) Watch(watch func(Change) error) { tx.watch = watch }

func (tx *Tx) changed(op ChangeOp, t *table, id, was int64, cells []schema.Value) error {
	if tx.watch == nil {
		return nil
	}
	return tx.watch(Change{op, t.Table, id, was, cells})
}
