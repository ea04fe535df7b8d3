package store

import (
	"fmt"
	"os"
	"slices"
	"strings"

	bolt "go.etcd.io/bbolt"
)

// Replace puts the file at path, such as Snapshot writes, in the place of all
// data, after also has changed it. path is on the same disk, nobody else's, and
// has been checked with CheckFile; it is gone afterwards, whatever happens.
// When Replace returns nil the data are those of the file; a power cut at any
// moment leaves either the old or the new. Updates wait meanwhile, and those that
// come after it change the new data.
func (s *Store) Replace(path string, also func(*Tx) error) error {
	defer func() { _ = os.Remove(path) }()
	return s.alone(func() error {
		if err := s.ready(); err != nil {
			return err
		}
		if err := s.prepare(path, also); err != nil {
			return unbuilt(err)
		}
		if s.opts.Ephemeral {
			return s.swapUnnamed(func(dst *bolt.DB) error {
				src, err := openReadOnly(path)
				if err != nil {
					return err
				}
				defer src.Close()
				return copyFile(dst, src)
			})
		}
		return s.takePlace(path)
	})
}

// prepare brings the file at path up to date, lets also change it and puts it
// on the disk.
func (s *Store) prepare(path string, also func(*Tx) error) (err error) {
	n, err := size(path)
	if err != nil {
		return err
	}
	if s.opts.Capacity > 0 && n > s.opts.Capacity {
		return fmt.Errorf("%w: %d bytes of data, and the capacity is %d", ErrFull, n, s.opts.Capacity)
	}
	if _, err := inspectPages(path); err != nil {
		return err
	}
	f, err := openFile(path, limitsFor(s.opts.Capacity), true)
	if err != nil {
		return err
	}
	defer func() {
		if closing := f.close(); err == nil {
			err = closing
		}
	}()
	defer caught(&err)
	defer faultsPanic()()
	f.allow(true)
	if err := probe(f.db, SchemaVersion); err != nil {
		return err
	}
	if err := migrate(f.db, migrations); err != nil {
		return err
	}
	if also != nil {
		err := f.db.Update(func(btx *bolt.Tx) error { return also(&Tx{bolt: btx, known: new(tablesKnown)}) })
		if err != nil {
			return err
		}
	}
	return f.db.Sync()
}

// Settle makes a file that was written aside durable, and its next reader read
// what the disk has got of it.
func Settle(path string) error { return forgetCached(path) }

// SetAside lists the files of a data folder that were found damaged and put
// aside, the oldest first.
func SetAside(dir string) ([]os.FileInfo, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var list []os.FileInfo
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), damagedName) {
			continue
		}
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() {
			list = append(list, info)
		}
	}
	slices.SortStableFunc(list, func(a, b os.FileInfo) int { return a.ModTime().Compare(b.ModTime()) })
	return list, nil
}
