package keeper

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"sync"
	"time"

	"portaria/store"
	"portaria/store/backup"
	"portaria/terminal/device"
	"portaria/terminal/dialect"
)

// What the query may accept of a backup that is refused otherwise.
const (
	acceptModel   = "model"   // made by another line of products
	acceptDamaged = "damaged" // with photos that were damaged when it was made
)

// restores is the one upload that there is at a time, and what became of the
// last one.
type restores struct {
	mu    sync.Mutex // guards all below; held while a piece is written
	state restoreState
	page  []byte    // what has come of the header
	file  *os.File  // the data, or nil
	used  time.Time // a mark
}

// restoreState is what is told of it.
type restoreState struct {
	progress
	Received int64          `json:"received"`
	Bytes    int64          `json:"bytes"`
	Header   *backup.Header `json:"header,omitempty"`
	Report   *report        `json:"check,omitempty"`
}

// step tells how far the work has come.
func (r *restores) step(p progress) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.state.progress = p
}

// drop forgets the upload.
func (r *restores) drop() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.empty()
}

// empty is drop with mu held.
func (r *restores) empty() {
	discard(r.file)
	r.page, r.file, r.state = nil, nil, restoreState{progress: progress{State: stateNone}}
}

// get is what is told.
func (r *restores) get(now time.Time) restoreState {
	r.sweep(now)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.state.State == "" {
		r.empty()
	}
	return r.state
}

// sweep removes an upload that does not go on.
func (r *restores) sweep(now time.Time) {
	if !r.mu.TryLock() {
		return // it does
	}
	defer r.mu.Unlock()
	waits := r.state.State == stateReceiving || r.state.State == stateReceived
	if waits && now.Sub(r.used) > idle {
		r.empty()
	}
}

func (a *API) answerRestore(c *dialect.Call) error {
	return tell(c, http.StatusOK, a.restore.get(a.clock.Mark()))
}

// dropRestore forgets an upload. A restore that has begun goes on.
func (a *API) dropRestore(c *dialect.Call) error {
	if a.restore.get(a.clock.Mark()).State != stateRunning {
		a.restore.drop()
	}
	return a.answerRestore(c)
}

// restorePiece takes the next piece of a backup. What it is, is looked at as soon
// as its header is here; a wrong file is refused before the rest has travelled.
func (a *API) restorePiece(c *dialect.Call) error {
	offset, err := number(c, "offset")
	if err != nil {
		return err
	}
	size, err := number(c, "size")
	if err != nil {
		return err
	}
	piece := c.Body()
	if len(piece) == 0 || int64(len(piece)) > size-offset {
		return refuse(http.StatusBadRequest, "a piece of %d bytes at offset=%d is none of a backup of size=%d", len(piece), offset, size)
	}
	r := &a.restore
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.state.State == stateRunning {
		return refuse(http.StatusConflict, "a restore is under way; ask again when it has ended")
	}
	if offset == 0 {
		err = a.beginUpload(size)
	} else if r.state.State != stateReceiving || offset != r.state.Received || size != r.state.Bytes {
		return &misplaced{received: r.state.Received}
	}
	if err == nil {
		err = a.takePiece(piece, accepts(c, acceptModel))
	}
	if err != nil {
		r.empty()
		return roomError(err)
	}
	r.used = a.clock.Mark()
	return tell(c, http.StatusOK, r.state)
}

// misplaced is a piece that is not the next one.
type misplaced struct{ received int64 }

func (e *misplaced) Error() string {
	return "this is not the next piece; go on from what was received"
}

// beginUpload begins anew; mu is held.
func (a *API) beginUpload(size int64) (err error) {
	r := &a.restore
	r.empty()
	if size <= backup.HeaderSize {
		return refuseBackup(backup.ErrNotBackup)
	}
	if r.file, err = a.spool.create(uploadName); err != nil {
		return err
	}
	r.state = restoreState{progress: progress{State: stateReceiving}, Bytes: size}
	return room(r.file, size)
}

// takePiece adds a piece; mu is held.
func (a *API) takePiece(piece []byte, otherModel bool) error {
	r := &a.restore
	rest := piece
	if missing := backup.HeaderSize - len(r.page); missing > 0 {
		n := min(missing, len(rest))
		r.page, rest = append(r.page, rest[:n]...), rest[n:]
		if n == missing {
			h, err := a.admit(r.page, r.state.Bytes, otherModel)
			if err != nil {
				return err
			}
			r.state.Header = &h
		}
	}
	if _, err := r.file.Write(rest); err != nil {
		return err
	}
	// Little by little: the terminal's own commits wait for what is unwritten.
	if before := r.state.Received; before/settleStep != (before+int64(len(piece)))/settleStep {
		if err := r.file.Sync(); err != nil {
			return err
		}
	}
	if r.state.Received += int64(len(piece)); r.state.Received == r.state.Bytes {
		r.state.State = stateReceived
		return store.Settle(r.file.Name())
	}
	return nil
}

