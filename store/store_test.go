package store_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"portaria/store"
	"portaria/store/storetest"
)

// picture returns size bytes that are different for every n.
func picture(n, size int) []byte {
	p := make([]byte, size)
	x := uint64(n)*0x9e3779b97f4a7c15 + 1
	for i := range p {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		p[i] = byte(x)
	}
	return p
}

func mustUpdate(t testing.TB, s *store.Store, fn func(*store.Tx) error) {
	t.Helper()
	if err := s.Update(0, fn); err != nil {
		t.Fatalf("Update: %v", err)
	}
}

func mustView(t testing.TB, s *store.Store, fn func(*store.Tx) error) {
	t.Helper()
	if err := s.View(fn); err != nil {
		t.Fatalf("View: %v", err)
	}
}

func mustPut(t testing.TB, s *store.Store, user, timestamp int64, jpeg []byte) {
	t.Helper()
	mustUpdate(t, s, func(tx *store.Tx) error { return tx.SetPhoto(user, timestamp, jpeg) })
}

func mustPhoto(t testing.TB, s *store.Store, user int64) store.Photo {
	t.Helper()
	p, err := s.Photo(user)
	if err != nil {
		t.Fatalf("Photo(%d): %v", user, err)
	}
	return p
}

func listed(t testing.TB, s *store.Store) []store.PhotoInfo {
	t.Helper()
	var list []store.PhotoInfo
	mustView(t, s, func(tx *store.Tx) error {
		list = slices.Collect(tx.Photos())
		return nil
	})
	return list
}

// stores runs test against every kind of store.
func stores(t *testing.T, test func(t *testing.T, s *store.Store)) {
	t.Run("in a folder", func(t *testing.T) {
		t.Parallel()
		test(t, storetest.New(t))
	})
	t.Run("ephemeral", func(t *testing.T) {
		t.Parallel()
		test(t, storetest.Ephemeral(t))
	})
}

func TestPhoto(t *testing.T) {
	t.Parallel()
	t.Run("what was stored is returned", func(t *testing.T) {
		stores(t, func(t *testing.T, s *store.Store) {
			// Around the ends of pages, of pieces and of what bbolt keeps inline.
			for _, size := range []int{0, 1, 43, 900, 1000, 4000, 4096, 16_290, 16_291, 16_292, 40_000, 49_005, 49_006, store.MaxPhoto} {
				jpeg := picture(size, size)
				mustPut(t, s, int64(size), 7, jpeg)
				got := mustPhoto(t, s, int64(size))
				want := store.Photo{User: int64(size), Timestamp: 7, JPEG: jpeg, SHA256: sha256.Sum256(jpeg)}
				if !bytes.Equal(got.JPEG, want.JPEG) {
					t.Errorf("%d bytes: the JPEG differs", size)
				}
				got.JPEG, want.JPEG = nil, nil
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%d bytes: (-want +got)\n%s", size, diff)
				}
			}
		})
	})
	t.Run("one byte over the limit is refused and changes nothing", func(t *testing.T) {
		stores(t, func(t *testing.T, s *store.Store) {
			mustPut(t, s, 1, 1, picture(1, 100))
			err := s.Update(0, func(tx *store.Tx) error { return tx.SetPhoto(1, 2, make([]byte, store.MaxPhoto+1)) })
			if !errors.Is(err, store.ErrTooLarge) {
				t.Errorf("got %v, want ErrTooLarge", err)
			}
			if got := mustPhoto(t, s, 1); got.Timestamp != 1 {
				t.Errorf("timestamp %d, want the old photo's 1", got.Timestamp)
			}
		})
	})
	t.Run("a new photo replaces the old one, whatever the timestamps", func(t *testing.T) {
		stores(t, func(t *testing.T, s *store.Store) {
			for i, timestamp := range []int64{5, 5, 9, 1, math.MaxInt64, math.MinInt64, -1, 0} {
				jpeg := picture(i, 70_000-9_000*i)
				mustPut(t, s, 3, timestamp, jpeg)
				if got := mustPhoto(t, s, 3); got.Timestamp != timestamp || !bytes.Equal(got.JPEG, jpeg) {
					t.Errorf("photo %d: got timestamp %d and %d bytes, want %d and %d", i, got.Timestamp, len(got.JPEG), timestamp, len(jpeg))
				}
			}
			if got := listed(t, s); len(got) != 1 {
				t.Errorf("%d photos listed, want 1: %v", len(got), got)
			}
		})
	})
	t.Run("set, deleted and set again in one transaction is the last", func(t *testing.T) {
		stores(t, func(t *testing.T, s *store.Store) {
			mustPut(t, s, 1, 1, picture(1, 30_000))
			mustUpdate(t, s, func(tx *store.Tx) error {
				return errors.Join(
					tx.SetPhoto(1, 1, picture(2, 50_000)),
					tx.DeletePhoto(1),
					tx.SetPhoto(1, 1, picture(3, 20_000)),
					tx.SetPhoto(1, 1, picture(4, 60_000)))
			})
			if got := mustPhoto(t, s, 1); !bytes.Equal(got.JPEG, picture(4, 60_000)) {
				t.Error("not the photo that was set last")
			}
		})
	})
	t.Run("an unknown user is ErrNotFound everywhere", func(t *testing.T) {
		stores(t, func(t *testing.T, s *store.Store) {
			mustPut(t, s, 4, 1, picture(1, 10))
			mustPut(t, s, 6, 1, picture(1, 10))
			_, errPhoto := s.Photo(5)
			dst, _, errAppend := s.AppendPhoto([]byte("abc"), 5)
			errDelete := s.Update(0, func(tx *store.Tx) error { return tx.DeletePhoto(5) })
			errInfo := s.View(func(tx *store.Tx) error { _, err := tx.PhotoInfo(5); return err })
			for i, err := range []error{errPhoto, errAppend, errDelete, errInfo} {
				if !errors.Is(err, store.ErrNotFound) {
					t.Errorf("%d: got %v, want ErrNotFound", i, err)
				}
			}
			if string(dst) != "abc" {
				t.Errorf("dst is %q, want it unchanged", dst)
			}
		})
	})
	t.Run("AppendPhoto appends, and allocates nothing for the bytes when there is room", func(t *testing.T) {
		s := storetest.Ephemeral(t)
		jpeg := picture(1, 60_000)
		mustPut(t, s, 1, 2, jpeg)
		buf := append(make([]byte, 0, 64<<10), "head"...)
		got, info, err := s.AppendPhoto(buf, 1)
		if err != nil || string(got[:4]) != "head" || !bytes.Equal(got[4:], jpeg) || info != (store.PhotoInfo{User: 1, Timestamp: 2}) {
			t.Errorf("got %d bytes, %v, %v", len(got), info, err)
		}
		if &got[0] != &buf[0] {
			t.Error("the bytes were moved although there was room")
		}
	})
}

