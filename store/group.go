package store

import (
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

const (
	// groupOps and groupBytes bound one commit: enough that many writers share
	// its fixed pages, and no more memory than a small board can spare.
	groupOps   = 64
	groupBytes = 4 << 20
)

// errNothing rolls back a transaction that changed nothing: it is spared the sync.
var errNothing = errors.New("nothing changed")

// op is one Update, or one swap that must be alone.
type op struct {
	fn      func(*Tx) error
	swap    func() error // runs instead of fn, in no group
	payload int

	err    error
	grows  bool      // its Tx added more than a log entry
	vanish bool      // fn ended its goroutine
	wake   chan bool // true: lead; false: done, err is set
}

// queue holds the Updates that wait. The first to arrive leads: it commits what
// is queued, its own first, and hands the lead to the next in line.
type queue struct {
	mu      sync.Mutex // guards waiting and leading
	waiting []*op
	leading bool
}

// Update runs fn in a transaction that is shared with other Updates, and returns
// nil only after the commit is on disk. payload is about how many bytes fn will
// write. When fn returns an error or panics, nothing of it is stored and the
// error is its own. fn may be called more than once, and from another goroutine
// than the caller's; it must depend on nothing but its Tx and its inputs.
func (s *Store) Update(payload int, fn func(*Tx) error) error {
	o := &op{fn: fn, payload: payload, wake: make(chan bool, 1)}
	s.wait(o)
	return o.err
}

// alone runs fn while no Update is under way.
func (s *Store) alone(fn func() error) error {
	o := &op{swap: fn, wake: make(chan bool, 1)}
	s.wait(o)
	return o.err
}

// wait queues o and returns when o is done.
func (s *Store) wait(o *op) {
	s.queue.mu.Lock()
	s.queue.waiting = append(s.queue.waiting, o)
	lead := !s.queue.leading
	s.queue.leading = true
	s.queue.mu.Unlock()
	if lead || <-o.wake {
		s.lead()
	}
}

// lead commits one group, which begins with the caller's own op, and passes on
// the lead, also when a function of the group ends this goroutine.
func (s *Store) lead() {
	group := s.queue.take()
	finished := false
	defer func() {
		own := group[0]
		if !finished {
			group = s.queue.putBack(group)
		}
		for _, o := range group {
			if o != own {
				o.wake <- false
			}
		}
		s.queue.handOver()
	}()
	s.run(group)
	finished = true
}

// take removes the next group from the queue: at least one op, a swap alone.
func (q *queue) take() []*op {
	q.mu.Lock()
	defer q.mu.Unlock()
	n, bytes := 0, 0
	for _, o := range q.waiting {
		if n > 0 && (o.swap != nil || n == groupOps || bytes+o.payload > groupBytes) {
			break
		}
		n++
		bytes += o.payload
		if o.swap != nil {
			break
		}
	}
	group := q.waiting[:n:n]
	q.waiting = q.waiting[n:]
	return group
}

// putBack queues the ops of a broken group again, at the front, and returns the
// one that broke it. The leader's own is given up with its goroutine.
func (q *queue) putBack(group []*op) (over []*op) {
	var again []*op
	for i, o := range group {
		switch {
		case o.vanish:
			o.err = errors.New("the function given to Update ended its goroutine")
			over = append(over, o)
		case i > 0:
			again = append(again, o)
		}
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = append(again, q.waiting...)
	return over
}

func (q *queue) handOver() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) == 0 {
		q.waiting, q.leading = nil, false
		return
	}
	q.waiting[0].wake <- true
}

// run gives every op of the group its result.
func (s *Store) run(group []*op) {
	if s.closed {
		fail(group, ErrClosed)
		return
	}
	if o := group[0]; o.swap != nil {
		o.err = o.swap()
		return
	}
	if err := s.ready(); err != nil {
		fail(group, err)
		return
	}
	// commit shortens its slice, and the group is still needed.
	s.commit(append([]*op(nil), group...), false)
}

