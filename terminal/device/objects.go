package device

import (
	"cmp"
	"errors"
	"slices"

	"portaria/store"
	"portaria/store/query"
	"portaria/store/schema"
)

// The tables that the device itself acts on.
const (
	usersTable         = "users"
	faceTemplatesTable = "face_templates"
	changeLogsTable    = "change_logs"
	customColumnsTable = "custom_columns"
	customTablesTable  = "custom_tables"
)

// view is the tables of this product, with the custom columns.
func (d *Device) view(tx *store.Tx) *schema.Schema {
	full := tx.Schema()
	d.viewing.Lock()
	defer d.viewing.Unlock()
	if d.viewed != full {
		d.viewed, d.tables = full, schema.Of(d.profile.Line).With(tx.Fields())
	}
	return d.tables
}

// Schema is the tables that this product has, with the custom columns that
// were added; without them when the store cannot be read.
func (d *Device) Schema() *schema.Schema {
	var s *schema.Schema
	if d.store.View(func(tx *store.Tx) error {
		s = d.view(tx)
		return nil
	}) != nil {
		return schema.Of(d.profile.Line)
	}
	return s
}

// table is a table of this product.
func (d *Device) table(tx *store.Tx, name string) (*schema.Table, error) {
	t := d.view(tx).Table(name)
	if t == nil || t.Pseudo {
		return nil, &query.NoTableError{Table: name}
	}
	return t, nil
}

// tableFor is table, for rows that were read before the transaction: a custom
// column may have gone since, and another one have its place.
func (d *Device) tableFor(tx *store.Tx, name string, rows []schema.Row) (*schema.Table, error) {
	t, err := d.table(tx, name)
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		for _, a := range row {
			if a.Of != nil && (a.Column >= len(t.Columns) || t.Columns[a.Column].Slot != a.Of.Slot) {
				return nil, &query.NoColumnError{Column: query.Column{Table: name, Name: a.Of.Name}}
			}
		}
	}
	return t, nil
}

// Create adds rows, all or none, and returns their ids in the same order. The
// columns of a row are those of the table in Schema; rows that were read with
// an earlier one say which they mean.
func (d *Device) Create(table string, rows []schema.Row) (ids []int64, err error) {
	err = d.update(sizeOf(rows), func(tx *store.Tx) error {
		t, err := d.tableFor(tx, table, rows)
		if err != nil {
			return err
		}
		ids = make([]int64, len(rows))
		insert := func() error {
			for _, i := range inOrder(t, rows) {
				if ids[i], err = tx.Insert(t, rows[i]); err != nil {
					return err
				}
			}
			return nil
		}
		if len(rows) < manyRows {
			return insert()
		}
		return tx.Bulk(insert)
	})
	return ids, err
}

// manyRows are inserted in the order that costs least.
const manyRows = 500

// inOrder is the order in which to insert rows: as they are given, unless they
// are many and each has its id.
func inOrder(t *schema.Table, rows []schema.Row) []int {
	order := make([]int, len(rows))
	for i := range order {
		order[i] = i
	}
	if len(rows) < manyRows || t.Key < 0 {
		return order
	}
	keys := make([]int64, len(rows))
	for i, row := range rows {
		v := assigned(row, t.Key)
		if v.IsNull() {
			return order
		}
		keys[i] = v.Int()
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(keys[a], keys[b]) })
	return order
}

// CreateOrModify adds rows, or changes those whose keys exist, all or none. It
// returns the ids of the rows in order, and how many there were.
func (d *Device) CreateOrModify(table string, rows []schema.Row) (ids []int64, changes int64, err error) {
	err = d.update(sizeOf(rows), func(tx *store.Tx) error {
		t, err := d.tableFor(tx, table, rows)
		if err != nil {
			return err
		}
		ids, changes = make([]int64, len(rows)), 0
		for i, row := range rows {
			var changed bool
			if ids[i], changed, err = upsert(tx, t, row); err != nil {
				return err
			}
			if changed {
				changes++
			}
		}
		return nil
	})
	return ids, changes, err
}

// upsert adds row, or changes the one that has its key. In a table without an
// id, rows that share what no two may share are the same row.
func upsert(tx *store.Tx, t *schema.Table, row schema.Row) (id int64, changed bool, err error) {
	if id, ok := find(tx, t, row); ok {
		return id, true, tx.Change(t, id, row)
	}
	id, err = tx.Insert(t, row)
	return id, true, err
}

