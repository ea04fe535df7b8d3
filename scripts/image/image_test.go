package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
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
	// A card's own device, by way of what may be lost in a test.
	device := filepath.Join(filepath.Dir(name), "device")
	if err := os.Symlink(os.DevNull, device); err != nil {
		t.Fatal(err)
	}
	for _, other := range []string{device, filepath.Dir(name)} {
		if err := write(other, func(*os.File) error { return nil }); err == nil || !strings.Contains(err.Error(), "say -o FILE") {
			t.Errorf("%s: got %v, want a refusal", other, err)
		}
	}
	if got, err := os.ReadFile(name); err != nil || string(got) != "card" {
		t.Errorf("got %q, %v", got, err)
	}
}
