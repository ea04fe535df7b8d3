package main

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

const (
	page   = 4096
	sector = 512
)

// rots are ways in which a disk loses what it was given.
var rots = []struct {
	name  string
	times int
	spoil func(rng *rand.Rand, data []byte) []byte
}{
	{"cut short", 80, func(rng *rand.Rand, data []byte) []byte { return data[:rng.IntN(len(data))] }},
	{"a page of zeros", 120, func(rng *rand.Rand, data []byte) []byte {
		zero(data[rng.IntN(len(data)/page)*page:][:page])
		return data
	}},
	{"a sector of garbage", 120, func(rng *rand.Rand, data []byte) []byte {
		garble(rng, data[rng.IntN(len(data)/sector)*sector:][:sector])
		return data
	}},
	{"a flipped bit", 200, func(rng *rand.Rand, data []byte) []byte {
		data[rng.IntN(len(data))] ^= 1 << rng.IntN(8)
		return data
	}},
	{"several of these", 80, func(rng *rand.Rand, data []byte) []byte {
		for range 8 {
			garble(rng, data[rng.IntN(len(data)/sector)*sector:][:sector])
			data[rng.IntN(len(data))] ^= 1 << rng.IntN(8)
		}
		zero(data[rng.IntN(len(data)/page)*page:][:page])
		return data[:len(data)-rng.IntN(2)*rng.IntN(len(data)/8)]
	}},
}

func zero(data []byte) { copy(data, make([]byte, len(data))) }

func garble(rng *rand.Rand, data []byte) {
	for i := range data {
		data[i] = byte(rng.Uint32())
	}
}

// TestDamagedData starts the real program on 600 damaged files, on some of them
// where power cuts are not required: it always answers, and never with another
// photo than the one that was stored.
func TestDamagedData(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts the terminal many times")
	}
	const users = 40
	pictures := drawPictures(t, 61)
	dir := t.TempDir()
	s := start(t, dir)
	for user := range int64(users) {
		if err := s.upload(user+1, pictures[user]); err != nil {
			t.Fatal(err)
		}
	}
	s.kill()
	whole, err := os.ReadFile(filepath.Join(dir, "data", "portaria.db"))
	if err != nil {
		t.Fatal(err)
	}
	whole = bytes.TrimRight(whole, "\x00") // without the room that it grew by in advance
	whole = append(whole, make([]byte, -len(whole)&(page-1))...)
	share := 20
	if os.Getenv("POWER_TESTS") == "required" { // as disk.RequiredEnv, which is of Linux only
		share = 1
	}
	room := make(chan struct{}, runtime.GOMAXPROCS(0))
	for _, rot := range rots {
		t.Run(rot.name, func(t *testing.T) {
			for n := range rot.times / share {
				t.Run(fmt.Sprint("seed ", n), func(t *testing.T) {
					t.Parallel()
					room <- struct{}{}
					defer func() { <-room }()
					data := rot.spoil(rand.New(rand.NewPCG(uint64(n), uint64(len(rot.name)))), bytes.Clone(whole))
					// Whoever looks for boot loops starts it more than once.
					starts := 1 + n%4/3*2
					serveDamaged(t, data, pictures[:users], starts)
				})
			}
		})
	}
}

// serveDamaged starts the terminal on a file, so many times in a row.
func serveDamaged(t *testing.T, damaged []byte, pictures [][]byte, starts int) {
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(data, "portaria.db"), damaged, 0o600); err != nil {
		t.Fatal(err)
	}
	for n := range starts {
		s := answering(t, data, filepath.Join(dir, "ready.json"))
		if files := aside(t, data); n == 0 && len(files) > 0 {
			// Room that it grew by in advance may have been cut off.
			if got, err := os.ReadFile(files[0]); err != nil || len(got) == 0 && len(damaged) > 0 || !bytes.HasPrefix(damaged, got) {
				t.Errorf("the file set aside is not the damaged one: %v", err)
			}
		}
		if err := s.login(); err == nil {
			askDamaged(t, s, pictures)
		} else if len(aside(t, data)) > 0 {
			t.Errorf("a terminal that starts empty does not take the factory's password: %v", err)
		}
		if _, _, err := s.do(http.MethodGet, "/session_is_valid.fcgi", 0, nil); err != nil {
			t.Error(err)
		}
		s.kill()
	}
	if files := aside(t, data); len(files) > 1 {
		t.Errorf("set aside more than once: %v", files)
	}
}

// askDamaged asks for every photo and stores some again.
func askDamaged(t *testing.T, s *served, pictures [][]byte) {
	for i, picture := range pictures {
		user := int64(i + 1)
		status, body, err := s.do(http.MethodGet, "/user_get_image.fcgi", user, nil)
		if err != nil || status == http.StatusOK && !bytes.Equal(body, picture) {
			t.Errorf("photo of user %d: status %d, %d bytes that were never stored, %v", user, status, len(body), err)
		}
		if i%5 == 0 {
			if err := s.upload(user, picture); errors.Is(err, errGone) {
				t.Error(err)
			}
		}
	}
}

// aside lists the files that were set aside.
func aside(t *testing.T, data string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(data, "portaria.db.damaged-*"))
	if err != nil {
		t.Fatal(err)
	}
	return names
}
