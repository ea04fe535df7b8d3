package device

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"

	"portaria/store"
	"portaria/store/schema"
)

// Log kinds of changed rows: a server that listens is told of them.
const (
	rowInserted = "row inserted"
	rowUpdated  = "row updated"
	rowDeleted  = "row deleted"
)

// reported are the tables whose changes a listening server is told of
// (access-api §11.2, dao).
var reported = []string{"access_logs", "alarm_logs", "cards", "templates"}

// tracked are the tables whose changes are written to change_logs, where a
// product has that table (access-api §3.11).
var tracked = []string{usersTable, "templates", faceTemplatesTable, "cards"}

// followed is what a transaction has led to beyond itself.
type followed struct {
	faces []int64 // rows of face_templates that have changed
	noted bool    // the log says that the clock is unset
}

// done is called after the transaction, with its error.
func (d *Device) done(f followed, err error) error {
	d.prints.changed(f.faces)
	if err == nil && f.noted {
		d.dates.noted()
	}
	return err
}

// update runs fn as store.Update does, and adds what follows from the rows
// that it changes.
func (d *Device) update(payload int, fn func(*store.Tx) error) error {
	var f followed
	err := d.store.Update(payload, func(tx *store.Tx) error {
		if err := d.follow(tx, &f); err != nil {
			return err
		}
		return fn(tx)
	})
	return d.done(f, err)
}

// follow makes the consequences of changed rows part of tx, and tells f of them.
func (d *Device) follow(tx *store.Tx, f *followed) (err error) {
	f.faces = f.faces[:0]
	if f.noted, err = d.noteClock(tx); err != nil {
		return err
	}
	now := d.written()
	logs := d.view(tx).Table(changeLogsTable)
	tx.Watch(func(c store.Change) error {
		name := c.Table.Name
		if name == faceTemplatesTable {
			f.faces = append(f.faces, c.ID, c.Was)
		}
		if logs != nil && slices.Contains(tracked, name) {
			if err := track(tx, logs, c.Op, name, c.ID, now); err != nil {
				return err
			}
		}
		if slices.Contains(reported, name) {
			if err := d.report(tx, c, now); err != nil {
				return err
			}
		}
		switch {
		case name == customColumnsTable && c.ID != c.Was:
			return tx.MoveField(c.Was, c.ID)
		case c.Op != store.Deleted:
		case name == usersTable && d.profile.Photo.FollowsUser:
			_, err := forgetPhoto(tx, c.ID, now)
			return err
		case name == customColumnsTable:
			return orNotFound(tx.RemoveField(c.ID))
		}
		return nil
	})
	return nil
}

// orNotFound is err unless there was nothing to be found.
func orNotFound(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}

// operations are the words of change_logs.
var operations = [...]string{store.Inserted: "insert", store.Updated: "update", store.Deleted: "delete"}

// track writes one line of change_logs.
func track(tx *store.Tx, logs *schema.Table, op store.ChangeOp, table string, id, now int64) error {
	_, err := tx.AppendRow(logs, schema.Row{
		{Column: logs.Column("operation_type"), Value: schema.Text(operations[op])},
		{Column: logs.Column("table_name"), Value: schema.Text(table)},
		{Column: logs.Column("table_id"), Value: schema.Int(id)},
		{Column: logs.Column("timestamp"), Value: schema.Int(now)},
	})
	return err
}

// report puts a changed row into the log, from where it is delivered.
func (d *Device) report(tx *store.Tx, c store.Change, now int64) error {
	kinds := [...]string{store.Inserted: rowInserted, store.Updated: rowUpdated, store.Deleted: rowDeleted}
	row, err := rowJSON(d.view(tx).Table(c.Table.Name), c.Cells)
	if err != nil {
		return err
	}
	_, err = tx.Append(store.Entry{Time: now, Kind: kinds[c.Op], Table: c.Table.Name, Row: row})
	return err
}

// rowJSON is a row as an object: integers are numbers, bytes are base64. Cells
// are by slot.
func rowJSON(t *schema.Table, cells []schema.Value) ([]byte, error) {
	out := []byte{'{'}
	for i := range t.Columns {
		c := &t.Columns[i]
		if i > 0 {
			out = append(out, ',')
		}
		value, err := json.Marshal(plain(cells[c.Slot], c.Unsigned))
		if err != nil {
			return nil, err
		}
		out = append(append(append(append(out, '"'), c.Name...), '"', ':'), value...)
	}
	return append(out, '}'), nil
}

// plain is v as encoding/json writes it best.
func plain(v schema.Value, unsigned bool) any {
	switch v.Kind() {
	case schema.IntKind:
		if unsigned {
			return uint64(v.Int())
		}
		return v.Int()
	case schema.TextKind:
		return v.Str()
	case schema.BlobKind:
		return base64.StdEncoding.EncodeToString([]byte(v.Str()))
	}
	return nil
}

// forgetPhoto deletes the photo of a user and tells whether there was one.
func forgetPhoto(tx *store.Tx, user, now int64) (had bool, err error) {
	if err := tx.DeletePhoto(user); err != nil {
		return false, orNotFound(err)
	}
	if err := keepOriginal(tx, user, nil, 0); err != nil {
		return false, err
	}
	_, err = tx.Append(store.Entry{Time: now, Kind: photoDeleted, User: user})
	return true, err
}

// noPhoto notes in the row of a user that there is no photo any more, and
// forgets the face. While there is one, the photo's own timestamp is what the
// row shows.
func (d *Device) noPhoto(tx *store.Tx, user int64) error {
	if err := d.forgetFace(tx, user); err != nil {
		return err
	}
	t := d.view(tx).Table(usersTable)
	column := t.Column("image_timestamp")
	if column < 0 || !tx.Has(usersTable, user) {
		return nil
	}
	return tx.Change(t, user, schema.Row{{Column: column, Value: schema.Int(0)}})
}

// newPhoto notes that the row of a user has changed with the photo, and keeps
// the template of the face.
func (d *Device) newPhoto(tx *store.Tx, user int64, template string, now int64) error {
	if err := d.enrol(tx, user, template); err != nil {
		return err
	}
	logs := d.view(tx).Table(changeLogsTable)
	if logs == nil || !tx.Has(usersTable, user) {
		return nil
	}
	return track(tx, logs, store.Updated, usersTable, user, now)
}
