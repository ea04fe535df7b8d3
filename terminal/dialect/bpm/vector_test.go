package bpm_test

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"testing"

	"portaria/terminal/device"
	"portaria/terminal/dialect/bpm"
	"portaria/terminal/vector"
	"portaria/testdata"
)

// leastVectors is how many exchanges there are at least; fewer were not found.
const leastVectors = 60

// target lets vectors run against a server whose account is the factory's.
type target struct{ *server }

func (t target) Dial() (net.Conn, error) { return t.dial() }

// Session implements vector.Target; the terminal's sessions are none of ours.
func (target) Session() (string, error) { return "", vector.ErrCannot }

// Give implements vector.Target. A row of users is a person who goes by
// registration.
func (t target) Give(g vector.Given, photo []byte) error {
	switch g.What {
	case "user", "photo":
		if err := t.device.SetUsers(device.User{ID: g.User, Name: "Vector"}); err != nil {
			return err
		}
	case "nouser":
		return t.drop(g.User)
	case "object":
		p, err := person(g)
		if err != nil {
			return err
		}
		_, err = t.device.PutPerson(p)
		return err
	}
	if photo == nil {
		return nil
	}
	return t.device.SetPhoto(context.Background(), device.Upload{User: g.User, Timestamp: g.Timestamp, Picture: photo}).Err
}

func person(g vector.Given) (device.Person, error) {
	var row struct {
		ID                 int64
		Name, Registration string
	}
	err := json.Unmarshal([]byte(g.Row), &row)
	return device.Person{ID: row.ID, Name: row.Name, Registration: row.Registration, Login: row.Registration}, err
}

func (t target) drop(id int64) error {
	if err := t.device.DeleteUser(id); !errors.Is(err, device.ErrNoUser) {
		return err
	}
	return nil
}

// Forget implements vector.Target.
func (t target) Forget(given []vector.Given) error {
	errs := []error{t.device.DeletePhotos(device.PhotoSelection{All: true})}
	for _, g := range given {
		id := g.User
		if g.What == "object" {
			p, err := person(g)
			errs = append(errs, err)
			id = p.ID
		}
		errs = append(errs, t.drop(id))
	}
	return errors.Join(errs...)
}

func TestVectors(t *testing.T) {
	t.Parallel()
	vectors, err := vector.LoadAtLeast(testdata.Wire(), "bpm", leastVectors)
	if err != nil {
		t.Fatal(err)
	}
	for _, model := range device.Models() {
		t.Run(model, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, model, bpm.Options{})
			if err := s.device.ChangeLogin(device.FactoryLogin, device.FactoryPassword); err != nil {
				t.Fatal(err)
			}
			ran := 0
			for _, v := range vectors {
				if !v.For(model) || !v.ForFaces("strict") {
					continue
				}
				ran++
				if err := v.Run(target{s}, testdata.Photos()); err != nil {
					t.Errorf("%s: %s\n  %v", v.Name, v.Intent, err)
				}
			}
			if ran < leastVectors {
				t.Errorf("%d vectors ran, want at least %d", ran, leastVectors)
			}
		})
	}
}
