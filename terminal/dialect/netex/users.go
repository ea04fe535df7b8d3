package netex

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"portaria/terminal/device"
	"portaria/terminal/dialect"
)

// maxListed is the default and the maximum of one list (identity-apis §3.5).
const maxListed = 500

// getUser answers with the user itself, and not with the envelope that the
// page about it lists (identity-apis §3.5).
func (a *API) getUser(c *dialect.Call, name string) error {
	p, err := a.find(name)
	if err != nil {
		return err
	}
	image, err := a.imagePath(p.ID)
	if err != nil {
		return err
	}
	c.Send(http.StatusOK, typeJSON, appendUser(c.Buffer(), p, image))
	return nil
}

// listUsers answers with users in the order of their numbers. A count over the
// maximum is the maximum, and the first user has the index 0 [guess].
func (a *API) listUsers(c *dialect.Call) error {
	start, err := argument(c, "startIndex", 0)
	if err != nil {
		return err
	}
	count, err := argument(c, "count", maxListed)
	if err != nil {
		return err
	}
	var people []device.Person
	index := 0
	err = a.device.People(func(p device.Person) bool {
		if index >= start && len(people) < min(count, maxListed) {
			people = append(people, p)
		}
		index++
		return len(people) < min(count, maxListed)
	})
	if err != nil {
		return err
	}
	return c.Compose(a.room, http.StatusOK, typeJSON, func(answer *dialect.Answer) error {
		answer.Tail = append(answer.Tail, '[')
		for i, p := range people {
			image, err := a.imagePath(p.ID)
			if err != nil {
				return err
			}
			if i > 0 {
				answer.Tail = append(answer.Tail, ',')
			}
			answer.Tail = appendUser(answer.Tail, p, image)
			if err := answer.Settle(); err != nil {
				return err
			}
		}
		answer.Tail = append(answer.Tail, ']')
		return nil
	})
}

// argument reads a number of the query that is not negative.
func argument(c *dialect.Call, name string, missing int) (int, error) {
	text, ok := c.Query(name)
	if !ok {
		return missing, nil
	}
	n, err := strconv.ParseUint(text, 10, 31)
	if err != nil {
		return 0, &parameterError{name}
	}
	return int(n), nil
}

// createUser adds a user. Nothing is kept of one whose photo is refused.
func (a *API) createUser(c *dialect.Call) error {
	v, err := object(c, "user")
	if err != nil {
		return err
	}
	ctx, cancel := c.Context()
	defer cancel()
	ch, err := a.readChange(ctx, v, neededToCreate)
	if err != nil {
		return err
	}
	if ch.texts["username"] == "" {
		return &parameterError{"username"}
	}
	if !a.options.Partial && isEmpty(v.Member("roles").Member("management")) {
		return &parameterError{"roles"}
	}
	id, err := a.create(ch)
	if err != nil {
		return err
	}
	if ch.picture != nil {
		err = a.keepPhoto(ctx, id, *ch.picture)
	} else {
		// A terminal keeps photos of users that it does not know. This one is
		// somebody else.
		err = a.clearPhoto(id)
	}
	if err != nil {
		return errors.Join(err, a.device.DeleteUser(id))
	}
	location := base + "/users/" + idOf(id) // [guess]
	c.AddHeader("Location", location)
	return a.answer(c, outcome{http.StatusCreated, location})
}

func (a *API) create(ch change) (id int64, err error) {
	var p device.Person
	if err := ch.apply(&p); err != nil {
		return 0, err
	}
	a.changing.Lock()
	defer a.changing.Unlock()
	return a.put(p)
}

// putUser changes a user. What a body does not name stays as it is [guess].
func (a *API) putUser(c *dialect.Call, name string) error {
	v, err := object(c, "user")
	if err != nil {
		return err
	}
	ctx, cancel := c.Context()
	defer cancel()
	ch, err := a.readChange(ctx, v, neededToChange)
	if err != nil {
		return err
	}
	p, err := a.change(name, ch.apply)
	if err != nil {
		return err
	}
	switch {
	case ch.picture != nil:
		err = a.keepPhoto(ctx, p.ID, *ch.picture)
	case ch.clear:
		err = a.clearPhoto(p.ID)
	}
	if err != nil {
		return err
	}
	return a.answer(c, outcome{status: http.StatusNoContent})
}

func (a *API) clearPhoto(user int64) error {
	// Deleting nothing would be written down all the same.
	if _, err := a.device.PhotoChanged(user); errors.Is(err, device.ErrNoPhoto) {
		return nil
	}
	return a.device.DeletePhotos(device.PhotoSelection{Users: []int64{user}})
}

// deleteUser deletes a user with the photo, which a classic terminal would
// keep for the next user with that number.
func (a *API) deleteUser(c *dialect.Call, name string) error {
	p, err := a.find(name)
	if err != nil {
		return err
	}
	if err := a.clearPhoto(p.ID); err != nil {
		return err
	}
	if err := a.device.DeleteUser(p.ID); err != nil {
		return err
	}
	return a.answer(c, outcome{status: http.StatusNoContent})
}

// enable makes a user active or inactive. A body, which is not documented, is
// not looked at.
func enable(active bool) operation {
	return func(a *API, c *dialect.Call, name string) error {
		ch := change{details: map[string]json.RawMessage{"enabled": json.RawMessage(strconv.FormatBool(active))}}
		if _, err := a.change(name, ch.apply); err != nil {
			return err
		}
		return a.answer(c, outcome{status: http.StatusNoContent})
	}
}