func TestPhotos(t *testing.T) {
	t.Parallel()
	t.Run("ids of every size are listed in numeric order", func(t *testing.T) {
		stores(t, func(t *testing.T, s *store.Store) {
			ids := []int64{math.MinInt64, -1 << 32, -256, -1, 0, 1, 255, 256, 1 << 40, math.MaxInt64}
			var want []store.PhotoInfo
			for i, id := range ids {
				want = append(want, store.PhotoInfo{User: id, Timestamp: int64(-i)})
			}
			for _, i := range []int{4, 0, 9, 2, 7, 1, 3, 8, 6, 5} {
				mustPut(t, s, ids[i], int64(-i), picture(i, 20_000+i))
			}
			if diff := cmp.Diff(want, listed(t, s)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			for i, id := range ids {
				mustView(t, s, func(tx *store.Tx) error {
					got, err := tx.PhotoInfo(id)
					if got != want[i] {
						t.Errorf("PhotoInfo(%d): %v", id, got)
					}
					return err
				})
				if got := mustPhoto(t, s, id); !bytes.Equal(got.JPEG, picture(i, 20_000+i)) {
					t.Errorf("Photo(%d): another photo", id)
				}
			}
		})
	})
	t.Run("a list may be left early", func(t *testing.T) {
		s := storetest.Ephemeral(t)
		mustPut(t, s, 1, 1, nil)
		mustPut(t, s, 2, 1, nil)
		mustView(t, s, func(tx *store.Tx) error {
			for p := range tx.Photos() {
				if p.User != 1 {
					t.Errorf("user %d first", p.User)
				}
				break
			}
			return nil
		})
	})
}

// TestPhotoMark reads a mark back, and a photo of the layout that had none.
func TestPhotoMark(t *testing.T) {
	t.Parallel()
	stores(t, func(t *testing.T, s *store.Store) {
		mustUpdate(t, s, func(tx *store.Tx) error {
			return tx.PutPhoto(store.Photo{User: 1, Timestamp: 2, Changed: 1_700_000_000_123, JPEG: picture(1, 50_000)})
		})
		if p := mustPhoto(t, s, 1); p.Changed != 1_700_000_000_123 || p.Timestamp != 2 || !bytes.Equal(p.JPEG, picture(1, 50_000)) {
			t.Errorf("the photo reads as changed at %d, timestamp %d, %d bytes", p.Changed, p.Timestamp, len(p.JPEG))
		}
	})
}

func TestUser(t *testing.T) {
	t.Parallel()
	stores(t, func(t *testing.T, s *store.Store) {
		users := []store.User{{ID: math.MinInt64, Name: "\xff not UTF-8 \x00"}, {ID: -5}, {ID: 0, Name: "zero"}, {ID: math.MaxInt64, Name: strings.Repeat("é", 150_000)}}
		mustUpdate(t, s, func(tx *store.Tx) error {
			for _, u := range slices.Backward(users) {
				if err := tx.SetUser(u); err != nil {
					return err
				}
			}
			return nil
		})
		mustView(t, s, func(tx *store.Tx) error {
			if diff := cmp.Diff(users, slices.Collect(tx.Users())); diff != "" {
				t.Errorf("Users: (-want +got)\n%s", diff)
			}
			for _, u := range users {
				if got, err := tx.User(u.ID); got != u || err != nil || !tx.HasUser(u.ID) {
					t.Errorf("User(%d): %v, %v", u.ID, got, err)
				}
			}
			if _, err := tx.User(1); !errors.Is(err, store.ErrNotFound) || tx.HasUser(1) {
				t.Errorf("User(1): %v, want ErrNotFound", err)
			}
			return nil
		})
		mustUpdate(t, s, func(tx *store.Tx) error { return tx.DeleteUser(0) })
		if err := s.Update(0, func(tx *store.Tx) error { return tx.DeleteUser(0) }); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("deleting twice: %v, want ErrNotFound", err)
		}
		long := store.User{ID: 9, Name: strings.Repeat("x", store.MaxRow+1)}
		if err := s.Update(0, func(tx *store.Tx) error { return tx.SetUser(long) }); !errors.Is(err, store.ErrTooLarge) {
			t.Errorf("a long name: %v, want ErrTooLarge", err)
		}
	})
}

