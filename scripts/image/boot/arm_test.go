package boot_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"portaria/scripts/image/build"
)

// TestVectors runs the wire vectors against booted terminals, of 64 bits and
// of 32: the kernel is the same, the programs are those of the .deb.
func TestVectors(t *testing.T) {
	needEmulator(t)
	t.Parallel()
	program := once(t, "portaria", func(path string) error {
		c := exec.CommandContext(t.Context(), "go", "build", "-o", path, "./cmd/portaria")
		c.Dir = filepath.Join("..", "..", "..")
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
			out, err := exec.CommandContext(t.Context(), program, "vectors", "--url", "http://"+b.machine.Address,
				"--login", owner, "--password", password, "--harmful").CombinedOutput()
			if err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}
