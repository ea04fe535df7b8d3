package dialect

import (
	"context"
	"errors"
	"slices"
	"sync"
)

// What a Room refuses. ErrNoRoom is also for bodies that find no place.
var (
	ErrTooLong = errors.New("answer over the room for all answers")
	ErrNoRoom  = errors.New("no room for a long body")
)

// blockSize is the unit of a Room.
const blockSize = 64 << 10

type block [blockSize]byte

// Room is the memory that long answers may take together, from the moment they
// outgrow a response's own buffer until the last byte is on its way. It is
// safe for concurrent use.
type Room struct {
	blocks int // in all
	pool   sync.Pool

	mu      sync.Mutex // guards all below
	free    int
	waiting []*waiter // served in order
}

type waiter struct {
	blocks  int
	granted chan struct{}
}

// NewRoom returns a room of so many bytes.
func NewRoom(bytes int) *Room {
	r := &Room{blocks: max(bytes/blockSize, 1)}
	r.free = r.blocks
	r.pool.New = func() any { return new(block) }
	return r
}

// Free tells how many bytes are not taken.
func (r *Room) Free() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.free * blockSize
}

// acquire waits until so many blocks are free and takes them. It fails only
// with ctx.
func (r *Room) acquire(ctx context.Context, blocks int) error {
	r.mu.Lock()
	if len(r.waiting) == 0 && r.free >= blocks {
		r.free -= blocks
		r.mu.Unlock()
		return nil
	}
	w := &waiter{blocks, make(chan struct{})}
	r.waiting = append(r.waiting, w)
	r.mu.Unlock()
	select {
	case <-w.granted:
		return nil
	case <-ctx.Done():
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if i := slices.Index(r.waiting, w); i >= 0 {
		r.waiting = slices.Delete(r.waiting, i, i+1)
	} else {
		r.free += blocks // granted in the same moment
	}
	r.grant() // w may have been in the way of others
	return ctx.Err()
}

// take takes one more block without waiting. An answer that has none yet does
// not overtake those that wait.
func (r *Room) take(first bool) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.free == 0 || (first && len(r.waiting) > 0) {
		return false
	}
	r.free--
	return true
}

func (r *Room) release(blocks int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.free += blocks
	r.grant()
}

// grant serves those who wait, in order, as far as the room goes; mu is held.
func (r *Room) grant() {
	for len(r.waiting) > 0 && r.waiting[0].blocks <= r.free {
		w := r.waiting[0]
		r.waiting = slices.Delete(r.waiting, 0, 1)
		r.free -= w.blocks
		close(w.granted)
	}
}
