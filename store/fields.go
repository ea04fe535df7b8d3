package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"portaria/store/schema"
)

// keyFields holds the custom columns, those that were removed too: their
// slots are not given again. It sorts before every bucket's name.
var keyFields = []byte("\x00fields")

// keyFactory holds the product lines whose factory rows have been stored.
var keyFactory = []byte("\x00factory")

// Factory tells which product lines have had their factory rows.
func (tx *Tx) Factory() schema.Lines {
	if v := tx.tables().Get(keyFactory); len(v) == 1 {
		return schema.Lines(v[0])
	}
	return 0
}

// SetFactory notes which product lines have had their factory rows.
func (tx *Tx) SetFactory(lines schema.Lines) error {
	tx.dirty = true
	return tx.tables().Put(keyFactory, []byte{byte(lines)})
}

// ErrColumnTaken is a custom column whose name the table has already. Case makes
// no difference between columns, as in SQLite.
var ErrColumnTaken = errors.New("duplicate column name")

// maxFields bounds the custom columns, removed ones counted.
const maxFields = 1000

// storedField is a custom column on disk.
type storedField struct {
	ID      int64  `json:"id"`
	Table   string `json:"table"`
	Name    string `json:"name"`
	Label   string `json:"label,omitempty"`
	Type    uint8  `json:"type"`
	NotNull bool   `json:"not_null,omitempty"`
	Unique  bool   `json:"unique,omitempty"`
	Default *cell  `json:"default,omitempty"`
	Slot    int    `json:"slot"`
	Removed bool   `json:"removed,omitempty"`
}

// cell is a value in JSON.
type cell struct {
	Int  *int64  `json:"int,omitempty"`
	Text *string `json:"text,omitempty"`
	Blob []byte  `json:"blob,omitempty"`
}

func cellOf(v schema.Value) *cell {
	switch v.Kind() {
	case schema.IntKind:
		n := v.Int()
		return &cell{Int: &n}
	case schema.TextKind:
		s := v.Str()
		return &cell{Text: &s}
	case schema.BlobKind:
		return &cell{Blob: []byte(v.Str())}
	}
	return nil
}

func (c *cell) value() schema.Value {
	switch {
	case c == nil:
		return schema.Null
	case c.Int != nil:
		return schema.Int(*c.Int)
	case c.Text != nil:
		return schema.Text(*c.Text)
	}
	return schema.Blob(string(c.Blob))
}

// tablesKnown is the schema of an open store, made anew when its custom
// columns change.
type tablesKnown struct {
	mu      sync.Mutex // guards all below
	base    *schema.Schema
	raw     string // of the custom columns that full has
	version uint64 // of the bucket of tables when a reader found raw in it, and one; 0: no reader has
	full    *schema.Schema
	fields  []storedField
	layouts map[string]*layout
}

// get gives tx the schema for the custom columns that it finds. What readers
// see has a version, which spares them a look; a writer may be undone, and
// leave another with the same version.
func (k *tablesKnown) get(tx *Tx) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	defer func() { tx.full, tx.fields, tx.layouts = k.full, k.fields, k.layouts }()
	version := tx.tables().Sequence() + 1
	reads := !tx.bolt.Writable()
	if reads && k.version == version {
		return nil
	}
	raw := tx.tables().Get(keyFields)
	if k.full != nil && k.raw == string(raw) {
		if reads {
			k.version = version
		}
		return nil
	}
	k.version = 0
	if k.base == nil {
		k.base = schema.All()
	}
	var fields []storedField
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &fields); err != nil {
			return fmt.Errorf("custom columns: %w: %w", ErrDamaged, err)
		}
	}
	k.raw, k.fields = string(raw), fields
	k.full = k.base.With(live(fields))
	k.layouts = make(map[string]*layout)
	for _, t := range k.full.Tables() {
		if !t.Pseudo {
			k.layouts[t.Name] = layoutOf(t)
		}
	}
	if reads {
		k.version = version
	}
	return nil
}

// forget makes the next reader look at the custom columns again: versions of
// one file say nothing of another.
func (k *tablesKnown) forget() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.version = 0
}

// live are the custom columns that are there.
func live(fields []storedField) []schema.Field {
	var list []schema.Field
	for _, f := range fields {
		if !f.Removed {
			list = append(list, f.field())
		}
	}
	return list
}

func (f storedField) field() schema.Field {
	return schema.Field{
		ID: f.ID, Table: f.Table, Name: f.Name, Label: f.Label, Type: schema.Type(f.Type),
		NotNull: f.NotNull, Unique: f.Unique, Default: f.Default.value(), Slot: f.Slot,
	}
}

// schema is every table with the custom columns. Damage is a panic, which the
// transaction makes ErrDamaged.
func (tx *Tx) schema() *schema.Schema {
	if tx.full == nil {
		if err := tx.known.get(tx); err != nil {
			panic(err)
		}
	}
	return tx.full
}