func fail(ops []*op, err error) {
	for _, o := range ops {
		o.err = err
	}
}

// ready opens the file again after a commit that failed; nil means writable.
func (s *Store) ready() error {
	if !s.degraded.Load() {
		return nil
	}
	if err := s.reopen(); err != nil {
		return fmt.Errorf("%w: %w", ErrDegraded, err)
	}
	s.degraded.Store(false)
	s.opts.Log.Info("the data file was opened again; writing resumes", "folder", s.opts.Dir)
	return nil
}

// commit stores the ops in one transaction. The failing ones are taken out with
// their own errors; when the commit itself fails for want of room or because of
// damage, each is tried alone, so that none fails for another.
func (s *Store) commit(ops []*op, fromReserve bool) {
	for {
		s.file.allow(fromReserve)
		done, bad, err := s.attempt(ops)
		if bad != nil {
			ops = slices.DeleteFunc(ops, func(o *op) bool { return o == bad })
			continue
		}
		switch {
		case err == nil:
			s.groups.Add(1)
			fallthrough
		case errors.Is(err, errNothing):
			s.operations.Add(int64(len(done)))
		default:
			s.recoverFrom(done, outcome(err), fromReserve)
		}
		return
	}
}

// recoverFrom answers a commit of ops that failed with err.
func (s *Store) recoverFrom(ops []*op, err error, fromReserve bool) {
	s.distrust(err)
	switch {
	case s.degraded.Load():
	case len(ops) > 1:
		for _, o := range ops {
			s.commit([]*op{o}, false)
		}
		return
	case errors.Is(err, ErrFull) && !fromReserve && !ops[0].grows:
		s.commit(ops, true)
		return
	}
	fail(ops, err)
}

// distrust decides what a failed commit says about the open file. Capacity
// reached says nothing. After anything else the map may be gone, or hold what
// the disk does not (a failed sync leaves its pages in memory, marked clean), so
// the file is read again from disk: now when there was only no room, so that
// reading goes on, and else before the next write.
func (s *Store) distrust(err error) {
	switch {
	case errors.Is(err, berrors.ErrMaxSizeReached):
	case errors.Is(err, ErrDegraded):
		s.degraded.Store(true)
		s.opts.Log.Error("writing to the data file failed; writes are refused until it could be opened again",
			"folder", s.opts.Dir, "err", err)
	default:
		s.file.broken = errors.Is(err, ErrDamaged)
		if err := s.reopen(); err != nil {
			s.degraded.Store(true)
			s.opts.Log.Error("the data file could not be opened again; writes are refused", "folder", s.opts.Dir, "err", err)
		}
	}
}

// attempt runs ops in one transaction. done are those that took part in the
// commit, whose error is err; bad is one that failed after it had changed
// something, so that the rest must start over.
func (s *Store) attempt(ops []*op) (done []*op, bad *op, err error) {
	defer caught(&err)
	defer faultsPanic()()
	err = s.file.db.Update(func(btx *bolt.Tx) error {
		dirty := false
		for _, o := range ops {
			tx := &Tx{bolt: btx, seen: &s.file.seen, known: &s.known}
			o.err = o.call(tx)
			o.grows = tx.grows
			switch {
			case o.err == nil:
				done = append(done, o)
				dirty = dirty || tx.dirty
			case tx.dirty:
				bad = o
				return o.err
			}
		}
		if !dirty {
			return errNothing
		}
		return nil
	})
	return done, bad, err
}

// call runs the op's function; its panic is its error, its damage ErrDamaged.
func (o *op) call(tx *Tx) (err error) {
	o.vanish = true
	defer func() {
		if p := recover(); p != nil {
			o.vanish = false
			if err = fmt.Errorf("%w: %v", ErrDamaged, p); !ours(p) {
				err = fmt.Errorf("panic in a transaction: %v\n%s", p, debug.Stack())
			}
		}
	}()
	err = o.fn(tx)
	o.vanish = false
	return structural(err)
}
