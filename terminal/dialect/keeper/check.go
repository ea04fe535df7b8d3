package keeper

import (
	"context"
	"net/http"
	"os"
	"sync"
	"time"

	"portaria/store"
	"portaria/terminal/dialect"
)

// checks is the check that is under way, and the last one.
type checks struct {
	mu    sync.Mutex // guards all below
	state checkState
	last  *report // of the last one that came to its end since the start
}

// checkState is what is told of a check.
type checkState struct {
	progress
	Report *report `json:"check,omitempty"`
}

// report is what a check found.
type report struct {
	Checked       int64    `json:"checked"` // Unix time
	Photos        int      `json:"photos"`
	Users         int      `json:"users"`
	Rows          int      `json:"rows"`
	Entries       int      `json:"log_entries"`
	Bytes         int64    `json:"bytes"`
	Schema        int      `json:"schema"`
	Found         int      `json:"problems_found"`
	Problems      []string `json:"problems"` // the first of them
	DamagedPhotos []int64  `json:"damaged_photos"`
}

// maxTold is how many damaged photos are named.
const maxTold = 1000

func reportOf(r store.Report, now time.Time) *report {
	out := &report{
		Checked: now.Unix(), Photos: r.Photos, Users: r.Users, Rows: r.Rows, Entries: r.Entries,
		Bytes: r.FileBytes, Schema: r.Schema, Found: r.Found, Problems: r.Problems,
		DamagedPhotos: r.Damaged[:min(len(r.Damaged), maxTold)],
	}
	if out.Problems == nil {
		out.Problems = []string{}
	}
	if out.DamagedPhotos == nil {
		out.DamagedPhotos = []int64{}
	}
	return out
}

func (k *checks) set(s checkState) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.state = s
	if s.Report != nil {
		k.last = s.Report
	}
}

func (k *checks) get() (state checkState, last *report) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.state.State == "" {
		return checkState{progress: progress{State: stateNone}}, nil
	}
	return k.state, k.last
}

func (a *API) answerCheck(c *dialect.Call) error {
	state, _ := a.check.get()
	return tell(c, http.StatusOK, state)
}

// makeCheck begins to check a snapshot of the data, while the terminal goes on.
// A backup that waits to be fetched gives way: there is one snapshot at a time.
func (a *API) makeCheck(c *dialect.Call) error {
	told := func(p progress) { a.check.set(checkState{progress: p}) }
	err := a.start(job{
		name: "check",
		begin: func() error {
			a.backup.drop()
			told(running("copying", 0))
			return nil
		},
		work: func(ctx context.Context) error {
			f, err := a.snapshot(ctx, told)
			if err != nil {
				return err
			}
			defer discard(f)
			r, err := a.examine(ctx, f, told)
			if err == nil {
				a.check.set(checkState{progress: progress{State: stateDone}, Report: reportOf(r, a.clock.Now())})
			}
			return err
		},
		end: func(failure string) {
			if failure != "" {
				told(failed(failure))
			}
		},
	})
	if err != nil {
		return err
	}
	state, _ := a.check.get()
	return tell(c, http.StatusAccepted, state)
}

// examine checks the data in f, which nobody writes to.
func (a *API) examine(ctx context.Context, f *os.File, tell func(progress)) (store.Report, error) {
	tell(running("checking", 0))
	last := 0
	return a.options.Check(ctx, f.Name(), func(done, total int) {
		if now := 100 * done / max(total, 1); now != last {
			last = now
			p := running("checking", int64(total))
			p.Done = int64(done)
			tell(p)
		}
	})
}
