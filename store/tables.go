package store

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"

	bolt "go.etcd.io/bbolt"

	"portaria/store/schema"
)

// The tables lie together in one bucket: a bucket of rows for each table that
// has any, and one for each index of it. A row's key is its id, an index's key
// the indexed values and the id. The sequence of a bucket of rows is how many
// it holds.

// table is one table in one transaction.
type table struct {
	*schema.Table
	name    []byte
	rows    *bolt.Bucket // nil while there are none
	indexes []index
	slots   int
}

// index keeps the rows of a table findable by columns of it.
type index struct {
	name    []byte
	columns []int
	unique  bool
	bucket  *bolt.Bucket // nil while it is empty
	looked  bool
}

// table returns the stored table of that name, nil for a name that has none.
func (tx *Tx) table(name string) *table {
	if t := tx.open[name]; t != nil {
		return t
	}
	s := tx.schema().Table(name)
	if s == nil || s.Pseudo {
		return nil
	}
	t := &table{Table: s, name: []byte(name), slots: s.Slots(), indexes: indexesOf(s)}
	t.rows = tx.tables().Bucket(t.name)
	if tx.open == nil {
		tx.open = make(map[string]*table)
	}
	tx.open[name] = t
	return t
}

// tables returns the bucket of the tables.
func (tx *Tx) tables() *bolt.Bucket {
	if tx.all == nil {
		tx.all = tx.bolt.Bucket(bucketTables)
	}
	return tx.all
}

// indexesOf lists the indexes of a table: one for each column that is unique,
// indexed or refers to another table, and one for each set of columns that is
// unique.
func indexesOf(s *schema.Table) []index {
	var list []index
	add := func(unique bool, columns ...int) {
		names := make([]string, len(columns))
		for i, c := range columns {
			names[i] = s.Columns[c].Name
		}
		list = append(list, index{name: []byte(s.Name + "." + strings.Join(names, ",")), columns: columns, unique: unique})
	}
	for i := range s.Columns {
		if c := &s.Columns[i]; i != s.Key && c.HasIndex() {
			add(c.Unique, i)
		}
	}
	for _, columns := range s.Unique {
		if len(columns) > 1 {
			add(true, columns...)
		}
	}
	return list
}

// indexOn returns the index that has column alone, or nil.
func (t *table) indexOn(column int) *index {
	for i := range t.indexes {
		if len(t.indexes[i].columns) == 1 && t.indexes[i].columns[0] == column {
			return &t.indexes[i]
		}
	}
	return nil
}

// at returns the bucket of an index, nil while it is empty.
func (tx *Tx) at(x *index) *bolt.Bucket {
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

func (tx *Tx) rowsForWriting(t *table) (*bolt.Bucket, error) {
	if t.rows == nil || !tx.made[string(t.name)] {
		b, err := tx.make(t.name)
		if err != nil {
			return nil, err
		}
		t.rows = b
		tx.markMade(t.name)
	}
	return t.rows, nil
}

func (tx *Tx) indexForWriting(x *index) (*bolt.Bucket, error) {
	if x.bucket == nil || !tx.made[string(x.name)] {
		b, err := tx.make(x.name)
		if err != nil {
			return nil, err
		}
		x.bucket, x.looked = b, true
		tx.markMade(x.name)
	}
	return x.bucket, nil
}

func (tx *Tx) markMade(name []byte) {
	if tx.made == nil {
		tx.made = make(map[string]bool)
	}
	tx.made[string(name)] = true
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
	if t.Key >= 0 {
		cells[t.Columns[t.Key].Slot] = schema.Int(id)
	}
	return nil
}
