package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
)

func TestDeleteAllPhotos(t *testing.T) {
	t.Parallel()
	for _, o := range []Options{{Ephemeral: true}, {}} {
		if !o.Ephemeral {
			o.Dir = t.TempDir()
		}
		s := mustOpen(t, o)
		t.Run("keeps users, account and log, and adds the entry", func(t *testing.T) {
			mustAppend(t, s, 100)
			mustPhotos(t, s, 150)
			err := s.Update(0, func(tx *Tx) error {
				return errors.Join(tx.SetUser(User{ID: 5, Name: "five"}), tx.SetAccount(Account{Login: "admin"}))
			})
			if err != nil {
				t.Fatal(err)
			}
			full := s.Stats().FileBytes
			if err := s.DeleteAllAnd(Entry{Time: 1_700_000_000, Kind: "photo set", User: 42}); err != nil {
				t.Fatal(err)
			}
			wantPhotos(t, s, 0)
			wantRun(t, entries(t, s, 0), 1, 101)
			mustAppend(t, s, 1)
			wantRun(t, entries(t, s, 0), 1, 102)
			err = s.View(func(tx *Tx) error {
				_, errAccount := tx.Account()
				_, errUser := tx.User(5)
				return errors.Join(errAccount, errUser)
			})
			if err != nil {
				t.Error(err)
			}
			mustPhotos(t, s, 1)
			if got := s.Stats(); got.FileBytes > 2*growStep || got.FreeBytes > 64*pageSize {
				t.Errorf("the file has %d bytes, %d of them free; it had %d", got.FileBytes, got.FreeBytes, full)
			}
		})
		t.Run("and the next put writes no more than any other", func(t *testing.T) {
			before := s.file.db.Stats()
			mustPhotos(t, s, 1)
			after := s.file.db.Stats()
			if got := (after.TxStats.GetPageAlloc() - before.TxStats.GetPageAlloc()) / pageSize; got > 8+6 {
				t.Errorf("%d pages for a photo of 8", got)
			}
		})
	}
	t.Run("copies nothing that belongs to a photo", func(t *testing.T) {
		t.Parallel()
		// The fresh file is as large for many photos as for none.
		var sizes []int64
		for _, n := range []int{0, 300} {
			s := mustOpen(t, Options{Dir: t.TempDir()})
			mustPhotos(t, s, n)
			if err := s.DeleteAllAnd(Entry{}); err != nil {
				t.Fatal(err)
			}
			sizes = append(sizes, s.Stats().FileBytes)
		}
		if sizes[0] != sizes[1] {
			t.Errorf("%d bytes after 300 photos, %d after none", sizes[1], sizes[0])
		}
	})
	t.Run("that cannot finish changes nothing", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		s := mustOpen(t, Options{Dir: dir})
		mustPhotos(t, s, 3)
		// A folder that is not empty cannot be replaced by the fresh file's name.
		if err := os.MkdirAll(filepath.Join(dir, freshName, "x"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := s.DeleteAllAnd(Entry{}); err == nil {
			t.Error("no error")
		}
		wantPhotos(t, s, 3)
		mustPhotos(t, s, 4)
		if err := os.RemoveAll(filepath.Join(dir, freshName)); err != nil {
			t.Fatal(err)
		}
		if err := s.DeleteAllAnd(Entry{}); err != nil {
			t.Error(err)
		}
	})
}

func TestCompact(t *testing.T) {
	t.Parallel()
	t.Run("keeps everything and gives back what is free", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		s := mustOpen(t, Options{Dir: dir})
		mustAppend(t, s, 300)
		mustPhotos(t, s, 500)
		err := s.Update(0, func(tx *Tx) error {
			for user := int64(101); user <= 500; user++ {
				if err := tx.DeletePhoto(user); err != nil {
					return err
				}
			}
			return tx.SetUser(User{ID: 1, Name: "one"})
		})
		if err != nil {
			t.Fatal(err)
		}
		s.Close()
		before, after, err := Compact(dir)
		if err != nil {
			t.Fatal(err)
		}
		const payload = 100 * 30_000
		if before < 5*payload || float64(after) > 1.15*payload {
			t.Errorf("from %d to %d bytes for %d of photos", before, after, payload)
		}
		report, err := Check(t.Context(), dir, nil)
		if len(report.Problems) > 0 || err != nil || report.Photos != 100 || report.Users != 1 || report.Entries != 300 {
			t.Errorf("%+v, %v", report, err)
		}
		s = mustOpen(t, Options{Dir: dir})
		wantPhotos(t, s, 100)
		mustAppend(t, s, 1)
		wantRun(t, entries(t, s, 0), 1, 301)
	})
	t.Run("leaves a damaged file as it is", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, FileName), make([]byte, 20_000), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := Compact(dir); !errors.Is(err, ErrDamaged) {
			t.Errorf("got %v, want ErrDamaged", err)
		}
		if got, err := os.ReadFile(filepath.Join(dir, FileName)); len(got) != 20_000 || err != nil {
			t.Errorf("%d bytes, %v", len(got), err)
		}
	})
}

