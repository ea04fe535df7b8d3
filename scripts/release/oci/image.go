// Package oci makes the container images: one binary from scratch for four
// processors, without a container engine and without a registry. The same
// release gives the same digest.
package oci

import (
	"archive/tar"
	"bytes"
	"encoding/pem"
	"fmt"
	"io"
	"os"
	"path"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"golang.org/x/crypto/x509roots/fallback/bundle"

	"portaria/scripts/release/build"
)

// Image is what goes into the image of one processor.
type Image struct {
	Target   build.Target
	Version  string
	Time     time.Time
	Binary   string // the file
	Licence  []byte // portaria's
	Licences []byte // everybody else's
	BOM      []byte
	Papers   build.Papers
}

// Targets are the systems that images are made for.
var Targets = []build.Target{build.LinuxAMD64, build.LinuxARM64, build.LinuxARMv7, build.LinuxARMv6}

// user is nobody's number on common systems, so that a file that leaves a
// volume belongs to nobody there.
const user = 65532

// platform is the processor in the words of the image specification.
func platform(t build.Target) v1.Platform {
	p := v1.Platform{OS: t.OS, Architecture: t.Arch}
	switch {
	case t.ARM != "":
		p.Variant = "v" + t.ARM
	case t.Arch == "arm64":
		p.Variant = "v8"
	}
	return p
}

// image builds the image in memory.
func (i Image) image() (v1.Image, error) {
	content, err := i.layer()
	if err != nil {
		return nil, err
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil },
		tarball.WithMediaType(types.OCILayer))
	if err != nil {
		return nil, err
	}
	img := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	created := v1.Time{Time: i.Time}
	img, err = mutate.Append(img, mutate.Addendum{Layer: layer, History: v1.History{Created: created, CreatedBy: "portaria " + i.Version}})
	if err != nil {
		return nil, err
	}
	config, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	p := platform(i.Target)
	config.OS, config.Architecture, config.Variant, config.Created = p.OS, p.Architecture, p.Variant, created
	config.Config = i.config()
	return mutate.ConfigFile(img, config)
}

// config is a simulator that is reached from outside the container and keeps
// its data in a volume. Every setting is a variable, to be set otherwise.
func (i Image) config() v1.Config {
	return v1.Config{
		Entrypoint: []string{"/usr/bin/portaria"},
		Cmd:        []string{"serve"},
		Env: []string{
			"PATH=/usr/bin",
			// Loopback inside a container is reached by nobody; what the host
			// lets in is the host's to say.
			"PORTARIA_LISTEN=0.0.0.0:8080",
			"PORTARIA_DATA=/data",
		},
		User:         fmt.Sprintf("%d:%d", user, user),
		WorkingDir:   "/data",
		Volumes:      map[string]struct{}{"/data": {}},
		ExposedPorts: map[string]struct{}{"8080/tcp": {}},
		StopSignal:   "SIGTERM",
		Healthcheck: &v1.HealthConfig{
			Test:     []string{"CMD", "/usr/bin/portaria", "ready"},
			Interval: 30 * time.Second, Timeout: 5 * time.Second, StartPeriod: 10 * time.Second, Retries: 3,
		},
		Labels: i.labels(),
	}
}

func (i Image) labels() map[string]string {
	return map[string]string{
		"org.opencontainers.image.title":       "portaria",
		"org.opencontainers.image.description": "Access-control terminal in software",
		"org.opencontainers.image.version":     i.Version,
		"org.opencontainers.image.created":     i.Time.Format(time.RFC3339),
		"org.opencontainers.image.licenses":    "Apache-2.0",
	}
}

// layer is the image's only one, as tar.
func (i Image) layer() ([]byte, error) {
	binary, err := os.ReadFile(i.Binary)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	made := map[string]bool{".": true}
	var failed error
	add := func(h tar.Header, content []byte) {
		for dir := path.Dir(path.Clean(h.Name)); !made[dir] && failed == nil; dir = path.Dir(path.Clean(h.Name)) {
			// The topmost that is missing comes first.
			for !made[path.Dir(dir)] {
				dir = path.Dir(dir)
			}
			made[dir] = true
			failed = w.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: dir + "/", Mode: 0o755, ModTime: i.Time})
		}
		if h.Typeflag == tar.TypeDir {
			made[path.Clean(h.Name)] = true
		}
		if failed != nil {
			return
		}
		h.Size, h.ModTime = int64(len(content)), i.Time
		if failed = w.WriteHeader(&h); failed == nil {
			_, failed = w.Write(content)
		}
	}
	add(tar.Header{Typeflag: tar.TypeDir, Name: "data/", Mode: 0o700, Uid: user, Gid: user}, nil)
	add(tar.Header{Typeflag: tar.TypeDir, Name: "tmp/", Mode: 0o1777}, nil)
	add(tar.Header{Name: "usr/bin/portaria", Mode: 0o755}, binary)
	add(tar.Header{Name: "etc/passwd", Mode: 0o644}, fmt.Appendf(nil, "root:x:0:0:root:/:/\nportaria:x:%d:%[1]d:portaria:/data:/\n", user))
	add(tar.Header{Name: "etc/group", Mode: 0o644}, fmt.Appendf(nil, "root:x:0:\nportaria:x:%d:\n", user))
	add(tar.Header{Name: "etc/ssl/certs/ca-certificates.crt", Mode: 0o644}, certificates())
	add(tar.Header{Name: "licenses/LICENSE", Mode: 0o644}, i.Licence)
	add(tar.Header{Name: "licenses/LICENSES.txt", Mode: 0o644}, i.Licences)
	add(tar.Header{Name: "licenses/sbom.cdx.json", Mode: 0o644}, i.BOM)
	// For who copies the program out of the image: there is no shell in it.
	add(tar.Header{Name: "usr/share/man/man1/portaria.1", Mode: 0o644}, i.Papers.Manual)
	add(tar.Header{Name: "usr/share/bash-completion/completions/portaria", Mode: 0o644}, i.Papers.Bash)
	add(tar.Header{Name: "usr/share/zsh/vendor-completions/_portaria", Mode: 0o644}, i.Papers.Zsh)
	add(tar.Header{Name: "usr/share/fish/vendor_completions.d/portaria.fish", Mode: 0o644}, i.Papers.Fish)
	if failed == nil {
		failed = w.Close()
	}
	return out.Bytes(), failed
}

// certificates are the authorities that "portaria photos" believes at an
// https address. One that is trusted only on conditions, which the file
// cannot say, is left out.
func certificates() []byte {
	var out bytes.Buffer
	for root := range bundle.Roots() {
		if root.Constraint == nil {
			_ = pem.Encode(&out, &pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}) // into memory
		}
	}
	return out.Bytes()
}
