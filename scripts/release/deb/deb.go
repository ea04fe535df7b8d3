// Package deb makes the Debian packages: the binary as a hardened service,
// with manual, completions, licences and bill of materials. It needs no tool
// of Debian's, and the same release gives the same bytes.
package deb

import (
	"bytes"
	"compress/gzip"
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/goreleaser/nfpm/v2"
	"github.com/goreleaser/nfpm/v2/deb"
	"github.com/goreleaser/nfpm/v2/files"

	"portaria/scripts/release/build"
)

//go:embed files
var parts embed.FS

// Package is what goes into one package.
type Package struct {
	Target     build.Target
	Version    string // as dpkg compares it
	Time       time.Time
	Maintainer string
	Binary     string // the file
	Papers     build.Papers
	Copyright  []byte
	BOM        []byte
	Readme     []byte
	News       []byte // the project's changelog
}

// Targets are the systems that Debian packages are made for.
var Targets = []build.Target{build.LinuxAMD64, build.LinuxARM64, build.LinuxARMv6}

// architecture is Debian's word for the target.
func (p Package) architecture() string {
	if p.Target == build.LinuxARMv6 {
		return "armhf" // on Raspberry Pi OS ARMv6, on Debian ARMv7: ARMv6 runs on both
	}
	return p.Target.Arch
}

// FileName is the package's name in a release.
func (p Package) FileName() string {
	return "portaria_" + p.Version + "_" + p.architecture() + ".deb"
}

// Write makes the package in dir and returns the file.
func (p Package) Write(dir string) (string, error) {
	stage, err := os.MkdirTemp("", "portaria-deb-")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(stage) }()
	info, err := p.info(stage)
	if err != nil {
		return "", err
	}
	var content bytes.Buffer
	if err := deb.Default.Package(info, &content); err != nil {
		return "", fmt.Errorf("%s: %w", p.FileName(), err)
	}
	path := filepath.Join(dir, p.FileName())
	return path, os.WriteFile(path, content.Bytes(), 0o644)
}

const description = `Access-control terminal in software
 portaria behaves like a Control iD access terminal: the reader at the door
 that knows users and their photos. The package runs it as a service on port
 80; what it has acknowledged survives power cuts.`

func (p Package) info(stage string) (*nfpm.Info, error) {
	contents, err := p.contents(stage)
	if err != nil {
		return nil, err
	}
	scripts := make(map[string]string)
	for _, name := range []string{"postinst", "prerm", "postrm"} {
		path := filepath.Join(stage, name)
		if err := os.WriteFile(path, part(name), 0o755); err != nil {
			return nil, err
		}
		scripts[name] = path
	}
	return nfpm.WithDefaults(&nfpm.Info{
		Name: "portaria", Arch: p.architecture(), Platform: "linux",
		Version: p.Version, VersionSchema: "none",
		Section: "net", Priority: "optional", Maintainer: p.Maintainer,
		Description: description, MTime: p.Time, DisableGlobbing: true,
		Overridables: nfpm.Overridables{
			// Certificates for "portaria photos" from an https address.
			Recommends: []string{"ca-certificates", "systemd"},
			Contents:   contents,
			Scripts:    nfpm.Scripts{PostInstall: scripts["postinst"], PreRemove: scripts["prerm"], PostRemove: scripts["postrm"]},
			Deb: nfpm.Deb{
				Arch:        p.architecture(),
				Compression: "xz", // dpkg before Debian 12 reads no zstd
				// Its script links the unit where systemd looks.
				Predepends: []string{"init-system-helpers (>= 1.54~)"},
			},
		},
	}), nil
}

// file is one of the package's files.
type file struct {
	path    string
	mode    fs.FileMode
	content []byte
	setting bool // the administrator's changes outlive upgrades
}

// contents lays the files out in stage, where nfpm fetches them.
func (p Package) contents(stage string) (files.Contents, error) {
	binary, err := os.ReadFile(p.Binary)
	if err != nil {
		return nil, err
	}
	const doc = "/usr/share/doc/portaria/"
	list := []file{
		{path: "/usr/bin/portaria", mode: 0o755, content: binary},
		{path: "/usr/lib/systemd/system/portaria.service", content: part("portaria.service")},
		{path: "/etc/default/portaria", content: part("portaria.default"), setting: true},
		{path: "/usr/share/man/man1/portaria.1.gz", content: zipped(p.Papers.Manual)},
		{path: "/usr/share/bash-completion/completions/portaria", content: p.Papers.Bash},
		{path: "/usr/share/zsh/vendor-completions/_portaria", content: p.Papers.Zsh},
		{path: "/usr/share/fish/vendor_completions.d/portaria.fish", content: p.Papers.Fish},
		{path: "/usr/share/lintian/overrides/portaria", content: part("lintian-overrides")},
		{path: doc + "copyright", content: p.Copyright},
		{path: doc + "changelog.gz", content: zipped(p.changelog())},
		{path: doc + "NEWS.gz", content: zipped(p.News)},
		{path: doc + "README.md.gz", content: zipped(p.Readme)},
		{path: doc + "README.Debian", content: part("README.Debian")},
		{path: doc + "sbom.cdx.json", content: p.BOM},
	}
	var contents files.Contents
	for i, f := range list {
		if len(f.content) == 0 {
			return nil, fmt.Errorf("%s is empty", f.path)
		}
		if f.mode == 0 {
			f.mode = 0o644
		}
		source := filepath.Join(stage, fmt.Sprintf("%02d", i))
		if err := os.WriteFile(source, f.content, 0o600); err != nil {
			return nil, err
		}
		c := &files.Content{
			Source: source, Destination: f.path,
			FileInfo: &files.ContentFileInfo{Owner: "root", Group: "root", Mode: f.mode, MTime: p.Time},
		}
		if f.setting {
			c.Type = files.TypeConfig
		}
		contents = append(contents, c)
	}
	return contents, nil
}

// changelog is the package's; what is new for people is in NEWS.
func (p Package) changelog() []byte {
	distribution := "unstable"
	if strings.Contains(p.Version, "~") {
		distribution = "experimental"
	}
	return fmt.Appendf(nil, "portaria (%s) %s; urgency=medium\n\n  * This version of portaria. What is new in it: NEWS.gz.\n\n -- %s  %s\n",
		p.Version, distribution, p.Maintainer, p.Time.Format(time.RFC1123Z))
}

func part(name string) []byte {
	content, err := parts.ReadFile("files/" + name)
	if err != nil {
		panic(err) // it is in the program
	}
	return content
}

// zipped is content as gzip -9n makes it: without name and time.
func zipped(content []byte) []byte {
	if len(content) == 0 {
		return nil
	}
	var out bytes.Buffer
	w, _ := gzip.NewWriterLevel(&out, gzip.BestCompression)
	_, _ = w.Write(content) // into memory, as Close
	_ = w.Close()
	return out.Bytes()
}
