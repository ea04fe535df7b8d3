package deb

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"portaria/scripts/release/build"
	"portaria/scripts/release/need"
	"portaria/scripts/release/notice"
)

// packaged makes the package of a version for target and returns its file.
func packaged(t testing.TB, version string, target build.Target) string {
	t.Helper()
	source, err := build.Open(t.Context(), ".")
	if err != nil {
		t.Fatal(err)
	}
	source.Version = version
	source.Time = time.Date(2026, 11, 22, 2, 53, 0, 0, time.UTC)
	dir := t.TempDir()
	binary, err := source.Binary(t.Context(), target, dir)
	if err != nil {
		t.Fatal(err)
	}
	components, err := notice.Components(t.Context(), source.Root, binary)
	if err != nil {
		t.Fatal(err)
	}
	bom, err := notice.BOM(binary, version, source.Time, components)
	if err != nil {
		t.Fatal(err)
	}
	papers, err := source.Papers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	path, err := Package{
		Target: target, Version: source.DebianVersion(), Time: source.Time,
		Maintainer: "portaria maintainers <maintainers@portaria.example>",
		Binary:     binary, Papers: papers, Copyright: notice.Copyright(components), BOM: bom,
		Readme: []byte("# portaria\n"), News: []byte("# Changelog\n"),
	}.Write(dir)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// TestPackage looks at each package with Debian's own tools.
func TestPackage(t *testing.T) {
	need.Time(t)
	t.Parallel()
	dpkg := need.Program(t, "dpkg-deb", "dpkg")
	for _, row := range []struct {
		target       build.Target
		architecture string
		emulator     []string // empty: none is needed
	}{
		{build.LinuxAMD64, "amd64", nil},
		{build.LinuxARM64, "arm64", []string{"qemu-aarch64-static"}},
		{build.LinuxARMv6, "armhf", []string{"qemu-arm-static", "-cpu", "arm1176"}},
	} {
		t.Run(row.architecture, func(t *testing.T) {
			t.Parallel()
			path := packaged(t, "v1.2.3-4-gabc1234", row.target)
			if want := "portaria_1.2.3+4.gabc1234_" + row.architecture + ".deb"; filepath.Base(path) != want {
				t.Errorf("it is called %s, want %s", filepath.Base(path), want)
			}
			for field, want := range map[string]string{"Package": "portaria", "Version": "1.2.3+4.gabc1234", "Architecture": row.architecture} {
				if got := strings.TrimSpace(need.Run(t, dpkg, "-f", path, field)); got != want {
					t.Errorf("%s: %s, want %s", field, got, want)
				}
			}
			list := need.Run(t, dpkg, "-c", path)
			for _, want := range []string{
				`-rwxr-xr-x root/root .* \./usr/bin/portaria`,
				`-rw-r--r-- root/root .* \./usr/lib/systemd/system/portaria\.service`,
				`-rw-r--r-- root/root .* \./etc/default/portaria`,
				`-rw-r--r-- root/root .* \./usr/share/man/man1/portaria\.1\.gz`,
				`\./usr/share/bash-completion/completions/portaria`,
				`\./usr/share/zsh/vendor-completions/_portaria`,
				`\./usr/share/fish/vendor_completions\.d/portaria\.fish`,
				`\./usr/share/doc/portaria/copyright`,
				`\./usr/share/doc/portaria/changelog\.gz`,
				`\./usr/share/doc/portaria/sbom\.cdx\.json`,
			} {
				if !regexp.MustCompile(`(?m)^.*` + want + `$`).MatchString(list) {
					t.Errorf("%s is not in\n%s", want, list)
				}
			}
			for line := range strings.Lines(list) {
				if !strings.Contains(line, " root/root ") || !strings.Contains(line, " 2026-11-22 ") {
					t.Errorf("not root's, or not of the commit's day: %s", line)
				}
			}
			root := t.TempDir()
			need.Run(t, dpkg, "-R", path, root)
			if got := need.Run(t, "cat", root+"/DEBIAN/conffiles"); got != "/etc/default/portaria\n" {
				t.Errorf("settings: %q", got)
			}
			run := []string{root + "/usr/bin/portaria", "version"}
			if row.emulator != nil {
				row.emulator[0] = need.Program(t, row.emulator[0], "qemu-user-static")
				run = append(row.emulator, run...)
			}
			if got := plainly(t, run); !strings.HasPrefix(got, "portaria v1.2.3-4-gabc1234 linux/") {
				t.Errorf("the binary says %q", got)
			}
		})
	}
}

// plainly runs a portaria without the settings of this test's environment.
func plainly(t testing.TB, args []string) string {
	t.Helper()
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%q: %v\n%s", args, err, out)
	}
	return string(out)
}

// maxExposure is the most that systemd may find exposed, in tenths.
const maxExposure = "18"

func TestUnit(t *testing.T) {
	t.Parallel()
	analyze := need.Program(t, "systemd-analyze", "systemd")
	unit, err := filepath.Abs("files/portaria.service")
	if err != nil {
		t.Fatal(err)
	}
	t.Run("little is exposed", func(t *testing.T) {
		t.Parallel()
		out := need.Run(t, analyze, "security", "--offline=true", "--no-pager", "--threshold="+maxExposure, unit)
		t.Log(out[strings.LastIndex(strings.TrimSpace(out), "\n")+1:])
	})
	t.Run("nothing keeps a terminal that crashed from starting again", func(t *testing.T) {
		t.Parallel()
		text := string(part("portaria.service"))
		if !strings.Contains(text, "\nRestart=always\n") || !strings.Contains(text, "\nStartLimitIntervalSec=0\n") || strings.Contains(text, "\nRestartPrevent") {
			t.Error("it may stay down: a crash and a watchdog both end a Go program with status 2")
		}
	})
	t.Run("systemd understands every line", func(t *testing.T) {
		t.Parallel()
		out, _ := exec.Command(analyze, "verify", "--man=no", unit).CombinedOutput() // fails as /usr/bin/portaria is not here
		for line := range strings.Lines(string(out)) {
			if strings.Contains(line, "portaria.service:") && !strings.Contains(line, "/usr/bin/portaria is not executable") {
				t.Error(line)
			}
		}
	})
}

// TestSettings holds the settings that the package suggests against those
// that there are: portaria refuses what it does not know.
func TestSettings(t *testing.T) {
	t.Parallel()
	source, err := build.Open(t.Context(), ".")
	if err != nil {
		t.Fatal(err)
	}
	binary, err := source.Binary(t.Context(), build.LinuxAMD64, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	suggested := regexp.MustCompile(`(?m)^#(PORTARIA_[A-Z_]+=.+)$`).FindAllSubmatch(part("portaria.default"), -1)
	if len(suggested) < 3 {
		t.Fatalf("%d settings", len(suggested))
	}
	for _, setting := range suggested {
		cmd := exec.Command(binary, "serve", "--help")
		cmd.Env = []string{string(setting[1])}
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %s", setting[1], out)
		}
	}
}

func TestLintian(t *testing.T) {
	need.Time(t)
	t.Parallel()
	lintian := need.Program(t, "lintian", "lintian")
	for _, target := range Targets {
		t.Run(target.String(), func(t *testing.T) {
			t.Parallel()
			args := []string{"--allow-root", "--fail-on", "error,warning,pedantic", packaged(t, "v1.2.3", target)}
			if out, err := exec.Command(lintian, args...).CombinedOutput(); err != nil {
				t.Errorf("lintian: %v\n%s", err, out)
			}
		})
	}
}
