package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"syscall"
)

func main() {
	steps := flag.Int("steps", 72, "How many `STEPS` the workload does.")
	states := flag.Int("states", 10_000, "How many `STATES` to try at least.")
	seed := flag.Uint64("seed", 1, "The `NUMBER` that all chance comes from.")
	workload := flag.String("workload", "", "Do the steps in `DIR` and nothing else; what is recorded does so.")
	flag.Parse()
	if *workload != "" {
		exit(workHere(*workload, *steps))
	}
	self, err := os.Executable()
	if err != nil {
		exit(err)
	}
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	tallies, err := run(ctx, *steps, *states, *seed, func(dir string, steps int) []string {
		return []string{self, "-workload", dir, "-steps", strconv.Itoa(steps)}
	})
	exit(errors.Join(err, writeTable(os.Stdout, tallies), verdict(tallies, *states)))
}

// workHere works on one thread, so that the calls are recorded in the order in
// which they were made.
func workHere(dir string, steps int) error {
	runtime.LockOSThread()
	return work(dir, steps, os.Stdout)
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}
