// Package health judges the terminal from outside: whether a system on trial
// may stay, and whether the watchdog may be told that all is well. It asks the
// terminal nothing but its health page.
package health

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// Probe asks the terminal once and returns the status of its answer.
type Probe func(context.Context) (status int, err error)

// The gate of a trial.
const (
	Every  = time.Second // between two questions
	Steady = 10          // good answers in a row are proof
	// Within is the time that a gate has. A good terminal with a large
	// database on a slow card must pass, so it is nearly what the watch grants; it is
	// less, so that a bad one is ended by the gate, which says why, and not by the
	// watchdog, which cannot.
	Within = Grace - 30*time.Second
)

// Gate returns nil once the terminal has proved healthy: Steady good answers
// in a row. It returns what was wrong last when that did not come within the time.
func Gate(ctx context.Context, within time.Duration, probe Probe) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	tick := time.NewTicker(Every)
	defer tick.Stop()
	good := 0
	last := "it was not asked"
	for {
		select {
		case <-ctx.Done():
			return fmt.Errorf("the terminal was not healthy for %d seconds in %v: %s", Steady, within, last)
		case <-tick.C:
		}
		status, err := probe(ctx)
		switch {
		case err != nil && ctx.Err() != nil:
			// It is the time that is over; what was wrong before says more.
		case err != nil:
			good, last = 0, err.Error()
		case status != http.StatusOK:
			good, last = 0, fmt.Sprintf("its health page answers %d", status)
		default:
			good++
			last = "it was for less time"
		}
		if good >= Steady {
			return nil
		}
	}
}

// Of the watch over the terminal.
const (
	// Grace is how long the terminal may take from its start to its first
	// answer: a large database is checked in that time.
	Grace = 3 * time.Minute
	// Silence is how long a terminal that has answered may be silent.
	Silence = time.Minute
)

// Watch knows whether the terminal hangs. Any answer is a sign of life, also
// one that says that the terminal is not well: a reset does not make room on a
// full card. A terminal that ended is no matter of the watch, for it is started
// again.
type Watch struct {
	mu     sync.Mutex // guards what follows
	start  time.Time  // of the terminal's run; zero: it does not run
	answer time.Time  // the last one of this run; zero: none yet
}

// Runs says that the terminal runs since start; the zero time: not at all.
func (w *Watch) Runs(start time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.start.Equal(start) {
		w.start, w.answer = start, time.Time{}
	}
}

// Answered says that the terminal has answered at a time.
func (w *Watch) Answered(at time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.start.IsZero() {
		w.answer = at
	}
}

// Hangs tells whether the terminal hangs.
func (w *Watch) Hangs(now time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.start.IsZero():
		return false
	case w.answer.IsZero():
		return now.Sub(w.start) > Grace
	}
	return now.Sub(w.answer) > Silence
}
