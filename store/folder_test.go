package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	bolt "go.etcd.io/bbolt"
)

func names(t testing.TB, dir string) []string {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range list {
		names = append(names, e.Name())
	}
	return names
}

// mustPhotos stores n photos of 30,000 bytes for users 1 to n.
func mustPhotos(t testing.TB, s *Store, n int) {
	t.Helper()
	for user := range int64(n) {
		if err := s.Update(0, func(tx *Tx) error { return tx.SetPhoto(user+1, 1, plain(user+1)) }); err != nil {
			t.Fatalf("SetPhoto(%d): %v", user+1, err)
		}
	}
}

func plain(user int64) []byte { return bytes.Repeat([]byte(fmt.Sprintf("%10d", user)), 3000) }

// wantPhotos checks that the photos of users 1 to n, and no others, are there.
func wantPhotos(t testing.TB, s *Store, n int) {
	t.Helper()
	found := 0
	err := s.View(func(tx *Tx) error {
		for range tx.Photos() {
			found++
		}
		return nil
	})
	if found != n || err != nil {
		t.Errorf("%d photos, want %d (%v)", found, n, err)
	}
	for user := range int64(n) {
		if p, err := s.Photo(user + 1); err != nil || !bytes.Equal(p.JPEG, plain(user+1)) {
			t.Errorf("photo of user %d: %v", user+1, err)
		}
	}
}

func TestOpen(t *testing.T) {
	t.Parallel()
	t.Run("a missing folder is made, for the owner only", func(t *testing.T) {
		t.Parallel()
		dir := filepath.Join(t.TempDir(), "a", "b")
		mustOpen(t, Options{Dir: dir})
		if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%v, %v", info, err)
		}
		if got := names(t, dir); !slices.Equal(got, []string{FileName, lockName}) {
			t.Errorf("the folder holds %v", got)
		}
	})
	t.Run("no folder named, or a file in its place, is an error", func(t *testing.T) {
		t.Parallel()
		file := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, dir := range []string{"", file} {
			if s, err := Open(Options{Dir: dir}); err == nil {
				s.Close()
				t.Errorf("Open(%q) succeeded", dir)
			}
		}
	})
	t.Run("what an interrupted swap left is removed, and is not the data", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		s := mustOpen(t, Options{Dir: dir})
		mustPhotos(t, s, 3)
		s.Close()
		if err := os.WriteFile(filepath.Join(dir, freshName), []byte("half a file"), 0o600); err != nil {
			t.Fatal(err)
		}
		s = mustOpen(t, Options{Dir: dir})
		wantPhotos(t, s, 3)
		if got := names(t, dir); !slices.Equal(got, []string{FileName, lockName}) {
			t.Errorf("the folder holds %v", got)
		}
	})
	t.Run("an interrupted creation starts over", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, freshName), make([]byte, 5000), 0o600); err != nil {
			t.Fatal(err)
		}
		s := mustOpen(t, Options{Dir: dir})
		mustPhotos(t, s, 1)
	})
	t.Run("the file has pages of 4096 bytes and is synced", func(t *testing.T) {
		t.Parallel()
		s := mustOpen(t, Options{Dir: t.TempDir()})
		db := s.file.db
		if db.NoSync || db.NoGrowSync || db.NoFreelistSync || db.Info().PageSize != 4096 {
			t.Errorf("NoSync %t, NoGrowSync %t, NoFreelistSync %t, pages of %d",
				db.NoSync, db.NoGrowSync, db.NoFreelistSync, db.Info().PageSize)
		}
	})
	t.Run("an ephemeral store leaves nothing to be found", func(t *testing.T) {
		s := mustOpen(t, Options{Ephemeral: true, Dir: "/nowhere"})
		mustPhotos(t, s, 2)
		if _, err := os.Stat(s.file.db.Path()); !errors.Is(err, fs.ErrNotExist) && s.dir == "" {
			t.Errorf("%s: %v", s.file.db.Path(), err)
		}
		if err := s.DeleteAllAnd(Entry{}); err != nil {
			t.Fatal(err)
		}
		mustPhotos(t, s, 4)
		wantPhotos(t, s, 4)
	})
}

