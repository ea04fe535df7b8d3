package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	bolt "go.etcd.io/bbolt"
)

// maxProblems ends a report that nobody would read on.
const maxProblems = 100

// Report is what Check found.
type Report struct {
	Schema        int
	Photos        int
	Users         int
	Rows, Entries int // of all tables, of the log
	FileBytes     int64
	Problems      []string // the first of them; empty: everything that was stored can be had back
	Found         int      // all of them
	Damaged       []int64  // of these, the users whose photo is damaged
}

// Sound tells whether nothing is wrong but single photos: nobody is served one
// of these, and each can be stored again.
func (r *Report) Sound() bool { return r.Found == len(r.Damaged) }

func (r *Report) problem(format string, args ...any) {
	r.Found++
	if len(r.Problems) < maxProblems {
		r.Problems = append(r.Problems, fmt.Sprintf(format, args...))
	}
}

// Check reads everything in a closed data folder, every photo against its
// SHA-256, and reports what is wrong. It changes nothing. The error is about
// what kept it from looking: ErrInUse, fs.ErrNotExist, or ctx. progress, which
// may be nil, is told how many photos are done of how many.
func Check(ctx context.Context, dir string, progress func(done, total int)) (Report, error) {
	lock, err := lockForReading(filepath.Join(dir, lockName))
	if err != nil {
		return Report{}, fmt.Errorf("%s: %w", dir, err)
	}
	defer func() { _ = unlock(lock) }()
	return CheckFile(ctx, filepath.Join(dir, FileName), progress)
}

// CheckFile does what Check does with one file that nobody writes to, such as
// Snapshot has written.
func CheckFile(ctx context.Context, path string, progress func(done, total int)) (r Report, err error) {
	if r.FileBytes, err = size(path); err != nil {
		return r, err
	}
	sound, err := checkPages(path, &r)
	if err != nil {
		return r, err
	}
	err = checkContent(ctx, path, sound, &r, progress)
	if errors.Is(err, ErrDamaged) || errors.Is(err, ErrNewerSchema) {
		r.problem("%v", err)
		err = nil
	}
	return r, err
}

// lockForReading locks a data folder without adding the lock file to one that
// has none; the result is then nil.
func lockForReading(path string) (*os.File, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if err := lockExclusively(f); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// checkContent reads the file through bbolt. Its own check runs in a goroutine
// that no recover reaches, so it is left out unless the pages are sound.
func checkContent(ctx context.Context, path string, sound bool, r *Report, progress func(done, total int)) (err error) {
	defer caught(&err)
	defer faultsPanic()()
	if err := Inspect(path); err != nil {
		return err
	}
	db, err := openReadOnly(path)
	if err != nil {
		return err
	}
	defer db.Close()
	if sound {
		err := db.View(func(tx *bolt.Tx) error {
			for err := range tx.Check() {
				r.problem("%v", err)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return checkRecords(ctx, readerOf(db), r, progress)
}

// checkRecords reads every record as its users do.
func checkRecords(ctx context.Context, s *Store, r *Report, progress func(done, total int)) error {
	var photos []int64
	err := s.View(func(tx *Tx) error {
		v, err := version(tx.bolt)
		if err != nil {
			return err
		}
		r.Schema = int(v)
		for p := range tx.Photos() {
			photos = append(photos, p.User)
		}
		checkTables(tx, r)
		if _, err := tx.Account(); err != nil && !errors.Is(err, ErrNotFound) {
			r.problem("%v", err)
		}
		if aside := tx.bolt.Bucket(bucketAside); aside != nil {
			r.problem("%d damaged photos were put aside when they were replaced or deleted; compact the store", aside.Sequence())
		}
		return checkLog(tx, r)
	})
	if err != nil {
		return err
	}
	r.Photos = len(photos)
	var buf []byte
	for i, user := range photos {
		if err := ctx.Err(); err != nil {
			return err
		}
		if buf, _, err = s.AppendPhoto(buf[:0], user); err != nil {
			r.problem("%v", err)
			r.Damaged = append(r.Damaged, user)
		}
		if progress != nil {
			progress(i+1, len(photos))
		}
	}
	return nil
}

// checkLog counts the entries and looks for missing ones.
func checkLog(tx *Tx, r *Report) error {
	last := uint64(0)
	for e := range tx.Entries(0) {
		if last != 0 && e.Seq != last+1 {
			r.problem("log: entry %d follows entry %d", e.Seq, last)
		}
		last = e.Seq
		r.Entries++
	}
	if given := tx.bolt.Bucket(bucketTail).Sequence(); given != last {
		r.problem("log: the last entry is %d, but %d were given", last, given)
	}
	return nil
}

// checkPages follows every pointer of the file with every number checked. sound
// means that bbolt will not leave the file when it follows them.
func checkPages(path string, r *Report) (sound bool, err error) {
	file, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer file.Close()
	f, err := openPages(file, r.FileBytes)
	if err != nil {
		r.problem("%v", err)
		return false, nil
	}
	before := len(r.Problems)
	if _, err := f.freeIDs(); err != nil {
		r.problem("%v", err)
	}
	w := fullWalk{file: f, met: map[uint64]bool{}, report: r}
	w.tree(f.root)
	return len(r.Problems) == before, nil
}

// fullWalk visits every page in use.
type fullWalk struct {
	file   *pageFile
	met    map[uint64]bool
	report *Report
}

func (w *fullWalk) tree(id uint64) {
	if w.met[id] {
		w.report.problem("page %d: used twice", id)
		return
	}
	w.met[id] = true
	p, err := w.file.page(id, false)
	if err == nil && (p.flags == flagBranch || p.count > 1) {
		p, err = w.file.page(id, true)
	}
	if err != nil {
		w.report.problem("%v", err)
		return
	}
	switch p.flags {
	case flagBranch:
		w.branch(p)
	case flagLeaf:
		w.leaf(p)
	default:
		w.report.problem("page %d: flags %x", id, p.flags)
	}
}

func (w *fullWalk) branch(p page) {
	if p.count == 0 {
		w.report.problem("page %d: an empty branch", p.id)
	}
	for i := range p.count {
		_, child, err := p.child(i)
		if err != nil {
			w.report.problem("%v", err)
			return
		}
		w.tree(child)
	}
}

func (w *fullWalk) leaf(p page) {
	for i := range p.count {
		e, err := p.element(i)
		if err != nil {
			w.report.problem("%v", err)
			return
		}
		if !e.bucket {
			continue
		}
		root, err := bucketRoot(e.value)
		switch {
		case err != nil:
			w.report.problem("page %d: %v", p.id, err)
		case root != 0:
			w.tree(root)
		default:
			w.inline(p.id, e.value[bucketSize:])
		}
	}
}

// inline checks a bucket that lies inside the value of its name.
func (w *fullWalk) inline(in uint64, data []byte) {
	if len(data) < pageHeaderSize {
		w.report.problem("page %d: a bucket inside it is cut short", in)
		return
	}
	p := page{id: in, flags: order.Uint16(data[8:]), count: int(order.Uint16(data[10:])), span: uint64(len(data)), data: data}
	if p.flags != flagLeaf {
		w.report.problem("page %d: a bucket inside it has flags %x", in, p.flags)
		return
	}
	for i := range p.count {
		e, err := p.element(i)
		if err != nil {
			w.report.problem("%v", err)
			return
		}
		if e.bucket {
			w.report.problem("page %d: a bucket inside it holds a bucket", in)
		}
	}
}
