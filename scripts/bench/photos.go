//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"

	"portaria/store"
)

// sizes says how large photos are: each size from least to most is as likely.
type sizes struct{ least, most int }

func (s sizes) mean() int { return (s.least + s.most) / 2 }

var (
	servedPhotos = sizes{20_000, 54_000} // what a terminal keeps, 37 KB on average
	putPhotos    = sizes{20_000, 60_000}
	smallPhotos  = sizes{1_000, 2_000} // where only their number matters
)

// drawPhotos returns n photos that nothing can compress. They are JPEG at
// both ends only: neither the store nor nginx looks further.
func drawPhotos(seed byte, n int, s sizes) [][]byte {
	noise := rand.NewChaCha8([32]byte{seed})
	rng := rand.New(noise)
	photos := make([][]byte, n)
	for i := range photos {
		p := make([]byte, s.least+rng.IntN(s.most-s.least+1))
		_, _ = noise.Read(p) // never fails
		copy(p, "\xff\xd8\xff\xe0")
		copy(p[len(p)-2:], "\xff\xd9")
		photos[i] = p
	}
	return photos
}

// fillBytes is how much goes into one transaction while a folder is filled.
const fillBytes = 4 << 20

// fill writes photos to the data folder dir, for the users from 1 on.
func fill(ctx context.Context, dir string, photos [][]byte) error {
	s, err := store.Open(store.Options{Dir: dir})
	if err != nil {
		return err
	}
	return errors.Join(fillStore(ctx, s, photos), s.Close())
}

func fillStore(ctx context.Context, s *store.Store, photos [][]byte) error {
	for next := 0; next < len(photos); {
		first, bytes := next, 0
		for next < len(photos) && bytes < fillBytes {
			bytes += len(photos[next])
			next++
		}
		err := s.Update(bytes, func(tx *store.Tx) error {
			for i, jpeg := range photos[first:next] {
				if err := tx.SetPhoto(int64(first+i+1), photoTime, jpeg); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

// photoTime is the timestamp of every photo here.
const photoTime = 1_700_000_000

// writeFiles writes the same photos as files, for the same users.
func writeFiles(ctx context.Context, dir string, photos [][]byte) error {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	for i, jpeg := range photos {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d.jpg", i+1)), jpeg, 0o644); err != nil {
			return err
		}
	}
	return nil
}
