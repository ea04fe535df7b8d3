package store

import (
	"errors"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	bolt "go.etcd.io/bbolt"
)

func mustOpen(t testing.TB, o Options) *Store {
	t.Helper()
	s, err := Open(o)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func mustAppend(t testing.TB, s *Store, n int) {
	t.Helper()
	for n > 0 {
		batch := min(n, 500)
		err := s.Update(0, func(tx *Tx) error {
			for range batch {
				if _, err := tx.Append(Entry{Time: 1_700_000_000, Kind: "photo set", User: 42}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatalf("Append: %v", err)
		}
		n -= batch
	}
}

func entries(t testing.TB, s *Store, after uint64) []Entry {
	t.Helper()
	var list []Entry
	err := s.View(func(tx *Tx) error {
		list = slices.Collect(tx.Entries(after))
		return nil
	})
	if err != nil {
		t.Fatalf("Entries(%d): %v", after, err)
	}
	return list
}

// wantRun checks that list is the entries from first to last.
func wantRun(t testing.TB, list []Entry, first, last uint64) {
	t.Helper()
	if want := int(last + 1 - first); len(list) != want {
		t.Errorf("%d entries, want %d (%d to %d)", len(list), want, first, last)
		return
	}
	for i, e := range list {
		want := Entry{Seq: first + uint64(i), Time: 1_700_000_000, Kind: "photo set", User: 42}
		if !reflect.DeepEqual(e, want) {
			t.Errorf("entry %d is %v, want %v", i, e, want)
			return
		}
	}
}

func TestLog(t *testing.T) {
	t.Parallel()
	t.Run("an empty log lists nothing", func(t *testing.T) {
		s := mustOpen(t, Options{Ephemeral: true})
		for _, after := range []uint64{0, 1, ^uint64(0)} {
			if got := entries(t, s, after); len(got) != 0 {
				t.Errorf("Entries(%d): %v", after, got)
			}
		}
	})
	t.Run("every place to start from gives the rest, over chunks and reopening", func(t *testing.T) {
		dir := t.TempDir()
		s := mustOpen(t, Options{Dir: dir})
		const n = 131
		for range n {
			mustAppend(t, s, 1)
		}
		s.Close()
		s = mustOpen(t, Options{Dir: dir})
		for after := range uint64(n + 3) {
			wantRun(t, entries(t, s, after), after+1, max(n, after))
		}
		mustAppend(t, s, 1)
		wantRun(t, entries(t, s, n), n+1, n+1)
	})
	t.Run("the oldest are dropped, but never more than the limit allows", func(t *testing.T) {
		s := mustOpen(t, Options{Ephemeral: true})
		mustAppend(t, s, logEntries+1234)
		list := entries(t, s, 0)
		if len(list) < logEntries || len(list) > logEntries+2*tailBytes/40 {
			t.Errorf("%d entries kept, want about %d", len(list), logEntries)
		}
		wantRun(t, list, logEntries+1234+1-uint64(len(list)), logEntries+1234)
		wantRun(t, entries(t, s, logEntries+1200), logEntries+1201, logEntries+1234)
	})
	t.Run("a kind is limited, and the longest fits", func(t *testing.T) {
		s := mustOpen(t, Options{Ephemeral: true})
		for range 10 {
			err := s.Update(0, func(tx *Tx) error {
				_, err := tx.Append(Entry{Time: -1 << 63, User: -1 << 63, Kind: strings.Repeat("\x01", maxKind)})
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		if got := entries(t, s, 0); len(got) != 10 || len(got[9].Kind) != maxKind {
			t.Errorf("got %v", got)
		}
		err := s.Update(0, func(tx *Tx) error { _, err := tx.Append(Entry{Kind: strings.Repeat("x", maxKind+1)}); return err })
		if !errors.Is(err, ErrTooLarge) {
			t.Errorf("got %v, want ErrTooLarge", err)
		}
	})
	t.Run("leaving early is allowed in a chunk and in the tail", func(t *testing.T) {
		s := mustOpen(t, Options{Ephemeral: true})
		mustAppend(t, s, 50)
		for stop := range uint64(50) {
			_ = s.View(func(tx *Tx) error {
				for e := range tx.Entries(0) {
					if e.Seq > stop {
						break
					}
				}
				return nil
			})
		}
	})
}

// The figures of DESIGN.md need the tail and the settings inside the root page.
func TestRootPage(t *testing.T) {
	t.Parallel()
	s := mustOpen(t, Options{Ephemeral: true})
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range 200 {
		err := s.Update(0, func(tx *Tx) error {
			if err := tx.SetAccount(Account{Login: strings.Repeat("x", 1+rng.IntN(620))}); err != nil {
				return err
			}
			if i < 100 {
				if err := tx.SetUser(User{ID: int64(i)}); err != nil {
					return err
				}
			}
			_, err := tx.Append(Entry{Time: rng.Int64(), Kind: strings.Repeat("k", rng.IntN(maxKind)), User: rng.Int64()})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		err = s.file.db.View(func(tx *bolt.Tx) error {
			for _, name := range [][]byte{bucketMeta, bucketTail} {
				if root := tx.Bucket(name).Root(); root != 0 {
					t.Errorf("after %d entries: %s has page %d of its own", i+1, name, root)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
