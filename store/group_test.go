package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"

	"portaria/store"
	"portaria/store/storetest"
)

func TestGroupCommit(t *testing.T) {
	t.Parallel()
	t.Run("each failing operation gets its own error and all others are stored", func(t *testing.T) {
		stores(t, func(t *testing.T, s *store.Store) {
			const writers, each = 64, 12
			var group sync.WaitGroup
			for w := range writers {
				group.Go(func() {
					rng := rand.New(rand.NewPCG(uint64(w), 1))
					for i := range each {
						id := int64(w*each + i)
						jpeg := picture(int(id), 1+rng.IntN(20_000))
						own := fmt.Errorf("failure of %d", id)
						err := s.Update(len(jpeg), func(tx *store.Tx) error {
							if err := tx.SetPhoto(id, id, jpeg); err != nil {
								return err
							}
							switch id % 7 {
							case 3:
								return own
							case 5:
								panic(own)
							}
							return nil
						})
						switch id % 7 {
						case 3:
							if !errors.Is(err, own) {
								t.Errorf("operation %d: %v, want its own failure", id, err)
							}
						case 5:
							if err == nil || !bytes.Contains([]byte(err.Error()), []byte(own.Error())) {
								t.Errorf("operation %d: %v, want its own panic", id, err)
							}
						default:
							if err != nil {
								t.Errorf("operation %d: %v", id, err)
							}
						}
					}
				})
			}
			group.Wait()
			for id := range int64(writers * each) {
				p, err := s.Photo(id)
				switch id % 7 {
				case 3, 5:
					if !errors.Is(err, store.ErrNotFound) {
						t.Errorf("photo %d of a failed operation: %v, want ErrNotFound", id, err)
					}
				default:
					if err != nil || !bytes.Equal(p.JPEG, picture(int(id), len(p.JPEG))) {
						t.Errorf("photo %d: %v", id, err)
					}
				}
			}
		})
	})
	t.Run("operations that wait share a commit", func(t *testing.T) {
		s := storetest.New(t)
		const waiting = 100
		before := s.Stats()
		var group sync.WaitGroup
		// The first operation holds the lead until all others are queued.
		queued := make(chan struct{})
		group.Go(func() {
			mustUpdate(t, s, func(tx *store.Tx) error {
				<-queued
				return tx.SetUser(store.User{ID: 1000})
			})
		})
		var started sync.WaitGroup
		for i := range int64(waiting) {
			started.Add(1)
			group.Go(func() {
				started.Done()
				mustUpdate(t, s, func(tx *store.Tx) error { return tx.SetUser(store.User{ID: i}) })
			})
		}
		started.Wait()
		for range 1000 {
			runtime.Gosched()
		}
		close(queued)
		group.Wait()
		st := s.Stats()
		if got := st.Operations - before.Operations; got != waiting+1 {
			t.Errorf("%d operations, want %d", got, waiting+1)
		}
		if got := st.Groups - before.Groups; got > waiting/2 {
			t.Errorf("%d commits for %d operations that waited together", got, waiting)
		}
	})
	t.Run("a function that ends its goroutine does not stop the store", func(t *testing.T) {
		s := storetest.New(t)
		var group sync.WaitGroup
		for i := range int64(8) {
			group.Go(func() {
				_ = s.Update(0, func(tx *store.Tx) error {
					if i == 3 {
						runtime.Goexit()
					}
					return tx.SetUser(store.User{ID: i})
				})
			})
		}
		group.Wait()
		mustUpdate(t, s, func(tx *store.Tx) error { return tx.SetUser(store.User{ID: 100}) })
	})
	t.Run("readers, writers, swaps and Stats at once", func(t *testing.T) {
		stores(t, func(t *testing.T, s *store.Store) {
			var group sync.WaitGroup
			for w := range 8 {
				group.Go(func() {
					for i := range 30 {
						id := int64(i % 5)
						jpeg := picture(int(id), 30_000)
						mustUpdate(t, s, func(tx *store.Tx) error { return tx.SetPhoto(id, int64(w), jpeg) })
						p, err := s.Photo(id)
						if err == nil && !bytes.Equal(p.JPEG, jpeg) {
							t.Errorf("photo %d is not what was stored", id)
						}
						if err != nil && !errors.Is(err, store.ErrNotFound) {
							t.Errorf("photo %d: %v", id, err)
						}
						s.Stats()
						if w == 0 && i%10 == 9 {
							if err := s.DeleteAllAnd(store.Entry{Kind: "all"}); err != nil {
								t.Errorf("DeleteAllPhotos: %v", err)
							}
						}
					}
				})
			}
			group.Wait()
		})
	})
}

// The whole terminal is tested in such bubbles.
func TestBubble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, err := store.Open(store.Options{Dir: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		var group sync.WaitGroup
		for i := range int64(20) {
			group.Go(func() { mustPut(t, s, i, 1, picture(1, 1000)) })
		}
		group.Wait()
		synctest.Wait()
		if err := s.DeleteAllAnd(store.Entry{}); err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}
