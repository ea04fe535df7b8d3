package keeper

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"sync"
	"time"

	"portaria/store/backup"
	"portaria/terminal/dialect"
)

// backups is the one backup that there is at a time.
type backups struct {
	mu    sync.Mutex // guards all below
	state backupState
	page  []byte    // what the backup begins with
	file  *os.File  // the data that follow; nil: there is nothing to be fetched
	used  time.Time // a mark
}

// backupState is what is told of it.
type backupState struct {
	progress
	ID     string         `json:"id,omitempty"` // names the pieces of this one
	Bytes  int64          `json:"bytes,omitempty"`
	Header *backup.Header `json:"header,omitempty"`
	Report *report        `json:"check,omitempty"`
}

func (b *backups) set(s backupState) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.state = s
}

// get is what is told.
func (b *backups) get(now time.Time) backupState {
	b.sweep(now)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.state.State == "" {
		return backupState{progress: progress{State: stateNone}}
	}
	return b.state
}

// sweep removes a backup that nobody fetches.
func (b *backups) sweep(now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.file != nil && now.Sub(b.used) > idle {
		b.empty()
	}
}

// drop removes the backup.
func (b *backups) drop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.empty()
}

// empty is drop with mu held.
func (b *backups) empty() {
	discard(b.file)
	b.page, b.file, b.state = nil, nil, backupState{}
}

func (a *API) answerBackup(c *dialect.Call) error {
	return tell(c, http.StatusOK, a.backup.get(a.clock.Mark()))
}

// dropBackup removes a backup that is there, when the query names one only that
// one. What is being made goes on.
func (a *API) dropBackup(c *dialect.Call) error {
	id, named := c.Query("id")
	if b := a.backup.get(a.clock.Mark()); b.State != stateRunning && (!named || b.ID == id) {
		a.backup.drop()
	}
	return a.answerBackup(c)
}

// makeBackup begins a new backup, in the place of an older one.
func (a *API) makeBackup(c *dialect.Call) error {
	var made *os.File
	err := a.start(job{
		name: "backup",
		begin: func() error {
			a.backup.drop()
			a.backup.set(backupState{progress: running("copying", 0)})
			return nil
		},
		work: func(ctx context.Context) (err error) {
			if made, err = a.snapshot(ctx, func(p progress) { a.backup.set(backupState{progress: p}) }); err != nil {
				return err
			}
			return a.seal(ctx, made)
		},
		end: func(failure string) {
			if failure != "" {
				discard(made)
				a.backup.set(backupState{progress: failed(failure)})
			}
		},
	})
	if err != nil {
		return err
	}
	return tell(c, http.StatusAccepted, a.backup.get(a.clock.Mark()))
}

// snapshot copies the data, as they are at one moment, into a file of the spool.
// It leaves nothing when it fails.
func (a *API) snapshot(ctx context.Context, tell func(progress)) (*os.File, error) {
	f, err := a.spool.create(snapshotName)
	if err != nil {
		return nil, roomError(err)
	}
	step := running("copying", 0)
	tell(step)
	var told int64
	out := &settling{f: f, wrote: func(n int) {
		if step.Done += int64(n); step.Done-told >= MaxPiece {
			told = step.Done
			tell(step)
		}
	}}
	err = a.device.Snapshot(ctx, out, func(size int64) error {
		step, told = running("copying", size), 0
		if err := f.Truncate(0); err != nil {
			return err
		}
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return err
		}
		return room(f, size)
	})
	if err == nil {
		err = f.Sync()
	}
	if err != nil {
		discard(f)
		return nil, err
	}
	return f, nil
}

// seal checks the data of a snapshot, says what they are and offers them.
func (a *API) seal(ctx context.Context, f *os.File) error {
	r, err := a.examine(ctx, f, func(p progress) { a.backup.set(backupState{progress: p}) })
	if err != nil {
		return err
	}
	h := backup.Header{
		Version: a.options.Version, Schema: max(r.Schema, 1),
		Model: a.device.Profile().Name, Serial: a.device.Serial(), Created: a.clock.Now().Unix(), Size: r.FileBytes,
	}
	a.backup.set(backupState{progress: running("sealing", h.Size)})
	page, _, err := backup.Seal(h, reading{io.NewSectionReader(f, 0, h.Size), ctx})
	if err != nil {
		return err
	}
	b := &a.backup
	b.mu.Lock()
	defer b.mu.Unlock()
	b.page, b.file, b.used = page, f, a.clock.Mark()
	b.state = backupState{
		progress: progress{State: stateReady}, ID: rand.Text(), Bytes: backup.HeaderSize + h.Size,
		Header: &h, Report: reportOf(r, a.clock.Now()),
	}
	return nil
}

// backupPiece hands out a piece of the backup that is there.
func (a *API) backupPiece(c *dialect.Call) error {
	offset, err := number(c, "offset")
	if err != nil {
		return err
	}
	length, err := number(c, "length")
	if err != nil {
		return err
	}
	id, _ := c.Query("id")
	b := &a.backup
	b.mu.Lock()
	state, page, f := b.state, b.page, b.file
	b.used = a.clock.Mark()
	b.mu.Unlock()
	gone := refuse(http.StatusGone, "that backup is not there any more; make another one")
	switch {
	case f == nil || id != state.ID:
		return gone
	case length < 1 || length > MaxPiece:
		return refuse(http.StatusBadRequest, "length=%d is no piece; take 1 to %d bytes", length, MaxPiece)
	case offset > state.Bytes:
		return refuse(http.StatusRequestedRangeNotSatisfiable, "offset=%d is beyond the %d bytes of the backup", offset, state.Bytes)
	}
	err = c.Compose(a.room, http.StatusOK, typeBytes, func(answer *dialect.Answer) error {
		at, rest := offset, min(length, state.Bytes-offset)
		if at < backup.HeaderSize {
			n := min(rest, backup.HeaderSize-at)
			if _, err := io.Copy(answer, bytes.NewReader(page[at:at+n])); err != nil {
				return err
			}
			at, rest = at+n, rest-n
		}
		_, err := io.Copy(answer, io.NewSectionReader(f, at-backup.HeaderSize, rest))
		return err
	})
	if errors.Is(err, fs.ErrClosed) {
		return gone
	}
	return err
}

// reading is a reader that ends with ctx.
type reading struct {
	io.Reader
	ctx context.Context
}

func (r reading) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}
