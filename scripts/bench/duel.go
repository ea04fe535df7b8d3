//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"
)

// contestant is a program that answers the same requests as the others. Start
// returns it with the requests to send.
type contestant struct {
	name  string
	start func(context.Context) (*server, error)
}

const (
	portariaName = "portaria"
	plainName    = "net/http"
	nginxName    = "nginx"
)

// duel measures the CPU time of each contestant per request, at each number
// of connections.
type duel struct {
	contestants []contestant
	connections []int
	rounds      int
	window      time.Duration

	nanos   map[string]map[int][]float64 // by contestant and connections, one per round
	answers int64
}

// settle is how long the connections run before they count.
const settle = 50 * time.Millisecond

// newDuel is a duel of many short rounds: the machine is not equally fast from
// second to second, and in each round all contestants meet the same machine.
func (b *bench) newDuel(connections ...int) *duel {
	return &duel{
		connections: connections,
		rounds:      either(b, 15, 3),
		window:      either(b, 250*time.Millisecond, 100*time.Millisecond),
		nanos:       make(map[string]map[int][]float64),
	}
}

// run has the contestants take turns; whose turn it is not waits idle.
func (d *duel) run(ctx context.Context, b *bench) (err error) {
	if _, loadSide, ok := b.cpus.split(); ok {
		if err := bindSelf(loadSide); err != nil {
			return err
		}
		before := runtime.GOMAXPROCS(1)
		defer func() {
			runtime.GOMAXPROCS(before)
			err = errors.Join(err, bindSelf(b.cpus))
		}()
	}
	servers := make([]*server, len(d.contestants))
	for i, c := range d.contestants {
		d.nanos[c.name] = make(map[int][]float64)
		if servers[i], err = c.start(ctx); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		defer func() { err = errors.Join(err, servers[i].stop()) }()
		if err := servers[i].askAll(); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
	}
	for round := range d.rounds {
		for _, connections := range d.connections {
			for turn := range d.contestants {
				i := (round + turn) % len(d.contestants) // nobody always follows the same one
				if err := d.hold(ctx, d.contestants[i].name, servers[i], connections); err != nil {
					return fmt.Errorf("%s: %w", d.contestants[i].name, err)
				}
			}
		}
		progress("round %d of %d: %s", round+1, d.rounds, d.last())
	}
	return nil
}

// hold measures one contestant at one number of connections.
func (d *duel) hold(ctx context.Context, name string, s *server, connections int) error {
	l, err := s.newLoad(connections)
	if err != nil {
		return err
	}
	defer l.close()
	if _, err := l.run(ctx, settle); err != nil {
		return err
	}
	before, err := cpuTime(s.cmd.Process.Pid)
	if err != nil {
		return err
	}
	answers, err := l.run(ctx, d.window)
	if err != nil {
		return err
	}
	after, err := cpuTime(s.cmd.Process.Pid)
	if err != nil {
		return err
	}
	d.nanos[name][connections] = append(d.nanos[name][connections], float64(after-before)/float64(answers))
	d.answers += answers
	return nil
}

// last is the round that just ended, in words.
func (d *duel) last() string {
	var words []string
	for _, c := range d.contestants {
		for _, connections := range d.connections {
			figures := d.nanos[c.name][connections]
			words = append(words, fmt.Sprintf("%s/%d %s", c.name, connections, micros(figures[len(figures)-1])))
		}
	}
	return strings.Join(words, ", ")
}

// row compares the terminal with another contestant.
func (d *duel) row(connections int, anchor string, most float64) row {
	return compare(fmt.Sprintf("%d connections", connections), micros,
		d.nanos[portariaName][connections], d.nanos[anchor][connections], anchor, goal{ratio: most})
}

// note says how the figures came about.
func (d *duel) note(b *bench) string {
	where := "server and load share the one processor"
	if _, _, ok := b.cpus.split(); ok {
		where = "the server has one processor, the load another"
	}
	return fmt.Sprintf("%s, in turns; %d answers, each of the right status and length; %s", rounded(d.rounds), d.answers, where)
}
