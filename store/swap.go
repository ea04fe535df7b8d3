package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	bolt "go.etcd.io/bbolt"
)

// copyBytes bounds one transaction of a copy, and so the memory it needs.
const copyBytes = 8 << 20

// DeleteAllPhotos removes every photo and does what also does, both or neither;
// also is told whose photos they were. It reads no photo, and gives their room
// back: everything else is copied to a fresh file, which takes the old one's
// place.
func (s *Store) DeleteAllPhotos(also func(tx *Tx, users []int64) error) error {
	return s.alone(func() error {
		if err := s.ready(); err != nil {
			return err
		}
		fill := func(dst *bolt.DB) error {
			if err := copyFile(dst, s.file.db, bucketPhotos); err != nil {
				return err
			}
			users, err := s.photographed()
			if err != nil {
				return err
			}
			return dst.Update(func(btx *bolt.Tx) error { return also(&Tx{bolt: btx, known: &s.known}, users) })
		}
		if s.opts.Ephemeral {
			return s.swapUnnamed(fill)
		}
		return s.swap(fill)
	})
}

// photographed lists the users who have a photo.
func (s *Store) photographed() (users []int64, err error) {
	err = s.View(func(tx *Tx) error {
		for p := range tx.Photos() {
			users = append(users, p.User)
		}
		return nil
	})
	return users, err
}

// swap builds a fresh file and puts it in place of the open one. Until the
// rename the old file is the data, from it on the new one.
func (s *Store) swap(fill func(*bolt.DB) error) error {
	if err := build(s.freshPath(), s.opts.Capacity, fill); err != nil {
		return unbuilt(err)
	}
	return s.takePlace(s.freshPath())
}

// takePlace puts the complete file at fresh in place of the open one.
func (s *Store) takePlace(fresh string) error {
	err := s.exchange(func() error {
		defer s.forget()
		return install(fresh, s.path())
	})
	if err != nil {
		_ = os.Remove(fresh)
		s.degraded.Store(true)
		return fmt.Errorf("%w: %w", ErrDegraded, err)
	}
	s.groups.Add(1)
	s.operations.Add(1)
	return nil
}

// forget drops what was remembered of the data; nobody reads them meanwhile.
func (s *Store) forget() {
	s.known.forget()
	s.complained.forget()
}

func (s *Store) swapUnnamed(fill func(*bolt.DB) error) error {
	f, dir, err := openUnnamed(limitsFor(s.opts.Capacity))
	if err != nil {
		return unbuilt(err)
	}
	if err := fill(f.db); err != nil {
		_ = f.close()
		_ = os.RemoveAll(dir)
		return unbuilt(err)
	}
	s.swaps.Add(1)
	s.mu.Lock()
	old, oldDir := s.file, s.dir
	s.file, s.dir = f, dir
	s.forget()
	s.swaps.Add(-1)
	s.mu.Unlock()
	s.groups.Add(1)
	s.operations.Add(1)
	err = old.close()
	if oldDir != "" {
		err = errors.Join(err, os.RemoveAll(oldDir))
	}
	return err
}

// exchange closes the file, lets between act on its name, and opens what then
// has that name. Readers wait meanwhile. When it cannot be opened for writing,
// as on a disk that has become read-only, they go on with it as it can be read,
// and get ErrDegraded only without that.
func (s *Store) exchange(between func() error) error {
	s.swaps.Add(1)
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.swaps.Add(-1)
	if s.file != nil {
		// Every commit was synced, so a failing close loses nothing.
		_ = s.file.close()
		s.file = nil
	}
	err := between()
	f, openErr := s.openChecked(s.path())
	if openErr != nil {
		f = openToRead(s.path())
	}
	s.file = f
	return errors.Join(err, openErr)
}

// SetAside renames the file aside, as Open does with one that it finds damaged,
// and goes on with an empty one. It is for damage that Open does not look for
// and without which nobody can start: why is what was met.
func (s *Store) SetAside(why error) error {
	return s.alone(func() error {
		if s.opts.Ephemeral {
			return why
		}
		return s.exchange(func() error {
			if err := s.setAside(s.path(), why); err != nil {
				return err
			}
			return s.create()
		})
	})
}

// reopen opens the file again as it is on disk.
func (s *Store) reopen() error {
	if s.opts.Ephemeral {
		// It has no name to be opened by, and needs none where bbolt could roll back.
		if s.file.broken {
			return ErrDamaged
		}
		return nil
	}
	return s.exchange(func() error { return forgetCached(s.path()) })
}

