package store

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"portaria/store/storetest/disk"
)

func TestProbe(t *testing.T) {
	t.Parallel()
	t.Run("finds nothing wrong with what works", func(t *testing.T) {
		t.Parallel()
		for _, o := range []Options{{Ephemeral: true}, {Dir: t.TempDir()}} {
			s := mustOpen(t, o)
			if err := s.Probe(); err != nil {
				t.Error(err)
			}
			s.Close()
			if err := s.Probe(); !errors.Is(err, ErrClosed) {
				t.Errorf("after Close: %v, want ErrClosed", err)
			}
		}
	})
	t.Run("mends what a failed write left, without another write", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		s := mustOpen(t, Options{Dir: dir})
		mustPhotos(t, s, 1)
		s.file.handle.Close() // every write will fail
		if err := s.Update(0, func(tx *Tx) error { return tx.SetPhoto(3, 1, plain(3)) }); !errors.Is(err, ErrDegraded) {
			t.Fatalf("got %v, want ErrDegraded", err)
		}
		path := filepath.Join(dir, FileName)
		if err := os.Rename(path, path+".away"); err != nil {
			t.Fatal(err)
		}
		if err := s.Probe(); !errors.Is(err, ErrDegraded) {
			t.Errorf("while the file is away: %v, want ErrDegraded", err)
		}
		if err := os.Rename(path+".away", path); err != nil {
			t.Fatal(err)
		}
		if err := s.Probe(); err != nil || s.Stats().Degraded {
			t.Errorf("with the file back: %v, degraded %t", err, s.Stats().Degraded)
		}
	})
	t.Run("notices that the file system takes no more writes, and no more reads", func(t *testing.T) {
		t.Parallel()
		card, err := disk.New(t).Ext4("card", 16<<20)
		if err == nil {
			err = card.Mount("errors=remount-ro")
		}
		disk.Need(t, err)
		s := mustOpen(t, Options{Dir: card.Dir})
		mustPhotos(t, s, 1)
		if err := s.Probe(); err != nil {
			t.Fatal(err)
		}
		if err := card.Break(); err != nil {
			t.Fatal(err)
		}
		if err := s.Probe(); !errors.Is(err, ErrDegraded) {
			t.Errorf("on a file system that an error made read-only: %v, want ErrDegraded", err)
		}
		disk.Need(t, card.Cut())
		if err := s.Probe(); !errors.Is(err, ErrDegraded) {
			t.Errorf("on a disk that is gone: %v, want ErrDegraded", err)
		}
	})
}