func TestInspect(t *testing.T) {
	t.Parallel()
	t.Run("a file that cannot be read once is kept", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		s := mustOpen(t, Options{Dir: dir})
		mustPhotos(t, s, 2)
		s.Close()
		asked := 0
		s = mustOpen(t, Options{Dir: dir, Inspect: func(string) error {
			if asked++; asked == 1 {
				return syscall.EIO
			}
			return nil
		}})
		wantPhotos(t, s, 2)
		if got := names(t, dir); !slices.Equal(got, []string{FileName, lockName}) {
			t.Errorf("the folder holds %v", got)
		}
	})
	t.Run("is asked before the file is opened, and its refusals set the file aside", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		s := mustOpen(t, Options{Dir: dir})
		mustPhotos(t, s, 2)
		s.Close()
		var log bytes.Buffer
		asked := 0
		s = mustOpen(t, Options{Dir: dir, Log: slog.New(slog.NewTextHandler(&log, nil)), Inspect: func(path string) error {
			if asked++; asked <= 2 {
				return errors.New("signal: bus error")
			}
			return Inspect(path)
		}})
		wantPhotos(t, s, 0)
		if got := names(t, dir); !slices.Equal(got, []string{FileName, damagedName + "1", lockName}) {
			t.Errorf("the folder holds %v", got)
		}
		for _, want := range []string{"level=ERROR", damagedName + "1", "bus error"} {
			if !strings.Contains(log.String(), want) {
				t.Errorf("the log lacks %q: %s", want, log.String())
			}
		}
	})
	t.Run("files set aside are numbered, never replaced", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		for n := range 3 {
			if err := os.WriteFile(filepath.Join(dir, FileName), []byte{byte(n)}, 0o600); err != nil {
				t.Fatal(err)
			}
			mustOpen(t, Options{Dir: dir}).Close()
		}
		for n := range 3 {
			data, err := os.ReadFile(filepath.Join(dir, fmt.Sprint(damagedName, n+1)))
			if err != nil || !bytes.Equal(data, []byte{byte(n)}) {
				t.Errorf("file %d: %v, %v", n+1, data, err)
			}
		}
	})
	t.Run("a failure that is not about the file costs nobody the data", func(t *testing.T) {
		t.Parallel()
		for _, why := range []error{fs.ErrPermission, syscall.EMFILE, syscall.ENOMEM, t.Context().Err(), ErrNewerSchema} {
			if why == nil {
				continue
			}
			dir := t.TempDir()
			mustOpen(t, Options{Dir: dir}).Close()
			_, err := Open(Options{Dir: dir, Inspect: func(string) error { return why }})
			if !errors.Is(err, why) {
				t.Errorf("got %v, want %v", err, why)
			}
			if got := names(t, dir); !slices.Equal(got, []string{FileName, lockName}) {
				t.Errorf("%v: the folder holds %v", why, got)
			}
		}
	})
	t.Run("a sound file passes, also while its folder is locked", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		s := mustOpen(t, Options{Dir: dir})
		mustPhotos(t, s, 200)
		s.Close()
		lock, err := lockFolder(filepath.Join(dir, lockName))
		if err != nil {
			t.Fatal(err)
		}
		defer unlock(lock)
		if err := Inspect(filepath.Join(dir, FileName)); err != nil {
			t.Error(err)
		}
	})
}

