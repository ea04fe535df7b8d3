package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"portaria/scripts/release/build"
	"portaria/scripts/release/need"
)

func source(t testing.TB) build.Source {
	t.Helper()
	s, err := build.Open(t.Context(), ".")
	if err != nil {
		t.Fatal(err)
	}
	s.Version = "v1.2.3"
	return s
}

// TestReproducible makes packages and images twice, as two machines would.
func TestReproducible(t *testing.T) {
	need.Time(t)
	t.Parallel()
	var made [2]string
	for i := range made {
		made[i] = t.TempDir()
		r := newRelease(source(t), made[i], io.Discard)
		if err := r.debs(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := r.images(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	entries, err := os.ReadDir(made[0])
	if err != nil {
		t.Fatal(err)
	}
	if want := 4 + 3 + 4 + 1; len(entries) != want {
		t.Errorf("%d files, want %d", len(entries), want)
	}
	for _, e := range entries {
		first, err := os.ReadFile(filepath.Join(made[0], e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		second, err := os.ReadFile(filepath.Join(made[1], e.Name()))
		if err != nil || !bytes.Equal(first, second) {
			t.Errorf("%s is not the same twice: %v", e.Name(), err)
		}
	}
}

func TestAll(t *testing.T) {
	t.Parallel()
	t.Run("a version with changes that no commit has is refused", func(t *testing.T) {
		t.Parallel()
		s := source(t)
		s.Version += "-dirty"
		out := t.TempDir()
		if err := newRelease(s, out, io.Discard).all(t.Context()); err == nil || !strings.Contains(err.Error(), "commit or stash") {
			t.Errorf("%v", err)
		}
		if entries, _ := os.ReadDir(out); len(entries) > 0 {
			t.Errorf("and yet there is %v", entries)
		}
	})
	t.Run("a folder with other things is left alone", func(t *testing.T) {
		t.Parallel()
		out := t.TempDir()
		mine := filepath.Join(out, "thesis.txt")
		if err := os.WriteFile(mine, []byte("all of it"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := newRelease(source(t), out, io.Discard).all(t.Context()); err == nil || !strings.Contains(err.Error(), "take an empty folder") {
			t.Errorf("%v", err)
		}
		if _, err := os.Stat(mine); err != nil {
			t.Error(err)
		}
	})
}

func TestSums(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, content := range map[string]string{"portaria-a": "a", "completions/b": "b", sumsName: "of an earlier release"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := sums(dir); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(dir, sumsName))
	if err != nil {
		t.Fatal(err)
	}
	const want = "3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d  completions/b\n" +
		"ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb  portaria-a\n"
	if string(got) != want {
		t.Errorf("%s, want %s", got, want)
	}
	t.Run("and the tool for it agrees", func(t *testing.T) {
		need.Run(t, "sh", "-c", `cd "$1" && `+need.Program(t, "sha256sum", "coreutils")+" -c "+sumsName, "sh", dir)
	})
}
