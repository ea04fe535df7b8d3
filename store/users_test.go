package store

import (
	"iter"

	"portaria/store/schema"
)

// What these tests need of the table of users, as it reads best in them.

// User is a row of the table of users.
type User struct {
	ID   int64
	Name string
}

func (tx *Tx) users() *schema.Table { return tx.Schema().Table("users") }

// SetUser stores u in place of any other with its ID.
func (tx *Tx) SetUser(u User) error {
	users := tx.users()
	row := schema.Row{
		{Column: users.Column("id"), Value: schema.Int(u.ID)},
		{Column: users.Column("name"), Value: schema.Text(u.Name)},
	}
	if tx.Has("users", u.ID) {
		return tx.Change(users, u.ID, row)
	}
	_, err := tx.Insert(users, row)
	return err
}

// User returns the user with id, or ErrNotFound.
func (tx *Tx) User(id int64) (User, error) {
	cells, err := tx.Row("users", id)
	if err != nil {
		return User{}, err
	}
	users := tx.users()
	return User{ID: id, Name: cells[users.Columns[users.Column("name")].Slot].Str()}, nil
}

// HasUser reports whether there is a user with id.
func (tx *Tx) HasUser(id int64) bool { return tx.Has("users", id) }

// DeleteUser removes the user with id, or returns ErrNotFound.
func (tx *Tx) DeleteUser(id int64) error { return tx.Remove(tx.users(), id) }

// Users lists the users that can be read, in ascending order.
func (tx *Tx) Users() iter.Seq[User] {
	return func(yield func(User) bool) {
		b := tx.table("users").rows
		if b == nil {
			return
		}
		c := b.Cursor()
		for k, _ := c.First(); k != nil; k, _ = c.Next() {
			if u, err := tx.User(idOf(k)); err == nil && !yield(u) {
				return
			}
		}
	}
}

// DeleteAllAnd deletes every photo and appends entry to the log.
func (s *Store) DeleteAllAnd(entry Entry) error {
	return s.DeleteAllPhotos(func(tx *Tx, _ []int64) error {
		_, err := tx.Append(entry)
		return err
	})
}