func TestSchema(t *testing.T) {
	t.Parallel()
	t.Run("there is a migration for every version but the first", func(t *testing.T) {
		if len(migrations) != SchemaVersion-1 {
			t.Errorf("%d migrations, schema version %d", len(migrations), SchemaVersion)
		}
	})
	t.Run("a newer file is refused and left alone", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		s := mustOpen(t, Options{Dir: dir})
		if err := s.file.db.Update(func(tx *bolt.Tx) error { return setVersion(tx, SchemaVersion+1) }); err != nil {
			t.Fatal(err)
		}
		s.Close()
		before, err := os.ReadFile(filepath.Join(dir, FileName))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Open(Options{Dir: dir}); !errors.Is(err, ErrNewerSchema) {
			t.Errorf("Open: %v, want ErrNewerSchema", err)
		}
		if err := Inspect(filepath.Join(dir, FileName)); !errors.Is(err, ErrNewerSchema) {
			t.Errorf("Inspect: %v, want ErrNewerSchema", err)
		}
		report, err := Check(t.Context(), dir, nil)
		if len(report.Problems) != 1 || err != nil {
			t.Errorf("Check: %v, %v", report.Problems, err)
		}
		after, err := os.ReadFile(filepath.Join(dir, FileName))
		if err != nil || !bytes.Equal(before, after) {
			t.Errorf("the file was changed (%v)", err)
		}
		if got := names(t, dir); !slices.Equal(got, []string{FileName, lockName}) {
			t.Errorf("the folder holds %v", got)
		}
	})
	t.Run("the users of version 1 become rows", func(t *testing.T) {
		t.Parallel()
		s := mustOpen(t, Options{Ephemeral: true})
		err := s.file.db.Update(func(tx *bolt.Tx) error {
			old, err := tx.CreateBucket([]byte("users"))
			if err != nil {
				return err
			}
			return errors.Join(tx.DeleteBucket(bucketTables), tx.DeleteBucket(bucketRecent), setVersion(tx, 1),
				old.Put(idKey(-3), []byte("\x01")), old.Put(idKey(7), []byte("\x01Ana")), old.Put(idKey(9), []byte("\x02unreadable")))
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := migrate(s.file.db, migrations); err != nil {
			t.Fatal(err)
		}
		var got []User
		err = s.View(func(tx *Tx) error {
			got = slices.Collect(tx.Users())
			if tx.bolt.Bucket([]byte("users")) != nil {
				t.Error("the old bucket is still there")
			}
			return nil
		})
		if want := []User{{ID: -3}, {ID: 7, Name: "Ana"}}; err != nil || !slices.Equal(got, want) {
			t.Errorf("users %v, %v; want %v", got, err, want)
		}
	})
	t.Run("each step is a transaction with its version", func(t *testing.T) {
		t.Parallel()
		s := mustOpen(t, Options{Ephemeral: true})
		put := func(key string) func(*bolt.Tx) error {
			return func(tx *bolt.Tx) error { return tx.Bucket(bucketMeta).Put([]byte(key), []byte("x")) }
		}
		failure := errors.New("on purpose")
		steps := append(slices.Clone(migrations), put("one"), func(tx *bolt.Tx) error { return errors.Join(put("two")(tx), failure) })
		if err := migrate(s.file.db, steps); !errors.Is(err, failure) || saysDamaged(err) {
			t.Errorf("got %v, want the step's failure, which is not damage", err)
		}
		check := func(want uint32, one, two bool) {
			t.Helper()
			_ = s.file.db.View(func(tx *bolt.Tx) error {
				meta := tx.Bucket(bucketMeta)
				got := binary.BigEndian.Uint32(meta.Get(keySchema))
				if got != want || (meta.Get([]byte("one")) != nil) != one || (meta.Get([]byte("two")) != nil) != two {
					t.Errorf("version %d, one %q, two %q", got, meta.Get([]byte("one")), meta.Get([]byte("two")))
				}
				return nil
			})
		}
		check(SchemaVersion+1, true, false)
		steps[len(steps)-1] = put("two")
		for range 2 {
			if err := migrate(s.file.db, steps); err != nil {
				t.Error(err)
			}
			check(SchemaVersion+2, true, true)
		}
	})
}