// Schema is every table of every product line, with the custom columns.
func (tx *Tx) Schema() *schema.Schema { return tx.schema() }

// Fields lists the custom columns.
func (tx *Tx) Fields() []schema.Field {
	tx.schema()
	return live(tx.fields)
}

// AddField adds a custom column. Its Slot is given here. Errors: ErrNoTable,
// ErrColumnTaken, *ConstraintError when the rows that are there would break it.
func (tx *Tx) AddField(f schema.Field) error {
	s := tx.schema()
	t := s.Table(f.Table)
	switch {
	case t == nil || t.Pseudo:
		return fmt.Errorf("%s: %w", f.Table, ErrNoTable)
	case len(tx.fields) >= maxFields:
		return fmt.Errorf("custom columns: %w", ErrTooLarge)
	case slices.ContainsFunc(t.Columns, func(c schema.Column) bool {
		return strings.EqualFold(c.Name, f.Name) || strings.EqualFold(c.Alias, f.Name)
	}):
		return fmt.Errorf("%s.%s: %w", f.Table, f.Name, ErrColumnTaken)
	case f.NotNull && f.Default.IsNull() && tx.Rows(f.Table) > 0:
		return &ConstraintError{Rule: NotNullRule, Table: f.Table, Columns: []string{f.Name}}
	case f.Unique && !f.Default.IsNull() && tx.Rows(f.Table) > 1:
		return &ConstraintError{Rule: UniqueRule, Table: f.Table, Columns: []string{f.Name}}
	}
	given := make([]schema.Field, len(tx.fields))
	for i, other := range tx.fields {
		given[i] = other.field()
	}
	slot := s.NextSlot(f.Table, given)
	fields := slices.Clone(tx.fields)
	for i := range fields {
		// A field whose row has been given another id belongs to none.
		if fields[i].ID == f.ID {
			fields[i].ID = 0
		}
	}
	fields = append(fields, storedField{
		ID: f.ID, Table: f.Table, Name: f.Name, Label: f.Label, Type: uint8(f.Type),
		NotNull: f.NotNull, Unique: f.Unique, Default: cellOf(f.Default), Slot: slot,
	})
	if err := tx.setFields(fields); err != nil {
		return err
	}
	if f.Unique && !f.Default.IsNull() {
		return tx.reindex(f.Table)
	}
	return nil
}

// RemoveField removes the custom column whose row in custom_columns has that
// id, with what the rows have in it. ErrNotFound: there is none.
func (tx *Tx) RemoveField(id int64) error {
	tx.schema()
	fields := slices.Clone(tx.fields)
	for i := range fields {
		f := &fields[i]
		if f.ID != id || f.ID == 0 || f.Removed {
			continue
		}
		if f.Unique {
			name := []byte(f.Table + "." + f.Name)
			if tx.tables().Bucket(name) != nil {
				tx.dirty = true
				if err := tx.tables().DeleteBucket(name); err != nil {
					return err
				}
			}
		}
		f.Removed = true
		return tx.setFields(fields)
	}
	return fmt.Errorf("custom column %d: %w", id, ErrNotFound)
}

// MoveField tells that the row in custom_columns that stands for a custom column
// has another id now. A row that stands for none is no error.
func (tx *Tx) MoveField(from, to int64) error {
	tx.schema()
	fields := slices.Clone(tx.fields)
	for i := range fields {
		if f := &fields[i]; f.ID == from && f.ID != 0 && !f.Removed {
			f.ID = to
			return tx.setFields(fields)
		}
	}
	return nil
}

// setFields stores the custom columns and forgets what was open before.
func (tx *Tx) setFields(fields []storedField) error {
	raw, err := json.Marshal(fields)
	if err != nil {
		return err
	}
	tx.dirty, tx.grows = true, true
	tx.full, tx.fields, tx.layouts, tx.open = nil, nil, nil, nil
	if err := tx.tables().SetSequence(tx.tables().Sequence() + 1); err != nil {
		return err
	}
	return tx.tables().Put(keyFields, raw)
}

// reindex enters the rows of a table into the indexes that lack them.
func (tx *Tx) reindex(name string) error {
	t := tx.table(name)
	if t.rows == nil {
		return nil
	}
	c := t.rows.Cursor()
	for k, v := c.First(); k != nil; k, v = c.Next() {
		id := idOf(k)
		cells, err := t.read(id, v)
		if err != nil {
			return err
		}
		for i := range t.indexes {
			x := &t.indexes[i]
			key := t.keyOf(x, cells)
			if key == nil {
				continue
			}
			if err := tx.addEntry(x, key, id); err != nil {
				return err
			}
		}
	}
	return nil
}
