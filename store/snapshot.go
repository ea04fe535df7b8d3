package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"

	bolt "go.etcd.io/bbolt"
)

// snapshotTries bounds how often a snapshot gives way to a swap and begins anew.
const snapshotTries = 5

// errGaveWay ends a snapshot for which a swap would have to wait.
var errGaveWay = errors.New("the data were being replaced all the time")

// Snapshot writes the data as they are at one moment to w: a file that Check and
// Replace understand. Before it writes, begin is told how long that is; it is
// called again when all that was written is void, because the data were replaced
// meanwhile. A transaction is open all the time, so w is a file on this machine
// and never a connection. The rest of the store goes on; only a write for which
// the file needs a larger map waits for the end.
func (s *Store) Snapshot(ctx context.Context, w io.Writer, begin func(size int64) error) (err error) {
	for range snapshotTries {
		err = s.View(func(tx *Tx) error {
			if err := begin(tx.bolt.Size()); err != nil {
				return err
			}
			y := yielding{w: w, ctx: ctx, store: s}
			_, err := tx.bolt.WriteTo(&y)
			if y.err != nil {
				return y.err // bbolt keeps the text of some only
			}
			return err
		})
		if !errors.Is(err, errGaveWay) {
			break
		}
	}
	if err == nil {
		return nil
	}
	return unbuilt(err)
}

// yielding is a writer that gives up when somebody waits for the file.
type yielding struct {
	w     io.Writer
	ctx   context.Context
	store *Store
	err   error
}

// Write implements io.Writer.
func (y *yielding) Write(p []byte) (n int, err error) {
	switch {
	case y.store.swaps.Load() > 0:
		err = errGaveWay
	case y.ctx.Err() != nil:
		err = y.ctx.Err()
	default:
		n, err = y.w.Write(p)
	}
	y.err = err
	return n, err
}

// SnapshotFolder does what Snapshot does with a closed data folder, and changes
// nothing there. What cannot be opened safely is ErrDamaged.
func SnapshotFolder(ctx context.Context, dir string, w io.Writer, begin func(size int64) error) error {
	lock, err := lockForReading(filepath.Join(dir, lockName))
	if err != nil {
		return fmt.Errorf("%s: %w", dir, err)
	}
	defer func() { _ = unlock(lock) }()
	path := filepath.Join(dir, FileName)
	if err := Inspect(path); err != nil {
		return err
	}
	db, err := openReadOnly(path)
	if err != nil {
		return err
	}
	defer db.Close()
	return readerOf(db).Snapshot(ctx, w, begin)
}

// readerOf is a store for reading a file that nobody else has.
func readerOf(db *bolt.DB) *Store {
	return &Store{file: &file{db: db}, opts: Options{Log: slog.New(slog.DiscardHandler)}}
}
