package store

import (
	"encoding/json"
	"fmt"
)

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
