//go:build linux

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

// bench is one run: where it works and how thoroughly.
type bench struct {
	dir      string // everything it writes; removed at the end
	portaria string // the program under measurement
	quick    bool
	cpus     processors
}

// part is one section of the table and what fills it.
type part struct {
	name    string
	measure func(*bench, context.Context) (section, error)
}

var parts = []part{
	{"get", (*bench).get},
	{"put", (*bench).put},
	{"list", (*bench).list},
	{"json", (*bench).json},
	{"start", (*bench).start},
}

func main() {
	var err error
	if len(os.Args) == 3 && os.Args[1] == plainServerFlag {
		err = servePlainly(os.Args[2])
	} else {
		err = run(os.Args[1:])
	}
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	quick := flags.Bool("quick", false, "One short round of everything: shows that it works, measures little.")
	only := flags.String("only", "", "The `PARTS` to measure, of get,put,list,json,start. Left out: all.")
	dir := flags.String("dir", "bin", "The folder `DIR` to work in, on the disk that is to be measured.")
	program := flags.String("portaria", "bin/portaria", "The `PROGRAM` to measure.")
	if err := flags.Parse(args); err != nil {
		return err
	}
	chosen, err := choose(*only)
	if err != nil {
		return err
	}
	if _, err := os.Stat(*program); err != nil {
		return fmt.Errorf("%w; build it with \"make build\", or name one with --portaria", err)
	}
	b := &bench{quick: *quick, portaria: *program, cpus: allowedProcessors()}
	if b.dir, err = makeWorkDir(*dir); err != nil {
		return err
	}
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	return errors.Join(b.measure(ctx, chosen), os.RemoveAll(b.dir))
}

func choose(only string) ([]part, error) {
	if only == "" {
		return parts, nil
	}
	var chosen []part
	for name := range strings.SplitSeq(only, ",") {
		i := slices.IndexFunc(parts, func(p part) bool { return p.name == strings.TrimSpace(name) })
		if i < 0 {
			return nil, fmt.Errorf("--only %q is no part; take some of get,put,list,json,start", name)
		}
		chosen = append(chosen, parts[i])
	}
	return chosen, nil
}

// makeWorkDir returns an absolute name: nginx reads a relative one its own way.
func makeWorkDir(parent string) (string, error) {
	parent, err := filepath.Abs(parent)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return "", err
	}
	return os.MkdirTemp(parent, "bench-")
}

// measure prints the sections as they come, so that a failure costs only what
// follows it.
func (b *bench) measure(ctx context.Context, chosen []part) error {
	fmt.Fprintf(os.Stdout, "%s %s/%s, %d processors, load %s", runtime.Version(), runtime.GOOS, runtime.GOARCH, b.cpus.count(), loadAverage())
	if b.quick {
		fmt.Fprint(os.Stdout, "; --quick: figures of one short round mean little")
	}
	fmt.Fprintln(os.Stdout)
	for _, p := range chosen {
		began := time.Now()
		s, err := p.measure(b, ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		progress("%s took %.0f s", p.name, time.Since(began).Seconds())
		s.print(os.Stdout)
	}
	return nil
}

// either is the figure for a thorough run, or for a quick one.
func either[T any](b *bench, thorough, quick T) T {
	if b.quick {
		return quick
	}
	return thorough
}

// progress tells the waiting that something happens.
func progress(format string, args ...any) { fmt.Fprintf(os.Stderr, "bench: "+format+"\n", args...) }

func loadAverage() string {
	text, _ := os.ReadFile("/proc/loadavg")
	first, _, _ := strings.Cut(string(text), " ")
	return first
}
