package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"portaria/store"
	"portaria/store/storetest/disk"
)

const (
	cardSize = 128 << 20
	xfsSize  = 1 << 30
)

// plant is what all methods share.
type plant struct {
	bench   *disk.Bench
	program string // the terminal
	control string // the same, never syncing
	album   *album
	seed    uint64
	say     func(format string, args ...any)
}

// method is a way of cutting the power.
type method struct {
	name string
	cut  func(p *plant, ctx context.Context, r *result) error
	// blind says why the control can lose nothing, where it cannot.
	blind string
}

var methods = []method{
	{"block snapshot", (*plant).snapshots, ""},
	{"file system shutdown", (*plant).shutdowns, ""},
	{"first boot", (*plant).firstBoots, ""},
	{"kill -9", (*plant).kills, "the kernel lives on and writes everything"},
}

// pause lets clients work for a random time.
func pause(ctx context.Context, rng *rand.Rand, least, most time.Duration) error {
	select {
	case <-time.After(least + time.Duration(rng.Int64N(int64(most-least)))):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// workload is a pause in which something was acknowledged: on a machine that is
// busy with other things the time alone would not do.
func workload(ctx context.Context, rng *rand.Rand, l *ledger, least, most time.Duration) error {
	if err := pause(ctx, rng, least, most); err != nil {
		return err
	}
	deadline := time.After(startTime)
	for !l.busy() {
		select {
		case <-time.After(time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		case <-deadline:
			return fmt.Errorf("nothing was acknowledged for %v", startTime)
		}
	}
	return nil
}

// shift is clients at work.
type shift struct {
	stop  chan struct{}
	dying atomic.Bool
	done  chan error
}

func (c *crowd) start(t *terminal, seed uint64) *shift {
	s := &shift{stop: make(chan struct{}), done: make(chan error, 1)}
	go func() { s.done <- c.work(t, s.stop, seed, &s.dying) }()
	return s
}

// snapshots copies the disk, at an instant, from under a terminal that goes on.
// A copy holds what the file system had sent to its disk by then.
func (p *plant) snapshots(ctx context.Context, r *result) (err error) {
	shelf, err := p.bench.XFS("shelf", xfsSize)
	if err != nil {
		return err
	}
	if err := shelf.Mount(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, shelf.Unmount()) }()
	live, err := p.bench.Ext4On(shelf.Dir, "live", cardSize)
	if err != nil {
		return err
	}
	if err := live.Mount(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, live.Unmount()) }()
	copied := &disk.Disk{Image: filepath.Join(shelf.Dir, "copy.img"), Dir: filepath.Join(p.bench.Dir, "copy")}
	if err := os.MkdirAll(copied.Dir, 0o700); err != nil {
		return err
	}

	c := &crowd{album: p.album, ledger: newLedger()}
	t, err := p.first(c, r, filepath.Join(live.Dir, "data"))
	if err != nil {
		return err
	}
	defer t.kill()
	s := c.start(t, p.seed)
	for range r.want {
		if err = workload(ctx, r.rng, c.ledger, 20*time.Millisecond, 120*time.Millisecond); err != nil {
			break
		}
		owed := c.ledger.acknowledged()
		if err = disk.Clone(live.Image, copied.Image); err != nil {
			break
		}
		c.ledger.extend(owed)
		r.count(c.ledger.take())
		if err = p.judgeCopy(r, copied, owed); err != nil {
			break
		}
	}
	close(s.stop)
	return errors.Join(err, <-s.done)
}

// judgeCopy starts a terminal on a copied disk.
func (p *plant) judgeCopy(r *result, copied *disk.Disk, owed *promise) (err error) {
	if err := copied.Mount(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, copied.Unmount(), os.Remove(copied.Image)) }()
	data := filepath.Join(copied.Dir, "data")
	t, _, err := p.judge(r, p.program, data, owed)
	if t == nil {
		return err
	}
	t.kill()
	report, checkErr := store.Check(context.Background(), data, nil)
	for _, problem := range report.Problems {
		r.bad("check: %s", problem)
	}
	return errors.Join(err, checkErr)
}

// shutdowns lets the file system itself forget what was not forced out, under a
// terminal that notices.
func (p *plant) shutdowns(ctx context.Context, r *result) (err error) {
	d, err := p.bench.Ext4("shutdown", cardSize)
	if err != nil {
		return err
	}
	if err := d.Mount(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Unmount()) }()
	c := &crowd{album: p.album, ledger: newLedger()}
	data := filepath.Join(d.Dir, "data")
	t, err := p.first(c, r, data)
	if err != nil {
		return err
	}
	defer func() { t.kill() }()
	for n := range r.want {
		s := c.start(t, p.seed+uint64(n))
		err := workload(ctx, r.rng, c.ledger, 0, 150*time.Millisecond)
		s.dying.Store(true)
		if err = errors.Join(err, d.Cut()); err != nil {
			t.kill()
			return errors.Join(err, <-s.done)
		}
		// Every client works on until it is refused, so that an answer that
		// nothing stands behind would be noticed.
		if err := <-s.done; err != nil {
			return err
		}
		select {
		case <-t.ended:
			r.bad("the terminal ended when its disk failed: %s", t.log)
		default:
		}
		t.kill()
		if err := errors.Join(d.Unmount(), d.Mount()); err != nil {
			return err
		}
		if t, err = p.next(c, r, data); err != nil {
			return err
		}
	}
	return nil
}

