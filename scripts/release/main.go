// Command release makes what is handed out of portaria: binaries, Debian
// packages, container images, the SD image, licences, bills of materials and
// checksums, all into dist/. See "go run . help".
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"time"

	"portaria/scripts/release/build"
	"portaria/scripts/release/notice"
)

// maintainer is who a package names unless its maker says otherwise.
const maintainer = "portaria maintainers <maintainers@portaria.example>"

const usage = `usage: go run . [--out DIR] [--maintainer "NAME <MAIL>"] [--update-key FILE] WHAT

  binaries  portaria for every system
  papers    manual page and shell completions
  deb       Debian packages for amd64, arm64 and armhf
  oci       container images for amd64, arm64, armv7 and armv6
  all       all of it, the SD image, licences, bills of materials and SHA256SUMS

The version is what git describes. The SD image takes updates, and an update is
made, only with the key that "go run . key" in scripts/image made, FILE.key, and
its public half beside it, FILE.pub.
`

// release is one making.
type release struct {
	source     build.Source
	out        string
	maintainer string
	updateKey  string // empty: the SD image takes no updates
	log        io.Writer

	binaries map[build.Target]string             // those that are built
	parts    map[build.Target][]notice.Component // what is in them
	papers   *build.Papers
}

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	defer cancel()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, log io.Writer) error {
	flags := flag.NewFlagSet("release", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	out := flags.String("out", "", "")
	who := flags.String("maintainer", maintainer, "")
	key := flags.String("update-key", "", "")
	if err := flags.Parse(args); err != nil || flags.NArg() != 1 || flags.Arg(0) == "help" {
		fmt.Fprint(log, usage)
		if flags.Arg(0) == "help" {
			return nil
		}
		return fmt.Errorf("one of binaries, papers, deb, oci and all is wanted")
	}
	source, err := build.Open(ctx, ".")
	if err != nil {
		return err
	}
	r := newRelease(source, *out, log)
	r.maintainer, r.updateKey = *who, *key
	steps := map[string]func(context.Context) error{
		"binaries": func(ctx context.Context) error { return r.build(ctx, build.Targets) },
		"papers":   r.writePapers,
		"deb":      r.debs,
		"oci":      r.images,
		"all":      r.all,
	}
	step, ok := steps[flags.Arg(0)]
	if !ok {
		return fmt.Errorf("%q is not known; one of binaries, papers, deb, oci and all is wanted", flags.Arg(0))
	}
	if err := os.MkdirAll(r.out, 0o755); err != nil {
		return err
	}
	return step(ctx)
}

func newRelease(source build.Source, out string, log io.Writer) *release {
	if out == "" {
		out = filepath.Join(source.Root, "dist")
	}
	return &release{
		source: source, out: out, maintainer: maintainer, log: log,
		binaries: make(map[build.Target]string), parts: make(map[build.Target][]notice.Component),
	}
}

// build makes the binaries that are not there yet.
func (r *release) build(ctx context.Context, targets []build.Target) error {
	for _, target := range targets {
		if r.binaries[target] != "" {
			continue
		}
		start := time.Now()
		path, err := r.source.Binary(ctx, target, r.out)
		if err != nil {
			return err
		}
		if r.parts[target], err = notice.Components(ctx, r.source.Root, path); err != nil {
			return err
		}
		r.binaries[target] = path
		r.made(path, start)
	}
	return nil
}

// made tells of a file.
func (r *release) made(path string, start time.Time) {
	size := int64(0)
	if info, err := os.Stat(path); err == nil {
		size = info.Size()
	}
	name := path
	if relative, err := filepath.Rel(r.source.Root, path); err == nil && !strings.HasPrefix(relative, "..") {
		name = relative
	}
	fmt.Fprintf(r.log, "%-52s %9d bytes %6.1f s\n", name, size, time.Since(start).Seconds())
}

func (r *release) bom(target build.Target) ([]byte, error) {
	return notice.BOM(r.binaries[target], r.source.Version, r.source.Time, r.parts[target])
}
