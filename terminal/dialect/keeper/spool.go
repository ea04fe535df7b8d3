package keeper

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"sync"

	"portaria/store"
)

// The files that lie in the data folder for a while. Beside the data themselves
// there is nothing else of theirs, so a start can remove both.
const (
	snapshotName = "portaria.db.snapshot"
	uploadName   = "portaria.db.upload"
)

const (
	// spare is left on the disk for the terminal's own writes.
	spare = 16 << 20
	// settleStep is how much is written before the disk must have it. A commit of
	// the terminal's waits for what others have not yet written.
	settleStep = 4 << 20
)

// spool is the folder where a snapshot or an upload lies.
type spool struct {
	mu        sync.Mutex // guards all below
	dir       string
	temporary bool // dir is ours alone
}

// clear removes what an earlier process left.
func (s *spool) clear() {
	if s.dir == "" {
		return
	}
	for _, name := range []string{snapshotName, uploadName} {
		_ = os.Remove(filepath.Join(s.dir, name)) // what cannot be removed cannot be created either, and that is told
	}
}

// create makes an empty file, in the place of another one of that name.
func (s *spool) create(name string) (*os.File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dir == "" {
		dir, err := os.MkdirTemp("", "portaria-")
		if err != nil {
			return nil, err
		}
		s.dir, s.temporary = dir, true
	}
	path := filepath.Join(s.dir, name)
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
}

// discard closes and removes a file of create; nil is none.
func discard(f *os.File) {
	if f != nil {
		_ = f.Close()
		_ = os.Remove(f.Name())
	}
}

func (s *spool) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.temporary {
		_ = os.RemoveAll(s.dir)
		s.dir, s.temporary = "", false
	}
}

// room refuses what the disk of f has no room for. Where it is not known how
// much there is, writing will tell.
func room(f *os.File, need int64) error {
	free, err := store.Free(filepath.Dir(f.Name()))
	if err != nil || free-spare >= need {
		return nil
	}
	return noRoom(fmt.Sprintf("%d MB are needed and %d MB are free", megabytes(need)+megabytes(spare), free>>20))
}

// megabytes rounds up: what is too little is not called enough.
func megabytes(n int64) int64 { return (n-1)>>20 + 1 }

func noRoom(how string) error {
	return refuse(http.StatusInsufficientStorage, "there is no room on the terminal's disk: %s; delete photos, or files that were set aside", how)
}

// roomError makes an error of writing a sentence where it is about room.
func roomError(err error) error {
	if store.IsFull(err) {
		return noRoom("it is full")
	}
	return err
}

// settling writes to a file and sees to it that the disk keeps up.
type settling struct {
	f         *os.File
	unsettled int
	wrote     func(n int)
}

// Write implements io.Writer.
func (s *settling) Write(p []byte) (int, error) {
	n, err := s.f.Write(p)
	s.wrote(n)
	if s.unsettled += n; err == nil && s.unsettled >= settleStep {
		s.unsettled = 0
		err = s.f.Sync()
	}
	return n, err
}
