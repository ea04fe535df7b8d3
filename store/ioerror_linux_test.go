package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"portaria/store"
	"portaria/store/storetest"
	"portaria/store/storetest/disk"
)

// TestIOErrors lets the Nth call of a kind fail, for each N: what was
// acknowledged is there afterwards, and one error does not end the writing.
func TestIOErrors(t *testing.T) {
	t.Parallel()
	strace, err := exec.LookPath("strace")
	if err != nil {
		disk.Need(t, fmt.Errorf("%w: strace: %w", disk.ErrMissing, err))
	}
	if testing.Short() {
		t.Skip("takes a while")
	}
	tests := []struct {
		call, errno string
		until, step int
	}{
		{"fdatasync", "EIO", 40, 3},
		{"pwrite64", "EIO", 120, 9},
		{"pwrite64", "ENOSPC", 120, 10},
		{"?ftruncate,?ftruncate64", "ENOSPC", 3, 1},
		{"fsync", "EIO", 6, 1},
	}
	for _, test := range tests {
		if disk.Required() {
			test.step = 1
		}
		t.Run(test.call+" "+test.errno, func(t *testing.T) {
			t.Parallel()
			failures := 0
			for n := 1; n <= test.until; n += test.step {
				dir := t.TempDir()
				cmd := exec.Command(strace, "-f", "-qq", "-o", "/dev/null", "-e", "trace="+test.call,
					"-e", fmt.Sprintf("inject=%s:error=%s:when=%d", test.call, test.errno, n), os.Args[0])
				cmd.Env = append(os.Environ(), childEnv+"=errors", childDirEnv+"="+dir)
				out, err := cmd.CombinedOutput()
				if strings.HasPrefix(string(out), "open:") {
					continue // the error met the creation
				}
				if err != nil {
					t.Fatalf("call %d: %v\n%s", n, err, out)
				}
				failures += checkErrors(t, fmt.Sprintf("call %d", n), dir, string(out))
			}
			if failures == 0 {
				t.Error("no put met an error")
			}
		})
	}
}

// checkErrors compares the data folder with what the child says, and returns how
// many of its puts failed.
func checkErrors(t *testing.T, name, dir, out string) (failures int) {
	t.Helper()
	acked, tried := map[int64]int{}, map[int64]int{}
	for line := range strings.Lines(out) {
		var kind string
		var user int64
		var n int
		if _, err := fmt.Sscan(line, &kind, &user, &n); err != nil {
			t.Fatalf("%s: the child says %q", name, line)
		}
		if tried[user] = n; kind == "ok" {
			acked[user] = n
		} else {
			failures++
		}
	}
	// The one that met the error, and at most one more while it is being mended.
	if failures > 2 {
		t.Errorf("%s: %d puts failed\n%s", name, failures, out)
	}
	storetest.Check(t, dir)
	s, err := store.Open(store.Options{Dir: dir})
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return failures
	}
	defer s.Close()
	for user := range tried {
		p, err := s.Photo(user)
		if errors.Is(err, store.ErrNotFound) && acked[user] == 0 {
			continue
		}
		got := int(p.Timestamp)
		if err != nil || got != acked[user] && got != tried[user] || !bytes.Equal(p.JPEG, childPicture(user, got)) {
			t.Errorf("%s: user %d has round %d (%v), acknowledged %d", name, user, got, err, acked[user])
		}
	}
	return failures
}
