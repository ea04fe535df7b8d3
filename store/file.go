package store

import (
	"errors"
	"fmt"
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

const (
	// pageSize is fixed, because a file must open on boards whose kernels have
	// pages of 4 KiB and of 16 KiB alike.
	pageSize = 4096

	// capacity32 is the DefaultCapacity where addresses have 32 bits. bbolt maps
	// the file in one piece and doubles the map up to 1 GiB; the next step would
	// ask for 2 GiB in a row, which boards of 32 bits cannot give.
	capacity32 = 1 << 30

	// firstMap is the size of the map at open. The map is enlarged only while no
	// reader is active, so a small store should never need it; address space is
	// all it costs, and 64 MiB in one piece are there on every board.
	firstMap = 64 << 20

	// firstTemporaryMap is firstMap for a store that lives in memory, of which a
	// test program of 32 bits has dozens.
	firstTemporaryMap = 8 << 20

	// growStep is how much the file grows at once: each growth costs a full
	// fsync, and the step counts against Capacity before it is used.
	growStep = 4 << 20

	// reserve is kept from ordinary writes when Capacity is set, so that a
	// delete, which needs pages before it gives any back, works on a full device.
	reserve = 1 << 20

	// lockWait bounds the wait for bbolt's own lock: only a foreign tool can
	// hold it, since ours is taken first.
	lockWait = time.Second
)

// DefaultCapacity is the Capacity of an Options that names none: no limit (0)
// where addresses have 64 bits, 1 GiB where they have 32.
func DefaultCapacity() int64 {
	if math.MaxInt == math.MaxInt32 {
		return capacity32
	}
	return 0
}

// file is one open bbolt file.
type file struct {
	db     *bolt.DB
	handle *os.File // bbolt's own, so that it can be closed when bbolt panicked
	limits limits
	seen   seen
	broken bool // bbolt panicked inside a commit
}

// limits are the sizes a file is opened with, in bytes.
type limits struct {
	capacity int // 0: none
	step     int
	reserve  int
}

func limitsFor(capacity int64) limits {
	if capacity <= 0 {
		return limits{step: growStep}
	}
	capacity = min(capacity, math.MaxInt)
	share := int(capacity / 32)
	return limits{capacity: int(capacity), step: min(growStep, share), reserve: min(reserve, share)}
}

// openFile opens the bbolt file at path. A panic on the way is ErrDamaged.
// A temporary file is written without syncs and grows by no more than what is
// written: it is worth nothing before its builder has synced it, or, in an
// ephemeral store, at no time.
func openFile(path string, l limits, temporary bool) (f *file, err error) {
	f = &file{limits: l}
	defer func() {
		if err == nil {
			return
		}
		if f.handle != nil {
			_ = unlock(f.handle) // fails when bbolt has closed it, which is as good
		}
		f = nil
	}()
	defer caught(&err)
	defer faultsPanic()()
	o := bolt.Options{
		Timeout:         lockWait,
		PageSize:        pageSize,
		MaxSize:         l.capacity,
		InitialMmapSize: firstMapFor(l, temporary),
		// The map takes a run of just the right length before it breaks a longer
		// one. First fit, the other type, leaves ten times as many free pages
		// behind, and every commit writes the list of them.
		FreelistType: bolt.FreelistMapType,
		// The free list is synced: rebuilding it at open touches one page per photo.
		NoFreelistSync: false,
		NoGrowSync:     temporary || !synced,
		NoSync:         temporary || !synced,
		OpenFile: func(name string, flag int, mode os.FileMode) (*os.File, error) {
			var err error
			f.handle, err = os.OpenFile(name, flag, mode)
			return f.handle, err
		},
	}
	f.db, err = bolt.Open(path, 0o600, &o)
	if errors.Is(err, berrors.ErrTimeout) {
		return f, fmt.Errorf("%s: %w", path, ErrInUse)
	}
	if err != nil {
		return f, err
	}
	f.db.AllocSize = l.step
	return f, nil
}

// firstMapFor keeps the first map inside the capacity, because bbolt grows a
// file by its map; Windows would even grow it at once.
func firstMapFor(l limits, temporary bool) int {
	first := firstMap
	if temporary && math.MaxInt == math.MaxInt32 {
		first = firstTemporaryMap
	}
	if runtime.GOOS == "windows" || l.capacity > 0 && l.capacity < first {
		return 0
	}
	return first
}

// close closes the file. After a panic inside a commit bbolt may still hold its
// own locks, and its Close would wait for ever: then only the handle is closed,
// and the map is left behind.
func (f *file) close() error {
	if f.broken {
		return unlock(f.handle)
	}
	return f.db.Close()
}

// allow sets how far the file may grow in the next transaction. Only the leader
// calls it, between transactions.
func (f *file) allow(reserve bool) {
	f.db.MaxSize = f.limits.capacity
	if !reserve {
		f.db.MaxSize -= f.limits.reserve
	}
}

// outcome tells what a failed commit means. bbolt spells some causes as text
// only: a map that cannot be had, and a file that cannot be enlarged.
func outcome(err error) error {
	switch text := err.Error(); {
	case errors.Is(err, ErrDamaged):
		return err
	case errors.Is(err, berrors.ErrMaxSizeReached), isFull(err),
		strings.Contains(text, "mmap allocate error"), strings.Contains(text, "mmap too large"):
		return fmt.Errorf("%w: %w", ErrFull, err)
	default:
		for _, errno := range fullErrors {
			if strings.Contains(text, errno.Error()) {
				return fmt.Errorf("%w: %w", ErrFull, err)
			}
		}
		return fmt.Errorf("%w: %w", ErrDegraded, err)
	}
}

// IsFull tells whether err, of this package or of the system, is about room.
func IsFull(err error) bool { return errors.Is(err, ErrFull) || isFull(err) }

func isFull(err error) bool {
	for _, errno := range fullErrors {
		if errors.Is(err, errno) {
			return true
		}
	}
	return false
}

// structural makes an error ErrDamaged when bbolt returns it only because its
// tree contradicts itself, at least to this package, which asks before it acts.
func structural(err error) error {
	for _, e := range []error{berrors.ErrBucketNotFound, berrors.ErrBucketExists, berrors.ErrIncompatibleValue} {
		if errors.Is(err, e) {
			return fmt.Errorf("%w: %w", ErrDamaged, err)
		}
	}
	return err
}

// faultsPanic makes a fault in the mapped file a panic of this goroutine instead
// of the end of the process; the returned function undoes it.
func faultsPanic() func() {
	old := debug.SetPanicOnFault(true)
	return func() { debug.SetPanicOnFault(old) }
}

// caught, deferred, turns a panic of bbolt or of this package into ErrDamaged:
// on sound data neither panics. A panic of the caller's own code goes on.
func caught(err *error) {
	p := recover()
	if p == nil {
		return
	}
	if !ours(p) {
		panic(p)
	}
	*err = fmt.Errorf("%w: %v", ErrDamaged, p)
}

// ours reports whether the panic p, which is being recovered, is a fault in the
// mapped file, or began in bbolt or in this package, directly or in the standard
// library on their behalf.
func ours(p any) bool {
	if _, fault := p.(interface{ Addr() uintptr }); fault {
		return true
	}
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(0, pcs)])
	panicked := false
	for {
		frame, more := frames.Next()
		switch {
		case frame.Function == "runtime.gopanic":
			panicked = true
		case !panicked:
		case strings.HasPrefix(frame.Function, "go.etcd.io/bbolt"), strings.HasPrefix(frame.Function, "portaria/store."):
			return true
		case !standard(frame.Function):
			return false
		}
		if !more {
			return false
		}
	}
}

// standard reports whether a function belongs to the standard library: its
// import path has no dot before the first slash. This module's name has none
// either, so it is told apart by name.
func standard(function string) bool {
	first, _, nested := strings.Cut(function, "/")
	if !nested {
		return !strings.HasPrefix(function, "main.")
	}
	return first != "portaria" && !strings.Contains(first, ".")
}
