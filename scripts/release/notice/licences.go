// Package notice says what a binary of portaria is made of: the modules in it
// by the binary's own account, their licences from the module cache, and both
// as a copyright file, one text and a bill of materials. A module whose
// licence nobody has read is refused.
package notice

import (
	"bytes"
	"cmp"
	"context"
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
)

// Component is a part of the binary that somebody else wrote.
type Component struct {
	Name    string
	Version string
	Sum     string // of the module, as in go.sum; empty for what is no module
	SPDX    string // the licence's expression
	Text    string // the licence, word for word
}

// licences are those of the modules that portaria may hold, each read by a
// person. MIT and BSD ask for their text in copies; that is what this package
// is for.
var licences = map[string]string{
	"github.com/disintegration/imaging": "MIT",
	"github.com/klauspost/compress":     "Apache-2.0 AND BSD-3-Clause AND MIT",
	"github.com/molecule-man/go-brrr":   "MIT",
	"github.com/valyala/bytebufferpool": "MIT",
	"github.com/valyala/fasthttp":       "MIT",
	"go.etcd.io/bbolt":                  "MIT",
	"golang.org/x/image":                "BSD-3-Clause",
	"golang.org/x/net":                  "BSD-3-Clause",
	"golang.org/x/sys":                  "BSD-3-Clause",
	"golang.org/x/tools":                "BSD-3-Clause",
}

// Project is portaria's own licence.
const Project = "Apache-2.0"

// Components lists what is in the binary, in the order of the names: the
// modules, Go's standard library, and the trained numbers of the face
// detector. Root is portaria's tree.
func Components(ctx context.Context, root, binary string) ([]Component, error) {
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", binary, err)
	}
	dirs, err := moduleFolders(ctx, root, info.Deps)
	if err != nil {
		return nil, err
	}
	var list []Component
	for _, module := range info.Deps {
		c := Component{Name: module.Path, Version: module.Version, Sum: module.Sum, SPDX: licences[module.Path]}
		if c.SPDX == "" {
			return nil, fmt.Errorf("module %s is new in the binary: read its licence in %s and add it to the table in scripts/release/notice", module.Path, dirs[module.Path])
		}
		if c.Text, err = licenceIn(dirs[module.Path]); err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	library, err := standardLibrary(ctx, root, info.GoVersion)
	if err != nil {
		return nil, err
	}
	cascade, err := os.ReadFile(filepath.Join(root, "imaging", "face", "LICENSE.cascade"))
	if err != nil {
		return nil, err
	}
	list = append(list, library, Component{Name: "lbpcascade_frontalface", Version: "4.6.0", SPDX: "BSD-3-Clause", Text: string(cascade)})
	slices.SortFunc(list, func(a, b Component) int { return cmp.Compare(a.Name, b.Name) })
	return list, nil
}

// moduleFolders asks Go where the modules are, which downloads what is
// missing.
func moduleFolders(ctx context.Context, root string, modules []*debug.Module) (map[string]string, error) {
	args := []string{"mod", "download", "-json"}
	for _, m := range modules {
		args = append(args, m.Path+"@"+m.Version)
	}
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = root
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go mod download: %w", err)
	}
	dirs := make(map[string]string)
	for decoder := json.NewDecoder(bytes.NewReader(out)); decoder.More(); {
		var m struct{ Path, Dir string }
		if err := decoder.Decode(&m); err != nil {
			return nil, fmt.Errorf("go mod download: %w", err)
		}
		dirs[m.Path] = m.Dir
	}
	return dirs, nil
}

func standardLibrary(ctx context.Context, root, version string) (Component, error) {
	cmd := exec.CommandContext(ctx, "go", "env", "GOROOT")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		return Component{}, fmt.Errorf("go env GOROOT: %w", err)
	}
	text, err := licenceIn(strings.TrimSpace(string(out)))
	// "go1.26.8" or "go1.26.8 X:experiment"
	number, _, _ := strings.Cut(strings.TrimPrefix(version, "go"), " ")
	return Component{Name: "std", Version: number, SPDX: "BSD-3-Clause", Text: text}, err
}

// licenceIn collects the licence files at the top of dir.
func licenceIn(dir string) (string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	var text strings.Builder
	for _, e := range entries {
		name := strings.ToUpper(e.Name())
		if e.IsDir() || !slices.ContainsFunc([]string{"LICENSE", "LICENCE", "COPYING", "NOTICE", "PATENTS"}, func(word string) bool { return strings.HasPrefix(name, word) }) {
			continue
		}
		content, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return "", err
		}
		if text.Len() > 0 {
			text.WriteString("\n")
		}
		text.WriteString(strings.TrimRight(string(content), "\n") + "\n")
	}
	if text.Len() == 0 {
		return "", fmt.Errorf("no licence in %s", dir)
	}
	return text.String(), nil
}