// find looks for the row that has the key of row.
func find(tx *store.Tx, t *schema.Table, row schema.Row) (id int64, ok bool) {
	if t.Key >= 0 {
		v := assigned(row, t.Key)
		return v.Int(), !v.IsNull() && tx.Has(t.Name, v.Int())
	}
	for _, columns := range t.Unique {
		values := make([]schema.Value, len(columns))
		for i, c := range columns {
			values[i] = assigned(row, c)
		}
		if id, err := tx.FindUnique(t, columns, values); err == nil {
			return id, true
		}
	}
	return 0, false
}

// assigned is what row has for a column.
func assigned(row schema.Row, column int) schema.Value {
	for _, a := range row {
		if a.Column == column {
			return a.Value
		}
	}
	return schema.Null
}

// Modify assigns set to every row that f means and tells how many they were.
func (d *Device) Modify(f query.Filter, set schema.Row) (changes int64, err error) {
	err = d.update(sizeOf([]schema.Row{set}), func(tx *store.Tx) error {
		if _, err := d.tableFor(tx, f.Table, []schema.Row{set}); err != nil {
			return err
		}
		t, ids, err := d.matching(tx, f)
		if err != nil || len(set) == 0 {
			return err
		}
		for _, id := range ids {
			if err := tx.Change(t, id, set); err != nil {
				return err
			}
		}
		changes = int64(len(ids))
		return nil
	})
	return changes, err
}

// matching lists the rows that f means.
func (d *Device) matching(tx *store.Tx, f query.Filter) (*schema.Table, []int64, error) {
	t, err := d.table(tx, f.Table)
	if err != nil {
		return nil, nil, err
	}
	plan, err := query.Query{Filter: f, Limit: query.NoLimit}.Plan(d.view(tx), query.Known{Rows: tx.Rows})
	if err != nil {
		return nil, nil, err
	}
	ids, err := tx.IDs(plan)
	return t, ids, err
}

// ModifyEach changes each of the rows, found by its key, all or none, and
// tells how many there were. A row that is not there is no error.
func (d *Device) ModifyEach(table string, rows []schema.Row) (changes int64, err error) {
	err = d.update(sizeOf(rows), func(tx *store.Tx) error {
		t, err := d.tableFor(tx, table, rows)
		if err != nil {
			return err
		}
		changes = 0
		for _, row := range rows {
			id, ok := find(tx, t, row)
			if !ok {
				continue
			}
			if err := tx.Change(t, id, row); err != nil {
				return err
			}
			changes++
		}
		return nil
	})
	return changes, err
}

// Destroy removes every row that f means, with what depends on them, and tells
// how many of f.Table they were.
func (d *Device) Destroy(f query.Filter) (changes int64, err error) {
	err = d.update(0, func(tx *store.Tx) error {
		t, ids, err := d.matching(tx, f)
		if err != nil {
			return err
		}
		changes = int64(len(ids))
		for _, id := range ids {
			// What depended on an earlier one has gone with it.
			if err := orNotFound(tx.Remove(t, id)); err != nil {
				return err
			}
		}
		return nil
	})
	return changes, err
}

// Load calls each with the fields of every row that q asks for. values, and
// the texts in it, are valid during the call only. each must be quick: the
// data is held still meanwhile.
func (d *Device) Load(q query.Query, each func(values []schema.Value) error) error {
	ask := func(tx *store.Tx) error {
		plan, err := q.Plan(d.view(tx), query.Known{Rows: tx.Rows})
		if err != nil {
			return err
		}
		return tx.Select(plan, each)
	}
	for {
		err := d.store.View(ask)
		if !errors.Is(err, store.ErrUnsettled) {
			return err
		}
		if err := d.store.Update(0, (*store.Tx).Settle); err != nil {
			return err
		}
	}
}

// FacesEnrolled tells how many users have a face template.
func (d *Device) FacesEnrolled() (n int64, err error) {
	user := query.Column{Table: faceTemplatesTable, Name: "user_id"}
	q := query.Query{
		Filter: query.Filter{Table: faceTemplatesTable},
		Fields: []query.Field{{Column: user}},
		Group:  []query.Column{user},
		Limit:  query.NoLimit,
	}
	err = d.Load(q, func([]schema.Value) error {
		n++
		return nil
	})
	return n, err
}

// sizeOf is about how many bytes rows take in the store.
func sizeOf(rows []schema.Row) int {
	const overhead = 64
	n := 0
	for _, row := range rows {
		n += overhead
		for _, a := range row {
			n += 8 + len(a.Value.Str())
		}
	}
	return n
}
