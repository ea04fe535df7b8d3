package store

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
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
		path := filepath.Join(dir, fileName)
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
		c := newCard(t)
		s := mustOpen(t, Options{Dir: c.dir})
		mustPhotos(t, s, 1)
		if err := s.Probe(); err != nil {
			t.Fatal(err)
		}
		device, err := exec.Command("findmnt", "-no", "SOURCE", c.dir).Output()
		if err != nil {
			t.Skip("needs findmnt: ", err)
		}
		if err := syscall.Mount("", c.dir, "", syscall.MS_REMOUNT, "errors=remount-ro"); err != nil {
			t.Fatal(err)
		}
		trigger := filepath.Join("/sys/fs/ext4", filepath.Base(strings.TrimSpace(string(device))), "trigger_fs_error")
		if err := os.WriteFile(trigger, []byte("1"), 0); err != nil {
			t.Skip("needs an ext4 that can be told to fail: ", err)
		}
		if err := s.Probe(); !errors.Is(err, ErrDegraded) {
			t.Errorf("on a file system that an error made read-only: %v, want ErrDegraded", err)
		}
		if err := c.cut(); err != nil {
			t.Fatal(err)
		}
		if err := s.Probe(); !errors.Is(err, ErrDegraded) {
			t.Errorf("on a disk that is gone: %v, want ErrDegraded", err)
		}
	})
}
