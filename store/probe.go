package store

import (
	"errors"
	"fmt"
	"path/filepath"
)

// Probe tells what keeps the store from working, or nil. It writes nothing, and
// costs one page read from the disk itself, past the system's memory, and one
// question to it: a map would answer from memory long after the disk has gone. After a write that
// failed it tries what the next Update would, so that a store which nobody
// writes to is found mended, too. It waits as long as the disk does.
func (s *Store) Probe() error {
	if s.degraded.Load() {
		if err := s.alone(s.ready); err != nil {
			return err
		}
	}
	if !s.opts.Ephemeral {
		if err := s.probeDisk(); err != nil {
			return err
		}
	}
	return s.View(func(tx *Tx) error {
		if _, err := tx.Account(); err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		tx.firstPiece(0)
		return nil
	})
}

// probeDisk asks the disk and its file system, which takes no more writes after
// some errors.
func (s *Store) probeDisk() error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return ErrClosed
	}
	if s.file == nil {
		return ErrDegraded
	}
	if err := readThrough(s.path()); err != nil {
		return fmt.Errorf("%w: %w", ErrDegraded, err)
	}
	only, err := readOnly(filepath.Dir(s.path()))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDegraded, err)
	}
	if only {
		return fmt.Errorf("%w: the file system is read-only", ErrDegraded)
	}
	return nil
}
