package terminal_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"portaria/store"
	"portaria/terminal"
)

// TestDamagedPages spoils each page that a terminal reads at its start: it
// starts all the same, with an empty file where it cannot do without.
func TestDamagedPages(t *testing.T) {
	t.Parallel()
	open := func(t *testing.T, dir string) *terminal.Terminal {
		t.Helper()
		opened, err := terminal.Open(terminal.Config{Data: dir, PasswordCost: 1})
		if err != nil {
			t.Fatal(err)
		}
		return opened
	}
	dir := t.TempDir()
	if err := open(t, dir).Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	// What is compact has no pages that nobody reads.
	if _, _, err := store.Compact(dir); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(filepath.Join(dir, "portaria.db"))
	if err != nil {
		t.Fatal(err)
	}
	const page = 4096
	used := (len(bytes.TrimRight(whole, "\x00")) + page - 1) / page
	for n := range used {
		for name, b := range map[string]byte{"zero": 0, "ones": 0xff} {
			t.Run(fmt.Sprint("page ", n, " all ", name), func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				data := bytes.Clone(whole)
				copy(data[n*page:], bytes.Repeat([]byte{b}, page))
				path := filepath.Join(dir, "portaria.db")
				if err := os.WriteFile(path, data, 0o600); err != nil {
					t.Fatal(err)
				}
				var first []string
				for start := range 3 {
					opened := open(t, dir)
					if _, err := opened.Device().Login("admin", "admin", ""); err != nil {
						t.Errorf("start %d, login: %v", start, err)
					}
					if err := opened.Close(context.Background()); err != nil {
						t.Errorf("start %d, close: %v", start, err)
					}
					aside, err := filepath.Glob(path + ".damaged-*")
					if err != nil || len(aside) > 1 || start > 0 && len(aside) != len(first) {
						t.Errorf("start %d set aside %v, %v", start, aside, err)
					}
					first = aside
				}
				if len(first) == 1 {
					if got, err := os.ReadFile(first[0]); err != nil || !bytes.Equal(got[:len(data)], data) {
						t.Errorf("what was set aside is not what was found: %v", err)
					}
				}
			})
		}
	}
}
