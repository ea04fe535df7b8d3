package device

import (
	"errors"
	"fmt"

	"portaria/store"
	"portaria/store/query"
	"portaria/store/schema"
)

// User is a person the terminal knows, as far as photos need to.
type User struct {
	ID   int64
	Name string
}

// SetUsers adds users, or renames those with the same ids, all or none.
func (d *Device) SetUsers(users ...User) error {
	for _, u := range users {
		if u.ID <= 0 {
			return fmt.Errorf("user %d: %w", u.ID, ErrUserID)
		}
	}
	return d.update(0, func(tx *store.Tx) error {
		t := d.view(tx).Table(usersTable)
		for _, u := range users {
			row := schema.Row{
				{Column: t.Column("id"), Value: schema.Int(u.ID)},
				{Column: t.Column("name"), Value: schema.Text(u.Name)},
			}
			if _, _, err := upsert(tx, t, row); err != nil {
				return err
			}
		}
		return nil
	})
}

// User returns a user, or ErrNoUser.
func (d *Device) User(id int64) (User, error) {
	u := User{ID: id}
	err := d.store.View(func(tx *store.Tx) error {
		cells, err := tx.Row(usersTable, id)
		if err != nil {
			return err
		}
		t := d.view(tx).Table(usersTable)
		u.Name = t.Cell(cells, "name").Str()
		return nil
	})
	if errors.Is(err, store.ErrNotFound) {
		return User{}, fmt.Errorf("user %d: %w", id, ErrNoUser)
	}
	return u, err
}

// Users lists the users in the order of their ids.
func (d *Device) Users() ([]User, error) {
	var users []User
	q := query.Query{
		Filter: query.Filter{Table: usersTable},
		Fields: []query.Field{{Column: query.Column{Table: usersTable, Name: "id"}}, {Column: query.Column{Table: usersTable, Name: "name"}}},
		Limit:  query.NoLimit,
	}
	err := d.Load(q, func(v []schema.Value) error {
		users = append(users, User{ID: v[0].Int(), Name: string([]byte(v[1].Str()))})
		return nil
	})
	return users, err
}

// DeleteUser deletes a user with all that depends on it. The photo goes too
// where the product's does, and dangles elsewhere. An unknown user is
// ErrNoUser.
func (d *Device) DeleteUser(id int64) error {
	err := d.update(0, func(tx *store.Tx) error { return tx.Remove(d.view(tx).Table(usersTable), id) })
	if errors.Is(err, store.ErrNotFound) {
		err = fmt.Errorf("user %d: %w", id, ErrNoUser)
	}
	return err
}
