package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"

	"portaria/store"
	"portaria/store/schema"
)

// world is what a store should hold.
type world struct {
	photos  map[int64]int // user to the step that set it
	names   map[int64]int // the same for rows of users
	account int
	entries int
}

// after returns the world as it is when steps steps are done.
func after(steps int) world {
	w := world{photos: map[int64]int{}, names: map[int64]int{}}
	for n := range steps {
		w.apply(n)
	}
	return w
}

// deed is a kind of step.
type deed int

const (
	setPhoto deed = iota
	setPhotos
	deletePhoto
	setName
	setAccount
	deleteAll
	compact
	restore
)

// deeds are gone through over and over. The first dozen and one has one of each.
var deeds = []deed{
	setPhoto, setPhotos, setName, setAccount, deletePhoto, setPhotos, deleteAll, setPhoto, setPhotos, setName, compact, setPhoto,
	restore, setPhoto, setPhotos, setPhoto, deletePhoto, setPhoto, setPhotos, setName, setPhoto, setPhotos, setAccount, setPhoto, deletePhoto,
}

func deedOf(n int) deed { return deeds[n%len(deeds)] }

// users are whom step n is about.
func users(n int) []int64 {
	u := int64(n * 7 % 11)
	if deedOf(n) == setPhotos {
		return []int64{u, u + 11, u + 22}
	}
	return []int64{u}
}

func (w *world) apply(n int) {
	if deedOf(n) != compact {
		w.entries++
	}
	for _, u := range users(n) {
		switch deedOf(n) {
		case setPhoto, setPhotos:
			w.photos[u] = n
		case deletePhoto:
			delete(w.photos, u)
		case setName:
			w.names[u] = n
		case setAccount:
			w.account = n
		case deleteAll:
			clear(w.photos)
		}
	}
}

// picture is the photo that step n sets for a user: 1 to 40 KB.
func picture(user int64, n int) []byte {
	rng := rand.New(rand.NewPCG(uint64(user), uint64(n)))
	jpeg := make([]byte, 1000+rng.IntN(40_000))
	for i := range jpeg {
		jpeg[i] = byte(rng.Uint32())
	}
	return jpeg
}

// do does step n.
func do(s *store.Store, dir string, n int) error {
	entry := store.Entry{Kind: "step", Time: int64(n)}
	if deedOf(n) == deleteAll {
		return s.DeleteAllPhotos(func(tx *store.Tx, _ []int64) error {
			_, err := tx.Append(entry)
			return err
		})
	}
	if deedOf(n) == restore {
		return restoreInPlace(s, dir, entry)
	}
	return s.Update(0, func(tx *store.Tx) error {
		if _, err := tx.Append(entry); err != nil {
			return err
		}
		for _, u := range users(n) {
			if err := doFor(tx, u, n); err != nil {
				return err
			}
		}
		return nil
	})
}

// restoreInPlace puts a backup of the data, with an entry more, in their place.
func restoreInPlace(s *store.Store, dir string, entry store.Entry) error {
	path := filepath.Join(dir, "restored")
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	// Written at its offset: the other call for it is none that the trace understands.
	err = s.Snapshot(context.Background(), io.NewOffsetWriter(f, 0), func(int64) error { return nil })
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := store.Settle(path); err != nil {
		return err
	}
	return s.Replace(path, func(tx *store.Tx) error {
		_, err := tx.Append(entry)
		return err
	})
}

func doFor(tx *store.Tx, u int64, n int) error {
	switch deedOf(n) {
	case setPhoto, setPhotos:
		return tx.SetPhoto(u, int64(n), picture(u, n))
	case deletePhoto:
		if err := tx.DeletePhoto(u); !errors.Is(err, store.ErrNotFound) {
			return err
		}
	case setAccount:
		return tx.SetAccount(store.Account{Login: fmt.Sprint(n)})
	case setName:
		table := tx.Schema().Table("users")
		row := schema.Row{
			{Column: table.Column("id"), Value: schema.Int(u)},
			{Column: table.Column("name"), Value: schema.Text(fmt.Sprint(n))},
		}
		if tx.Has("users", u) {
			return tx.Change(table, u, row)
		}
		_, err := tx.Insert(table, row)
		return err
	}
	return nil
}

// work opens a store in dir, does so many steps, and writes to acks after each
// that was acknowledged.
func work(dir string, steps int, acks io.Writer) error {
	s, err := store.Open(store.Options{Dir: dir})
	if err != nil {
		return err
	}
	for n := range steps {
		if deedOf(n) == compact {
			err = s.Close()
			if err == nil {
				_, _, err = store.Compact(dir)
			}
			if err == nil {
				s, err = store.Open(store.Options{Dir: dir})
			}
		} else {
			err = do(s, dir, n)
		}
		if err != nil {
			return fmt.Errorf("step %d: %w", n, err)
		}
		if _, err := fmt.Fprintln(acks, ackWord, n+1); err != nil {
			return err
		}
	}
	return s.Close()
}

// ackWord and the number of steps done are what the workload writes.
const ackWord = "acknowledged"

// holds compares a store with the world.
func (w world) holds(s *store.Store) error {
	photos := make(map[int64]int)
	names := make(map[int64]int)
	account, entries := 0, 0
	err := s.View(func(tx *store.Tx) error {
		for p := range tx.Photos() {
			photos[p.User] = int(p.Timestamp)
		}
		for e := range tx.Entries(0) {
			entries = int(e.Seq)
		}
		a, err := tx.Account()
		if err == nil {
			_, err = fmt.Sscan(a.Login, &account)
		} else if errors.Is(err, store.ErrNotFound) {
			err = nil
		}
		table := tx.Schema().Table("users")
		for u := range int64(11) {
			if cells, rowErr := tx.Row("users", u); rowErr == nil {
				var n int
				_, _ = fmt.Sscan(cells[table.Columns[table.Column("name")].Slot].Str(), &n)
				names[u] = n
			}
		}
		return err
	})
	switch {
	case err != nil:
		return err
	case !maps.Equal(photos, w.photos):
		return fmt.Errorf("photos %v, want %v", photos, w.photos)
	case !maps.Equal(names, w.names):
		return fmt.Errorf("users %v, want %v", names, w.names)
	case account != w.account || entries != w.entries:
		return fmt.Errorf("account %d and %d entries, want %d and %d", account, entries, w.account, w.entries)
	}
	for u, n := range photos {
		p, err := s.Photo(u)
		if err != nil {
			return err
		}
		if !bytes.Equal(p.JPEG, picture(u, n)) {
			return fmt.Errorf("the photo of user %d is not that of step %d", u, n)
		}
	}
	return nil
}
