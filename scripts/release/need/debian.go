package need

import (
	"os"
	"path/filepath"
	"testing"
)

// Debian unpacks a Debian 12 for this machine's processor into a folder of
// the test and returns the folder. The system is fetched once, and kept in
// the user's cache folder.
func Debian(t testing.TB) string {
	t.Helper()
	Root(t)
	mmdebstrap := Program(t, "mmdebstrap", "mmdebstrap")
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	cache = filepath.Join(cache, "portaria-packages")
	if err := os.MkdirAll(cache, 0o755); err != nil {
		t.Fatal(err)
	}
	system := filepath.Join(cache, "bookworm.tar")
	if _, err := os.Stat(system); err != nil {
		// Under another name first: a half of it must not be taken for the whole.
		draft := filepath.Join(t.TempDir(), "bookworm.tar")
		Run(t, mmdebstrap, "--quiet", "--variant=essential", "bookworm", draft)
		Run(t, "mv", draft, system)
	}
	root := filepath.Join(t.TempDir(), "debian")
	if err := os.Mkdir(root, 0o755); err != nil {
		t.Fatal(err)
	}
	Run(t, "tar", "-x", "-C", root, "--exclude=./dev/*", "-f", system)
	return root
}