// admit looks at the header of a backup of size bytes.
func (a *API) admit(page []byte, size int64, otherModel bool) (backup.Header, error) {
	h, _, err := backup.Read(page)
	switch {
	case err != nil:
		return h, refuseBackup(err)
	case h.Size != size-backup.HeaderSize:
		return h, refuse(http.StatusBadRequest, "the backup is damaged: it should have %d bytes and has %d", h.Size+backup.HeaderSize, size)
	case h.Schema > store.SchemaVersion:
		return h, refuseBackup(backup.ErrNewer)
	case !otherModel && !a.sameLine(h.Model):
		return h, refuse(http.StatusConflict, "the backup is of the model %.40q and this terminal is %q; add accept=%s to restore it nevertheless",
			h.Model, a.device.Profile().Name, acceptModel)
	}
	return h, nil
}

// sameLine tells whether a model runs the same firmware. No model is any.
func (a *API) sameLine(model string) bool {
	if model == "" {
		return true
	}
	p, err := device.ProfileOf(model)
	return err == nil && p.Line == a.device.Profile().Line
}

// refuseBackup says what is wrong with a file.
func refuseBackup(err error) error {
	switch {
	case errors.Is(err, backup.ErrNotBackup):
		return refuse(http.StatusBadRequest, "%v; take a file that \"portaria backup\" has written", backup.ErrNotBackup)
	case errors.Is(err, backup.ErrNewer):
		return refuse(http.StatusBadRequest, "%v; update the terminal first", backup.ErrNewer)
	case errors.Is(err, backup.ErrDamaged):
		return refuse(http.StatusBadRequest, "%v; copy it again from where it was kept, or take an older one", err)
	}
	return err
}

// makeRestore looks at all of the upload and puts it in the place of what there
// is.
func (a *API) makeRestore(c *dialect.Call) error {
	damaged := accepts(c, acceptDamaged)
	r := &a.restore
	err := a.start(job{
		name: "restore",
		begin: func() error {
			r.mu.Lock()
			defer r.mu.Unlock()
			if r.state.State != stateReceived {
				return refuse(http.StatusConflict, "there is no whole backup to restore; send all of it first")
			}
			r.state.progress = running("verifying", r.state.Bytes)
			return nil
		},
		work: func(ctx context.Context) error {
			r.mu.Lock()
			page, f := r.page, r.file
			r.mu.Unlock()
			return a.restoreFrom(ctx, page, f, damaged)
		},
		end: func(failure string) {
			r.mu.Lock()
			defer r.mu.Unlock()
			discard(r.file)
			r.page, r.file = nil, nil
			r.state.progress = progress{State: stateDone}
			if failure != "" {
				r.state.progress = failed(failure)
			}
		},
	})
	if err != nil {
		return err
	}
	return tell(c, http.StatusAccepted, r.get(a.clock.Mark()))
}

// restoreFrom verifies the data in f and puts them in place.
func (a *API) restoreFrom(ctx context.Context, page []byte, f *os.File, damaged bool) error {
	h, _, err := backup.Read(page)
	if err == nil {
		_, err = backup.Verify(page, reading{io.NewSectionReader(f, 0, h.Size), ctx})
	}
	if err != nil {
		return refuseBackup(err)
	}
	found, err := a.examine(ctx, f, a.restore.step)
	if err != nil {
		return err
	}
	a.restore.mu.Lock()
	a.restore.state.Report = reportOf(found, a.clock.Now())
	a.restore.mu.Unlock()
	switch {
	case !found.Sound():
		return refuse(http.StatusBadRequest, "the data in the backup were damaged when it was made: %s; take an older one", found.Problems[0])
	case found.Found > 0 && !damaged:
		return refuse(http.StatusConflict, "%d photos were damaged when the backup was made; add accept=%s to restore the rest", found.Found, acceptDamaged)
	}
	a.restore.step(running("replacing", 0))
	if err := f.Close(); err != nil {
		return err
	}
	return a.device.Restore(f.Name())
}
