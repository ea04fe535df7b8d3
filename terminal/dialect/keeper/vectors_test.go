package keeper_test

import (
	"slices"
	"strings"
	"testing"

	"portaria/terminal"
	"portaria/terminal/device"
	"portaria/terminal/terminaltest"
	"portaria/terminal/vector"
	"portaria/testdata"
)

// leastVectors is how many exchanges there are at least; fewer were not found.
const leastVectors = 20

// Session implements vector.Target.
func (s *site) Session() (string, error) { return s.session, nil }

// Give implements vector.Target; there is nothing to give.
func (s *site) Give(vector.Given, []byte) error { return vector.ErrCannot }

// Forget implements vector.Target.
func (s *site) Forget([]vector.Given) error { return nil }

func TestVectors(t *testing.T) {
	t.Parallel()
	vectors, err := vector.LoadAtLeast(testdata.Wire(), "keeper", leastVectors)
	if err != nil {
		t.Fatal(err)
	}
	for _, model := range device.Models() {
		t.Run(model, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, terminaltest.Model(model), terminaltest.Data(t.TempDir()), terminaltest.With(func(c *terminal.Config) { c.Version = "1" }))
			for _, v := range vectors {
				if !v.For(model) {
					continue
				}
				if err := v.Run(s, testdata.Photos()); err != nil {
					t.Errorf("%s on %s: %s\n  %v", v.Name, model, v.Intent, err)
				}
			}
		})
	}
}

// A runner that cannot fail proves nothing.
func TestVectorsNotice(t *testing.T) {
	t.Parallel()
	vectors, err := vector.LoadAtLeast(testdata.Wire(), "keeper", leastVectors)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(vectors, func(v vector.Vector) bool { return v.Name == "session_cookie" })
	if i < 0 {
		t.Fatal("there is no vector session_cookie")
	}
	s := newSite(t)
	s.session = "of nobody"
	if err := vectors[i].Run(s, testdata.Photos()); err == nil || !strings.Contains(err.Error(), "status 401, want 200") {
		t.Errorf("without its session: %v, want a complaint about the status", err)
	}
}
