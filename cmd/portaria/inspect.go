package main

import (
	"bytes"
	"context"
	"encoding/json"
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
// because slow is not damaged. Whoever starts the terminal again must not give up
// before: a board grants a start three minutes, the service five.
const inspectTime = 2 * time.Minute

// damagedStatus is the child's exit status for a file that it found damaged.
const damagedStatus = 3

// inspectEverything after the file asks for all that check does.
const inspectEverything = "everything"

// defineInspect opens a database file and closes it again, or checks all of it and
// tells how far it is and what it found, a line of JSON each. People take check.
func defineInspect(flags *flag.FlagSet) func(streams) error {
	return func(s streams) error {
		if flags.Arg(1) == inspectEverything {
			return inspectAll(flags.Arg(0), s)
		}
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

// told is a line of what a child that checks has to say.
type told struct {
	Done, Total int
	Report      *store.Report
}

func inspectAll(path string, s streams) error {
	out := json.NewEncoder(s.out)
	last := -1
	report, err := store.CheckFile(context.Background(), path, func(done, total int) {
		if now := 100 * done / max(total, 1); now != last {
			last = now
			_ = out.Encode(told{Done: done, Total: total}) // nobody who listens is nobody who minds
		}
	})
	if err != nil {
		return err
	}
	return out.Encode(told{Report: &report})
}

// checkInChild checks a file in a process of its own, which dies of it in the
// terminal's place.
func checkInChild(ctx context.Context, path string, progress func(done, total int)) (store.Report, error) {
	self, err := os.Executable()
	if err != nil {
		return store.CheckFile(ctx, path, progress)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	child := exec.CommandContext(ctx, self, "inspect", path, inspectEverything)
	child.Args[0] = os.Args[0]
	var said bytes.Buffer
	child.Stderr = &said
	out, err := child.StdoutPipe()
	if err != nil {
		return store.Report{}, err
	}
	if child.Start() != nil {
		return store.CheckFile(ctx, path, progress) // where no program may be started
	}
	var report *store.Report
	for lines := json.NewDecoder(out); ; {
		var line told
		if lines.Decode(&line) != nil {
			break
		}
		if line.Report != nil {
			report = line.Report
		} else {
			progress(line.Done, line.Total)
		}
	}
	err = child.Wait()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return store.Report{}, ctx.Err()
	case err == nil && report != nil:
		return *report, nil
	case errors.As(err, &exit) && exit.ExitCode() != 1:
		// It died of what it read.
		return store.Report{Found: 1, Problems: []string{"the data cannot be read without harm: " + firstLine(said.Bytes())}}, nil
	}
	return store.Report{}, fmt.Errorf("%w: %s", errors.Join(err, errors.New("the check did not finish")), firstLine(said.Bytes()))
}
