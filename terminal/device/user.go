package device

import (
	"errors"
	"fmt"

	"portaria/store"
)

// SetUsers adds users, or replaces those with the same ids, all or none.
func (d *Device) SetUsers(users ...store.User) error {
	return d.store.Update(0, func(tx *store.Tx) error {
		for _, u := range users {
			if u.ID <= 0 {
				return fmt.Errorf("user %d: %w", u.ID, ErrUserID)
			}
			if err := tx.SetUser(u); err != nil {
				return err
			}
		}
		return nil
	})
}

// User returns a user, or ErrNoUser.
func (d *Device) User(id int64) (store.User, error) {
	var u store.User
	err := d.store.View(func(tx *store.Tx) error {
		var err error
		u, err = tx.User(id)
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		err = fmt.Errorf("user %d: %w", id, ErrNoUser)
	}
	return u, err
}

// Users lists the users in the order of their ids.
func (d *Device) Users() ([]store.User, error) {
	var users []store.User
	err := d.store.View(func(tx *store.Tx) error {
		for u := range tx.Users() {
			users = append(users, u)
		}
		return nil
	})
	return users, err
}

// DeleteUser deletes a user and leaves the photo dangling. An unknown user is
// ErrNoUser.
func (d *Device) DeleteUser(id int64) error {
	err := d.store.Update(0, func(tx *store.Tx) error { return tx.DeleteUser(id) })
	if errors.Is(err, store.ErrNotFound) {
		err = fmt.Errorf("user %d: %w", id, ErrNoUser)
	}
	return err
}
