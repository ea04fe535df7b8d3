package securid_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"

	"portaria/store/query"
	"portaria/store/schema"
	"portaria/terminal/device"
	"portaria/terminal/dialect/jsondoc"
	"portaria/terminal/dialect/securid"
	"portaria/terminal/vector"
	"portaria/testdata"
)

// leastVectors is how many exchanges there are at least; fewer were not found.
const leastVectors = 60

// Dial implements vector.Target.
func (h *house) Dial() (net.Conn, error) { return net.Dial("tcp", h.addr) }

// Session implements vector.Target: what is open here is a token.
func (h *house) Session() (string, error) { return h.login(), nil }

// Give implements vector.Target.
func (h *house) Give(g vector.Given, photo []byte) error {
	switch g.What {
	case "user", "photo":
		if _, err := h.device.Person(g.User); errors.Is(err, device.ErrNoUser) {
			h.put(device.Person{ID: g.User, Name: "Vector"})
		}
	case "nouser":
		return h.drop(g.User)
	case "object":
		v, err := jsondoc.Parse([]byte(g.Row))
		if err != nil || g.Table != "users" {
			return fmt.Errorf("%v: %w", g, vector.ErrCannot)
		}
		t := h.device.Schema().Table(g.Table)
		var row schema.Row
		for name, member := range v.Members() {
			value := schema.Value{}
			if n, ok := member.Int(); ok {
				value = schema.Int(n)
			} else if s, ok := member.Str(); ok {
				value = schema.Text(s)
			}
			row = append(row, schema.Assignment{Column: t.Column(name), Value: value})
		}
		_, _, err = h.device.CreateOrModify(g.Table, []schema.Row{row})
		return err
	}
	if photo == nil {
		return nil
	}
	return h.device.SetPhoto(context.Background(), device.Upload{User: g.User, Timestamp: g.Timestamp, Picture: photo}).Err
}

func (h *house) drop(user int64) error {
	if err := h.device.DeleteUser(user); !errors.Is(err, device.ErrNoUser) {
		return err
	}
	return nil
}

// Forget implements vector.Target.
func (h *house) Forget([]vector.Given) error {
	if err := h.device.DeletePhotos(device.PhotoSelection{All: true}); err != nil {
		return err
	}
	_, err := h.device.Destroy(query.Filter{Table: "users"})
	return err
}

func TestVectors(t *testing.T) {
	t.Parallel()
	vectors, err := vector.LoadAtLeast(testdata.Wire(), "securid", leastVectors)
	if err != nil {
		t.Fatal(err)
	}
	for _, model := range device.Models() {
		t.Run(model, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, model, securid.Options{})
			for _, v := range vectors {
				if !v.For(model) || !v.ForFaces("strict") {
					continue
				}
				if err := v.Run(h, testdata.Photos()); err != nil {
					t.Errorf("%s on %s: %s\n  %v", v.Name, model, v.Intent, err)
				}
			}
		})
	}
	for _, v := range vectors {
		if !slices.ContainsFunc(device.Models(), v.For) {
			t.Errorf("%s holds for %v, none of which is a model", v.Name, v.Models)
		}
	}
}

// A runner that cannot fail proves nothing.
func TestVectorsNotice(t *testing.T) {
	t.Parallel()
	vectors, err := vector.LoadAtLeast(testdata.Wire(), "securid", leastVectors)
	if err != nil {
		t.Fatal(err)
	}
	h := newHouse(t, device.DefaultModel, securid.Options{})
	i := slices.IndexFunc(vectors, func(v vector.Vector) bool { return v.Name == "get_user_image" })
	if i < 0 {
		t.Fatal("there is no vector get_user_image")
	}
	v := vectors[i]
	v.Given = v.Given[:1] // the session, and no user
	if err := v.Run(h, testdata.Photos()); err == nil || !strings.Contains(err.Error(), "status 400, want 200") {
		t.Errorf("%s without its user: %v, want a complaint about the status", v.Name, err)
	}
}