// unbuilt makes the error of a build ErrFull or ErrDegraded where the disk is to
// blame. Nothing is wrong with the file in use then.
func unbuilt(err error) error {
	var errno syscall.Errno
	switch e := outcome(err); {
	case errors.Is(err, ErrFull), errors.Is(err, ErrDamaged):
		return err
	case errors.Is(e, ErrFull), errors.As(err, &errno):
		return e
	}
	return err
}

// Compact rewrites the file of a closed store without its unused pages, and
// returns its size before and after. A damaged file is left as it is.
func Compact(dir string) (before, after int64, err error) {
	lock, err := lockFolder(filepath.Join(dir, lockName))
	if err != nil {
		return 0, 0, fmt.Errorf("%s: %w", dir, err)
	}
	defer func() { _ = unlock(lock) }()
	path, fresh := filepath.Join(dir, FileName), filepath.Join(dir, freshName)
	if err := Inspect(path); err != nil {
		return 0, 0, fmt.Errorf("%s: %w", path, err)
	}
	old, err := openFile(path, limitsFor(0), false)
	if err != nil {
		return 0, 0, fmt.Errorf("%s: %w", path, err)
	}
	defer old.close()
	if before, err = size(path); err != nil {
		return 0, 0, err
	}
	fill := func(dst *bolt.DB) error { return copyFile(dst, old.db) }
	if err := os.Remove(fresh); err != nil && !errors.Is(err, os.ErrNotExist) {
		return before, before, err
	}
	if err := build(fresh, 0, fill); err != nil {
		return before, before, fmt.Errorf("%s: %w", path, unbuilt(err))
	}
	_ = old.close() // Windows renames nothing over an open file
	if err := install(fresh, path); err != nil {
		_ = os.Remove(fresh)
		return before, before, err
	}
	after, err = size(path)
	return before, after, err
}

func size(path string) (int64, error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// copyFile copies every bucket of src except those named and what was put aside.
// The buckets of dst must be empty.
func copyFile(dst, src *bolt.DB, except ...[]byte) (err error) {
	defer caught(&err)
	defer faultsPanic()()
	c := copier{db: dst}
	defer c.rollback()
	err = src.View(func(tx *bolt.Tx) error {
		return tx.ForEach(func(name []byte, b *bolt.Bucket) error {
			for _, e := range append(except, bucketAside) {
				if string(e) == string(name) {
					return nil
				}
			}
			return c.bucket([][]byte{name}, b)
		})
	})
	if err != nil {
		return err
	}
	return c.commit()
}

// copier copies buckets through a chain of bounded transactions.
type copier struct {
	db    *bolt.DB
	tx    *bolt.Tx
	bytes int
}

// bucket copies src, with all it holds, to the bucket at path.
func (c *copier) bucket(path [][]byte, src *bolt.Bucket) error {
	dst, err := c.at(path)
	if err != nil {
		return err
	}
	if err := dst.SetSequence(src.Sequence()); err != nil {
		return err
	}
	return src.ForEach(func(k, v []byte) error {
		if v == nil {
			return c.bucket(append(path[:len(path):len(path)], k), src.Bucket(k))
		}
		dst, err := c.at(path)
		if err != nil {
			return err
		}
		c.bytes += len(k) + len(v)
		return dst.Put(k, v)
	})
}

// at returns the bucket at path in a transaction that still has room.
func (c *copier) at(path [][]byte) (*bolt.Bucket, error) {
	if c.bytes > copyBytes {
		if err := c.commit(); err != nil {
			return nil, err
		}
	}
	if c.tx == nil {
		tx, err := c.db.Begin(true)
		if err != nil {
			return nil, err
		}
		c.tx = tx
	}
	b, err := c.tx.CreateBucketIfNotExists(path[0])
	for _, name := range path[1:] {
		if err != nil {
			return nil, err
		}
		// Keys arrive in order, so a page that is full stays full.
		b.FillPercent = 1
		b, err = b.CreateBucketIfNotExists(name)
	}
	if err != nil {
		return nil, err
	}
	b.FillPercent = 1
	return b, nil
}

func (c *copier) commit() error {
	tx := c.tx
	c.tx, c.bytes = nil, 0
	if tx == nil {
		return nil
	}
	return tx.Commit()
}

func (c *copier) rollback() {
	if c.tx != nil {
		_ = c.tx.Rollback()
	}
}
