//go:build linux

package main

import (
	"os"
	"sync"
)

// logDir holds what the terminal said lately, in memory.
const logDir = "/run/log"

// logLimit is how long a log may be before a new one begins; the one before
// it is kept.
const logLimit = 256 << 10

// logFile is a log that does not grow without end.
type logFile struct {
	path string

	mu   sync.Mutex // guards what follows
	f    *os.File
	size int64
}

// Write implements io.Writer. A line that cannot be kept is lost: the terminal
// does not wait for its log.
func (l *logFile) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.f != nil && l.size+int64(len(p)) > logLimit {
		l.f.Close()
		l.f = nil
		_ = os.Rename(l.path, l.path+".1")
	}
	if l.f == nil {
		f, err := os.OpenFile(l.path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
		if err != nil {
			return len(p), nil
		}
		l.f, l.size = f, 0
	}
	n, _ := l.f.Write(p)
	l.size += int64(n)
	return len(p), nil
}
