package store

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// ext4Shutdown is EXT4_IOC_SHUTDOWN; with noLogFlush the file system forgets
// everything that no sync has forced out, as a power cut would.
const (
	ext4Shutdown = 0x8004587d
	noLogFlush   = 2
)

// card is an ext4 file system of its own, to cut the power of.
type card struct {
	image, dir string
}

func newCard(t *testing.T) *card {
	t.Helper()
	folder := t.TempDir()
	c := &card{image: filepath.Join(folder, "card.img"), dir: filepath.Join(folder, "card")}
	if err := os.Mkdir(c.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(c.image, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(c.image, 64<<20); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mkfs.ext4", "-q", "-F", c.image).CombinedOutput(); err != nil {
		t.Skipf("no ext4 to be had: %v %s", err, out)
	}
	if out, err := exec.Command("mount", "-o", "loop", c.image, c.dir).CombinedOutput(); err != nil {
		t.Skipf("needs the right to mount: %v %s", err, out)
	}
	t.Cleanup(func() { syscall.Unmount(c.dir, syscall.MNT_DETACH) })
	return c
}

// cut ends all writing to the card, at once.
func (c *card) cut() error {
	f, err := os.Open(c.dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return unix.IoctlSetPointerInt(int(f.Fd()), ext4Shutdown, noLogFlush)
}

// restart mounts the card as it is found after the cut.
func (c *card) restart(t *testing.T) {
	t.Helper()
	// A child that another test is just starting has this process's files until
	// it runs its own program.
	for try := 0; ; try++ {
		out, err := exec.Command("umount", c.dir).CombinedOutput()
		if err == nil {
			break
		}
		if try == 100 {
			t.Fatalf("umount: %v %s", err, out)
		}
	}
	if out, err := exec.Command("mount", "-o", "loop", c.image, c.dir).CombinedOutput(); err != nil {
		t.Fatalf("mount: %v %s", err, out)
	}
}

// state is what a store should hold: user to round, and the log's length.
type state struct {
	photos map[int64]int
	log    uint64
}

func cutPicture(user int64, round int) []byte {
	return bytes.Repeat([]byte(fmt.Sprintf("%d/%d ", user, round)), 2000+round*37%4000)
}

func (st state) holds(s *Store) error {
	var found []PhotoInfo
	last := uint64(0)
	err := s.View(func(tx *Tx) error {
		for p := range tx.Photos() {
			found = append(found, p)
		}
		for e := range tx.Entries(0) {
			last = e.Seq
		}
		return nil
	})
	if err != nil {
		return err
	}
	if len(found) != len(st.photos) || last != st.log {
		return fmt.Errorf("%d photos and %d entries, want %d and %d", len(found), last, len(st.photos), st.log)
	}
	for _, info := range found {
		p, err := s.Photo(info.User)
		if err != nil {
			return err
		}
		if want := st.photos[info.User]; int(p.Timestamp) != want || !bytes.Equal(p.JPEG, cutPicture(info.User, want)) {
			return fmt.Errorf("user %d has round %d, want %d", info.User, p.Timestamp, want)
		}
	}
	return nil
}

// step does operation n: a put, or now and then the deletion of everything or a
// restore.
func (st *state) step(s *Store, n int) error {
	entry := Entry{Kind: "step", Time: int64(n)}
	if n%9 == 5 {
		*st = state{photos: map[int64]int{6: n, 7: n}, log: 1}
		return replaceWith(s, entry, *st)
	}
	if n%9 == 8 {
		*st = state{photos: map[int64]int{}, log: st.log + 1}
		return s.DeleteAllAnd(entry)
	}
	user := int64(n % 5)
	photos := map[int64]int{user: n}
	for u, round := range st.photos {
		if u != user {
			photos[u] = round
		}
	}
	*st = state{photos: photos, log: st.log + 1}
	return s.Update(0, func(tx *Tx) error {
		if _, err := tx.Append(entry); err != nil {
			return err
		}
		return tx.SetPhoto(user, int64(n), cutPicture(user, n))
	})
}

// replaceWith restores data that are st but for the entry.
func replaceWith(s *Store, entry Entry, st state) error {
	other, err := Open(Options{Ephemeral: true})
	if err != nil {
		return err
	}
	defer other.Close()
	err = other.Update(0, func(tx *Tx) error {
		for user, round := range st.photos {
			if err := tx.SetPhoto(user, int64(round), cutPicture(user, round)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	path := filepath.Join(s.opts.Dir, "upload")
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	err = other.Snapshot(context.Background(), f, func(int64) error { return nil })
	if err == nil {
		err = Settle(path)
	}
	if err != nil {
		return err
	}
	return s.Replace(path, func(tx *Tx) error {
		_, err := tx.Append(entry)
		return err
	})
}

// powerCuts cuts the power cycles times in the middle of writing, and returns in
// how many something acknowledged was lost.
func powerCuts(t *testing.T, cycles int, noSync bool) (lost int) {
	c := newCard(t)
	rng := rand.New(rand.NewPCG(uint64(cycles), 1))
	n := 0
	current := state{photos: map[int64]int{}}
	for cycle := range cycles {
		s, err := Open(Options{Dir: filepath.Join(c.dir, "data")})
		if err != nil {
			t.Fatalf("cycle %d: %v", cycle, err)
		}
		var done atomic.Int64
		cut := make(chan error)
		after, spin := int64(rng.IntN(12)), rng.IntN(3000)
		go func() {
			for done.Load() < after {
				runtime.Gosched()
			}
			for range spin {
				runtime.Gosched()
			}
			cut <- c.cut()
		}()
		before := current
		for {
			if noSync {
				s.file.db.NoSync = true // also of the file a swap has brought
			}
			next := current
			if err := next.step(s, n); err != nil {
				before, current = current, next // either may be found
				break
			}
			n++
			current = next
			done.Add(1)
		}
		n++
		if err := <-cut; err != nil {
			s.Close()
			t.Skip("this system cannot cut: ", err)
		}
		s.Close()
		c.restart(t)
		s, err = Open(Options{Dir: filepath.Join(c.dir, "data")})
		if err != nil {
			t.Fatalf("cycle %d: %v", cycle, err)
		}
		errBefore, errAfter := before.holds(s), current.holds(s)
		if errBefore == nil {
			current = before
		}
		if errBefore != nil && errAfter != nil {
			lost++
			if !noSync {
				t.Errorf("cycle %d: %v; %v", cycle, errBefore, errAfter)
			}
			if err := s.DeleteAllAnd(Entry{}); err != nil {
				t.Fatal(err)
			}
			current = state{photos: map[int64]int{}, log: lastEntry(t, s)}
		}
		s.Close()
		if set, _ := filepath.Glob(filepath.Join(c.dir, "data", damagedName+"*")); len(set) > 0 && !noSync {
			t.Errorf("cycle %d: set aside %v", cycle, set)
		}
	}
	return lost
}

func lastEntry(t *testing.T, s *Store) uint64 {
	list := entries(t, s, 0)
	return list[len(list)-1].Seq
}

func TestPowerCut(t *testing.T) {
	if testing.Short() {
		t.Skip("cuts the power of file systems of its own some seventy times")
	}
	t.Parallel()
	t.Run("nothing acknowledged is lost", func(t *testing.T) {
		t.Parallel()
		powerCuts(t, 40, false)
	})
	t.Run("the test would notice a store that does not sync", func(t *testing.T) {
		t.Parallel()
		// How many cuts lose something is up to the kernel, which writes back
		// when it likes; that none of so many does is not.
		if lost := powerCuts(t, 20, true); lost == 0 {
			t.Error("lost nothing in 20 cuts")
		}
	})
	t.Run("the first start can be cut at any moment", func(t *testing.T) {
		t.Parallel()
		c := newCard(t)
		for cycle := range 20 {
			dir := filepath.Join(c.dir, fmt.Sprint(cycle))
			opened := make(chan struct{})
			go func() {
				defer close(opened)
				if s, err := Open(Options{Dir: dir}); err == nil {
					s.Close()
				}
			}()
			for range cycle * 200 {
				runtime.Gosched()
			}
			if err := c.cut(); err != nil {
				t.Skip("this system cannot cut: ", err)
			}
			<-opened
			c.restart(t)
			s, err := Open(Options{Dir: dir})
			if err != nil {
				t.Fatalf("cycle %d: %v", cycle, err)
			}
			mustPhotos(t, s, 1)
			s.Close()
			if set, _ := filepath.Glob(filepath.Join(dir, damagedName+"*")); len(set) > 0 {
				t.Errorf("cycle %d: set aside %v", cycle, set)
			}
		}
	})
}
