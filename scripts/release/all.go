package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"portaria/scripts/release/build"
	"portaria/scripts/release/notice"
)

// all leaves a whole release in an empty folder, and nothing that is older.
func (r *release) all(ctx context.Context) error {
	if r.source.Dirty() {
		return fmt.Errorf("%s holds changes that no commit has; commit or stash them, a version must say what it is made of", r.source.Version)
	}
	if err := emptied(r.out); err != nil {
		return err
	}
	if err := r.build(ctx, build.Targets); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{r.writePapers, r.debs, r.images, r.card, r.notices} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return sums(r.out)
}

// emptied makes room for a release: what an earlier one left must not get
// under this one's checksums.
func emptied(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), "portaria") && !ours[e.Name()] {
			return fmt.Errorf("%s holds %s, which is no release's; take an empty folder with --out", dir, e.Name())
		}
	}
	for _, e := range entries {
		if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// ours are a release's files that are not called after portaria.
var ours = map[string]bool{sumsName: true, "LICENSE": true, "LICENSES.txt": true, "completions": true}

// notices are the licences, once, and a bill of materials for each binary.
func (r *release) notices(context.Context) error {
	licence, err := os.ReadFile(filepath.Join(r.source.Root, "LICENSE"))
	if err != nil {
		return err
	}
	if err := r.write("LICENSE", licence); err != nil {
		return err
	}
	if err := r.write("LICENSES.txt", notice.Text(r.parts[build.LinuxAMD64])); err != nil {
		return err
	}
	for _, target := range build.Targets {
		bom, err := r.bom(target)
		if err != nil {
			return err
		}
		if err := r.write(target.FileName()+".cdx.json", bom); err != nil {
			return err
		}
	}
	return nil
}

const sumsName = "SHA256SUMS"

// sums writes the checksums of everything in dir, for "sha256sum -c".
func sums(dir string) error {
	var text strings.Builder
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path == filepath.Join(dir, sumsName) {
			return err
		}
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		defer file.Close()
		hash := sha256.New()
		if _, err := io.Copy(hash, file); err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		fmt.Fprintf(&text, "%x  %s\n", hash.Sum(nil), filepath.ToSlash(name))
		return err
	})
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, sumsName), []byte(text.String()), 0o644)
}
