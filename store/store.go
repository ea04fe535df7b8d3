// Package store keeps everything that must survive a power cut, in one bbolt
// file: photos, users, the account, the log. An answer means "on disk": Update
// returns only after the commit was synced, and a photo is checked before it is
// handed out, so a worn card costs photos but never serves a wrong one.
//
// It is the only package that opens bbolt. It knows no wire, no picture format,
// no clock and no device; it starts no goroutine.
package store

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"sync/atomic"

	bolt "go.etcd.io/bbolt"

	"portaria/store/schema"
)

const (
	// MaxPhoto is the most bytes one photo may take. No photo of any product
	// reaches it; products set their own lower limit above this package.
	MaxPhoto = 2_000_000
	// SchemaVersion is the layout this program writes.
	SchemaVersion = 2
)

// The failures a caller may act on; test with errors.Is.
var (
	ErrNotFound    = errors.New("not found")
	ErrFull        = errors.New("device full")
	ErrInUse       = errors.New("another process has the data folder")
	ErrDamaged     = errors.New("stored data is damaged")
	ErrNewerSchema = errors.New("the data was written by a newer version")
	ErrDegraded    = errors.New("the store cannot write safely")
	ErrTooLarge    = errors.New("too large")
	ErrClosed      = errors.New("the store is closed")
)

// FileName is the file that makes a folder a terminal's.
const FileName = "portaria.db"

const (
	freshName   = "portaria.db.new" // built aside, renamed over FileName when complete
	lockName    = "portaria.lock"
	damagedName = "portaria.db.damaged-" // and a number: a file set aside, never deleted
)

// Options say where and how to keep the data. Only Dir or Ephemeral is needed.
type Options struct {
	Dir       string                  // created (0700) when missing
	Ephemeral bool                    // nothing outlives Close; Dir is ignored
	Capacity  int64                   // most bytes the file may take; 0: DefaultCapacity()
	Inspect   func(path string) error // asked before the file is opened; nil: inspected in this process
	Log       *slog.Logger            // nil: silence
}

// Store is an open data folder. All methods may be called from any goroutine,
// but not from inside a function given to View or Update.
type Store struct {
	opts Options
	dir  string   // of an ephemeral store on systems that cannot unlink it early
	lock *os.File // held for the Store's life; nil when ephemeral

	queue queue       // of Updates; see group.go
	known tablesKnown // what tables there are; see fields.go

	mu     sync.RWMutex // guards file and closed: read-locked by readers, locked by the leader to exchange them
	file   *file        // nil while it could not be opened again
	closed bool

	swaps      atomic.Int32 // under way: whoever reads for long gives way
	degraded   atomic.Bool
	groups     atomic.Int64
	operations atomic.Int64
	damaged    atomic.Int64
	complained complaints
}

// Open opens the data folder, creating it when it is missing. A file that
// cannot be used is renamed aside and a fresh one is started; a file of a newer
// version is left alone and ErrNewerSchema returned.
func Open(o Options) (*Store, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Capacity == 0 {
		o.Capacity = DefaultCapacity()
	}
	if !synced {
		o.Log.Error("this program was built to lose data in a power cut (portaria_nosync); it is for tests of power cuts only")
	}
	s := &Store{opts: o}
	if o.Ephemeral {
		if err := s.openEphemeral(); err != nil {
			return nil, err
		}
		return s, nil
	}
	if err := makeFolder(o.Dir); err != nil {
		return nil, err
	}
	lock, err := lockFolder(filepath.Join(o.Dir, lockName))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.Dir, err)
	}
	s.lock = lock
	if err := s.openFolder(); err != nil {
		_ = unlock(lock)
		return nil, fmt.Errorf("%s: %w", o.Dir, err)
	}
	return s, nil
}

// Close waits for the Updates under way, closes the file and gives the folder
// free. Closing twice is allowed; anything else afterwards returns ErrClosed.
func (s *Store) Close() error {
	err := s.alone(func() error {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.closed = true
		var err error
		if s.file != nil {
			err = s.file.close()
			s.file = nil
		}
		err = errors.Join(err, unlock(s.lock))
		if s.dir != "" {
			err = errors.Join(err, os.RemoveAll(s.dir))
		}
		return err
	})
	if errors.Is(err, ErrClosed) {
		return nil
	}
	return err
}

// Tx is one consistent view of the data, or one change to it. It must not be
// kept after the function it was given to has returned.
type Tx struct {
	bolt  *bolt.Tx
	seen  *seen
	dirty bool // something was changed, so a failure needs a rollback
	grows bool // something was added beyond a log entry, so the reserve is not for it

	known   *tablesKnown
	full    *schema.Schema // nil until it is asked for
	fields  []storedField  // the custom columns that full has, and the removed ones
	layouts map[string]*layout
	all     *bolt.Bucket // of the tables
	open    []*table
	watch   func(Change) error
	bulk    bool // Bulk is under way
}

// View runs fn on the current state. fn should be short: whoever exchanges the
// file or enlarges its map waits for it. Damage met on the way is ErrDamaged.
func (s *Store) View(fn func(*Tx) error) (err error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return ErrClosed
	}
	if s.file == nil {
		return ErrDegraded
	}
	defer caught(&err)
	// As faultsPanic, without its closure: most calls of a terminal come here.
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	return s.file.db.View(func(btx *bolt.Tx) error {
		return fn(&Tx{bolt: btx, seen: &s.file.seen, known: &s.known})
	})
}

// Stats are what an operator asks about.
type Stats struct {
	FileBytes  int64 // size of the file
	FreeBytes  int64 // of these, reusable
	Damaged    int64 // reads refused because the photo was damaged
	Degraded   bool  // writes are refused until the file could be opened again
	Groups     int64 // commits, each with one or more operations
	Operations int64 // Updates acknowledged
}

// Stats returns the current figures; after Close only the counters.
func (s *Store) Stats() Stats {
	st := Stats{
		Damaged:    s.damaged.Load(),
		Degraded:   s.degraded.Load(),
		Groups:     s.groups.Load(),
		Operations: s.operations.Load(),
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.file == nil {
		return st
	}
	if info, err := s.file.handle.Stat(); err == nil {
		st.FileBytes = info.Size()
	}
	b := s.file.db.Stats()
	st.FreeBytes = int64(b.FreePageN+b.PendingPageN) * pageSize
	return st
}

// Capacity is how many bytes the file may take at most, 0 without a limit.
func (s *Store) Capacity() int64 { return s.opts.Capacity }

// makeFolder creates dir, and its parents, and makes their names durable.
func makeFolder(dir string) error {
	if dir == "" {
		return errors.New("store: no data folder given")
	}
	info, err := os.Stat(dir)
	switch {
	case err == nil && !info.IsDir():
		return fmt.Errorf("%s: not a folder", dir)
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	parent := filepath.Dir(dir)
	if err := makeFolder(parent); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncFolder(parent)
}
