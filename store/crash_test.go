package store_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"portaria/store"
	"portaria/store/storetest"
)

// childEnv makes the test binary a program that writes to the data folder of
// that name until it is killed.
const (
	childEnv    = "PORTARIA_STORE_CHILD"
	childDirEnv = "PORTARIA_STORE_DIR"
)

func TestMain(m *testing.M) {
	children := map[string]func(*store.Store){"put": childPut, "delete all": childDeleteAll, "hold": childHold, "errors": childErrors}
	if child := children[os.Getenv(childEnv)]; child != nil {
		// strace counts the calls of each thread by itself: with one thread the
		// Nth call is the same one in every run.
		runtime.LockOSThread()
		s, err := store.Open(store.Options{Dir: os.Getenv(childDirEnv)})
		if err != nil {
			fmt.Println("open:", err)
			os.Exit(1)
		}
		child(s)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// child starts this binary as a child of the given kind.
func child(t *testing.T, kind, dir string) (*exec.Cmd, *bufio.Reader) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+kind, childDirEnv+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	// Open until the child is waited for.
	if _, err := cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	err = cmd.Start()
	if errors.Is(err, syscall.ENOEXEC) {
		t.Skip("this program cannot start itself: it runs under an emulator")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	return cmd, bufio.NewReader(out)
}

// killAfter reads n acknowledgements, kills the child, and returns those and all
// that were still in the pipe.
func killAfter(t *testing.T, cmd *exec.Cmd, out *bufio.Reader, n int) []string {
	t.Helper()
	var acks []string
	for range n {
		line, err := out.ReadString('\n')
		if err != nil {
			t.Fatalf("the child ended early: %v\n%s", err, acks)
		}
		acks = append(acks, strings.TrimSpace(line))
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(out)
	if err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	for line := range strings.Lines(string(rest)) {
		if strings.HasSuffix(line, "\n") {
			acks = append(acks, strings.TrimSpace(line))
		}
	}
	return acks
}

// childPicture is what the child stores for a user in its round n.
func childPicture(user int64, n int) []byte {
	return picture(int(user)*1_000_000+n, 500+(n*7919+int(user)*104_729)%60_000)
}

// childPut has four writers, each with its own users, and writes "user round"
// after each acknowledged put. The timestamp is the round.
func childPut(s *store.Store) {
	var group sync.WaitGroup
	for w := range int64(4) {
		group.Go(func() {
			for n := 1; ; n++ {
				user := w*1000 + int64(n%25)
				err := s.Update(60_000, func(tx *store.Tx) error {
					if err := tx.SetPhoto(user, int64(n), childPicture(user, n)); err != nil {
						return err
					}
					_, err := tx.Append(store.Entry{Kind: "put", User: user, Time: int64(n)})
					return err
				})
				if err != nil {
					fmt.Println("put:", err)
					os.Exit(1)
				}
				// One write, so that lines of several writers do not mix.
				fmt.Fprintf(os.Stdout, "%d %d\n", user, n)
			}
		})
	}
	group.Wait()
}

func TestKillDuringPut(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	acked := map[int64]int{}
	for cycle := range 20 {
		// Later cycles start with a store that holds photos; rounds start over, so
		// what was acknowledged is kept per cycle.
		clear(acked)
		cmd, out := child(t, "put", dir)
		for _, line := range killAfter(t, cmd, out, 1+cycle*13%97) {
			var user int64
			var n int
			if _, err := fmt.Sscan(line, &user, &n); err != nil {
				t.Fatalf("cycle %d: the child says %q", cycle, line)
			}
			acked[user] = n
		}
		storetest.Check(t, dir)
		s, err := store.Open(store.Options{Dir: dir})
		if err != nil {
			t.Fatalf("cycle %d: %v", cycle, err)
		}
		for user, n := range acked {
			p, err := s.Photo(user)
			if err != nil {
				t.Errorf("cycle %d: acknowledged photo of user %d: %v", cycle, user, err)
				continue
			}
			// The put after the last acknowledged one may have been stored too.
			if got := int(p.Timestamp); got != n && got != n+25 || !bytes.Equal(p.JPEG, childPicture(user, got)) {
				t.Errorf("cycle %d: user %d has round %d, want %d or %d", cycle, user, got, n, n+25)
			}
		}
		if set := damagedFiles(t, dir); len(set) > 0 {
			t.Errorf("cycle %d: set aside %v", cycle, set)
		}
		s.Close()
	}
}

// childDeleteAll stores five photos and deletes all, over and over, and writes
// "put generation user" and "deleted generation".
func childDeleteAll(s *store.Store) {
	fatal := func(err error) {
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	}
	for generation := 1; ; generation++ {
		for user := range int64(5) {
			fatal(s.Update(0, func(tx *store.Tx) error {
				if err := tx.SetUser(store.User{ID: user, Name: fmt.Sprint(generation)}); err != nil {
					return err
				}
				return tx.SetPhoto(user, int64(generation), childPicture(user, generation))
			}))
			fmt.Println("put", generation, user)
		}
		fatal(s.DeleteAllAnd(store.Entry{Kind: "deleted", User: int64(generation)}))
		fmt.Println("deleted", generation, 0)
	}
}

func TestKillDuringDeleteAll(t *testing.T) {
	t.Parallel()
	for cycle := range 20 {
		dir := t.TempDir()
		cmd, out := child(t, "delete all", dir)
		// Six acknowledgements are a generation; most cycles kill while photos
		// are being deleted.
		n := 5 + 6*cycle
		if cycle%4 == 3 {
			n += cycle % 6
		}
		acks := killAfter(t, cmd, out, n)
		var kind string
		var generation int
		var user int64
		if _, err := fmt.Sscan(acks[len(acks)-1], &kind, &generation, &user); err != nil {
			t.Fatalf("cycle %d: the child says %q", cycle, acks[len(acks)-1])
		}
		storetest.Check(t, dir)
		s, err := store.Open(store.Options{Dir: dir})
		if err != nil {
			t.Fatalf("cycle %d: %v", cycle, err)
		}
		checkGeneration(t, s, kind, generation, user)
		if t.Failed() {
			t.Fatalf("cycle %d, after %q", cycle, acks[len(acks)-1])
		}
		if left := folder(t, dir); !slices.Equal(left, []string{"portaria.db", "portaria.lock"}) {
			t.Errorf("cycle %d: the folder holds %v", cycle, left)
		}
		s.Close()
	}
}

// checkGeneration accepts the state after the last acknowledgement and the one
// after the operation that was under way.
func checkGeneration(t *testing.T, s *store.Store, kind string, generation int, user int64) {
	t.Helper()
	photos := map[int64]int{} // user to generation
	for _, p := range listed(t, s) {
		photo := mustPhoto(t, s, p.User)
		if !bytes.Equal(photo.JPEG, childPicture(p.User, int(p.Timestamp))) {
			t.Errorf("the photo of user %d is not what was stored", p.User)
		}
		photos[p.User] = int(p.Timestamp)
	}
	deletions := 0
	mustView(t, s, func(tx *store.Tx) error {
		for range tx.Entries(0) {
			deletions++
		}
		return nil
	})
	has := func(n int64, generation int) bool {
		for u := range n {
			if photos[u] != generation {
				return false
			}
		}
		return len(photos) == int(n)
	}
	var ok bool
	switch {
	case kind == "put" && user < 4:
		ok = deletions == generation-1 && (has(user+1, generation) || has(user+2, generation))
	case kind == "put":
		ok = deletions == generation-1 && has(5, generation) || deletions == generation && has(0, 0)
	default:
		ok = deletions == generation && (has(0, 0) || has(1, generation+1))
	}
	if !ok {
		t.Errorf("%d deletions logged and photos %v", deletions, photos)
	}
}

func TestInUse(t *testing.T) {
	t.Parallel()
	want := func(t *testing.T, dir string) {
		t.Helper()
		_, errOpen := store.Open(store.Options{Dir: dir})
		_, errCheck := store.Check(t.Context(), dir, nil)
		_, _, errCompact := store.Compact(dir)
		for i, err := range []error{errOpen, errCheck, errCompact} {
			if !errors.Is(err, store.ErrInUse) || !strings.Contains(err.Error(), dir) {
				t.Errorf("%d: got %v, want ErrInUse and the folder", i, err)
			}
		}
	}
	t.Run("by this process, also after a swap", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		s := storetest.New(t, store.Options{Dir: dir})
		want(t, dir)
		if err := s.DeleteAllAnd(store.Entry{}); err != nil {
			t.Fatal(err)
		}
		want(t, dir)
	})
	t.Run("by another process, until it dies", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		cmd, out := child(t, "hold", dir)
		if line, err := out.ReadString('\n'); line != "open\n" {
			t.Fatalf("the child says %q, %v", line, err)
		}
		want(t, dir)
		killAfter(t, cmd, out, 0)
		storetest.New(t, store.Options{Dir: dir})
	})
}

// childHold holds the data folder and does nothing with it.
func childHold(s *store.Store) {
	fmt.Println("open")
	// A channel that nobody closes would end it as a deadlock.
	_, _ = io.Copy(io.Discard, os.Stdin)
	runtime.KeepAlive(s) // or the collector closes its lock
}

// folder returns the names in dir.
func folder(t *testing.T, dir string) []string {
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

func damagedFiles(t *testing.T, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "portaria.db.damaged-*"))
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// childErrors puts the photos of three users over and over, whatever errors that
// meets, and writes "ok user round" or "failed user round error".
func childErrors(s *store.Store) {
	runtime.LockOSThread() // the tracer counts calls per thread
	for n := 1; n <= 24; n++ {
		user := int64(n % 3)
		err := s.Update(0, func(tx *store.Tx) error { return tx.SetPhoto(user, int64(n), childPicture(user, n)) })
		if err == nil {
			fmt.Println("ok", user, n)
		} else {
			fmt.Println("failed", user, n, err)
		}
	}
	os.Exit(0)
}
