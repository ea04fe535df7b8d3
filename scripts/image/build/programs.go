package build

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"portaria/scripts/image/card"
)

// module is the name of this one, whose directory tells where the sources are.
const module = "portaria/scripts/image"

// Modules that are files rather than code.
const (
	kernelModule   = "github.com/gokrazy/kernel.rpi"
	firmwareModule = "github.com/gokrazy/firmware"
)

// sources returns the directory of the main module.
func sources(ctx context.Context) (string, error) {
	dir, err := moduleDir(ctx, module)
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "..", ".."), nil
}

// moduleDir returns where a module of this one's go.mod is, having it
// downloaded first if need be.
func moduleDir(ctx context.Context, name string) (string, error) {
	if name != module {
		if _, err := goTool(ctx, "", nil, "mod", "download", name); err != nil {
			return "", fmt.Errorf("%w; the first build needs the network", err)
		}
	}
	out, err := goTool(ctx, "", nil, "list", "-m", "-f", "{{.Dir}}", name)
	if err != nil {
		return "", fmt.Errorf("%w; run this in scripts/image", err)
	}
	return strings.TrimSpace(string(out)), nil
}

// goTool runs the go command in dir and returns what it printed.
func goTool(ctx context.Context, dir string, env []string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return nil, fmt.Errorf("go %s: %s", strings.Join(args, " "), bytes.TrimSpace(exit.Stderr))
	}
	if err != nil {
		return nil, fmt.Errorf("go %s: %w", strings.Join(args, " "), err)
	}
	return out, nil
}

// target is the environment of a build for the board. A toolchain's own wishes for
// the other architecture must not leak in.
func (o Options) target() []string {
	env := []string{"CGO_ENABLED=0", "GOOS=linux", "GOFLAGS=", "GOWORK=off"}
	if o.Arm != 0 {
		return append(env, "GOARCH=arm", "GOARM="+strconv.Itoa(o.Arm))
	}
	return append(env, "GOARCH=arm64", "GOARM64=v8.0")
}

// programs are the two of the root.
type programs struct {
	terminal, init []byte
}

// compile builds both programs, as the Makefile builds the terminal.
func (o Options) compile(ctx context.Context) (programs, error) {
	root, err := sources(ctx)
	if err != nil {
		return programs{}, err
	}
	dir, err := os.MkdirTemp("", "portaria-image-")
	if err != nil {
		return programs{}, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	var p programs
	native := o
	native.Arm = 0 // the init speaks to the kernel in its own tongue
	if p.init, err = native.program(ctx, filepath.Join(root, "scripts", "image"), "./init", filepath.Join(dir, "init")); err != nil {
		return programs{}, err
	}
	if o.Terminal != "" {
		p.terminal, err = os.ReadFile(o.Terminal)
		return p, err
	}
	p.terminal, err = o.program(ctx, root, "./cmd/portaria", filepath.Join(dir, "portaria"))
	return p, err
}

func (o Options) program(ctx context.Context, dir, pkg, out string) ([]byte, error) {
	o.Log.Info("compiling", "program", filepath.Base(out))
	_, err := goTool(ctx, dir, o.target(), "build", "-trimpath", "-buildvcs=false", "-tags", strings.TrimSuffix("nethttpomithttp2,"+o.Tags, ","),
		"-ldflags", "-s -w -X main.version="+o.Info.Version, "-o", out, pkg)
	if err != nil {
		return nil, err
	}
	return os.ReadFile(out)
}

// deviceRoot is where the root's files come from, by their path.
type deviceRoot map[string][]byte

func (o Options) root(p programs) deviceRoot {
	r := deviceRoot{
		card.Init:     p.init,
		card.Terminal: p.terminal,
		card.RootInfo: o.info(),
	}
	if len(o.UpdateKeys) > 0 {
		r[card.UpdateKeys] = o.UpdateKeys
	}
	return r
}
