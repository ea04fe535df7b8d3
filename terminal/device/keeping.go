package device

import (
	"context"
	"errors"
	"io"

	"portaria/store"
)

// allRestored is the kind of the log entry about a restore.
const allRestored = "data restored"

// Serial is the number that the device was opened with. Data that were restored
// bring the one of their own terminal to its tables.
func (d *Device) Serial() string { return d.serial }

// Probe tells what keeps the device from reading and writing its data, or nil,
// as store.Probe does.
func (d *Device) Probe() error { return d.store.Probe() }

// Storage is what the device knows of its data without looking at them.
type Storage struct {
	Users, Photos int
	Capacity      int64 // most bytes the data may take; 0: no limit but the disk's
	store.Stats
	// DamagedPhotos are users whose photo was asked for and found damaged.
	DamagedPhotos []int64
}

// Storage returns the current figures.
func (d *Device) Storage() (Storage, error) {
	s := Storage{Stats: d.store.Stats(), Capacity: d.store.Capacity()}
	err := d.store.View(func(tx *store.Tx) error {
		s.Users = int(tx.Rows(usersTable))
		for range tx.Photos() {
			s.Photos++
		}
		return nil
	})
	s.DamagedPhotos = d.store.DamagedPhotos()
	return s, err
}

// Snapshot writes all data, as they are at one moment, to w, which is a file on
// this machine; begin is told first how long that is. See store.Snapshot.
func (d *Device) Snapshot(ctx context.Context, w io.Writer, begin func(size int64) error) error {
	return d.store.Snapshot(ctx, w, begin)
}

// Restore puts the data of the file at path, which store.CheckFile has found
// sound, in the place of all that the device keeps, and ends every session. The
// file is gone afterwards. Login and password stay: whoever restores knows
// those of today, and not everybody who has a backup shall know the way in.
func (d *Device) Restore(path string) error {
	d.account.changing.Lock()
	defer d.account.changing.Unlock()
	d.account.mu.Lock()
	account := d.account.stored
	d.account.mu.Unlock()
	err := d.store.Replace(path, func(tx *store.Tx) error {
		if err := tx.SetAccount(account); err != nil {
			return err
		}
		_, err := tx.Append(store.Entry{Time: d.written(), Kind: allRestored})
		return err
	})
	if err != nil && !errors.Is(err, store.ErrDegraded) {
		return err
	}
	// The data are others, or may be.
	d.prints.forget()
	d.pngs.forget()
	d.stamps.after(d.dates.goOn(d.store))
	d.sessions.endAll()
	if err != nil {
		return err
	}
	return d.stock(d.serial)
}
