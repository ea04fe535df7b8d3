package keeper

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"time"

	"portaria/store"
	"portaria/terminal/dialect"
)

// idle is how long a backup waits to be fetched, and an upload for its next
// piece: longer than anybody's line is down, and not for ever.
const idle = 15 * time.Minute

// The states of what takes its time.
const (
	stateNone      = "none"
	stateReceiving = "receiving" // pieces are missing
	stateReceived  = "received"  // all pieces are here
	stateRunning   = "running"
	stateReady     = "ready" // to be fetched
	stateDone      = "done"
	stateFailed    = "failed"
)

// progress is how far something has come. Done and Size are in the unit of the
// step.
type progress struct {
	State string `json:"state"`
	Step  string `json:"step,omitempty"`
	Done  int64  `json:"done,omitempty"`
	Size  int64  `json:"size,omitempty"`
	Error string `json:"error,omitempty"`
}

// running is a step of something under way.
func running(step string, size int64) progress {
	return progress{State: stateRunning, Step: step, Size: size}
}

func failed(text string) progress { return progress{State: stateFailed, Error: text} }

// jobs are what takes longer than an answer may: one at a time, because each
// asks all that a card and a small processor have.
type jobs struct {
	ctx    context.Context // ends with the pages
	cancel context.CancelFunc
	work   sync.WaitGroup

	mu     sync.Mutex // guards all below
	name   string     // of what is under way, empty for nothing
	closed bool
}

// job is something that takes its time. Begin, which may refuse, and end, which
// is told the failure if there was one, run while no other job can begin.
type job struct {
	name  string
	begin func() error
	work  func(context.Context) error
	end   func(failure string)
}

// start begins a job in the background, or refuses while there is another.
func (a *API) start(o job) error {
	j := &a.jobs
	j.mu.Lock()
	defer j.mu.Unlock()
	switch {
	case j.closed:
		return refuse(http.StatusServiceUnavailable, "the terminal is stopping")
	case j.name != "":
		return refuse(http.StatusConflict, "a %s is under way; ask again when it has ended", j.name)
	}
	if err := o.begin(); err != nil {
		return err
	}
	j.name = o.name
	j.work.Go(func() {
		failure := a.failure(o.name, guarded(func() error { return o.work(j.ctx) }))
		j.mu.Lock()
		defer j.mu.Unlock()
		o.end(failure)
		j.name = ""
	})
	return nil
}

// guarded makes a panic of work an error. In a goroutine of its own it would end
// the terminal.
func guarded(work func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return work()
}

// failure is why work ended, in a sentence for its owner; empty: it is done.
func (a *API) failure(name string, err error) string {
	if err == nil {
		a.log.Info("done", "what", name)
		return ""
	}
	a.log.Error("failed", "what", name, "err", err)
	var final *refusal
	switch err = roomError(err); {
	case errors.As(err, &final):
		return final.text
	case errors.Is(err, context.Canceled):
		return "the terminal was stopped, or somebody gave up"
	case errors.Is(err, store.ErrDegraded):
		return textCannotWrite
	case errors.Is(err, store.ErrDamaged):
		return textDamagedData
	}
	return "the " + name + " failed; the terminal's log says why"
}

// close ends what is under way and waits for it.
func (j *jobs) close() {
	j.mu.Lock()
	j.closed = true
	j.mu.Unlock()
	j.cancel()
	j.work.Wait()
}

// parseNumber reads a whole number from 0 on.
func parseNumber(text string) (int64, error) {
	n, err := strconv.ParseUint(text, 10, 63)
	return int64(n), err
}

// tell answers with what is known of something.
func tell(c *dialect.Call, status int, what any) error {
	body, err := json.Marshal(what)
	if err != nil {
		return err
	}
	c.Send(status, typeJSON, append(c.Buffer(), body...))
	return nil
}

// accepts tells whether the query lets something pass that is refused
// otherwise.
func accepts(c *dialect.Call, what string) bool {
	text, _ := c.Query("accept")
	for part := range strings.SplitSeq(text, ",") {
		if part == what {
			return true
		}
	}
	return false
}
