// Package update takes a signed bundle piece by piece into the slot that does
// not run, and keeps the note that tells the next start how a trial of it
// went. It never touches the slot that runs nor the firmware's choice of slot:
// cut off at any moment, it leaves a machine that starts as before.
package update

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"

	"portaria/scripts/image/bundle"
	"portaria/scripts/image/card"
)

// MaxPiece is the most that one call may bring.
const MaxPiece = 1 << 20

// maxTotal is the longest bundle that a slot could come from.
const maxTotal = card.SlotSize + card.SlotSize/1000 + 2*bundle.MaxHead

// The ways in which a piece is not taken. After ErrOffset and ErrBusy the
// update goes on; after any other error it has to begin anew.
var (
	ErrOffset = errors.New("this is not the piece that comes next")
	ErrBusy   = errors.New("another piece is being written")
	ErrTrial  = errors.New("this system is on trial itself; it takes an update when it has proved healthy")
	ErrNoKeys = errors.New("this system takes no updates: its image was built without a key")
	ErrOlder  = errors.New("the update is older than what runs")
	ErrSize   = errors.New("the size is not that of the update")
	ErrSlot   = errors.New("the card did not take the update")
)

// The states of an update.
const (
	None      = "none"
	Receiving = "receiving"
	Ready     = "ready"
	Trying    = "trying"
	Failed    = "failed"
)

// Status is how an update stands.
type Status struct {
	State    string `json:"state"`
	Received int64  `json:"received"`
	Size     int64  `json:"size"`
	Version  string `json:"version"`
	Error    string `json:"error"`
}

// Slot is the partition that an update is written to.
type Slot interface {
	io.WriterAt
	io.ReaderAt
	// Sync returns when everything is on the medium, and has reads come from
	// there from now on.
	Sync() error
	io.Closer
}

// Receiver receives one update at a time.
type Receiver struct {
	Keys    []ed25519.PublicKey
	Running card.Info
	// Blocked says why there can be no update now; nil: there can.
	Blocked func() error
	Open    func() (Slot, error) // the slot that does not run
	Log     *slog.Logger

	busy sync.Mutex // held while a piece is written
	unpk *unpacking // guarded by busy
	head []byte     // guarded by busy; what came before the head was whole
	told bundle.Head

	mu     sync.Mutex // guards status
	status Status
}

// Status is how the update stands.
func (r *Receiver) Status() Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.status
	if s.State == "" {
		s.State = None
	}
	return s
}

// Set says how an update stands that was tried before this start.
func (r *Receiver) Set(s Status) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status = s
}

// Put takes the piece at offset of a bundle of size bytes. Offset 0 begins
// anew. The piece that is the last returns when the whole update is on the
// card and has been read from there.
func (r *Receiver) Put(offset, size int64, piece []byte) (Status, error) {
	if !r.busy.TryLock() {
		return r.Status(), ErrBusy
	}
	defer r.busy.Unlock()
	if len(r.Keys) == 0 {
		return r.Status(), ErrNoKeys
	}
	if err := r.Blocked(); err != nil {
		return r.Status(), err
	}
	if offset == 0 {
		r.abandon()
		r.Set(Status{State: Receiving, Size: size})
	}
	now := r.Status()
	if now.State != Receiving || offset != now.Received || size != now.Size {
		return now, ErrOffset
	}
	if err := r.take(now, piece); err != nil {
		r.abandon()
		r.Log.Warn("an update is refused", "error", err)
		r.Set(Status{State: Failed, Size: size, Version: r.told.Version, Error: err.Error()})
		return r.Status(), err
	}
	return r.Status(), nil
}

// take takes the next piece.
func (r *Receiver) take(now Status, piece []byte) error {
	received := now.Received + int64(len(piece))
	if len(piece) == 0 || now.Size > maxTotal || received > now.Size {
		return ErrSize
	}
	if r.unpk == nil {
		r.head = append(r.head, piece...)
		length, err := bundle.HeadLength(r.head)
		switch {
		case err != nil:
			return err
		case length == 0 && received == now.Size:
			return fmt.Errorf("%w: it ends within its head", bundle.ErrForm)
		case length > 0:
			if err := r.begin(now.Size, length); err != nil {
				return err
			}
			piece, r.head = r.head[length:], nil
		}
	}
	if r.unpk != nil {
		if err := r.unpk.write(piece); err != nil {
			return err
		}
	}
	state := Receiving
	if received == now.Size {
		err := r.unpk.finish()
		r.unpk = nil
		if err != nil {
			return err
		}
		state = Ready
		r.Log.Info("an update is ready", "version", r.told.Version)
	}
	r.Set(Status{State: state, Received: received, Size: now.Size, Version: r.told.Version})
	return nil
}

// begin believes the head, if it may, and begins to write the slot.
func (r *Receiver) begin(size int64, length int) error {
	head, err := bundle.ParseHead(r.head[:length], r.Keys)
	if err != nil {
		return err
	}
	r.told = head
	if head.Total() != size {
		return fmt.Errorf("%w: it has %d bytes", ErrSize, head.Total())
	}
	if head.Built < r.Running.Built {
		return fmt.Errorf("%w: %s was built before %s", ErrOlder, head.Version, r.Running.Version)
	}
	slot, err := r.Open()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrSlot, err)
	}
	r.Log.Info("an update is received", "version", head.Version)
	r.unpk = unpack(head, slot)
	return nil
}

// abandon forgets an update that was being received.
func (r *Receiver) abandon() {
	if r.unpk != nil {
		r.unpk.abandon()
	}
	r.unpk, r.head, r.told = nil, nil, bundle.Head{}
}
