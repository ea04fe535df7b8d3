// Package build makes portaria's binaries and its manual out of the sources,
// for every system that is released, and names their version. What it makes
// depends on the commit alone: not on the machine, the folder or the day.
package build

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Source is portaria's tree and what git knows of it.
type Source struct {
	Root    string
	Version string    // as git describes it, "dev" without git
	Time    time.Time // of the commit; everything that is built carries it
}

// Open finds the tree that dir is in.
func Open(ctx context.Context, dir string) (Source, error) {
	root, err := rootOf(dir)
	if err != nil {
		return Source{}, err
	}
	s := Source{Root: root, Version: "dev", Time: time.Unix(0, 0).UTC()}
	if described, err := s.git(ctx, "describe", "--tags", "--always", "--dirty"); err == nil {
		s.Version = described
	}
	seconds := os.Getenv("SOURCE_DATE_EPOCH")
	if seconds == "" {
		seconds, _ = s.git(ctx, "log", "-1", "--format=%ct") // stays empty without git
	}
	if seconds != "" {
		n, err := strconv.ParseInt(seconds, 10, 64)
		if err != nil {
			return Source{}, fmt.Errorf("SOURCE_DATE_EPOCH=%q is no time; set it to seconds since 1970, or unset it", seconds)
		}
		s.Time = time.Unix(n, 0).UTC()
	}
	return s, nil
}

// rootOf goes up until it finds the main module's command.
func rootOf(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "cmd", "portaria", "main.go")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("this is not portaria's tree; run it in scripts/release")
		}
	}
}

// Dirty reports whether the version is a released one, or counts from one,
// and yet the tree holds what no commit has.
func (s Source) Dirty() bool {
	return strings.HasPrefix(s.Version, "v") && strings.HasSuffix(s.Version, "-dirty")
}

func (s Source) git(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir = s.Root
	out, err := cmd.Output()
	return strings.TrimSpace(string(out)), err
}
