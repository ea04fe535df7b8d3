package store

import (
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
)

func TestCapacity(t *testing.T) {
	t.Parallel()
	for _, capacity := range []int64{2 << 20, 5 << 20, 32 << 20} {
		t.Run("a full device refuses photos, deletes them, and takes new ones", func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			s := mustOpen(t, Options{Dir: dir, Capacity: capacity})
			rng := rand.New(rand.NewPCG(1, uint64(capacity)))
			put := func(user int64) error {
				jpeg := make([]byte, 20_000+rng.IntN(40_000))
				return s.Update(len(jpeg), func(tx *Tx) error {
					if err := tx.SetPhoto(user, 1, jpeg); err != nil {
						return err
					}
					_, err := tx.Append(Entry{Kind: "photo set", User: user})
					return err
				})
			}
			remove := func(user int64) error {
				return s.Update(0, func(tx *Tx) error {
					if _, err := tx.Append(Entry{Kind: "photo deleted", User: user}); err != nil {
						return err
					}
					return tx.DeletePhoto(user)
				})
			}
			var stored []int64
			user := int64(0)
			fill := func() {
				for misses := 0; misses < 20; {
					user++
					switch err := put(user); {
					case err == nil:
						stored, misses = append(stored, user), 0
					case errors.Is(err, ErrFull):
						misses++
					default:
						t.Fatalf("put: %v", err)
					}
				}
			}
			for range 5 {
				fill()
				if got := s.Stats(); got.FileBytes > capacity || got.FileBytes < capacity/2 || got.Degraded {
					t.Errorf("full at %d bytes of %d, degraded %t", got.FileBytes, capacity, got.Degraded)
				}
				// Delete all of them, one by one, in any order: each must succeed.
				rng.Shuffle(len(stored), func(i, j int) { stored[i], stored[j] = stored[j], stored[i] })
				for _, user := range stored[len(stored)/4:] {
					if err := remove(user); err != nil {
						t.Fatalf("delete on a full device: %v", err)
					}
				}
				stored = stored[:len(stored)/4]
			}
			fill()
			for range 50 {
				i := rng.IntN(len(stored))
				if err := remove(stored[i]); err != nil {
					t.Fatalf("delete on a full device: %v", err)
				}
				stored = slices.Delete(stored, i, i+1)
				if err := put(user + 1000); err == nil {
					stored = append(stored, user+1000)
				}
				user += 1001
			}
			for _, user := range stored {
				if _, err := s.Photo(user); err != nil {
					t.Error(err)
				}
			}
			if err := s.DeleteAllAnd(Entry{}); err != nil {
				t.Errorf("DeleteAllPhotos: %v", err)
			}
			if err := put(1); err != nil {
				t.Error(err)
			}
			s.Close()
			if report, err := Check(t.Context(), dir, nil); len(report.Problems) > 0 || err != nil {
				t.Errorf("Check: %v, %v", report.Problems, err)
			}
		})
	}
	t.Run("a delete works when only single pages are left", func(t *testing.T) {
		t.Parallel()
		s := mustOpen(t, Options{Ephemeral: true, Capacity: 16 << 20})
		user := int64(0)
		for {
			// Full with photos of one page each.
			if err := s.Update(0, func(tx *Tx) error { return tx.SetPhoto(user, 1, make([]byte, 2000)) }); err != nil {
				break
			}
			user++
		}
		// Every second one leaves no two free pages in a row, and a list of them
		// that at last needs two.
		for u := int64(0); u < user; u += 2 {
			err := s.Update(0, func(tx *Tx) error {
				if _, err := tx.Append(Entry{Kind: "photo deleted", User: u}); err != nil {
					return err
				}
				return tx.DeletePhoto(u)
			})
			if err != nil {
				t.Fatalf("delete %d of %d: %v", u, user, err)
			}
		}
	})
	t.Run("in a group, what fits is stored", func(t *testing.T) {
		t.Parallel()
		s := mustOpen(t, Options{Dir: t.TempDir(), Capacity: 4 << 20})
		mustPhotos(t, s, 3)
		var group sync.WaitGroup
		for user := range int64(30) {
			group.Go(func() {
				size := 30_000
				if user%2 == 0 {
					size = MaxPhoto
				}
				err := s.Update(size, func(tx *Tx) error { return tx.SetPhoto(user, 2, make([]byte, size)) })
				if user%2 != 0 && err != nil {
					t.Errorf("user %d: %v", user, err)
				}
				if err != nil && !errors.Is(err, ErrFull) {
					t.Errorf("user %d: %v, want ErrFull", user, err)
				}
			})
		}
		group.Wait()
	})
	t.Run("32-bit machines have one, others none", func(t *testing.T) {
		if got, want := DefaultCapacity(), int64(0); ^uint(0)>>32 != 0 && got != want {
			t.Errorf("got %d, want %d", got, want)
		} else if ^uint(0)>>32 == 0 && got != capacity32 {
			t.Errorf("got %d, want %d", got, capacity32)
		}
	})
}