// firstBoots cuts the power within the first 100 ms of the first start on a new
// disk. The control is given the time to acknowledge something.
func (p *plant) firstBoots(ctx context.Context, r *result) error {
	for n := range r.want {
		d, err := p.bench.Ext4("first", 64<<20)
		if err != nil {
			return err
		}
		if err := d.Mount(); err != nil {
			return err
		}
		if err := errors.Join(p.firstBoot(ctx, r, d, uint64(n)), d.Unmount()); err != nil {
			return err
		}
	}
	return nil
}

func (p *plant) firstBoot(ctx context.Context, r *result, d *disk.Disk, n uint64) error {
	c := &crowd{album: p.album, ledger: newLedger()}
	c.ledger.settle(map[item]string{{account, 0}: factoryPassword})
	data := filepath.Join(d.Dir, "data")
	t, ready, err := launch(r.program, data, p.bench.Dir)
	if err != nil {
		return err
	}
	defer func() { t.kill() }()
	s := &shift{stop: make(chan struct{}), done: make(chan error, 1)}
	go func() {
		if t.await(ready) == nil {
			if ok, err := t.login(factoryPassword); err == nil && ok {
				s.done <- c.work(t, s.stop, p.seed+n, &s.dying)
				return
			}
		}
		s.done <- nil
	}()
	if r.control {
		err = workload(ctx, r.rng, c.ledger, 50*time.Millisecond, 150*time.Millisecond)
	} else {
		err = pause(ctx, r.rng, 0, 100*time.Millisecond)
	}
	s.dying.Store(true)
	if err = errors.Join(err, d.Cut()); err != nil {
		return err
	}
	t.kill()
	if err := errors.Join(<-s.done, d.Unmount(), d.Mount()); err != nil {
		return err
	}
	t2, err := p.next(c, r, data)
	if err != nil {
		return err
	}
	t2.kill()
	return nil
}

// kills ends the process in the middle of its work; the file system lives.
func (p *plant) kills(ctx context.Context, r *result) error {
	c := &crowd{album: p.album, ledger: newLedger()}
	data := filepath.Join(p.bench.Dir, fmt.Sprintf("killed-%t", r.control))
	t, err := p.first(c, r, data)
	if err != nil {
		return err
	}
	defer func() { t.kill() }()
	for n := range r.want {
		s := c.start(t, p.seed+uint64(n))
		err := pause(ctx, r.rng, 0, 200*time.Millisecond)
		t.kill()
		if err := errors.Join(err, <-s.done); err != nil {
			return err
		}
		if t, err = p.next(c, r, data); err != nil {
			return err
		}
	}
	return nil
}

// first starts a terminal that owes nothing yet.
func (p *plant) first(c *crowd, r *result, data string) (*terminal, error) {
	c.ledger.settle(map[item]string{{account, 0}: factoryPassword})
	t, err := start(r.program, data, p.bench.Dir)
	if err != nil {
		return nil, err
	}
	if ok, err := t.login(factoryPassword); err != nil || !ok {
		t.kill()
		return nil, fmt.Errorf("a new terminal does not take the factory's password: %w", err)
	}
	return t, nil
}

// next starts the terminal after a cut, judges what it has and lets clients go
// on from there.
func (p *plant) next(c *crowd, r *result, data string) (*terminal, error) {
	r.count(c.ledger.take())
	t, found, err := p.judge(r, r.program, data, c.ledger.acknowledged())
	if t == nil && err == nil {
		// It does not start, or nobody gets in: go on with a new one.
		if err := os.RemoveAll(data); err != nil {
			return nil, err
		}
		c.ledger.settle(nil)
		return p.first(c, r, data)
	}
	if err == nil {
		c.ledger.settle(found)
	}
	return t, err
}

// judge starts program on what a cut has left and compares. A terminal that does
// not start, or that no password opens, is counted, and none is returned.
func (p *plant) judge(r *result, program, data string, owed *promise) (*terminal, map[item]string, error) {
	r.cuts++
	t, err := start(program, data, p.bench.Dir)
	if err != nil {
		r.failedStarts++
		r.bad("start: %v", err)
		return nil, nil, nil
	}
	if aside, _ := filepath.Glob(filepath.Join(data, "*.damaged-*")); len(aside) > 0 {
		r.bad("set aside: %v", aside)
	}
	found, err := inventory(t, p.album, owed.passwords())
	if err != nil && !errors.Is(err, errNoPassword) {
		t.kill()
		return nil, nil, fmt.Errorf("cut %d: %w\n%s", r.cuts, err, t.log)
	}
	b := owed.compare(found)
	r.found(b)
	if err != nil {
		t.kill()
		return nil, nil, nil
	}
	return t, found, nil
}
