package boot_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"portaria/scripts/image/build"
)

// TestVectors runs the wire vectors against booted terminals, of 64 bits and
// of 32: the kernel is the same, the 32-bit programs are those of the .deb.
func TestVectors(t *testing.T) {
	needEmulator(t)
	t.Parallel()
	program := once(t, "portaria", func(path string) error {
		c := exec.CommandContext(t.Context(), "go", "build", "-o", path, "./cmd/portaria")
		c.Dir = repository
		c.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := c.CombinedOutput(); err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
		return nil
	})
	for _, arm := range []int{0, 7, 6} {
		name := fmt.Sprintf("armv%d", arm)
		if arm == 0 {
			name = "arm64"
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := insert(t, cardImage(t, build.Options{Arm: arm}))
			c := b.up()
			b.must(c.own())
			if arm != 6 && !slow() {
				b.must(errors.Join(c.addUser(1), c.setPhoto(1, portrait(1))))
				return // armv6 is the strictest
			}
			// The exit status counts the vectors that cannot hold, too.
			out, _ := exec.CommandContext(t.Context(), program, "vectors", "--url", "http://"+b.machine.Address,
				"--login", owner, "--password", password, "--harmful").CombinedOutput()
			judge(t, string(out))
		})
	}
}

const repository = "../../.."

var (
	failedVector = regexp.MustCompile(`(?m)^FAIL (\w+):`)
	tally        = regexp.MustCompile(`(?m)^(\d+) passed`)
)

// judge fails the test for every vector that failed, but for those that log in
// with the factory's account: this terminal has an owner.
func judge(t *testing.T, out string) {
	t.Helper()
	const many = 200
	passed := tally.FindStringSubmatch(out)
	if passed == nil {
		t.Fatalf("the vectors were not run:\n%s", out)
	}
	if n, err := strconv.Atoi(passed[1]); err != nil || n < many {
		t.Errorf("%d vectors passed, want %d", n, many)
	}
	excused := 0
	for _, failed := range failedVector.FindAllStringSubmatch(out, -1) {
		if logsInAsAdmin(t, failed[1]) {
			excused++
			continue
		}
		t.Errorf("vector %s failed\n%s", failed[1], out)
	}
	t.Logf("%s passed, %d log in as the factory's account and cannot", passed[1], excused)
}

func logsInAsAdmin(t *testing.T, name string) bool {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(repository, "testdata", "wire", "*", name+".txtar"))
	if err != nil || len(found) != 1 {
		t.Fatalf("vector %s: %v, %v", name, found, err)
	}
	b, err := os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	return strings.Contains(string(b), "login.fcgi") && strings.Count(string(b), "admin") >= 2
}
