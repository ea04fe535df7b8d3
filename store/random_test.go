package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"portaria/store"
	"portaria/store/storetest"
)

// model is what the store should hold.
type model struct {
	photos map[int64]store.Photo
	users  map[int64]string
	log    []store.Entry
}

// TestRandomOperations compares the store with maps, over reopening, swaps and
// compaction.
func TestRandomOperations(t *testing.T) {
	t.Parallel()
	for range 4 {
		seed := rand.Uint64()
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			randomOperations(t, rand.New(rand.NewPCG(seed, 0)))
		})
	}
}

func randomOperations(t *testing.T, rng *rand.Rand) {
	dir := t.TempDir()
	s := storetest.New(t, store.Options{Dir: dir})
	m := model{photos: map[int64]store.Photo{}, users: map[int64]string{}}
	for step := range 400 {
		id := rng.Int64N(40) - 20
		switch rng.IntN(20) {
		case 0:
			entry := store.Entry{Time: int64(step), Kind: "all deleted"}
			if err := s.DeleteAllAnd(entry); err != nil {
				t.Fatalf("step %d: DeleteAllPhotos: %v", step, err)
			}
			clear(m.photos)
			m.append(entry)
		case 1:
			if err := s.Close(); err != nil {
				t.Fatalf("step %d: Close: %v", step, err)
			}
			if rng.IntN(2) == 0 {
				if _, _, err := store.Compact(dir); err != nil {
					t.Fatalf("step %d: Compact: %v", step, err)
				}
			}
			storetest.Check(t, dir)
			s = storetest.New(t, store.Options{Dir: dir})
		default:
			m.random(t, s, rng, step, id)
		}
		if step%20 == 0 {
			m.compare(t, s)
		}
		if t.Failed() {
			t.Fatalf("at step %d", step)
		}
	}
	m.compare(t, s)
}

func (m *model) append(e store.Entry) {
	e.Seq = uint64(len(m.log) + 1)
	m.log = append(m.log, e)
}

// random does a few changes in one transaction, which one time in five fails.
func (m *model) random(t *testing.T, s *store.Store, rng *rand.Rand, step int, id int64) {
	photo := store.Photo{User: id, Timestamp: rng.Int64N(3), JPEG: picture(step, rng.IntN(90_000))}
	name := fmt.Sprint("name ", step)
	entry := store.Entry{Time: int64(step), Kind: "step", User: id}
	remove, fails := rng.IntN(3) == 0, rng.IntN(5) == 0
	failure := errors.New("on purpose")
	err := s.Update(len(photo.JPEG), func(tx *store.Tx) error {
		if remove {
			if err := tx.DeletePhoto(id); err != nil && !errors.Is(err, store.ErrNotFound) {
				return err
			}
			if err := tx.DeleteUser(id); err != nil && !errors.Is(err, store.ErrNotFound) {
				return err
			}
		} else {
			if err := tx.SetPhoto(id, photo.Timestamp, photo.JPEG); err != nil {
				return err
			}
			if err := tx.SetUser(store.User{ID: id, Name: name}); err != nil {
				return err
			}
		}
		if _, err := tx.Append(entry); err != nil {
			return err
		}
		if fails {
			return failure
		}
		return nil
	})
	switch {
	case fails:
		if !errors.Is(err, failure) {
			t.Errorf("Update: %v, want the function's failure", err)
		}
		return
	case err != nil:
		t.Errorf("Update: %v", err)
	case remove:
		delete(m.photos, id)
		delete(m.users, id)
	default:
		m.photos[id], m.users[id] = photo, name
	}
	m.append(entry)
}

func (m *model) compare(t *testing.T, s *store.Store) {
	t.Helper()
	got := model{photos: map[int64]store.Photo{}, users: map[int64]string{}}
	mustView(t, s, func(tx *store.Tx) error {
		for u := range tx.Users() {
			got.users[u.ID] = u.Name
		}
		got.log = slices.Collect(tx.Entries(0))
		return nil
	})
	for _, p := range listed(t, s) {
		photo := mustPhoto(t, s, p.User)
		want := m.photos[p.User]
		if photo.Timestamp != want.Timestamp || !bytes.Equal(photo.JPEG, want.JPEG) {
			t.Errorf("the photo of user %d is not what was stored", p.User)
		}
		got.photos[p.User] = photo
	}
	if len(got.photos) != len(m.photos) {
		t.Errorf("%d photos, want %d", len(got.photos), len(m.photos))
	}
	if diff := cmp.Diff(m.users, got.users); diff != "" {
		t.Errorf("users (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(m.log, got.log); diff != "" {
		t.Errorf("log (-want +got)\n%s", diff)
	}
}
