//go:build !race

package store

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// The race detector needs more address space than the limit leaves.

// mapLimitEnv makes TestMapLimit the child that runs under the limit.
const mapLimitEnv = "PORTARIA_STORE_MAP_LIMIT"

func TestMapLimit(t *testing.T) {
	if testing.Short() {
		t.Skip("takes as much address space as there is")
	}
	if os.Getenv(mapLimitEnv) == "" {
		t.Parallel()
		cmd := exec.Command(os.Args[0], "-test.run=^TestMapLimit$", "-test.v")
		cmd.Env = append(os.Environ(), mapLimitEnv+"=1")
		if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "PASS") {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	s := mustOpen(t, Options{Dir: t.TempDir()})
	s.file.db.NoSync = true
	data, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal(err)
	}
	pages := int64(0)
	for _, c := range string(data) {
		if c < '0' || c > '9' {
			break
		}
		pages = pages*10 + int64(c-'0')
	}
	// Enough for the map of 128 MiB that follows the first one, not for the next.
	limit := uint64(pages*int64(os.Getpagesize()) + 110<<20)
	if err := syscall.Setrlimit(syscall.RLIMIT_AS, &syscall.Rlimit{Cur: limit, Max: limit}); err != nil {
		t.Skip(err)
	}
	fillUp(t, s, 1_500_000)
}
