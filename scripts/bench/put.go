//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"portaria/store"
)

// The goals for a durable put: bytes written to the device per byte of photo.
const (
	putSingle     = 1.8
	putConcurrent = 1.3
)

// quietDisk is what a disk may write in a second on behalf of others without
// drowning what is measured.
const quietDisk = 1 << 20

// keeper is something that puts photos where they survive a power cut.
type keeper interface {
	keep(user int64, jpeg []byte) error
	Close() error
}

// storeKeeper puts as the device does: the photo and its line of the log.
type storeKeeper struct{ *store.Store }

func (k storeKeeper) keep(user int64, jpeg []byte) error {
	return k.Update(len(jpeg), func(tx *store.Tx) error {
		if err := tx.SetPhoto(user, photoTime, jpeg); err != nil {
			return err
		}
		_, err := tx.Append(store.Entry{Time: photoTime, Kind: "photo set", User: user})
		return err
	})
}

// fileKeeper appends and syncs: the least that durable can cost. Concurrent
// appends share a sync as far as the file system lets them.
type fileKeeper struct{ *os.File }

func (k fileKeeper) keep(_ int64, jpeg []byte) error {
	if _, err := k.Write(jpeg); err != nil {
		return err
	}
	return k.Sync()
}

func openStore(dir string) (keeper, error) {
	s, err := store.Open(store.Options{Dir: dir})
	return storeKeeper{s}, err
}

func openFile(dir string) (keeper, error) {
	f, err := os.OpenFile(filepath.Join(dir, "photos"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	return fileKeeper{f}, err
}

// putFigures are those of one keeper in every round.
type putFigures struct {
	rate          []float64 // puts per second
	wait          []float64 // nanoseconds of the middle put
	amplification []float64 // bytes written per byte of photo
}

// put measures durable puts, one after the other and from many writers.
func (b *bench) put(ctx context.Context) (section, error) {
	n, rounds := either(b, 400, 100), either(b, 9, 3)
	meter := newWriteMeter(b.dir)
	rest, err := meter.rest()
	if err != nil {
		return section{}, err
	}
	out := section{title: fmt.Sprintf("Durable puts of one photo: %d puts of %d to %d KB into a fresh folder", n, putPhotos.least/1000, putPhotos.most/1000)}
	for _, w := range []struct {
		name    string
		writers int
		most    float64
	}{{"one writer", 1, putSingle}, {"64 writers", 64, putConcurrent}} {
		var ours, theirs putFigures
		for round := range rounds {
			photos := drawPhotos(byte(10+round), n, putPhotos)
			for _, k := range []struct {
				name    string
				open    func(string) (keeper, error)
				figures *putFigures
			}{{portariaName, openStore, &ours}, {"append+fsync", openFile, &theirs}} {
				if err := b.putRound(ctx, k.open, photos, w.writers, meter, k.figures); err != nil {
					return section{}, fmt.Errorf("%s: %w", k.name, err)
				}
				f := k.figures
				progress("put: %s, %s, round %d of %d: %s, p50 %s, %s written per byte", w.name, k.name, round+1, rounds,
					perSecond(f.rate[round]), millis(f.wait[round]), plainly(f.amplification[round]))
			}
		}
		const anchor = "append+fsync"
		out.rows = append(out.rows,
			compare(w.name+", bytes written per byte", plainly, ours.amplification, theirs.amplification, anchor, goal{value: w.most, unsure: rest > quietDisk}),
			compare(w.name+", puts", perSecond, ours.rate, theirs.rate, anchor, goal{}),
			compare(w.name+", p50", millis, ours.wait, theirs.wait, anchor, goal{}))
		out.notes = append(out.notes, fmt.Sprintf("%s, least bytes written per byte of any round: %s, against %s", w.name,
			plainly(slices.Min(ours.amplification)), plainly(slices.Min(theirs.amplification))))
	}
	out.notes = append(out.notes, meter.note(rest),
		rounded(rounds)+"; puts and p50 are wall clock; the store writes a line of its log with each photo, as the terminal does")
	return out, nil
}

// putRound puts all photos into a fresh folder and notes what that took.
func (b *bench) putRound(ctx context.Context, open func(string) (keeper, error), photos [][]byte, writers int, meter writeMeter, f *putFigures) error {
	dir, err := os.MkdirTemp(b.dir, "put-")
	if err != nil {
		return err
	}
	k, err := open(dir)
	if err != nil {
		return err
	}
	err = putMeasured(ctx, k, photos, writers, meter, f)
	return errors.Join(err, k.Close(), os.RemoveAll(dir))
}

func putMeasured(ctx context.Context, k keeper, photos [][]byte, writers int, meter writeMeter, f *putFigures) error {
	payload := 0
	for _, jpeg := range photos {
		payload += len(jpeg)
	}
	before, err := meter.bytes()
	if err != nil {
		return err
	}
	began := time.Now()
	waits, err := putAll(ctx, k, photos, writers)
	took := time.Since(began)
	if err != nil {
		return err
	}
	after, err := meter.bytes()
	if err != nil {
		return err
	}
	f.rate = append(f.rate, float64(len(photos))/took.Seconds())
	f.wait = append(f.wait, median(waits))
	f.amplification = append(f.amplification, float64(after-before)/float64(payload))
	return nil
}

// putAll shares the photos among the writers. Users come in no order, as they
// do to a terminal. It returns how long each put took, in nanoseconds.
func putAll(ctx context.Context, k keeper, photos [][]byte, writers int) ([]float64, error) {
	users := rand.New(rand.NewPCG(3, 4)).Perm(len(photos))
	work := make(chan int, len(photos))
	for i := range photos {
		work <- i
	}
	close(work)
	waits := make([]float64, len(photos))
	errs := make([]error, writers)
	var group sync.WaitGroup
	for w := range writers {
		group.Go(func() {
			for i := range work {
				began := time.Now()
				if errs[w] = errors.Join(ctx.Err(), k.keep(int64(users[i]+1), photos[i])); errs[w] != nil {
					return
				}
				waits[i] = float64(time.Since(began))
			}
		})
	}
	group.Wait()
	return waits, errors.Join(errs...)
}
