// Package supervise keeps one program running: it starts it again when it
// ends, later and later while it keeps ending at once, and stops it in an
// orderly way. It knows nothing of what the program does; whether the
// program is well is asked elsewhere.
package supervise

import (
	"context"
	"log/slog"
	"sync"
	"syscall"
	"time"
)

// The waits before the program is started again. A run of at least Settled
// counts as a good one, after which the waits begin anew.
const (
	FirstWait = 500 * time.Millisecond
	LastWait  = 30 * time.Second
	Settled   = 30 * time.Second
)

// StopTime is how long the program may take to end after SIGTERM: the
// terminal gives the calls in progress 20 seconds.
const StopTime = 23 * time.Second

// Process is one run of the program.
type Process struct {
	// Ended receives one sentence about the end of the run.
	Ended <-chan string
	// Signal sends a signal to the program, if it still runs.
	Signal func(syscall.Signal)
}

// Program is what is kept running.
type Program struct {
	Name  string
	Start func() (Process, error)
	Log   *slog.Logger

	mu    sync.Mutex // guards state
	state State
}

// State tells how the program stands.
type State struct {
	Running bool
	Since   time.Time // the start or end of the last run; zero before the first
	Starts  int64
	LastEnd string // why the last run ended; "" before the first end
}

// State is how the program stands now.
func (p *Program) State() State {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.state
}

// Run keeps the program running until ctx ends, and returns once it is gone.
func (p *Program) Run(ctx context.Context) {
	wait := FirstWait
	for {
		began := time.Now()
		p.once(ctx)
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) >= Settled {
			wait = FirstWait
		}
		p.Log.Warn(p.Name+" is started again", "in", wait, "why", p.State().LastEnd)
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		wait = min(2*wait, LastWait)
	}
}

// once is one run, from the start to the end.
func (p *Program) once(ctx context.Context) {
	process, err := p.Start()
	if err != nil {
		p.ended("it does not start: " + err.Error())
		return
	}
	p.mu.Lock()
	p.state.Running, p.state.Since = true, time.Now()
	p.state.Starts++
	p.mu.Unlock()
	select {
	case why := <-process.Ended:
		p.ended(why)
		return
	case <-ctx.Done():
	}
	process.Signal(syscall.SIGTERM)
	timeout := time.NewTimer(StopTime)
	defer timeout.Stop()
	select {
	case why := <-process.Ended:
		p.ended(why)
		return
	case <-timeout.C:
	}
	p.Log.Error(p.Name+" does not end and is killed", "after", StopTime)
	process.Signal(syscall.SIGKILL)
	p.ended(<-process.Ended)
}

func (p *Program) ended(why string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.state.Running, p.state.Since, p.state.LastEnd = false, time.Now(), why
}
