package build

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"portaria/scripts/image/card"
	"portaria/scripts/image/disk"
)

// licences are the terms of everything in a slot with its bill of materials, and for the kernel where its source is
// and how it was configured, as its terms want.
func (o Options) licences(ctx context.Context, kernel, firmware string) ([]disk.File, error) {
	root, err := sources(ctx)
	if err != nil {
		return nil, err
	}
	goRoot, err := goTool(ctx, "", nil, "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	from := map[string]string{
		"portaria/LICENSE":             filepath.Join(root, "LICENSE"),
		"portaria/LICENSE.cascade":     filepath.Join(root, "imaging", "face", "LICENSE.cascade"),
		"firmware/LICENSE.broadcom":    filepath.Join(firmware, "LICENSE.broadcom"),
		"linux/LICENSE":                filepath.Join(kernel, "LICENSE.linux"),
		"linux/source-url.txt":         filepath.Join(kernel, "_build", "upstream-url.txt"),
		"linux/config.addendum.txt":    filepath.Join(kernel, "_build", "config.addendum.txt"),
		"linux/series.txt":             filepath.Join(kernel, "_build", "series"),
		"linux/0001-gokrazy-logo.diff": filepath.Join(kernel, "_build", "0001-gokrazy-logo.patch"),
		"go/LICENSE":                   filepath.Join(strings.TrimSpace(string(goRoot)), "LICENSE"),
	}
	modules, err := o.modules(ctx, root)
	if err != nil {
		return nil, err
	}
	for name, dir := range modules {
		found, err := termsIn(dir)
		if err != nil {
			return nil, fmt.Errorf("module %s: %w", name, err)
		}
		for _, file := range found {
			from["go/"+name+"/"+filepath.Base(file)] = file
		}
	}
	notice, err := text("slot/NOTICE.txt")
	if err != nil {
		return nil, err
	}
	source, err := os.ReadFile(from["linux/source-url.txt"])
	if err != nil {
		return nil, err
	}
	notice = bytes.ReplaceAll(notice, []byte("@SOURCE@"), bytes.TrimSpace(source))
	notice = bytes.ReplaceAll(notice, []byte("@KERNEL@"), []byte(filepath.Base(kernel)))
	bill, err := o.bill(slices.Sorted(maps.Keys(modules)), kernel, firmware)
	if err != nil {
		return nil, err
	}
	out := []disk.File{
		{Path: path.Join(card.Licences, "NOTICE.txt"), Data: notice},
		{Path: path.Join(card.Licences, "sbom.cdx.json"), Data: bill},
	}
	for name, file := range from {
		b, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		out = append(out, disk.File{Path: path.Join(card.Licences, name), Data: b})
	}
	slices.SortFunc(out, func(a, b disk.File) int { return strings.Compare(a.Path, b.Path) })
	return out, nil
}

// modules are the directories of the Go modules that the two programs are made of.
func (o Options) modules(ctx context.Context, root string) (map[string]string, error) {
	found := map[string]string{}
	for dir, pkg := range map[string]string{root: "./cmd/portaria", filepath.Join(root, "scripts", "image"): "./init"} {
		const each = "{{with .Module}}{{if not .Main}}{{.Path}}@{{.Version}}\t{{.Dir}}{{end}}{{end}}"
		out, err := goTool(ctx, dir, o.target(), "list", "-deps", "-f", each, pkg)
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(string(out)) {
			name, dir, ok := strings.Cut(strings.TrimSpace(line), "\t")
			if ok {
				found[name] = dir
			}
		}
	}
	return found, nil
}

// termsIn returns the files of a module that state its terms.
func termsIn(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var found []string
	for _, e := range entries {
		name := strings.ToLower(e.Name())
		for _, word := range []string{"licen", "copying", "notice", "patents"} {
			if strings.HasPrefix(name, word) && e.Type().IsRegular() {
				found = append(found, filepath.Join(dir, e.Name()))
			}
		}
	}
	if len(found) == 0 {
		return nil, errors.New("says nothing of its licence")
	}
	return found, nil
}
