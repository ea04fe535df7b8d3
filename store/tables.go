package store

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	bolt "go.etcd.io/bbolt"

	"portaria/store/schema"
)

// The tables lie together in one bucket: a bucket of rows for each table that
// has any, and one for each index of it. A row's key is its id, an index's key
// the indexed values and the id. The sequence of a bucket of rows is how many
// it holds.

// layout is how a table is stored: the same for every transaction.
type layout struct {
	*schema.Table
	name    []byte
	slots   int
	keySlot int // of the column that is the row's id; -1: none shows
	indexes []indexLayout
	alone   []int // by column: the index that has it alone, or -1
}

// indexLayout says what an index is of.
type indexLayout struct {
	name    []byte
	columns []int
	unique  bool
}

func layoutOf(s *schema.Table) *layout {
	l := &layout{Table: s, name: []byte(s.Name), slots: s.Slots(), keySlot: -1, alone: make([]int, len(s.Columns))}
	if s.Key >= 0 {
		l.keySlot = s.Columns[s.Key].Slot
	}
	add := func(unique bool, columns ...int) {
		names := make([]string, len(columns))
		for i, c := range columns {
			names[i] = s.Columns[c].Name
		}
		name := []byte(s.Name + "." + strings.Join(names, ","))
		l.indexes = append(l.indexes, indexLayout{name: name, columns: columns, unique: unique})
	}
	for i := range s.Columns {
		l.alone[i] = -1
		if c := &s.Columns[i]; i != s.Key && c.HasIndex() {
			l.alone[i] = len(l.indexes)
			add(c.Unique, i)
		}
	}
	for _, columns := range s.Unique {
		if len(columns) > 1 {
			add(true, columns...)
		}
	}
	return l
}

// table is one table in one transaction.
type table struct {
	*layout
	rows    *bolt.Bucket // nil while there are none
	ready   bool         // rows may be written to
	indexes []index
}

// index keeps the rows of a table findable by columns of it.
type index struct {
	*indexLayout
	bucket *bolt.Bucket // nil while it is empty
	looked bool
	ready  bool // bucket may be written to

	// pending are entries that Bulk has not stored yet.
	pending map[string]int64
}

// table returns the stored table of that name, nil for a name that has none.
func (tx *Tx) table(name string) *table {
	for _, t := range tx.open {
		if t.Name == name {
			return t
		}
	}
	tx.schema()
	l := tx.layouts[name]
	if l == nil {
		return nil
	}
	if tx.unsettled(l) && tx.bolt.Writable() {
		if err := tx.settle(l); err != nil {
			panic(err)
		}
		return tx.table(name)
	}
	t := &table{layout: l, indexes: make([]index, len(l.indexes)), rows: tx.tables().Bucket(l.name)}
	for i := range t.indexes {
		t.indexes[i].indexLayout = &l.indexes[i]
	}
	tx.open = append(tx.open, t)
	return t
}

// forget closes a table, so that it is opened anew.
func (tx *Tx) forget(name string) {
	tx.open = slices.DeleteFunc(tx.open, func(t *table) bool { return t.Name == name })
}

// tables returns the bucket of the tables.
func (tx *Tx) tables() *bolt.Bucket {
	if tx.all == nil {
		tx.all = tx.bolt.Bucket(bucketTables)
	}
	return tx.all
}

// indexOn returns the index that has column alone, or nil.
func (t *table) indexOn(column int) *index {
	if i := t.alone[column]; i >= 0 {
		return &t.indexes[i]
	}
	return nil
}

// at returns the bucket of an index, nil while it is empty.
func (tx *Tx) at(x *index) *bolt.Bucket {
	if len(x.pending) > 0 {
		if err := tx.enter(x); err != nil {
			panic(err)
		}
	}
	return tx.settled(x)
}

// settled is at without the entries that are pending.
func (tx *Tx) settled(x *index) *bolt.Bucket {
	if !x.looked {
		x.looked = true
		x.bucket = tx.tables().Bucket(x.name)
	}
	return x.bucket
}

// rowsFill is how full a page of rows is left: ids mostly grow, so there is
// little to come in between.
const rowsFill = 0.9

// make returns the bucket of that name, for writing.
func (tx *Tx) make(name []byte) (*bolt.Bucket, error) {
	b, err := tx.tables().CreateBucketIfNotExists(name)
	if err != nil {
		return nil, err
	}
	b.FillPercent = rowsFill
	return b, nil
}

func (tx *Tx) rowsForWriting(t *table) (_ *bolt.Bucket, err error) {
	if !t.ready {
		if t.rows, err = tx.make(t.name); err != nil {
			return nil, err
		}
		t.ready = true
	}
	return t.rows, nil
}

func (tx *Tx) indexForWriting(x *index) (_ *bolt.Bucket, err error) {
	if len(x.pending) > 0 {
		if err := tx.enter(x); err != nil {
			return nil, err
		}
	}
	if !x.ready {
		if x.bucket, err = tx.make(x.name); err != nil {
			return nil, err
		}
		x.ready, x.looked = true, true
	}
	return x.bucket, nil
}

// count is how many rows the table has.
func (t *table) count() int64 {
	if t.rows == nil {
		return 0
	}
	return int64(t.rows.Sequence())
}

// appendKey appends what an index holds of a value. Integers keep their order;
// texts and blobs can only be found whole, and long ones stand as their hash.
func appendKey(dst []byte, v schema.Value, unsigned bool) []byte {
	if v.Kind() == schema.IntKind {
		n := uint64(v.Int())
		if !unsigned {
			n ^= 1 << 63
		}
		return binary.BigEndian.AppendUint64(append(dst, 'i'), n)
	}
	const longest = 200
	if s := v.Str(); len(s) > longest {
		sum := sha256.Sum256([]byte(s))
		return append(append(dst, 'h'), sum[:]...)
	}
	dst = append(dst, 't', byte(len(v.Str())))
	return append(dst, v.Str()...)
}

// keyOf returns the key of a row in an index without its id, or nil when one
// of the columns is null: such a row is not in the index.
func (t *table) keyOf(x *index, cells []schema.Value) []byte {
	var key []byte
	for _, i := range x.columns {
		c := &t.Columns[i]
		v := cells[c.Slot]
		if v.IsNull() {
			return nil
		}
		key = appendKey(key, v, c.Unsigned)
	}
	return key
}

// idOfEntry is the id that the key of an index entry ends in.
func idOfEntry(key []byte) (int64, error) {
	if len(key) < 8 {
		return 0, fmt.Errorf("index entry: %w", ErrDamaged)
	}
	return idOf(key[len(key)-8:]), nil
}

// read returns the cells of a stored row by slot.
func (t *table) read(id int64, row []byte) ([]schema.Value, error) {
	cells := make([]schema.Value, t.slots)
	return cells, t.readInto(cells, id, row)
}

// readInto does what read does into cells.
func (t *table) readInto(cells []schema.Value, id int64, row []byte) error {
	n, err := decodeRow(cells, row)
	if err != nil {
		return fmt.Errorf("%s %d: %w", t.Name, id, err)
	}
	if n < len(cells) {
		for i := range t.Columns {
			if c := &t.Columns[i]; c.Slot >= n {
				cells[c.Slot] = c.Default
			}
		}
	}
	if t.keySlot >= 0 {
		cells[t.keySlot] = schema.Int(id)
	}
	return nil
}
