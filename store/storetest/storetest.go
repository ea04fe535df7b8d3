// Package storetest gives tests a store that is checked when they end.
package storetest

import (
	"context"
	"testing"

	"portaria/store"
)

// New opens a store for one test: in a folder of the test, or as the given
// options say. When the test ends, the store is closed and, unless it is
// ephemeral, all it holds is checked; a problem fails the test.
func New(t testing.TB, options ...store.Options) *store.Store {
	t.Helper()
	var o store.Options
	if len(options) > 0 {
		o = options[0]
	}
	if o.Dir == "" && !o.Ephemeral {
		o.Dir = t.TempDir()
	}
	s, err := store.Open(o)
	if err != nil {
		t.Fatalf("store.Open: %v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("closing the store: %v", err)
		}
		if !o.Ephemeral {
			Check(t, o.Dir)
		}
	})
	return s
}

// Ephemeral opens a store of which nothing outlives the test.
func Ephemeral(t testing.TB) *store.Store {
	t.Helper()
	return New(t, store.Options{Ephemeral: true})
}

// Check checks the closed store in dir and fails the test on any problem.
func Check(t testing.TB, dir string) {
	t.Helper()
	report, err := store.Check(context.Background(), dir, nil)
	if err != nil {
		t.Errorf("store.Check: %v", err)
	}
	for _, problem := range report.Problems {
		t.Errorf("store.Check: %s", problem)
	}
}
