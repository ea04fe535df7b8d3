//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// The goals for the program at rest.
const (
	binaryBytes  = 12e6
	residentIdle = 15e6
	startWithin  = 50 * time.Millisecond
)

const starts = 10

// start measures the program's size, its memory at rest and how soon it
// answers, with a store full of photos.
func (b *bench) start(ctx context.Context) (section, error) {
	n := either(b, 100_000, 1_000)
	program, err := os.Stat(b.portaria)
	if err != nil {
		return section{}, err
	}
	progress("start: writing %d photos", n)
	data := filepath.Join(b.dir, "start")
	if err := fill(ctx, data, drawPhotos(5, n, smallPhotos)); err != nil {
		return section{}, err
	}
	var answered []float64
	var resident, anonymous float64
	for i := range starts + 1 {
		s, took, err := b.startOnce(ctx, data)
		if err != nil {
			return section{}, err
		}
		if i > 0 {
			answered = append(answered, float64(took))
		}
		if i == starts {
			time.Sleep(idleAfter)
			resident, anonymous, err = memoryOf(s.cmd.Process.Pid)
		}
		if err := errors.Join(err, s.stop()); err != nil {
			return section{}, err
		}
		progress("start: %d of %d: answers after %s", i, starts, millis(float64(took)))
	}
	return section{
		title: fmt.Sprintf("Footprint, with %d photos in the store", n),
		rows: []row{
			{measure: "size of " + b.portaria, unit: megabytes, ours: float64(program.Size()), goal: goal{value: binaryBytes}},
			{measure: "memory at rest, VmRSS", unit: megabytes, ours: resident, goal: goal{value: residentIdle}},
			{measure: "  of it anonymous, RssAnon", unit: megabytes, ours: anonymous},
			{measure: "exec to first answer, median", unit: millis, ours: median(answered), goal: goal{value: float64(startWithin)}},
			{measure: "exec to first answer, least", unit: millis, ours: slices.Min(answered)},
		},
		notes: []string{fmt.Sprintf("%d starts, wall clock, warm cache, on any processor; one more before them, which hashes the password of the new folder, is left out", starts)},
	}, nil
}

// idleAfter is how long a terminal rests before its memory is taken.
const idleAfter = time.Second

// startOnce starts a terminal and asks it until it answers.
func (b *bench) startOnce(ctx context.Context, data string) (*server, time.Duration, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, 0, err
	}
	ready := filepath.Join(b.dir, "start.ready")
	cmd := exec.CommandContext(ctx, b.portaria, "serve",
		"--data", data, "--listen", address, "--ready-file", ready, "--log-level", "warn")
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	s := &server{cmd: cmd, address: address}
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, 0, err
	}
	for {
		err := askOnce(address)
		took := time.Since(began)
		if err == nil {
			// It still has to find that out itself, and complains when it is stopped before.
			return s, took, s.waitReady(ctx, ready)
		}
		if ctx.Err() != nil || took > startTime {
			return nil, 0, errors.Join(fmt.Errorf("no answer: %w", err), ctx.Err(), s.stop())
		}
		time.Sleep(200 * time.Microsecond)
	}
}

// askOnce asks what a terminal tells everybody, on a connection of its own.
// Once the terminal listens, the answer comes as soon as it can give one.
func askOnce(address string) error {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(startTime)); err != nil {
		return err
	}
	c := &client{conn: conn, buf: make([]byte, 4<<10)}
	return c.ask(newRequest("/session_is_valid.fcgi", len(`{"session_is_valid":false}`)))
}

// memoryOf returns what a process has in memory, in bytes: all of it, and
// what is not a page of a file that the system could drop.
func memoryOf(pid int) (resident, anonymous float64, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, 0, err
	}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(line, ":")
		kilobytes, parsing := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 64)
		switch name {
		case "VmRSS":
			resident, err = kilobytes*1024, errors.Join(err, parsing)
		case "RssAnon":
			anonymous, err = kilobytes*1024, errors.Join(err, parsing)
		}
	}
	return resident, anonymous, err
}
