package store

import (
	"encoding/json"
	"fmt"
	"iter"

	bolt "go.etcd.io/bbolt"
)

// MaxName is the most bytes a user's name may take.
const MaxName = 4096

// userVersion begins a stored user; the name follows, byte for byte.
const userVersion = 1

// User is a person the terminal knows.
type User struct {
	ID   int64
	Name string
}

// SetUser stores u in place of any other with its ID. ErrTooLarge: a name of
// more than MaxName bytes.
func (tx *Tx) SetUser(u User) error {
	if len(u.Name) > MaxName {
		return fmt.Errorf("name of user %d: %w", u.ID, ErrTooLarge)
	}
	tx.dirty, tx.grows = true, true
	return tx.users().Put(idKey(u.ID), append([]byte{userVersion}, u.Name...))
}

// User returns the user with id, or ErrNotFound.
func (tx *Tx) User(id int64) (User, error) {
	v := tx.users().Get(idKey(id))
	if v == nil {
		return User{}, fmt.Errorf("user %d: %w", id, ErrNotFound)
	}
	if len(v) == 0 || v[0] != userVersion {
		return User{}, fmt.Errorf("user %d: %w", id, ErrDamaged)
	}
	return User{ID: id, Name: string(v[1:])}, nil
}

// HasUser reports whether there is a user with id.
func (tx *Tx) HasUser(id int64) bool { return tx.users().Get(idKey(id)) != nil }

// DeleteUser removes the user with id, or returns ErrNotFound. A photo stays.
func (tx *Tx) DeleteUser(id int64) error {
	if !tx.HasUser(id) {
		return fmt.Errorf("user %d: %w", id, ErrNotFound)
	}
	tx.dirty = true
	return tx.users().Delete(idKey(id))
}

// Users lists the users in ascending order, negative ids first. The users must
// not be changed meanwhile.
func (tx *Tx) Users() iter.Seq[User] {
	return func(yield func(User) bool) {
		c := tx.users().Cursor()
		for k, v := c.First(); k != nil; k, v = c.Next() {
			if len(k) == 8 && len(v) > 0 && v[0] == userVersion && !yield(User{ID: idOf(k), Name: string(v[1:])}) {
				return
			}
		}
	}
}

func (tx *Tx) users() *bolt.Bucket { return tx.bolt.Bucket(bucketUsers) }

// Account is the login of the device. The password itself is never stored.
type Account struct {
	Login      string `json:"login"`
	Salt       []byte `json:"salt"`
	Hash       []byte `json:"hash"`
	Iterations int    `json:"iterations"`
}

// maxAccount keeps the settings small enough to stay inside the root page.
const maxAccount = 700

// Account returns the stored account, or ErrNotFound on a device that has none.
func (tx *Tx) Account() (Account, error) {
	v := tx.bolt.Bucket(bucketMeta).Get(keyAccount)
	if v == nil {
		return Account{}, fmt.Errorf("account: %w", ErrNotFound)
	}
	var a Account
	if err := json.Unmarshal(v, &a); err != nil {
		return Account{}, fmt.Errorf("account: %w: %w", ErrDamaged, err)
	}
	return a, nil
}

// SetAccount stores a in place of any other. ErrTooLarge: more than a few
// hundred bytes in all.
func (tx *Tx) SetAccount(a Account) error {
	v, err := json.Marshal(a)
	if err != nil {
		return err
	}
	if len(v) > maxAccount {
		return fmt.Errorf("account: %w", ErrTooLarge)
	}
	tx.dirty = true
	return tx.bolt.Bucket(bucketMeta).Put(keyAccount, v)
}
