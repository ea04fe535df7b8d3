package keeper

import (
	"errors"
	"net/http"
	"sync"
	"time"

	"portaria/store"
	"portaria/terminal/dialect"
	"portaria/terminal/dialect/jsondoc"
)

// What a look at the disk may cost: anybody may ask for it.
const (
	healthKept = time.Second      // an answer is given again for so long
	healthWait = 10 * time.Second // a disk that has not answered by then is dead
)

// What is told to anybody. The details are for the log.
const (
	textCannotWrite = "the terminal cannot write safely"
	textDamagedData = "the terminal's data is damaged"
	textCannotRead  = "the terminal cannot read its data"
	textDiskHangs   = "the terminal's disk does not answer"
)

// health remembers how the terminal was when somebody looked last.
type health struct {
	mu      sync.Mutex // guards all below
	looking bool       // somebody waits for the disk
	since   time.Time  // the mark when that one, or the last one, began
	looked  bool       // problem is known
	problem string     // empty: none
}

// answerHealth tells whether the terminal works, to anybody, with nothing else
// in it.
func (a *API) answerHealth(c *dialect.Call) error {
	now := a.clock.Mark()
	a.backup.sweep(now) // whoever watches a terminal asks for this
	a.restore.sweep(now)
	problem := a.look()
	if problem == "" {
		c.Send(http.StatusOK, typeJSON, append(c.Buffer(), `{"status":"ok"}`...))
		return nil
	}
	body := append(c.Buffer(), `{"status":"degraded","error":`...)
	c.Send(http.StatusServiceUnavailable, typeJSON, append(jsondoc.AppendString(body, problem), '}'))
	return nil
}

// look is what is wrong, in a sentence for anybody. One caller at a time asks
// the disk; the others are told what the last one found, until that one has
// waited for too long.
func (a *API) look() string {
	h := &a.health
	now := a.clock.Mark()
	h.mu.Lock()
	age := now.Sub(h.since)
	switch {
	case h.looking && age > healthWait:
		h.mu.Unlock()
		return textDiskHangs
	case h.looked && (h.looking || age < healthKept):
		defer h.mu.Unlock()
		return h.problem
	}
	if !h.looking {
		h.looking, h.since = true, now
	}
	h.mu.Unlock()

	err := a.device.Probe()
	problem := healthText(err)

	h.mu.Lock()
	defer h.mu.Unlock()
	if problem != h.problem {
		a.log.Warn("the terminal's health has changed", "problem", problem, "err", err)
	}
	h.looking, h.looked, h.problem = false, true, problem
	return problem
}

func healthText(err error) string {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, store.ErrDegraded):
		return textCannotWrite
	case errors.Is(err, store.ErrDamaged):
		return textDamagedData
	}
	return textCannotRead
}
