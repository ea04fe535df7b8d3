package store

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// snapshotOf writes a snapshot of s into a file of the test's.
func snapshotOf(t *testing.T, s *Store, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var told int64
	err = s.Snapshot(t.Context(), f, func(size int64) error {
		told = size
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if info, err := f.Stat(); err != nil || info.Size() != told {
		t.Fatalf("%d bytes were announced and %d written, %v", told, info.Size(), err)
	}
}

func TestSnapshot(t *testing.T) {
	t.Parallel()
	t.Run("is of one moment, also of a store in memory", func(t *testing.T) {
		t.Parallel()
		for _, o := range []Options{{Dir: t.TempDir()}, {Ephemeral: true}} {
			s := mustOpen(t, o)
			mustPhotos(t, s, 50)
			path := filepath.Join(t.TempDir(), "snapshot")
			snapshotOf(t, s, path)
			r, err := CheckFile(t.Context(), path, nil)
			if err != nil || r.Found != 0 || r.Photos != 50 {
				t.Errorf("%d photos, %q, %v", r.Photos, r.Problems, err)
			}
		}
	})
	t.Run("gives way to whoever exchanges the file, and begins anew", func(t *testing.T) {
		t.Parallel()
		s := mustOpen(t, Options{Dir: t.TempDir()})
		mustPhotos(t, s, 100)
		var out bytes.Buffer
		begun := 0
		done := make(chan error, 1)
		err := s.Snapshot(t.Context(), &waiting{&out, func() {
			// In the middle of the first one everything is deleted, which has to wait
			// for the snapshot or end it.
			if begun == 1 && out.Len() > 8192 && s.swaps.Load() == 0 {
				go func() { done <- s.DeleteAllAnd(Entry{}) }()
				for s.swaps.Load() == 0 {
				}
			}
		}}, func(int64) error {
			begun++
			out.Reset()
			return nil
		})
		if err != nil || begun != 2 {
			t.Errorf("begun %d times, %v; want twice", begun, err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
		path := filepath.Join(t.TempDir(), "snapshot")
		if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		if r, err := CheckFile(t.Context(), path, nil); err != nil || r.Found != 0 || r.Photos != 0 {
			t.Errorf("%d photos, %q, %v; want those after the deletion", r.Photos, r.Problems, err)
		}
	})
	t.Run("ends with its context and with a writer that fails", func(t *testing.T) {
		t.Parallel()
		s := mustOpen(t, Options{Dir: t.TempDir()})
		mustPhotos(t, s, 10)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := s.Snapshot(ctx, new(bytes.Buffer), func(int64) error { return nil }); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want context.Canceled", err)
		}
		broken := errors.New("broken")
		err := s.Snapshot(t.Context(), &waiting{nil, nil}, func(int64) error { return broken })
		if !errors.Is(err, broken) {
			t.Errorf("got %v, want its error", err)
		}
		mustPhotos(t, s, 11)
	})
	t.Run("of a closed folder changes nothing there, and wants it for itself", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		s := mustOpen(t, Options{Dir: dir})
		mustPhotos(t, s, 5)
		nothing := func(int64) error { return nil }
		if err := SnapshotFolder(t.Context(), dir, new(bytes.Buffer), nothing); !errors.Is(err, ErrInUse) {
			t.Errorf("of an open one: %v, want ErrInUse", err)
		}
		s.Close()
		var out bytes.Buffer
		if err := SnapshotFolder(t.Context(), dir, &out, nothing); err != nil || out.Len() == 0 {
			t.Errorf("%d bytes, %v", out.Len(), err)
		}
	})
}

// waiting is a writer that something happens at.
type waiting struct {
	out *bytes.Buffer
	at  func()
}

func (w *waiting) Write(p []byte) (int, error) {
	w.at()
	return w.out.Write(p)
}

func TestReplace(t *testing.T) {
	t.Parallel()
	t.Run("what cannot be opened changes nothing and is gone", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		s := mustOpen(t, Options{Dir: dir})
		mustPhotos(t, s, 3)
		path := filepath.Join(dir, "upload")
		refused := errors.New("refused")
		for name, spoil := range map[string]func([]byte) []byte{
			"empty":     func([]byte) []byte { return nil },
			"cut short": func(b []byte) []byte { return b[:len(b)/2] },
			"no meta":   func(b []byte) []byte { clear(b[:8192]); return b },
			"refused":   func(b []byte) []byte { return b },
		} {
			snapshotOf(t, s, path)
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, spoil(data), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := s.Replace(path, func(*Tx) error { return refused }); err == nil {
				t.Errorf("%s: no error", name)
			}
			wantPhotos(t, s, 3)
			mustPhotos(t, s, 3)
			if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("%s: the file is still there: %v", name, err)
			}
		}
	})
	t.Run("Updates that wait meanwhile change the new data", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		s := mustOpen(t, Options{Dir: dir})
		path := filepath.Join(dir, "upload")
		snapshotOf(t, s, path)
		mustPhotos(t, s, 3)
		done := make(chan error, 1)
		err := s.Replace(path, func(*Tx) error {
			go func() { done <- s.Update(0, func(tx *Tx) error { return tx.SetPhoto(9, 1, plain(9)) }) }()
			return nil
		})
		if err := errors.Join(err, <-done); err != nil {
			t.Fatal(err)
		}
		if p, err := s.Photo(9); err != nil || !bytes.Equal(p.JPEG, plain(9)) {
			t.Errorf("the photo that waited: %v", err)
		}
		if _, err := s.Photo(1); !errors.Is(err, ErrNotFound) {
			t.Errorf("a photo of before: %v, want ErrNotFound", err)
		}
	})
}
