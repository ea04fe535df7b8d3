//go:build linux

package main

import (
	"fmt"
	"log/slog"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// attachConsole makes the console PID 1's standard streams. Without a
// console, such as on a board with no serial line, they lead nowhere.
func attachConsole() {
	for _, name := range []string{"/dev/console", "/dev/null"} {
		f, err := os.OpenFile(name, os.O_RDWR|unix.O_NOCTTY, 0)
		if err != nil {
			continue
		}
		for stream := range 3 {
			_ = unix.Dup3(int(f.Fd()), stream, 0)
		}
		if f.Fd() > 2 {
			f.Close()
		}
		return
	}
}

// console is the serial line or screen. A line that cannot be written soon
// is dropped: nobody may wait for 115200 baud, least of all the terminal.
type console struct {
	lines chan []byte
}

func newConsole() *console {
	c := &console{lines: make(chan []byte, 256)}
	go func() {
		for line := range c.lines {
			_, _ = os.Stdout.Write(line)
		}
	}()
	return c
}

func (c *console) Write(p []byte) (int, error) {
	select {
	case c.lines <- append([]byte(nil), p...):
	default:
	}
	return len(p), nil
}

// last writes what has to be seen before the machine goes.
func (c *console) last(line string) {
	deadline := time.Now().Add(2 * time.Second)
	for len(c.lines) > 0 && time.Now().Before(deadline) {
		time.Sleep(10 * time.Millisecond)
	}
	fmt.Fprintln(os.Stdout, line)
	time.Sleep(50 * time.Millisecond) // the serial line has a buffer of its own
}

// logger tells the console what PID 1 does.
func (c *console) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(prefixed{c}, nil))
}

// prefixed tells PID 1's lines from the terminal's.
type prefixed struct{ to *console }

func (p prefixed) Write(line []byte) (int, error) {
	_, err := p.to.Write(append([]byte("portaria-init: "), line...))
	return len(line), err
}
