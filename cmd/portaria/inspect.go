package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"portaria/store"
)

// inspectTime is how long the child may take to open a database file: far
// longer than the slowest card needs. Beyond it the terminal does not start,
// because slow is not damaged.
const inspectTime = 30 * time.Second

// damagedStatus is the child's exit status for a file that it found damaged.
const damagedStatus = 3

// defineInspect opens a database file and closes it again. People take check.
func defineInspect(flags *flag.FlagSet) func(streams) error {
	return func(streams) error {
		err := store.Inspect(flags.Arg(0))
		if errors.Is(err, store.ErrDamaged) {
			return &exitError{damagedStatus, err}
		}
		return err
	}
}

// inspectInChild opens the database in a process of its own first: what a
// damaged file can do to a process that maps it cannot be recovered from. A
// child that finds the file damaged, or dies of it, says so; anything else
// that goes wrong with the child is left to the opening that follows.
func inspectInChild(path string) error {
	self, err := os.Executable()
	if err != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), inspectTime)
	defer cancel()
	child := exec.CommandContext(ctx, self, "inspect", path)
	child.Args[0] = os.Args[0] // one file may be several programs, by their names
	out, err := child.CombinedOutput()
	if ctx.Err() != nil {
		return fmt.Errorf("%s does not open within %v: %w", path, inspectTime, ctx.Err())
	}
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() == 1 {
		return nil
	}
	return fmt.Errorf("%w: %w: %s", store.ErrDamaged, err, firstLine(out))
}

func firstLine(text []byte) string {
	line, _, _ := strings.Cut(strings.TrimSpace(string(text)), "\n")
	return line
}
