package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"portaria/store/storetest/disk"
)

func main() {
	cuts := flag.String("cuts", "1000,200,200,100", "How many `CUTS` of each method: block snapshot, file system shutdown, first boot, kill -9.")
	controls := flag.String("controls", "20,20,10,10", "How many `CUTS` of the terminal that never syncs.")
	dir := flag.String("dir", "", "The `FOLDER` to make disks in. Left out: that for temporary files.")
	seed := flag.Uint64("seed", uint64(time.Now().UnixNano()), "The `NUMBER` that all chance comes from, but for that of the machine.")
	flag.Parse()
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	results, err := run(ctx, *cuts, *controls, *dir, *seed, func(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) })
	err = errors.Join(err, writeTable(os.Stdout, results), verdict(results))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run cuts the power as often as cuts and controls say.
func run(ctx context.Context, cuts, controls, dir string, seed uint64, say func(format string, args ...any)) (results []*result, err error) {
	counts, err := parseCounts(cuts)
	if err != nil {
		return nil, err
	}
	controlCounts, err := parseCounts(controls)
	if err != nil {
		return nil, err
	}
	bench, err := disk.NewBench(dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, bench.Close()) }()
	p := &plant{bench: bench, seed: seed, say: say}
	if err := p.build(ctx); err != nil {
		return nil, err
	}
	if p.album, err = newAlbum(199); err != nil {
		return nil, err
	}
	say("seed %d", seed)
	for i, m := range methods {
		for _, r := range []*result{
			{method: m.name, control: true, program: p.control, want: controlCounts[i]},
			{method: m.name, program: p.program, want: counts[i]},
		} {
			if r.want == 0 {
				continue
			}
			r.rng = rand.New(rand.NewPCG(seed, uint64(i)))
			started := time.Now()
			results = append(results, r)
			err := m.cut(p, ctx, r)
			r.took = time.Since(started)
			if err != nil {
				return results, fmt.Errorf("%s: %w", m.name, err)
			}
			say("%s, control %t: %d cuts in %v, %d lossy", m.name, r.control, r.cuts, r.took.Round(time.Millisecond), r.cutsLossy)
		}
	}
	return results, nil
}

// build builds the terminal and its control.
func (p *plant) build(ctx context.Context) error {
	p.program, p.control = filepath.Join(p.bench.Dir, "portaria"), filepath.Join(p.bench.Dir, "portaria-nosync")
	for _, build := range [][]string{{"-o", p.program}, {"-tags", "portaria_nosync", "-o", p.control}} {
		command := exec.CommandContext(ctx, "go", append(append([]string{"build"}, build...), "portaria/cmd/portaria")...)
		if out, err := command.CombinedOutput(); err != nil {
			return fmt.Errorf("go build: %w: %s", err, out)
		}
	}
	return nil
}

// verdict is an error when a promise was broken, or when a control lost too
// little to prove anything.
func verdict(results []*result) error {
	var errs []error
	for i, r := range results {
		switch {
		case !r.control && !r.sound():
			errs = append(errs, fmt.Errorf("%s", strings.Join(r.complaints, "\n")))
		case r.control && methodOf(r).blind == "" && !r.bites():
			errs = append(errs, fmt.Errorf("%s: the control lost something in %d of %d cuts only; the %d real ones prove little",
				r.method, r.cutsLossy, r.cutsWithAcks, results[min(i+1, len(results)-1)].cuts))
		}
	}
	return errors.Join(errs...)
}

func methodOf(r *result) method {
	for _, m := range methods {
		if m.name == r.method {
			return m
		}
	}
	return method{}
}

// parseCounts reads a number for each method.
func parseCounts(text string) ([]int, error) {
	parts := strings.Split(text, ",")
	if len(parts) != len(methods) {
		return nil, fmt.Errorf("%q: want %d numbers with commas between them, one for each method", text, len(methods))
	}
	counts := make([]int, len(parts))
	for i, part := range parts {
		n, err := strconv.Atoi(part)
		if err != nil || n < 0 {
			return nil, fmt.Errorf("%q: %q is no number of cuts", text, part)
		}
		counts[i] = n
	}
	return counts, nil
}
