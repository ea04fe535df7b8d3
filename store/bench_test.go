package store

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
)

// benchStore opens a store with photos of 20 to 60 KB for users 1 to n.
func benchStore(b *testing.B, n int) *Store {
	b.Helper()
	s, err := Open(Options{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	s.file.db.NoSync = true
	rng := rand.New(rand.NewPCG(1, 2))
	for from := 1; from <= n; from += 50 {
		err := s.Update(0, func(tx *Tx) error {
			for user := from; user < min(from+50, n+1); user++ {
				if err := tx.SetPhoto(spread(user), 1, benchPhoto(rng)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	s.file.db.NoSync = false
	if err := s.file.db.Sync(); err != nil {
		b.Fatal(err)
	}
	return s
}

// spread makes ids that do not arrive in order.
func spread(user int) int64 { return int64(uint32(user) * 2654435761) }

func benchPhoto(rng *rand.Rand) []byte {
	p := make([]byte, 20_000+rng.IntN(40_000))
	for i := 0; i+8 <= len(p); i += 8 {
		v := rng.Uint64()
		for j := range 8 {
			p[i+j] = byte(v >> (8 * j))
		}
	}
	return p
}

// written measures what putting photos costs: pages as bbolt counts them, and
// sectors of the device, which sees everybody's writes.
type written struct {
	s       *Store
	pages   int64
	commits int64
	sectors int64
}

func beginWritten(s *Store) written {
	syncDevice()
	t := s.file.db.Stats().TxStats
	return written{s: s, pages: t.GetPageAlloc(), commits: s.groups.Load(), sectors: sectors(s.opts.Dir)}
}

func (w written) report(b *testing.B, payload int64) {
	syncDevice()
	t := w.s.file.db.Stats().TxStats
	commits := w.s.groups.Load() - w.commits
	pages := t.GetPageAlloc() - w.pages + commits*pageSize
	b.ReportMetric(float64(pages)/float64(payload), "pages/byte")
	b.ReportMetric(float64(b.N)/float64(commits), "ops/commit")
	if w.sectors > 0 {
		b.ReportMetric(float64(sectors(w.s.opts.Dir)-w.sectors)*512/float64(payload), "device/byte")
	}
}

func BenchmarkPutSingle(b *testing.B) {
	for _, n := range []int{0, 10_000} {
		b.Run(fmt.Sprintf("insert into %d", n), func(b *testing.B) { benchPut(b, n, 1, false) })
	}
	b.Run("replace in 10000", func(b *testing.B) { benchPut(b, 10_000, 1, true) })
}

func BenchmarkPut64(b *testing.B) {
	for _, n := range []int{0, 10_000} {
		b.Run(fmt.Sprintf("insert into %d", n), func(b *testing.B) { benchPut(b, n, 64, false) })
	}
	b.Run("replace in 10000", func(b *testing.B) { benchPut(b, 10_000, 64, true) })
}

func benchPut(b *testing.B, n, writers int, replace bool) {
	s := benchStore(b, n)
	rng := rand.New(rand.NewPCG(3, 4))
	var photos [64][]byte
	for i := range photos {
		photos[i] = benchPhoto(rng)
	}
	var payload int64
	for i := range b.N {
		payload += int64(len(photos[i%64]))
	}
	work := make(chan int, b.N)
	for i := range b.N {
		work <- i
	}
	close(work)
	w := beginWritten(s)
	b.ResetTimer()
	var group sync.WaitGroup
	for range writers {
		group.Go(func() {
			for i := range work {
				user := spread(n + 1 + i)
				if replace {
					user = spread(1 + i*7919%n)
				}
				jpeg := photos[i%64]
				err := s.Update(len(jpeg), func(tx *Tx) error {
					if err := tx.SetPhoto(user, int64(i), jpeg); err != nil {
						return err
					}
					_, err := tx.Append(Entry{Time: 1700000000, Kind: "photo set", User: user})
					return err
				})
				if err != nil {
					b.Error(err)
				}
			}
		})
	}
	group.Wait()
	b.StopTimer()
	w.report(b, payload)
}

func BenchmarkGet(b *testing.B) {
	s := benchStore(b, 10_000)
	rng := rand.New(rand.NewPCG(5, 6))
	buf := make([]byte, 0, 64<<10)
	for i := range 10_000 {
		if _, _, err := s.AppendPhoto(buf, spread(1+i)); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := s.AppendPhoto(buf, spread(1+rng.IntN(10_000))); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkList10k(b *testing.B) {
	s := benchStore(b, 10_000)
	for b.Loop() {
		n := 0
		err := s.View(func(tx *Tx) error {
			for range tx.Photos() {
				n++
			}
			return nil
		})
		if n != 10_000 || err != nil {
			b.Fatal(n, err)
		}
	}
}

func BenchmarkOpenEphemeral(b *testing.B) {
	for b.Loop() {
		s, err := Open(Options{Ephemeral: true})
		if err != nil {
			b.Fatal(err)
		}
		s.Close()
	}
}
