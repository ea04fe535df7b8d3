package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"portaria/scripts/release/build"
	"portaria/scripts/release/deb"
	"portaria/scripts/release/notice"
	"portaria/scripts/release/oci"
)

func (r *release) printed(ctx context.Context) (build.Papers, error) {
	if r.papers == nil {
		papers, err := r.source.Papers(ctx)
		if err != nil {
			return papers, err
		}
		r.papers = &papers
	}
	return *r.papers, nil
}

func (r *release) write(name string, content []byte) error {
	path := filepath.Join(r.out, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, content, 0o644)
}

func (r *release) writePapers(ctx context.Context) error {
	papers, err := r.printed(ctx)
	if err != nil {
		return err
	}
	for name, content := range map[string][]byte{
		"portaria.1": papers.Manual, "completions/portaria.bash": papers.Bash,
		"completions/_portaria": papers.Zsh, "completions/portaria.fish": papers.Fish,
	} {
		if err := r.write(name, content); err != nil {
			return err
		}
	}
	return nil
}

func (r *release) debs(ctx context.Context) error {
	if err := r.build(ctx, deb.Targets); err != nil {
		return err
	}
	papers, err := r.printed(ctx)
	if err != nil {
		return err
	}
	readme, err := os.ReadFile(filepath.Join(r.source.Root, "README.md"))
	if err != nil {
		return err
	}
	news, err := os.ReadFile(filepath.Join(r.source.Root, "CHANGELOG.md"))
	if err != nil {
		return err
	}
	for _, target := range deb.Targets {
		start := time.Now()
		bom, err := r.bom(target)
		if err != nil {
			return err
		}
		path, err := deb.Package{
			Target: target, Version: r.source.DebianVersion(), Time: r.source.Time, Maintainer: r.maintainer,
			Binary: r.binaries[target], Papers: papers, Copyright: notice.Copyright(r.parts[target]),
			BOM: bom, Readme: readme, News: news,
		}.Write(r.out)
		if err != nil {
			return err
		}
		r.made(path, start)
	}
	return nil
}

func (r *release) images(ctx context.Context) error {
	if err := r.build(ctx, oci.Targets); err != nil {
		return err
	}
	licence, err := os.ReadFile(filepath.Join(r.source.Root, "LICENSE"))
	if err != nil {
		return err
	}
	papers, err := r.printed(ctx)
	if err != nil {
		return err
	}
	start := time.Now()
	var images []oci.Image
	for _, target := range oci.Targets {
		bom, err := r.bom(target)
		if err != nil {
			return err
		}
		images = append(images, oci.Image{
			Target: target, Version: r.source.Version, Time: r.source.Time, Binary: r.binaries[target],
			Licence: licence, Licences: notice.Text(r.parts[target]), BOM: bom, Papers: papers,
		})
	}
	files, err := oci.Write(r.out, images)
	if err != nil {
		return err
	}
	for _, path := range append(files.Docker, files.Layout) {
		r.made(path, start)
	}
	fmt.Fprintf(r.log, "portaria:%s is %s\n", files.Version, files.Digest)
	return nil
}
