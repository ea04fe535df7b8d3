package main

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestWrite(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "dist", "card.img")
	failed := errors.New("no kernel")
	if err := write(name, func(*os.File) error { return failed }); !errors.Is(err, failed) {
		t.Errorf("got %v, want %v", err, failed)
	}
	if left, err := os.ReadDir(filepath.Dir(name)); err != nil || len(left) > 0 {
		t.Errorf("a build that failed left %v, %v", left, err)
	}
	err := write(name, func(f *os.File) error {
		_, err := f.WriteString("card")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(name); err != nil || string(got) != "card" {
		t.Errorf("got %q, %v", got, err)
	}
}
