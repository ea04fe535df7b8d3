package device

import (
	"errors"

	"portaria/store/query"
	"portaria/store/schema"
)

var errNotYet = errors.New("not yet")

// Schema is the tables that this product has, with the custom columns that
// were added.
func (d *Device) Schema() *schema.Schema { return schema.New() }

// Create adds rows, all or none, and returns their ids in the same order.
func (d *Device) Create(table string, rows []schema.Row) (ids []int64, err error) {
	return nil, errNotYet
}

// CreateOrModify adds rows, or changes those whose keys exist, all or none. It
// returns the ids of the rows in order, and how many there were.
func (d *Device) CreateOrModify(table string, rows []schema.Row) (ids []int64, changes int64, err error) {
	return nil, 0, errNotYet
}

// Modify assigns set to every row that f means and tells how many they were.
func (d *Device) Modify(f query.Filter, set schema.Row) (changes int64, err error) {
	return 0, errNotYet
}

// ModifyEach changes each of the rows, found by its key, all or none, and
// tells how many there were. A row that is not there is no error.
func (d *Device) ModifyEach(table string, rows []schema.Row) (changes int64, err error) {
	return 0, errNotYet
}

// Destroy removes every row that f means, with what depends on them, and tells
// how many of f.Table they were.
func (d *Device) Destroy(f query.Filter) (changes int64, err error) { return 0, errNotYet }

// Load calls each with the fields of every row that q asks for. values, and
// the texts in it, are valid during the call only. each must be quick: the
// data is held still meanwhile.
func (d *Device) Load(q query.Query, each func(values []schema.Value) error) error { return errNotYet }

// AddField adds a custom column and returns the id of its row in
// custom_columns.
func (d *Device) AddField(f schema.Field) (id int64, err error) { return 0, errNotYet }

// RemoveFields removes the custom columns of these rows of custom_columns.
func (d *Device) RemoveFields(ids []int64) error { return errNotYet }

// FacesEnrolled tells how many users have a face template.
func (d *Device) FacesEnrolled() (int64, error) { return 0, errNotYet }
