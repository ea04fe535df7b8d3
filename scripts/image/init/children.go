//go:build linux

package main

import (
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"portaria/scripts/image/init/supervise"
)

// children are the processes below PID 1: the ones it started and the
// orphans that the kernel hands to it. All are reaped in one place, because
// waiting for any child takes the end of every other one away.
type children struct {
	mu    sync.Mutex // guards ended, and holds reaping off while a child is started
	ended map[int]chan string
}

func newChildren() *children {
	c := &children{ended: make(map[int]chan string)}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGCHLD)
	go func() {
		for range signals {
			c.reap()
		}
	}()
	return c
}

// start starts a program and says how to hear of its end.
func (c *children) start(argv []string, attr *syscall.ProcAttr) (supervise.Process, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	pid, err := syscall.ForkExec(argv[0], argv, attr)
	if err != nil {
		return supervise.Process{}, fmt.Errorf("%s: %w", argv[0], err)
	}
	ended := make(chan string, 1)
	c.ended[pid] = ended
	return supervise.Process{Ended: ended, Signal: func(s syscall.Signal) {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.ended[pid] == ended { // else the number may belong to another process by now
			_ = syscall.Kill(pid, s)
		}
	}}, nil
}

// reap takes the ends of all children that have ended.
func (c *children) reap() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, syscall.WNOHANG, nil)
		if err == syscall.EINTR {
			continue
		}
		if err != nil || pid <= 0 {
			return
		}
		if ended := c.ended[pid]; ended != nil {
			delete(c.ended, pid)
			ended <- describe(status)
		}
	}
}

func describe(status syscall.WaitStatus) string {
	switch {
	case status.Signaled():
		return "ended by signal: " + status.Signal().String()
	default:
		return fmt.Sprintf("exit status %d", status.ExitStatus())
	}
}
