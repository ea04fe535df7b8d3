package oci

import (
	"archive/tar"
	"crypto/x509"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"portaria/scripts/release/build"
	"portaria/scripts/release/need"
	"portaria/scripts/release/notice"
)

// written makes the images of targets in a folder of the test.
func written(t testing.TB, targets []build.Target) Files {
	t.Helper()
	source, err := build.Open(t.Context(), ".")
	if err != nil {
		t.Fatal(err)
	}
	source.Version = "v1.2.3"
	moment := time.Date(2026, 11, 22, 2, 53, 0, 0, time.UTC)
	dir := t.TempDir()
	licence, err := os.ReadFile(filepath.Join(source.Root, "LICENSE"))
	if err != nil {
		t.Fatal(err)
	}
	var images []Image
	for _, target := range targets {
		binary, err := source.Binary(t.Context(), target, dir)
		if err != nil {
			t.Fatal(err)
		}
		components, err := notice.Components(t.Context(), source.Root, binary)
		if err != nil {
			t.Fatal(err)
		}
		bom, err := notice.BOM(binary, source.Version, moment, components)
		if err != nil {
			t.Fatal(err)
		}
		images = append(images, Image{
			Target: target, Version: source.Version, Time: moment, Binary: binary,
			Licence: licence, Licences: notice.Text(components), BOM: bom,
		})
	}
	files, err := Write(dir, images)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// unpacked is the layout as a folder.
func unpacked(t testing.TB, f Files) string {
	t.Helper()
	dir := t.TempDir()
	file, err := os.Open(f.Layout)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for archive := tar.NewReader(file); ; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return dir
		}
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, filepath.FromSlash(h.Name))
		if h.Typeflag == tar.TypeDir {
			err = os.MkdirAll(path, 0o755)
		} else if content, readErr := io.ReadAll(archive); readErr != nil {
			err = readErr
		} else {
			err = os.WriteFile(path, content, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestLayout reads the tarball back as a registry's client does.
func TestLayout(t *testing.T) {
	t.Parallel()
	files := written(t, Targets)
	top, err := layout.ImageIndexFromPath(unpacked(t, files))
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := top.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	if len(manifest.Manifests) != 1 || manifest.Manifests[0].Digest != files.Digest {
		t.Fatalf("the layout holds %v, want one index %s", manifest.Manifests, files.Digest)
	}
	index, err := top.ImageIndex(files.Digest)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Index(index); err != nil {
		t.Errorf("the index: %v", err)
	}
	images, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	var platforms []string
	for _, d := range images.Manifests {
		platforms = append(platforms, d.Platform.String())
		image, err := index.Image(d.Digest)
		if err != nil {
			t.Fatal(err)
		}
		config, err := image.ConfigFile()
		if err != nil {
			t.Fatal(err)
		}
		if got := config.Platform().String(); got != d.Platform.String() {
			t.Errorf("the image for %s calls itself %s", d.Platform, got)
		}
		checkConfig(t, config)
		checkFiles(t, image)
	}
	if want := []string{"linux/amd64", "linux/arm64/v8", "linux/arm/v7", "linux/arm/v6"}; !slices.Equal(platforms, want) {
		t.Errorf("platforms %v, want %v", platforms, want)
	}
	for _, path := range files.Docker {
		image, err := tarball.ImageFromPath(path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := validate.Image(image); err != nil {
			t.Errorf("%s: %v", filepath.Base(path), err)
		}
	}
}

func checkConfig(t *testing.T, config *v1.ConfigFile) {
	t.Helper()
	c := config.Config
	if c.User != "65532:65532" {
		t.Errorf("it runs as %q", c.User)
	}
	if got := strings.Join(append(c.Entrypoint, c.Cmd...), " "); got != "/usr/bin/portaria serve" {
		t.Errorf("it starts %q", got)
	}
	if _, ok := c.Volumes["/data"]; !ok || !slices.Contains(c.Env, "PORTARIA_DATA=/data") {
		t.Errorf("its data is not in a volume: %v %v", c.Volumes, c.Env)
	}
	if c.Healthcheck == nil || !slices.Equal(c.Healthcheck.Test, []string{"CMD", "/usr/bin/portaria", "ready"}) {
		t.Errorf("nobody asks after its health: %v", c.Healthcheck)
	}
	if !config.Created.Equal(time.Date(2026, 11, 22, 2, 53, 0, 0, time.UTC)) {
		t.Errorf("it was made at %v", config.Created)
	}
}

func checkFiles(t *testing.T, image v1.Image) {
	t.Helper()
	layers, err := image.Layers()
	if err != nil || len(layers) != 1 {
		t.Fatalf("%d layers, %v", len(layers), err)
	}
	content, err := layers[0].Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	defer content.Close()
	missing := map[string]bool{
		"data/": true, "tmp/": true, "usr/": true, "usr/bin/": true, "usr/bin/portaria": true,
		"etc/ssl/certs/ca-certificates.crt": true, "licenses/LICENSE": true, "licenses/LICENSES.txt": true, "licenses/sbom.cdx.json": true,
		"usr/share/man/man1/portaria.1": true, "usr/share/bash-completion/completions/portaria": true,
	}
	seen := make(map[string]bool)
	for archive := tar.NewReader(content); ; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if seen[h.Name] {
			t.Errorf("%s is there twice", h.Name)
		}
		seen[h.Name] = true
		delete(missing, h.Name)
		if dir := filepath.Dir(strings.TrimSuffix(h.Name, "/")); dir != "." && !seen[dir+"/"] {
			t.Errorf("%s comes before its folder", h.Name)
		}
		if mine := h.Name == "data/"; mine != (h.Uid == 65532 && h.Gid == 65532) {
			t.Errorf("%s belongs to %d:%d", h.Name, h.Uid, h.Gid)
		}
	}
	for name := range missing {
		t.Errorf("%s is not there", name)
	}
}

func TestCertificates(t *testing.T) {
	t.Parallel()
	if pool := x509.NewCertPool(); !pool.AppendCertsFromPEM(certificates()) {
		t.Fatal("no certificate in it")
	}
	if n := strings.Count(string(certificates()), "BEGIN CERTIFICATE"); n < 50 {
		t.Errorf("only %d certificates", n)
	}
}

// TestSkopeo lets the tool of others read the images.
func TestSkopeo(t *testing.T) {
	need.Time(t)
	t.Parallel()
	skopeo := need.Program(t, "skopeo", "skopeo")
	files := written(t, []build.Target{build.LinuxAMD64, build.LinuxARMv6})
	for _, from := range []string{"oci-archive:" + files.Layout, "docker-archive:" + files.Docker[0]} {
		out := need.Run(t, skopeo, "--insecure-policy", "inspect", "--override-os", "linux", "--override-arch", "amd64", from)
		if !strings.Contains(out, `"org.opencontainers.image.version": "v1.2.3"`) {
			t.Errorf("%s: %s", from, out)
		}
	}
	into := "docker-archive:" + filepath.Join(t.TempDir(), "copy.tar") + ":portaria:copy"
	if out, err := exec.Command(skopeo, "--insecure-policy", "--override-arch", "amd64", "copy", "oci-archive:"+files.Layout, into).CombinedOutput(); err != nil {
		t.Errorf("skopeo copy: %v\n%s", err, out)
	}
}
