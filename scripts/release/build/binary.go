package build

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Target is a system that portaria is released for.
type Target struct {
	OS, Arch string
	ARM      string // the oldest processor that a 32-bit ARM binary runs on
}

// The targets. Raspberry Pi OS calls the ARMv6 of the first boards armhf,
// Debian calls ARMv7 so: one ARMv6 binary serves both.
var (
	LinuxAMD64   = Target{OS: "linux", Arch: "amd64"}
	LinuxARM64   = Target{OS: "linux", Arch: "arm64"}
	LinuxARMv7   = Target{OS: "linux", Arch: "arm", ARM: "7"}
	LinuxARMv6   = Target{OS: "linux", Arch: "arm", ARM: "6"}
	WindowsAMD64 = Target{OS: "windows", Arch: "amd64"}
	DarwinARM64  = Target{OS: "darwin", Arch: "arm64"}
	DarwinAMD64  = Target{OS: "darwin", Arch: "amd64"}

	Targets = []Target{LinuxAMD64, LinuxARM64, LinuxARMv7, LinuxARMv6, WindowsAMD64, DarwinARM64, DarwinAMD64}
)

func (t Target) String() string {
	if t.ARM != "" {
		return t.OS + "-armv" + t.ARM
	}
	return t.OS + "-" + t.Arch
}

// FileName is the binary's name in a release.
func (t Target) FileName() string {
	if t.OS == "windows" {
		return "portaria-" + t.String() + ".exe"
	}
	return "portaria-" + t.String()
}

// Binary builds portaria for target into dir and returns the file. It is
// static, and the same bytes wherever it is built.
func (s Source) Binary(ctx context.Context, target Target, dir string) (string, error) {
	path, err := filepath.Abs(filepath.Join(dir, target.FileName()))
	if err != nil {
		return "", err
	}
	env := []string{"CGO_ENABLED=0", "GOFLAGS=", "GOOS=" + target.OS, "GOARCH=" + target.Arch, "GOARM=" + target.ARM}
	return path, s.compile(ctx, env, path)
}

func (s Source) compile(ctx context.Context, env []string, path string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-tags", "nethttpomithttp2",
		"-ldflags", "-s -w -X main.version="+s.Version, "-o", path, "./cmd/portaria")
	cmd.Dir = s.Root
	cmd.Env = append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build for %s: %w\n%s", filepath.Base(path), err, out)
	}
	return nil
}

// Papers is what portaria prints of itself.
type Papers struct {
	Manual          []byte // portaria.1
	Bash, Zsh, Fish []byte
}

// Papers runs a portaria built for this machine.
func (s Source) Papers(ctx context.Context) (Papers, error) {
	dir, err := os.MkdirTemp("", "portaria-papers-")
	if err != nil {
		return Papers{}, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "portaria.exe") // a name that every system runs
	if err := s.compile(ctx, []string{"CGO_ENABLED=0", "GOFLAGS="}, path); err != nil {
		return Papers{}, err
	}
	var p Papers
	for _, paper := range []struct {
		into *[]byte
		args []string
	}{
		{&p.Manual, []string{"manual"}},
		{&p.Bash, []string{"completion", "bash"}},
		{&p.Zsh, []string{"completion", "zsh"}},
		{&p.Fish, []string{"completion", "fish"}},
	} {
		cmd := exec.CommandContext(ctx, path, paper.args...)
		cmd.Env = []string{fmt.Sprintf("SOURCE_DATE_EPOCH=%d", s.Time.Unix())}
		cmd.Stderr = os.Stderr
		if *paper.into, err = cmd.Output(); err != nil {
			return Papers{}, fmt.Errorf("portaria %s: %w", strings.Join(paper.args, " "), err)
		}
	}
	return p, nil
}
