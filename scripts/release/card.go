package main

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// card makes the SD image and its update. The program that does is a module
// of its own, with kernel and firmware among its requirements.
func (r *release) card(ctx context.Context) error {
	dir := filepath.Join(r.source.Root, "scripts", "image")
	if _, err := os.Stat(filepath.Join(dir, "go.mod")); errors.Is(err, fs.ErrNotExist) {
		fmt.Fprintln(r.log, "no SD image: scripts/image is not here")
		return nil
	}
	make := func(name string, args ...string) (string, error) {
		path, err := filepath.Abs(filepath.Join(r.out, name))
		if err != nil {
			return "", err
		}
		cmd := exec.CommandContext(ctx, "go", append(append([]string{"run", "."}, args...), "-version", r.source.Version, "-o", path)...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), fmt.Sprintf("SOURCE_DATE_EPOCH=%d", r.source.Time.Unix()))
		if out, err := cmd.CombinedOutput(); err != nil {
			return "", fmt.Errorf("%s: %w\n%s", name, err, out)
		}
		return path, nil
	}
	name := "portaria-" + r.source.Version + "-arm64"
	build := []string{"build"}
	if r.updateKey == "" {
		fmt.Fprintln(r.log, "no update, and an SD image that takes none: there is no --update-key")
	} else {
		key, err := filepath.Abs(r.updateKey)
		if err != nil {
			return err
		}
		public := strings.TrimSuffix(key, ".key") + ".pub"
		build = append(build, "-pub", public)
		start := time.Now()
		update, err := make(name+".update", "bundle", "-key", key, "-pub", public)
		if err != nil {
			return err
		}
		r.made(update, start)
	}
	start := time.Now()
	image, err := make(name+".img", build...)
	if err != nil {
		return err
	}
	packed, err := zip(image)
	if err != nil {
		return err
	}
	r.made(packed, start)
	return nil
}

// zip packs a file, most of which is empty, in the form that every program
// that writes cards reads.
func zip(path string) (string, error) {
	in, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer in.Close()
	out, err := os.Create(path + ".gz")
	if err != nil {
		return "", err
	}
	w := gzip.NewWriter(out)
	_, err = io.Copy(w, in)
	if err = errors.Join(err, w.Close(), out.Close()); err != nil {
		return "", err
	}
	return path + ".gz", os.Remove(path)
}
