package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"portaria/store"
)

// judge opens stores on states and compares them with worlds.
type judge struct {
	scratch string // in memory, where it can be had
	worlds  []world
}

// trial is a state and how many steps had been acknowledged before the cut.
type trial struct {
	number int
	acked  int
	lay    func(dir string) error
}

// try returns what is wrong with a state, or nil.
func (j *judge) try(t trial) (err error) {
	root, err := os.MkdirTemp(j.scratch, "state-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(root) }()
	if err := t.lay(root); err != nil {
		return err
	}
	dir := filepath.Join(root, dataFolder)
	if _, err := os.Stat(filepath.Join(dir, "portaria.db")); err == nil {
		if err := check(dir); err != nil {
			return err
		}
	}
	found, err := j.open(dir, t.acked)
	if err != nil {
		return err
	}
	if t.number%5 == 0 {
		return j.goOn(dir, found)
	}
	return nil
}

// open opens the store and tells how many steps it has done: those that were
// acknowledged, and perhaps the one under way.
func (j *judge) open(dir string, acked int) (found int, err error) {
	s, err := store.Open(store.Options{Dir: dir})
	if err != nil {
		return 0, fmt.Errorf("open: %w", err)
	}
	defer func() { _ = s.Close() }()
	if aside, _ := filepath.Glob(filepath.Join(dir, "*.damaged-*")); len(aside) > 0 {
		return 0, fmt.Errorf("set aside: %v", aside)
	}
	if err = j.worlds[acked].holds(s); err == nil {
		return acked, nil
	}
	if acked+1 < len(j.worlds) && j.worlds[acked+1].holds(s) == nil {
		return acked + 1, nil
	}
	return 0, fmt.Errorf("after step %d: %w", acked, err)
}

// goOn does the next two steps: what is free must not be in use.
func (j *judge) goOn(dir string, found int) error {
	s, err := store.Open(store.Options{Dir: dir})
	if err != nil {
		return fmt.Errorf("second open: %w", err)
	}
	for range 2 {
		if found+1 < len(j.worlds) && deedOf(found) != compact && err == nil {
			err = do(s, dir, found)
			found++
		}
	}
	if closeErr := s.Close(); err != nil || closeErr != nil {
		return fmt.Errorf("going on: %w, %w", err, closeErr)
	}
	if err := check(dir); err != nil {
		return fmt.Errorf("going on: %w", err)
	}
	_, err = j.open(dir, found)
	return err
}

// check reads everything in a closed data folder.
func check(dir string) error {
	report, err := store.Check(context.Background(), dir, nil)
	if err == nil && len(report.Problems) > 0 {
		err = fmt.Errorf("check: %v", report.Problems)
	}
	return err
}

// tryAll tries what comes, and tells bad what is wrong with a state.
func (j *judge) tryAll(workers int, trials <-chan trial, bad func(t trial, err error)) {
	var mu sync.Mutex // guards bad
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for t := range trials {
				if err := j.try(t); err != nil {
					mu.Lock()
					bad(t, err)
					mu.Unlock()
				}
			}
		})
	}
	group.Wait()
}
