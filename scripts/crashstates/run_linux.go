package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"text/tabwriter"
	"time"
)

const dataFolder = "data"

// leaveOut are syncs that a trace can be tried without. Every one of them is
// needed, so each must make states bad.
var leaveOut = []struct {
	name string
	sync func(c *card, e event) bool
}{
	{"every sync", func(*card, event) bool { return true }},
	{"the sync of pages before their meta page", func(c *card, e event) bool { return e.kind == syncFile && !c.fresh(e) && !c.meta(e) }},
	{"the sync of the meta page", func(c *card, e event) bool { return e.kind == syncFile && !c.fresh(e) && c.meta(e) }},
	{"the sync of a fresh file before it is renamed", func(c *card, e event) bool { return e.kind == syncFile && c.fresh(e) }},
	{"the sync of the folder after a file was renamed", func(_ *card, e event) bool { return e.kind == syncFolder && e.name == dataFolder }},
	{"the sync of the folder above", func(_ *card, e event) bool { return e.kind == syncFolder && e.name == "." }},
}

// fresh reports whether the file of a sync has not got its final name yet.
func (c *card) fresh(e event) bool {
	names := make(map[int]string)
	for name, node := range c.names {
		names[node] = name
	}
	for _, m := range c.moves {
		switch {
		case m.kind == link:
			names[m.node] = m.name
		case m.kind == rename && m.node == e.node:
			names[m.node] = m.to
		}
	}
	return strings.HasSuffix(names[e.node], ".new")
}

// meta reports whether the last write before a sync was that of a meta page.
func (c *card) meta(e event) bool {
	for i := len(c.data) - 1; i >= 0; i-- {
		if d := c.data[i]; d.node == e.node {
			return d.kind == write && d.off <= 4096 && len(d.data) == 4096
		}
	}
	return false
}

// tally is what came of one series of states.
type tally struct {
	name   string // of the syncs left out, "" for the real one
	syncs  int
	states int
	bad    int
	first  string // what was wrong with the first bad state
	took   time.Duration
}

// series are all states of a trace.
type series struct {
	events []event
	seed   uint64
	more   int                           // states by chance at each sync
	skip   func(c *card, e event) bool   // syncs that are left out
	each   func(c *card, s state, n int) // is told of each state, and after how many steps
}

// run walks the trace and returns at how many syncs it stopped.
func (s *series) run(ctx context.Context) (syncs int) {
	c := newCard()
	rng := rand.New(rand.NewPCG(s.seed, 1))
	acked := 0
	stop := func() {
		syncs++
		for _, st := range c.states(rng, s.more) {
			if ctx.Err() != nil {
				return
			}
			s.each(c, st, acked)
		}
	}
	for _, e := range s.events {
		switch e.kind {
		case ack:
			acked = e.acks
			continue
		case syncFile, syncFolder:
			stop()
			if s.skip != nil && s.skip(c, e) {
				continue
			}
		}
		c.take(e)
	}
	stop()
	return syncs
}

// try tries the states of a series. A control ends with the first bad one.
func (s *series) try(ctx context.Context, j *judge, control bool) tally {
	ctx, enough := context.WithCancel(ctx)
	defer enough()
	var t tally
	started := time.Now()
	trials := make(chan trial)
	var laid atomic.Int64
	s.each = func(c *card, st state, acked int) {
		t.states++
		done := make(chan struct{})
		select {
		case trials <- trial{t.states, acked, func(dir string) error {
			defer close(done)
			laid.Add(1)
			return c.lay(dir, st)
		}}:
			<-done // the card goes on only when the state has been laid out
		case <-ctx.Done():
		}
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		j.tryAll(runtime.GOMAXPROCS(0), trials, func(tr trial, err error) {
			t.bad++
			if t.first == "" {
				t.first = fmt.Sprintf("state %d: %v", tr.number, err)
			}
			if control {
				enough()
			}
		})
	}()
	t.syncs = s.run(ctx)
	close(trials)
	<-ended
	t.states = int(laid.Load())
	t.took = time.Since(started)
	return t
}

// run records a workload of so many steps, which command does in the folder
// named by its last argument, and tries at least so many states.
func run(ctx context.Context, steps, states int, seed uint64, command func(dir string, steps int) []string) (tallies []tally, err error) {
	parent := "/dev/shm"
	if _, err := os.Stat(parent); err != nil {
		parent = os.TempDir()
	}
	scratch, err := os.MkdirTemp(parent, "portaria-states-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(scratch)) }()
	root := filepath.Join(scratch, "root")
	if err := os.Mkdir(root, 0o700); err != nil {
		return nil, err
	}
	events, err := record(root, command(filepath.Join(root, dataFolder), steps)...)
	if err != nil {
		return nil, err
	}
	j := &judge{scratch: scratch}
	for n := range steps + 1 {
		j.worlds = append(j.worlds, after(n))
	}
	if n := countAcks(events); n != steps {
		return nil, fmt.Errorf("the trace has %d acknowledgements, want %d", n, steps)
	}

	s := &series{events: events, seed: seed}
	// Listing states costs next to nothing, so as many as are wanted are found by
	// trying: how many of those by chance are alike is up to the trace.
	for listed := 0; listed < states; s.more += 1 + s.more/4 {
		listed = 0
		s.each = func(*card, state, int) { listed++ }
		s.run(ctx)
		if listed >= states || ctx.Err() != nil {
			break
		}
	}

	for _, l := range leaveOut {
		control := &series{events: events, seed: seed, more: 8, skip: l.sync}
		t := control.try(ctx, j, true)
		t.name = l.name
		tallies = append(tallies, t)
	}
	tallies = append(tallies, s.try(ctx, j, false))
	return tallies, ctx.Err()
}

func countAcks(events []event) (n int) {
	for _, e := range events {
		if e.kind == ack {
			n = e.acks
		}
	}
	return n
}

// verdict is an error when a state was bad, or when none was without a sync that
// is needed.
func verdict(tallies []tally, states int) error {
	var errs []error
	for _, t := range tallies {
		switch {
		case t.name != "" && t.bad == 0:
			errs = append(errs, fmt.Errorf("without %s none of %d states is bad", t.name, t.states))
		case t.name == "" && t.bad > 0:
			errs = append(errs, fmt.Errorf("%d of %d states are bad, the first: %s", t.bad, t.states, t.first))
		case t.name == "" && t.states < states:
			errs = append(errs, fmt.Errorf("%d states, want %d", t.states, states))
		}
	}
	return errors.Join(errs...)
}

func writeTable(w io.Writer, tallies []tally) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "left out\tsyncs\tstates\tbad\ts\tthe first bad one")
	for _, y := range tallies {
		name := y.name
		if name == "" {
			name = "nothing"
		}
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%.0f\t%.60s\n", name, y.syncs, y.states, y.bad, y.took.Seconds(), strings.ReplaceAll(y.first, "\n", " "))
	}
	return t.Flush()
}
