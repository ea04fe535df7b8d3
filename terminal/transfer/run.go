package transfer

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"
)

// patience is how many people in a row may fail before the run gives up: the
// other end is gone, and every one of them has been tried several times.
const patience = 20

// logoutTime is how long saying goodbye may take.
const logoutTime = 5 * time.Second

// Run copies what there is to copy. A person who is refused or fails is in the
// report and no error; an error means that the run did not come to its end,
// and the report tells how far it came. When ctx ends, photos on their way
// arrive, and the next run goes on from there.
func (t Transfer) Run(ctx context.Context) (Report, error) {
	r := &run{transfer: &t}
	if err := t.complete(); err != nil {
		return r.report, err
	}
	w := newWire(&t)
	defer w.close()
	var err error
	if r.source, err = t.source(w); err != nil {
		return r.report, err
	}
	defer goodbye(ctx, r.source.close)
	if r.target, err = t.target(w); err != nil {
		return r.report, err
	}
	defer goodbye(ctx, r.target.close)
	if r.state, err = openState(t.State, t.From.name(), t.To.name(), t.DryRun); err != nil {
		return r.report, err
	}
	return r.report, errors.Join(r.run(ctx), r.state.close())
}

func goodbye(ctx context.Context, closing func(context.Context)) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), logoutTime)
	defer cancel()
	closing(ctx)
}

// name is what the state knows an end by.
func (e Endpoint) name() string {
	if e.Kind == Folder || e.Kind == Zip {
		if path, err := filepath.Abs(e.Where); err == nil {
			return path
		}
		return e.Where
	}
	base, err := address(e.Where, securidRoot, bpmRoot, netexRoot)
	if err != nil {
		return e.Where
	}
	return string(e.Kind) + " " + base
}

// run is a Transfer under way.
type run struct {
	transfer *Transfer
	source   source
	target   target
	state    *state
	report   Report
}

// job is a person with a place at the target.
type job struct {
	person person
	place  place
}

// end is an outcome and what the state keeps of it.
type end struct {
	outcome Outcome
	version string
}

func (r *run) run(ctx context.Context) error {
	people, err := r.source.people(ctx)
	if err != nil {
		return fmt.Errorf("source: %w", err)
	}
	if err := r.target.open(ctx); err != nil {
		return fmt.Errorf("target: %w", err)
	}
	jobs, known := r.plan(people)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	ends := make(chan end)
	go func() {
		defer close(ends)
		for _, o := range known {
			ends <- end{outcome: o}
		}
		r.work(ctx, jobs, ends)
	}()
	total, failures := len(people), 0
	for e := range ends {
		r.take(e, total, cancel)
		if e.outcome.Result != Failed {
			failures = 0
			continue
		}
		failures++
		if errors.Is(e.outcome.Err, ErrLogin) {
			cancel(e.outcome.Err)
		} else if failures == patience {
			cancel(fmt.Errorf("%w after %d failures in a row: %w", ErrGaveUp, failures, e.outcome.Err))
		}
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

// take notes an outcome. A state that cannot be written ends the run: what it
// forgets would be sent again each time.
func (r *run) take(e end, total int, stop func(error)) {
	if e.version != "" {
		if err := r.state.remember(e.outcome.User, e.version); err != nil {
			stop(err)
		}
	}
	r.report.add(e.outcome)
	if r.transfer.Watch != nil {
		r.transfer.Watch(Progress{Done: r.report.People(), Total: total, Last: e.outcome})
	}
}

// plan finds everybody's place, and whose outcome is known without a photo.
func (r *run) plan(people []person) (jobs []job, known []Outcome) {
	taken := map[string]string{}
	for _, p := range people {
		o := Outcome{Who: p.who}
		switch {
		case p.left:
			o.Result = Left
		case p.noPhoto:
			o.Result = NoPhoto
		default:
			place, err := r.target.place(p)
			o.User = place.user
			who := place.user
			if who == "" {
				who = "registration " + p.registration
			}
			if err == nil && taken[who] != "" {
				err = refuse("the same user as %s", taken[who])
			}
			switch {
			case err != nil:
				o.Result, o.Err = Refused, err
			case r.isKept(p.version, place):
				o.Result = Unchanged
				taken[who] = p.who
			default:
				taken[who] = p.who
				jobs = append(jobs, job{p, place})
				continue
			}
		}
		known = append(known, o)
	}
	return jobs, known
}

// isKept tells whether the target has this version from an earlier run.
func (r *run) isKept(version string, at place) bool {
	return version != "" && !at.missing && r.state.version(at.user) == version && r.target.has(at.user)
}

// work spreads the jobs over workers and waits for them.
func (r *run) work(ctx context.Context, jobs []job, ends chan<- end) {
	queue := make(chan []job)
	var workers sync.WaitGroup
	for range r.transfer.Parallel {
		workers.Go(func() {
			w := worker{run: r, ends: ends}
			for group := range queue {
				w.carry(ctx, group)
			}
			w.deliver(ctx)
		})
	}
	size := groupSize(len(jobs), r.transfer.Parallel)
	for len(jobs) > 0 && ctx.Err() == nil {
		n := min(size, len(jobs))
		select {
		case queue <- jobs[:n]:
			jobs = jobs[n:]
		case <-ctx.Done():
		}
	}
	close(queue)
	workers.Wait()
}

// groupSize is how many people a worker takes at a time: as many as one
// question brings, fewer when there would not be enough for all.
func groupSize(jobs, workers int) int {
	return max(1, min(asked, jobs/workers))
}
