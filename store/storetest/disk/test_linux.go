package disk

import (
	"errors"
	"os"
	"testing"
)

// RequiredEnv is an environment variable. Set to "required", it makes a test fail
// on a machine that lacks what the test needs, instead of being skipped, and do
// all it can. It is none of PORTARIA_…: those are settings of the terminal, which
// refuses to start with one that it does not know.
const RequiredEnv = "POWER_TESTS"

// Required reports whether a missing capability is a failure.
func Required() bool { return os.Getenv(RequiredEnv) == "required" }

// New sets up a bench that goes with the test.
func New(t testing.TB) *Bench {
	t.Helper()
	b, err := NewBench("")
	Need(t, err)
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

// Need ends the test when err is one: by skipping it where this machine cannot
// do it and need not.
func Need(t testing.TB, err error) {
	t.Helper()
	switch {
	case err == nil:
	case errors.Is(err, ErrMissing) && !Required():
		t.Skip(err)
	default:
		t.Fatal(err)
	}
}
