package vector_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"testing/synctest"

	"portaria/terminal/device"
	"portaria/terminal/terminaltest"
	"portaria/terminal/vector"
	"portaria/testdata"
)

// inside is a terminal in this process as a target: facts are made to hold
// behind the wire's back.
type inside struct{ t *terminaltest.Terminal }

func (i inside) Dial() (net.Conn, error)  { return i.t.Dial() }
func (i inside) Session() (string, error) { return i.t.Login(), nil }

func (i inside) Give(g vector.Given, photo []byte) error {
	switch g.What {
	case "user", "photo":
		i.t.AddUser(g.User, "Vector")
	case "nouser":
		return i.dropUser(g.User)
	}
	if photo == nil {
		return nil
	}
	r := i.t.Device().SetPhoto(context.Background(), device.Upload{User: g.User, Timestamp: g.Timestamp, Picture: photo})
	return r.Err
}

func (i inside) dropUser(id int64) error {
	if err := i.t.Device().DeleteUser(id); !errors.Is(err, device.ErrNoUser) {
		return err
	}
	return nil
}

func (i inside) Forget(given []vector.Given) error {
	if err := i.t.Device().DeletePhotos(device.PhotoSelection{All: true}); err != nil {
		return err
	}
	for _, g := range given {
		if err := i.dropUser(g.User); err != nil {
			return err
		}
	}
	return nil
}

func mustLoad(t *testing.T) []vector.Vector {
	t.Helper()
	vectors, err := vector.Load(testdata.Wire(), "fcgi")
	if err != nil {
		t.Fatal(err)
	}
	return vectors
}

// runAll runs what holds for the model and tells how many that were.
func runAll(t *testing.T, vectors []vector.Vector, model string, target vector.Target) (ran int) {
	t.Helper()
	for _, v := range vectors {
		if !v.For(model) {
			continue
		}
		ran++
		if err := v.Run(target, testdata.Photos()); err != nil {
			t.Errorf("%s on %s: %s\n  %v", v.Name, model, v.Intent, err)
		}
	}
	return ran
}

func TestVectors(t *testing.T) {
	t.Parallel()
	vectors := mustLoad(t)
	for _, model := range device.Models() {
		t.Run(model+" over a socket", func(t *testing.T) {
			t.Parallel()
			target := inside{terminaltest.New(t, terminaltest.Model(model))}
			if ran := runAll(t, vectors, model, target); ran < vector.Minimum {
				t.Errorf("%d vectors ran, want at least %d", ran, vector.Minimum)
			}
		})
	}
	t.Run("inside a bubble", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			target := inside{terminaltest.New(t, terminaltest.InBubble())}
			if ran := runAll(t, vectors, device.DefaultModel, target); ran < vector.Minimum {
				t.Errorf("%d vectors ran, want at least %d", ran, vector.Minimum)
			}
		})
	})
}

func TestEveryVectorRunsSomewhere(t *testing.T) {
	t.Parallel()
	for _, v := range mustLoad(t) {
		somewhere := false
		for _, model := range device.Models() {
			somewhere = somewhere || v.For(model)
		}
		if !somewhere {
			t.Errorf("%s holds for %v, none of which is a model", v.Name, v.Models)
		}
	}
}

// A runner that cannot fail proves nothing.
func TestRunNotices(t *testing.T) {
	t.Parallel()
	terminal := terminaltest.New(t)
	target := inside{terminal}
	for _, v := range mustLoad(t) {
		if v.Name != "get_image" {
			continue
		}
		v.Given = v.Given[:1] // the session, and no photo
		err := v.Run(target, testdata.Photos())
		if err == nil || !strings.Contains(err.Error(), "status 404, want 200") {
			t.Errorf("%s without its photo: %v, want a complaint about the status", v.Name, err)
		}
		return
	}
	t.Error("there is no vector get_image")
}