func TestAccount(t *testing.T) {
	t.Parallel()
	stores(t, func(t *testing.T, s *store.Store) {
		get := func() (a store.Account, err error) {
			err = s.View(func(tx *store.Tx) error { a, err = tx.Account(); return err })
			return a, err
		}
		if _, err := get(); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("before the first: %v, want ErrNotFound", err)
		}
		want := store.Account{Login: "admin", Salt: picture(1, 32), Hash: picture(2, 64), Iterations: 600_000}
		mustUpdate(t, s, func(tx *store.Tx) error { return tx.SetAccount(want) })
		got, err := get()
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%v (-want +got)\n%s", err, diff)
		}
		err = s.Update(0, func(tx *store.Tx) error { return tx.SetAccount(store.Account{Login: strings.Repeat("x", 1000)}) })
		if !errors.Is(err, store.ErrTooLarge) {
			t.Errorf("a long login: %v, want ErrTooLarge", err)
		}
	})
}

func TestUpdate(t *testing.T) {
	t.Parallel()
	t.Run("nothing of a function that fails is stored, and its error is returned", func(t *testing.T) {
		stores(t, func(t *testing.T, s *store.Store) {
			own := errors.New("own")
			err := s.Update(0, func(tx *store.Tx) error {
				return errors.Join(tx.SetPhoto(1, 1, picture(1, 50_000)), tx.SetUser(store.User{ID: 1}), own)
			})
			if !errors.Is(err, own) {
				t.Errorf("got %v, want the function's own error", err)
			}
			if got := listed(t, s); len(got) != 0 {
				t.Errorf("stored: %v", got)
			}
		})
	})
	t.Run("a panic of the function is its error, and the store works on", func(t *testing.T) {
		stores(t, func(t *testing.T, s *store.Store) {
			err := s.Update(0, func(tx *store.Tx) error {
				if err := tx.SetPhoto(1, 1, nil); err != nil {
					return err
				}
				panic("boom")
			})
			if err == nil || !strings.Contains(err.Error(), "boom") || errors.Is(err, store.ErrDamaged) {
				t.Errorf("got %v, want the panic", err)
			}
			mustPut(t, s, 2, 1, nil)
			if got := listed(t, s); len(got) != 1 {
				t.Errorf("stored: %v", got)
			}
		})
	})
	t.Run("a change inside a View is refused", func(t *testing.T) {
		s := storetest.Ephemeral(t)
		err := s.View(func(tx *store.Tx) error { return tx.SetPhoto(1, 1, nil) })
		if err == nil {
			t.Error("accepted")
		}
	})
	t.Run("a panic in a View is the caller's", func(t *testing.T) {
		s := storetest.Ephemeral(t)
		defer func() {
			if p := recover(); fmt.Sprint(p) != "boom" {
				t.Errorf("recovered %v, want boom", p)
			}
			mustPut(t, s, 1, 1, nil)
		}()
		_ = s.View(func(*store.Tx) error { panic("boom") })
	})
	t.Run("a transaction that changes nothing is not a commit", func(t *testing.T) {
		s := storetest.New(t)
		before := s.Stats().Groups
		mustUpdate(t, s, func(tx *store.Tx) error { tx.HasUser(1); return nil })
		if got := s.Stats().Groups; got != before {
			t.Errorf("%d commits, want %d", got, before)
		}
	})
}

func TestClose(t *testing.T) {
	t.Parallel()
	stores(t, func(t *testing.T, s *store.Store) {
		mustPut(t, s, 1, 1, nil)
		for range 2 {
			if err := s.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
		}
		_, errPhoto := s.Photo(1)
		errUpdate := s.Update(0, func(*store.Tx) error { t.Error("ran"); return nil })
		errDelete := s.DeleteAllAnd(store.Entry{})
		for i, err := range []error{errPhoto, errUpdate, errDelete} {
			if !errors.Is(err, store.ErrClosed) {
				t.Errorf("%d: got %v, want ErrClosed", i, err)
			}
		}
		s.Stats()
	})
}
