package oci

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"portaria/scripts/release/build"
)

// Files are the results of Write.
type Files struct {
	Layout  string   // a tar of an OCI layout, all processors
	Docker  []string // one for each processor, for "docker load"
	Digest  v1.Hash  // of the index, the same for the same release
	Version string
}

// Write makes the images into dir. Their version is the first's.
func Write(dir string, images []Image) (Files, error) {
	if len(images) == 0 {
		return Files{}, errors.New("no images to write")
	}
	f := Files{Version: images[0].Version}
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	index, _ = mutate.Annotations(index, images[0].labels()).(v1.ImageIndex)
	for _, i := range images {
		img, err := i.image()
		if err != nil {
			return Files{}, fmt.Errorf("image for %s: %w", i.Target, err)
		}
		p := platform(i.Target)
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: img, Descriptor: v1.Descriptor{Platform: &p}})
		path := filepath.Join(dir, DockerFileName(i.Version, i.Target))
		tag, err := name.NewTag("portaria:" + i.Version)
		if err != nil {
			return Files{}, err
		}
		if err := tarball.WriteToFile(path, tag, img); err != nil {
			return Files{}, fmt.Errorf("%s: %w", path, err)
		}
		f.Docker = append(f.Docker, path)
	}
	var err error
	if f.Digest, err = index.Digest(); err != nil {
		return Files{}, err
	}
	f.Layout = filepath.Join(dir, LayoutFileName(f.Version))
	return f, writeLayout(f.Layout, index, f.Version)
}

// LayoutFileName and DockerFileName are the images' names in a release.
func LayoutFileName(version string) string { return "portaria-" + version + "-oci.tar" }

// DockerFileName is the name of one processor's.
func DockerFileName(version string, t build.Target) string {
	return "portaria-" + version + "-docker-" + t.String() + ".tar"
}

func writeLayout(path string, index v1.ImageIndex, version string) error {
	stage, err := os.MkdirTemp("", "portaria-oci-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(stage) }()
	top, err := layout.Write(stage, empty.Index)
	if err != nil {
		return err
	}
	if err := top.AppendIndex(index, layout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": version})); err != nil {
		return err
	}
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(pack(out, stage), out.Close())
}

// pack writes the folder as a tar that tells nothing of this machine.
func pack(out io.Writer, dir string) error {
	w := tar.NewWriter(out)
	root := os.DirFS(dir)
	err := fs.WalkDir(root, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || path == "." {
			return err
		}
		if entry.IsDir() {
			return w.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: path + "/", Mode: 0o755})
		}
		content, err := fs.ReadFile(root, path)
		if err != nil {
			return err
		}
		if err := w.WriteHeader(&tar.Header{Name: path, Mode: 0o644, Size: int64(len(content))}); err != nil {
			return err
		}
		_, err = w.Write(content)
		return err
	})
	return errors.Join(err, w.Close())
}
