package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

func (s *Store) path() string { return filepath.Join(s.opts.Dir, FileName) }

// openFolder opens the file of the data folder, after making it when it is
// missing and setting it aside when it is damaged.
func (s *Store) openFolder() error {
	// What an interrupted creation or swap left was never the data.
	if err := os.Remove(filepath.Join(s.opts.Dir, freshName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	path := s.path()
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		if err := s.create(); err != nil {
			return err
		}
	}
	f, err := s.openChecked(path)
	if err != nil && saysDamaged(err) {
		// A medium may fail to read once, and an empty terminal has the factory's
		// password: only what fails twice is set aside.
		s.opts.Log.Warn("the data file cannot be used and is looked at once more", "file", path, "err", err)
		f, err = s.openChecked(path)
	}
	if err != nil && saysDamaged(err) {
		if err := s.setAside(path, err); err != nil {
			return err
		}
		if err := s.create(); err != nil {
			return err
		}
		f, err = s.openChecked(path)
	}
	s.file = f
	return err
}

// openChecked inspects the file at path, opens it and brings it up to date.
func (s *Store) openChecked(path string) (*file, error) {
	if s.opts.Inspect != nil {
		if err := s.opts.Inspect(path); err != nil {
			return nil, fmt.Errorf("inspection: %w", err)
		}
	}
	used, err := inspectPages(path)
	if err != nil {
		return nil, err
	}
	if err := trim(path, used); err != nil {
		return nil, err
	}
	f, err := openFile(path, limitsFor(s.opts.Capacity), false)
	if err != nil {
		return nil, err
	}
	f.allow(true)
	err = probe(f.db, SchemaVersion)
	if err == nil {
		err = migrate(f.db, migrations)
	}
	if err != nil {
		_ = f.close()
		return nil, err
	}
	return f, nil
}

// trim cuts off what the file was grown by in advance when bbolt would need a
// larger map for it: the larger map may be just what could not be had.
func trim(path string, used int64) error {
	n, err := size(path)
	if err != nil || mapFor(n) == mapFor(used) {
		return err
	}
	return os.Truncate(path, used)
}

// mapFor is the size of bbolt's map of a file of n bytes: doubled from 32 KiB up
// to 1 GiB, then in whole GiB.
func mapFor(n int64) int64 {
	for m := int64(32 << 10); m <= 1<<30; m *= 2 {
		if n <= m {
			return m
		}
	}
	return (n + 1<<30 - 1) >> 30 << 30
}

// Inspect decides whether the file at path can be opened without endangering the
// process, and changes nothing. It is meant for a child process, which may die
// of what it reads; Open asks it, by way of Options.Inspect, before it opens.
func Inspect(path string) (err error) {
	if _, err := inspectPages(path); err != nil {
		return err
	}
	defer caught(&err)
	defer faultsPanic()()
	db, err := openReadOnly(path)
	if err != nil {
		return err
	}
	defer db.Close()
	return probe(db, SchemaVersion)
}

// openToRead opens the file at path for readers only, or returns nil.
func openToRead(path string) *file {
	if _, err := inspectPages(path); err != nil {
		return nil
	}
	db, err := openReadOnly(path)
	if err != nil {
		return nil
	}
	if probe(db, SchemaVersion) != nil {
		_ = db.Close()
		return nil
	}
	return &file{db: db}
}

func openReadOnly(path string) (*bolt.DB, error) {
	db, err := bolt.Open(path, 0o600, &bolt.Options{ReadOnly: true, PreLoadFreelist: true, Timeout: lockWait})
	switch {
	case errors.Is(err, berrors.ErrTimeout):
		return nil, fmt.Errorf("%s: %w", path, ErrInUse)
	case err != nil && saysDamaged(err):
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return db, err
}

// saysDamaged reports whether err is about the file. What is about this process
// or its rights must not cost anybody the data.
func saysDamaged(err error) bool {
	for _, other := range []error{
		ErrNewerSchema, ErrInUse, ErrFull, errMigration, fs.ErrPermission, fs.ErrNotExist, exec.ErrNotFound,
		context.Canceled, context.DeadlineExceeded,
		syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM, syscall.EAGAIN, syscall.EROFS,
	} {
		if errors.Is(err, other) {
			return false
		}
	}
	return !isFull(err)
}

// setAside renames a file that cannot be used, so that somebody may still look
// at it, and says so.
func (s *Store) setAside(path string, why error) error {
	for n := 1; ; n++ {
		aside := filepath.Join(s.opts.Dir, fmt.Sprintf("%s%d", damagedName, n))
		if _, err := os.Lstat(aside); err == nil {
			continue
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err := os.Rename(path, aside); err != nil {
			return err
		}
		s.opts.Log.Error("the data file is damaged: it was set aside and the device starts empty",
			"file", path, "set_aside_as", aside, "err", why)
		return nil
	}
}

// create makes an empty file under its final name.
func (s *Store) create() error {
	if err := build(s.freshPath(), s.opts.Capacity, nil); err != nil {
		return err
	}
	return install(s.freshPath(), s.path())
}

func (s *Store) freshPath() string { return filepath.Join(s.opts.Dir, freshName) }

// build writes a new file at path: initialised, filled by fill (which may be
// nil), synced and closed. Nobody sees it before install, so one sync at the end
// is enough. When it fails, nothing is left at path.
func build(path string, capacity int64, fill func(*bolt.DB) error) (err error) {
	f, err := openFile(path, limitsFor(capacity), true)
	if err != nil {
		_ = os.Remove(path)
		return err
	}
	f.allow(true)
	err = f.db.Update(initialise)
	if err == nil && fill != nil {
		err = fill(f.db)
	}
	if err == nil && synced {
		err = f.db.Sync()
	}
	if err = errors.Join(err, f.close()); err != nil {
		_ = os.Remove(path)
	}
	return err
}

// install renames a complete file over the one in use and makes that durable.
func install(fresh, path string) error {
	if err := os.Rename(fresh, path); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// openEphemeral opens a file that nobody can find again.
func (s *Store) openEphemeral() error {
	f, dir, err := openUnnamed(limitsFor(s.opts.Capacity))
	if err != nil {
		return err
	}
	s.file, s.dir = f, dir
	return nil
}

// openUnnamed makes an empty file in memory where the system offers it, and
// unlinks it where the system allows, so that not even a killed process leaves
// it behind. dir is what is left to remove at the end.
func openUnnamed(l limits) (f *file, dir string, err error) {
	dir, err = os.MkdirTemp("/dev/shm", "portaria-")
	if err != nil {
		dir, err = os.MkdirTemp("", "portaria-")
	}
	if err != nil {
		return nil, "", err
	}
	f, err = openFile(filepath.Join(dir, FileName), l, true)
	if err != nil {
		_ = os.RemoveAll(dir)
		return nil, "", err
	}
	f.allow(true)
	if err := f.db.Update(initialise); err != nil {
		_ = f.close()
		_ = os.RemoveAll(dir)
		return nil, "", err
	}
	if runtime.GOOS == "windows" {
		return f, dir, nil
	}
	return f, "", os.RemoveAll(dir)
}
