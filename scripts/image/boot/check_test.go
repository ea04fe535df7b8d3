package boot_test

import (
	"os/exec"
	"testing"

	"portaria/scripts/image/boot"
)

// cleanData has the data partition checked, where there is a program to do
// that. A card that was not powered off may have its journal to replay first, and is
// to be clean after that.
func cleanData(t testing.TB, c *boot.Card, off bool) {
	t.Helper()
	if _, err := exec.LookPath("e2fsck"); err != nil {
		t.Log("e2fsck is missing: the data were not checked")
		return
	}
	path, err := c.DataCopy(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	arguments := []string{"-f", "-n", path}
	if !off {
		// The journal is replayed as the kernel would; what is wrong after that stays.
		if out, err := exec.Command("e2fsck", "-y", "-E", "journal_only", path).CombinedOutput(); err != nil {
			t.Fatalf("e2fsck: %v\n%s", err, out)
		}
	}
	if out, err := exec.Command("e2fsck", arguments...).CombinedOutput(); err != nil {
		t.Errorf("e2fsck: %v\n%s", err, out)
	}
}
