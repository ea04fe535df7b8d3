package dialect

import (
	"context"
	"errors"
	"io"
	"time"
)

// RoomTime is how long an answer waits for room before it is given up.
const RoomTime = 20 * time.Second

// keptTail is the largest buffer that a long answer keeps using.
const keptTail = 1 << 20

// errMoreRoom ends an attempt that could not have another block.
var errMoreRoom = errors.New("another block is wanted")

// Answer is a body of any length. It is written by appending to Tail and
// calling Settle now and then: what has grown long moves on to blocks of a
// Room, so that a long answer is never moved again and holds no more than its
// share. A Call sends it, and gives each block back once it is written.
type Answer struct {
	Tail []byte

	claim  *claim
	blocks []*block // all but the last are full
	last   int      // bytes in the last block
	read   int      // bytes of the first block that Read has handed out
}

// claim is what the parts of one answer hold of a room.
type claim struct {
	room     *Room
	reserved int  // blocks that were granted and are not in use
	used     int  // blocks in use
	written  bool // what is not in use any more goes back to the room
}

// Compose answers with status and what write writes, however long that is. When
// room is short, everything is given back before the wait, and write starts
// anew: what it reads from is never held meanwhile. Errors are write's own,
// ErrTooLong and ErrNoRoom; nothing is answered then.
func (c *Call) Compose(room *Room, status int, contentType string, write func(*Answer) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), RoomTime)
	defer cancel()
	buffer := c.Buffer()
	for reserve := 0; ; {
		if reserve > 0 && room.acquire(ctx, reserve) != nil {
			return ErrNoRoom
		}
		a := &Answer{Tail: buffer[:0], claim: &claim{room: room, reserved: reserve}}
		err := a.attempt(write)
		if err == nil {
			c.sendAnswer(status, contentType, a)
			return nil
		}
		held := a.claim.drop()
		switch {
		case !errors.Is(err, errMoreRoom):
			return err
		case held == room.blocks:
			return ErrTooLong
		}
		// Twice as much each time; with the whole room it runs alone.
		buffer, reserve = a.Tail, min(max(2*held, 1), room.blocks)
	}
}

func (c *Call) sendAnswer(status int, contentType string, a *Answer) {
	if len(a.blocks) == 0 {
		c.Send(status, contentType, a.Tail)
		return
	}
	length := a.Len()
	c.Send(status, contentType, a.Tail) // the buffer goes back to the response
	a.Tail = nil
	c.ctx.Response.SetBodyStream(a, length)
}

// attempt runs write once. A panic of it leaves nothing claimed.
func (a *Answer) attempt(write func(*Answer) error) (err error) {
	ended := false
	defer func() {
		if !ended {
			a.claim.drop()
		}
	}()
	err = write(a)
	if err == nil && len(a.blocks) > 0 {
		err = a.spill()
	}
	if err == nil {
		a.claim.settle()
	}
	ended = true
	return err
}

// Part begins a body beside a, for what has to be written before it can become
// part of a. It draws on the same share of the room.
func (a *Answer) Part() *Answer { return &Answer{claim: a.claim} }

// Settle makes place in Tail when it has grown long. Its error ends the
// attempt and must be handed on.
func (a *Answer) Settle() error {
	if len(a.Tail) < blockSize {
		return nil
	}
	return a.spill()
}

// spill moves Tail to blocks.
func (a *Answer) spill() error {
	for rest := a.Tail; len(rest) > 0; {
		if len(a.blocks) == 0 || a.last == blockSize {
			b := a.claim.block()
			if b == nil {
				return errMoreRoom
			}
			a.blocks, a.last = append(a.blocks, b), 0
		}
		n := copy(a.blocks[len(a.blocks)-1][a.last:], rest)
		a.last, rest = a.last+n, rest[n:]
	}
	if a.Tail = a.Tail[:0]; cap(a.Tail) > keptTail {
		a.Tail = nil
	}
	return nil
}

// Write implements io.Writer.
func (a *Answer) Write(p []byte) (int, error) {
	a.Tail = append(a.Tail, p...)
	return len(p), a.Settle()
}

// Len is the length of the body.
func (a *Answer) Len() int {
	n := len(a.Tail) - a.read
	if len(a.blocks) > 0 {
		n += (len(a.blocks)-1)*blockSize + a.last
	}
	return n
}

// WriteTo implements io.WriterTo and empties a.
func (a *Answer) WriteTo(w io.Writer) (written int64, err error) {
	for len(a.blocks) > 0 {
		n, err := w.Write(a.first())
		written += int64(n)
		if err != nil {
			return written, err
		}
		a.drop()
	}
	n, err := w.Write(a.Tail)
	a.Tail = a.Tail[:0]
	return written + int64(n), err
}

// Read implements io.Reader and empties a. It is for an answer that is in
// blocks altogether.
func (a *Answer) Read(p []byte) (int, error) {
	if len(a.blocks) == 0 {
		return 0, io.EOF
	}
	n := copy(p, a.first())
	if a.read += n; len(a.first()) == 0 {
		a.drop()
	}
	return n, nil
}

// first is what has not been read of the first block.
func (a *Answer) first() []byte {
	if len(a.blocks) == 1 {
		return a.blocks[0][a.read:a.last]
	}
	return a.blocks[0][a.read:]
}

// drop gives the first block back.
func (a *Answer) drop() {
	a.claim.give(a.blocks[0])
	a.blocks[0] = nil
	a.blocks, a.read = a.blocks[1:], 0
}

// Close implements io.Closer: it gives back what has not been written.
func (a *Answer) Close() error {
	for len(a.blocks) > 0 {
		a.drop()
	}
	return nil
}

// block takes a block, or returns nil when there is none left.
func (k *claim) block() *block {
	switch {
	case k.reserved > 0:
		k.reserved--
	case !k.room.take(k.used == 0):
		return nil
	}
	k.used++
	return k.room.pool.Get().(*block)
}

// give gives a block back: to the room, or while the answer is being written,
// for its other parts. After drop there is nothing to account for.
func (k *claim) give(b *block) {
	k.room.pool.Put(b)
	switch {
	case k.used == 0:
	case k.written:
		k.used--
		k.room.release(1)
	default:
		k.used--
		k.reserved++
	}
}

// settle ends the writing: what was reserved beyond need goes back.
func (k *claim) settle() {
	k.written = true
	k.room.release(k.reserved)
	k.reserved = 0
}

// drop gives everything back and tells how many blocks that were. The blocks
// themselves go to the garbage collector: somebody may still look at them.
func (k *claim) drop() (held int) {
	held = k.used + k.reserved
	k.used, k.reserved = 0, 0
	k.room.release(held)
	return held
}
