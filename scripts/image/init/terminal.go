//go:build linux

package main

import (
	"bufio"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"portaria/scripts/image/card"
	"portaria/scripts/image/init/supervise"
)

// The terminal runs as a user of its own, without any privilege.
const terminalID = 900

// terminalCommand is how the terminal is started.
func terminalCommand() []string {
	return []string{
		card.Terminal, "serve", "--terminal",
		"--data", terminalDir,
		"--ready-file", readyFile,
		"--board", boardSocket,
	}
}

const (
	readyFile   = runDir + "/ready.json"
	boardSocket = runDir + "/board.sock"
)

// startTerminal starts the terminal. What it says goes to the console and into
// memory.
func (m *machine) startTerminal() (supervise.Process, error) {
	_ = os.Remove(readyFile) // of the run before, which may have been killed
	r, w, err := os.Pipe()
	if err != nil {
		return supervise.Process{}, err
	}
	defer w.Close()
	null, err := os.Open(os.DevNull)
	if err != nil {
		r.Close()
		return supervise.Process{}, err
	}
	defer null.Close()
	process, err := m.children.start(terminalCommand(), &syscall.ProcAttr{
		Dir:   "/",
		Env:   m.environment(),
		Files: []uintptr{null.Fd(), w.Fd(), w.Fd()},
		Sys: &syscall.SysProcAttr{
			Setsid:     true,
			Credential: &syscall.Credential{Uid: terminalID, Gid: terminalID},
		},
	})
	if err != nil {
		r.Close()
		return supervise.Process{}, err
	}
	m.run(func() {
		defer r.Close()
		copyLines(io.MultiWriter(m.console, &m.output), r)
	})
	return process, nil
}

// environment is the terminal's: what the owner set goes before what the board
// knows.
func (m *machine) environment() []string {
	environment := append([]string{"TMPDIR=/tmp"}, m.settings.Terminal...)
	const serial = "PORTARIA_SERIAL="
	if m.serial != "" && !slices.ContainsFunc(environment, func(v string) bool { return strings.HasPrefix(v, serial) }) {
		environment = append(environment, serial+m.serial)
	}
	return environment
}

// copyLines copies line by line, long ones in pieces, until the last holder
// of the other end is gone.
func copyLines(out io.Writer, in io.Reader) {
	lines := bufio.NewReaderSize(in, 4096)
	for {
		line, err := lines.ReadSlice('\n')
		if len(line) > 0 {
			_, _ = out.Write(line)
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return
		}
	}
}

// readyTerminalDir gives the terminal's folder to the terminal's user. What
// somebody put there from a PC belongs to the terminal, too.
func readyTerminalDir() error {
	if err := os.MkdirAll(terminalDir, 0o700); err != nil {
		return err
	}
	info, err := os.Stat(terminalDir)
	if err != nil {
		return err
	}
	if s, ok := info.Sys().(*syscall.Stat_t); ok && s.Uid == terminalID {
		return nil
	}
	// The folder itself comes last: its owner says that the rest is done.
	err = filepath.WalkDir(terminalDir, func(path string, _ os.DirEntry, err error) error {
		if err != nil || path == terminalDir {
			return err
		}
		return os.Lchown(path, terminalID, terminalID)
	})
	if err != nil {
		return err
	}
	return os.Chown(terminalDir, terminalID, terminalID)
}