// spoil writes data over page id of the open file, behind bbolt's back.
func spoil(t *testing.T, s *Store, id uint64, data []byte) {
	t.Helper()
	if _, err := s.file.handle.WriteAt(data, int64(id)*pageSize); err != nil {
		t.Fatal(err)
	}
}

// pieceRoots returns the pages of the pieces of user's photo.
func pieceRoots(t *testing.T, s *Store, user, timestamp int64) []uint64 {
	t.Helper()
	var roots []uint64
	err := s.file.db.View(func(tx *bolt.Tx) error {
		for piece := 0; ; piece++ {
			b := tx.Bucket(bucketPhotos).Bucket(pieceKey(user, timestamp, piece))
			if b == nil {
				return nil
			}
			roots = append(roots, uint64(b.Root()))
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return roots
}

func TestDamagedPhoto(t *testing.T) {
	t.Parallel()
	var zero [pageSize]byte
	tests := []struct {
		name   string
		served bool // the photo itself is whole
		aside  bool
		spoil  func(t *testing.T, s *Store, roots []uint64)
	}{
		{"a changed byte in the middle", false, false, func(t *testing.T, s *Store, roots []uint64) {
			spoil(t, s, roots[1]+1, []byte("x"))
		}},
		{"a page without its head", false, true, func(t *testing.T, s *Store, roots []uint64) {
			spoil(t, s, roots[0], zero[:])
		}},
		{"a page that claims to cover its neighbours", true, true, func(t *testing.T, s *Store, roots []uint64) {
			if _, err := s.file.handle.WriteAt([]byte{200}, int64(roots[1])*pageSize+12); err != nil {
				t.Fatal(err)
			}
		}},
		{"a page of another photo in its place", false, true, func(t *testing.T, s *Store, roots []uint64) {
			other := make([]byte, pageSize)
			if _, err := s.file.handle.ReadAt(other, int64(pieceRoots(t, s, 1, 1)[0])*pageSize); err != nil {
				t.Fatal(err)
			}
			copy(other, order.AppendUint64(nil, roots[0]))
			spoil(t, s, roots[0], other)
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			s := mustOpen(t, Options{Dir: dir})
			mustPhotos(t, s, 5)
			test.spoil(t, s, pieceRoots(t, s, 3, 1))
			want := int64(2)
			if test.served {
				want = 0
			}
			for range 2 {
				p, err := s.Photo(3)
				if errors.Is(err, ErrDamaged) == test.served || err == nil && !bytes.Equal(p.JPEG, plain(3)) {
					t.Errorf("Photo: %v; want it served: %t", err, test.served)
				}
			}
			if got := s.Stats().Damaged; got != want {
				t.Errorf("Stats count %d damaged reads, want %d", got, want)
			}
			s.Close()
			report, err := Check(t.Context(), dir, nil)
			named := slices.ContainsFunc(report.Problems, func(p string) bool { return strings.Contains(p, "user 3") })
			if err != nil || report.Photos != 5 || len(report.Problems) == 0 || !test.served && !named {
				t.Errorf("Check: %+v, %v; want user 3 named", report, err)
			}
			s = mustOpen(t, Options{Dir: dir})
			mustPhotos(t, s, 9) // replaces the damaged one, and uses what it gave back
			wantPhotos(t, s, 9)
			s.Close()
			report, err = Check(t.Context(), dir, nil)
			if err != nil || (len(report.Problems) > 0) != test.aside {
				t.Errorf("Check: %v, %v; want problems: %t", report.Problems, err, test.aside)
			}
			if _, _, err := Compact(dir); err != nil {
				t.Errorf("Compact: %v", err)
			}
			report, err = Check(t.Context(), dir, nil)
			if len(report.Problems) > 0 || err != nil {
				t.Errorf("Check after Compact: %v, %v", report.Problems, err)
			}
		})
	}
	t.Run("the CRC is checked on every read", func(t *testing.T) {
		t.Parallel()
		s := mustOpen(t, Options{Dir: t.TempDir()})
		mustPhotos(t, s, 1)
		wantPhotos(t, s, 1)
		spoil(t, s, pieceRoots(t, s, 1, 1)[1]+1, []byte("x"))
		if _, err := s.Photo(1); !errors.Is(err, ErrDamaged) {
			t.Errorf("got %v, want ErrDamaged", err)
		}
	})
	t.Run("a whole photo in the place of another is not served", func(t *testing.T) {
		t.Parallel()
		s := mustOpen(t, Options{Dir: t.TempDir()})
		for user := range int64(2) {
			if err := s.Update(0, func(tx *Tx) error { return tx.SetPhoto(user, 1, plain(user)[:3000]) }); err != nil {
				t.Fatal(err)
			}
		}
		mine, other := pieceRoots(t, s, 0, 1)[0], make([]byte, pageSize)
		if _, err := s.file.handle.ReadAt(other, int64(pieceRoots(t, s, 1, 1)[0])*pageSize); err != nil {
			t.Fatal(err)
		}
		copy(other, order.AppendUint64(nil, mine))
		spoil(t, s, mine, other)
		if _, err := s.Photo(0); !errors.Is(err, ErrDamaged) {
			t.Errorf("got %v, want ErrDamaged", err)
		}
	})
	t.Run("a record of version 1 has no mark and is served", func(t *testing.T) {
		t.Parallel()
		s := mustOpen(t, Options{Dir: t.TempDir()})
		v := encodePhoto(Photo{User: 1, JPEG: plain(1)})
		old := append(v[:oldHeader:oldHeader], plain(1)...)
		old[0] = oldVersion
		binary.BigEndian.PutUint32(old[8:], checksum(old[:oldHeader], plain(1)))
		err := s.Update(0, func(tx *Tx) error {
			tx.dirty = true
			key := pieceKey(1, 5, 0)
			b, err := tx.bolt.Bucket(bucketPhotos).CreateBucket(key)
			if err != nil {
				return err
			}
			return b.Put(key, old)
		})
		if err != nil {
			t.Fatal(err)
		}
		p, err := s.Photo(1)
		if err != nil || p.Changed != 0 || p.Timestamp != 5 || !bytes.Equal(p.JPEG, plain(1)) {
			t.Errorf("got %d bytes, changed %d, %v", len(p.JPEG), p.Changed, err)
		}
	})
	t.Run("the SHA-256 is checked once, also when the CRC agrees", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		s := mustOpen(t, Options{Dir: dir})
		mustPhotos(t, s, 1)
		// A header whose SHA-256 is wrong and whose CRC is right.
		root := pieceRoots(t, s, 1, 1)[0]
		at := int64(root)*pageSize + pageHeaderSize + leafElementSize + pieceKeySize
		header := make([]byte, recordHeader)
		if _, err := s.file.handle.ReadAt(header, at); err != nil {
			t.Fatal(err)
		}
		header[20] ^= 1
		order := checksum(header, plain(1))
		header[8], header[9], header[10], header[11] = byte(order>>24), byte(order>>16), byte(order>>8), byte(order)
		if _, err := s.file.handle.WriteAt(header, at); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Photo(1); !errors.Is(err, ErrDamaged) {
			t.Errorf("got %v, want ErrDamaged", err)
		}
	})
}

func TestSeen(t *testing.T) {
	t.Parallel()
	var s seen
	a, b := tokenOf(PhotoInfo{User: 1}, 7, 9), tokenOf(PhotoInfo{User: 1}, 8, 9)
	if s.has(a) || a == b {
		t.Error("seen before it was added, or not told apart")
	}
	if s.add(a); !s.has(a) || s.has(b) {
		t.Error("not remembered, or another one is")
	}
}

func TestReopen(t *testing.T) {
	t.Parallel()
	t.Run("after a failed write nothing is acknowledged before the file was opened again", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		s := mustOpen(t, Options{Dir: dir})
		mustPhotos(t, s, 2)
		s.file.handle.Close() // every write will fail
		put := func() error { return s.Update(0, func(tx *Tx) error { return tx.SetPhoto(3, 1, plain(3)) }) }
		if err := put(); !errors.Is(err, ErrDegraded) {
			t.Errorf("got %v, want ErrDegraded", err)
		}
		if !s.Stats().Degraded {
			t.Error("Stats do not say so")
		}
		wantPhotos(t, s, 2)
		// It cannot be opened again while its name is gone.
		path := filepath.Join(dir, FileName)
		if err := os.Rename(path, path+".away"); err != nil {
			t.Fatal(err)
		}
		if err := put(); !errors.Is(err, ErrDegraded) {
			t.Errorf("got %v, want ErrDegraded", err)
		}
		if err := s.DeleteAllAnd(Entry{}); !errors.Is(err, ErrDegraded) {
			t.Errorf("DeleteAllPhotos: %v, want ErrDegraded", err)
		}
		if _, err := s.Photo(1); !errors.Is(err, ErrDegraded) {
			t.Errorf("Photo: %v, want ErrDegraded", err)
		}
		if err := os.Rename(path+".away", path); err != nil {
			t.Fatal(err)
		}
		if err := put(); err != nil {
			t.Errorf("after the file was back: %v", err)
		}
		wantPhotos(t, s, 3)
		if s.Stats().Degraded {
			t.Error("still degraded")
		}
	})
	t.Run("a panic inside a commit does not hold up anybody", func(t *testing.T) {
		t.Parallel()
		s := mustOpen(t, Options{Dir: t.TempDir()})
		mustPhotos(t, s, 2)
		done := make(chan error, 1)
		go func() {
			done <- s.Update(0, func(tx *Tx) error {
				tx.dirty = true
				tx.bolt.Bucket(bucketTables).FillPercent = 0.5
				// bbolt finds out only when it commits.
				tx.bolt.Bucket(bucketMeta).SetRootPage(1 << 40)
				return tx.SetPhoto(3, 1, plain(3))
			})
		}()
		select {
		case err := <-done:
			if err != nil && !errors.Is(err, ErrDamaged) {
				t.Errorf("got %v", err)
			}
		case <-time.After(5 * time.Minute):
			t.Fatal("it hangs")
		}
		mustPhotos(t, s, 4)
		wantPhotos(t, s, 4)
	})
}
