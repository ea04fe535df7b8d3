package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"portaria/scripts/image/build"
	"portaria/scripts/image/bundle"
)

// system are the flags that say what to build, common to cards and updates.
type system struct {
	out, version, pub, terminal, tags string
	arm                               int
}

func (s *system) register(f *flag.FlagSet, out string) {
	f.StringVar(&s.out, "o", out, "write to this `file`")
	f.StringVar(&s.version, "version", "", "the version, if not git's")
	f.StringVar(&s.pub, "pub", "", "`file` with the public keys, one a line, of those who may sign updates; without it the card takes none")
	f.StringVar(&s.terminal, "terminal", "", "put this `program` in the terminal's place")
	f.StringVar(&s.tags, "tags", "", "build tags of the terminal")
	f.IntVar(&s.arm, "goarm", 0, "build the terminal for 32 bits, `6` or 7; the kernel runs it all the same")
}

func (s *system) options(ctx context.Context) (build.Options, error) {
	o := build.Options{Terminal: s.terminal, Tags: s.tags, Arm: s.arm, Log: progress()}
	var err error
	if o.Info, err = build.Describe(ctx, s.version); err != nil {
		return o, err
	}
	if s.pub == "" {
		return o, nil
	}
	if o.UpdateKeys, err = os.ReadFile(s.pub); err != nil {
		return o, fmt.Errorf("%w; make a pair of keys with: go run . key", err)
	}
	if _, err := bundle.ParseKeys(o.UpdateKeys); err != nil {
		return o, fmt.Errorf("%s: %w", s.pub, err)
	}
	return o, nil
}

func runBuild(ctx context.Context, args []string) error {
	f := flags("build")
	var s system
	s.register(f, "portaria-arm64.img")
	slotOnly := f.Bool("slot-only", false, "build a slot, as an update holds it, not a card")
	if err := parse(f, args); err != nil {
		return err
	}
	o, err := s.options(ctx)
	if err != nil {
		return err
	}
	if s.pub == "" && !*slotOnly {
		o.Log.Warn("without -pub the card will take no updates")
	}
	started := time.Now()
	what := build.Image
	if *slotOnly {
		what = build.Slot
	}
	if err := write(s.out, func(w *os.File) error { return what(ctx, o, w) }); err != nil {
		return err
	}
	o.Log.Info("done", "file", s.out, "version", o.Info.Version, "took", time.Since(started).Round(time.Millisecond))
	return nil
}

// write lets make fill a file that takes its name only when it is whole.
func write(name string, make func(*os.File) error) error {
	// A card is not written this way: what the file takes the place of is gone.
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s is no file; say -o FILE, and write that to the card", name)
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }() // gone already when all went well
	defer f.Close()
	if err := make(f); err != nil {
		return err
	}
	if err := f.Chmod(0o644); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}
