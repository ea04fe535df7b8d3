package store

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// fillUp puts photos of size bytes until the device is full, and checks that
// reading, deleting and then putting again work.
func fillUp(t *testing.T, s *Store, size int) {
	t.Helper()
	put := func(user int64) error {
		return s.Update(size, func(tx *Tx) error { return tx.SetPhoto(user, 1, make([]byte, size)) })
	}
	user := int64(0)
	var err error
	for err = put(user); err == nil; err = put(user) {
		user++
	}
	if !errors.Is(err, ErrFull) {
		t.Fatalf("put %d: %v, want ErrFull", user, err)
	}
	if user < 3 {
		t.Fatalf("full after %d photos", user)
	}
	for range 10 {
		if err := put(user); !errors.Is(err, ErrFull) {
			t.Errorf("again: %v, want ErrFull", err)
		}
	}
	for u := range user {
		if _, err := s.Photo(u); err != nil {
			t.Errorf("reading on a full device: %v", err)
		}
	}
	for u := range int64(3) {
		if err := s.Update(0, func(tx *Tx) error { return tx.DeletePhoto(u) }); err != nil {
			t.Fatalf("deleting on a full device: %v", err)
		}
	}
	if err := put(1000); err != nil {
		t.Errorf("put after deleting: %v", err)
	}
	if s.Stats().Degraded {
		t.Error("degraded")
	}
}

func TestDiskFull(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=12m"); err != nil {
		t.Skip("needs the right to mount: ", err)
	}
	t.Cleanup(func() { syscall.Unmount(dir, syscall.MNT_DETACH) })
	s := mustOpen(t, Options{Dir: dir})
	mustPhotos(t, s, 10)
	// The neighbours fill the disk, not the store.
	others := filepath.Join(dir, "others")
	if err := os.WriteFile(others, make([]byte, 12<<20), 0o600); err == nil {
		t.Fatal("the disk is not full")
	}
	if err := s.DeleteAllAnd(Entry{}); !errors.Is(err, ErrFull) {
		t.Errorf("DeleteAllPhotos without room for the fresh file: %v, want ErrFull", err)
	}
	wantPhotos(t, s, 10)
	if err := os.Remove(others); err != nil {
		t.Fatal(err)
	}
	if err := s.DeleteAllAnd(Entry{}); err != nil {
		t.Error(err)
	}
	fillUp(t, s, 60_000)
	s.Close()
	if report, err := Check(t.Context(), dir, nil); err != nil || len(report.Problems) > 0 {
		t.Errorf("Check: %v, %v", report.Problems, err)
	}
}
