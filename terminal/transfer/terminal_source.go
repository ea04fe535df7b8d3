package transfer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"portaria/terminal/dialect/jsondoc"
)

// asked is how many photos are asked for at once. The terminal allows a
// hundred; a few are as fast and fit its memory and ours.
const asked = 10

// terminalSource reads photos from a terminal.
type terminalSource struct {
	*terminal
	single atomic.Bool // it has no user_get_image_list
}

func newTerminalSource(w *wire, e Endpoint) (*terminalSource, error) {
	t, err := newTerminal(w, e)
	return &terminalSource{terminal: t}, err
}

// people lists the users, and photos that have lost theirs.
func (s *terminalSource) people(ctx context.Context) ([]person, error) {
	photos, err := s.images(ctx)
	unlisted := errors.Is(err, errUnknownCommand) // then all must be asked for
	if err != nil && !unlisted {
		return nil, err
	}
	users, err := s.users(ctx)
	if err != nil {
		return nil, err
	}
	var people []person
	for _, u := range users {
		timestamp, has := photos[u.id]
		delete(photos, u.id)
		people = append(people, terminalPerson(u, timestamp, !has && !unlisted))
	}
	for id, timestamp := range photos {
		people = append(people, terminalPerson(user{id: id}, timestamp, false))
	}
	slices.SortFunc(people, func(a, b person) int { return cmp.Compare(a.id, b.id) })
	return people, nil
}

func terminalPerson(u user, timestamp int64, noPhoto bool) person {
	id := strconv.FormatInt(u.id, 10)
	p := person{who: id, key: id, id: u.id, name: u.name, registration: u.registration, noPhoto: noPhoto}
	// Some clients send 0 with every photo: that tells nothing.
	if timestamp != 0 {
		p.version = "time:" + strconv.FormatInt(timestamp, 10)
	}
	return p
}

func (s *terminalSource) photos(ctx context.Context, people []person) []picture {
	var pictures []picture
	for chunk := range slices.Chunk(people, asked) {
		pictures = append(pictures, s.chunk(ctx, chunk)...)
	}
	return pictures
}

func (s *terminalSource) chunk(ctx context.Context, people []person) []picture {
	if len(people) > 1 && !s.single.Load() {
		if pictures, ok := s.list(ctx, people); ok {
			return pictures
		}
	}
	pictures := make([]picture, len(people))
	for i, p := range people {
		pictures[i] = s.one(ctx, p)
	}
	return pictures
}

// list reads several photos with one command, which only facial terminals
// have. Whatever it does not bring is asked for singly: it does not say
// whether a photo is missing or did not fit (access-api §4.4).
func (s *terminalSource) list(ctx context.Context, people []person) ([]picture, bool) {
	ids := make([]string, len(people))
	for i, p := range people {
		ids[i] = p.key
	}
	a, err := s.call(ctx, call{
		command: "user_get_image_list", typ: "application/json",
		body: []byte(`{"user_ids":[` + strings.Join(ids, ",") + `]}`),
	})
	if err != nil {
		return nil, false
	}
	images := a.json().Member("user_images")
	if a.status != http.StatusOK || images.Kind() != jsondoc.Array {
		s.single.Store(true)
		return nil, false
	}
	got := map[int64]picture{}
	for row := range images.Items() {
		id, known := row.Member("id").Int()
		if !known {
			id, _ = row.Member("user_id").Int()
		}
		if data, ok := row.Member("image").Base64(); ok && len(data) > 0 {
			timestamp, _ := row.Member("timestamp").Int()
			got[id] = picture{data: data, time: timestamp}
		}
	}
	pictures := make([]picture, len(people))
	for i, p := range people {
		var ok bool
		if pictures[i], ok = got[p.id]; !ok {
			pictures[i] = s.one(ctx, p)
		}
		pictures[i].version = p.version
	}
	return pictures, true
}

// one reads one photo. A label that is no picture's means that there is none,
// whatever the status.
func (s *terminalSource) one(ctx context.Context, p person) picture {
	a, err := s.call(ctx, call{command: "user_get_image", query: "user_id=" + p.key, get: true})
	if err != nil {
		return picture{err: err}
	}
	isPicture := strings.HasPrefix(a.typ, "image/") || strings.HasPrefix(a.typ, "application/octet-stream")
	switch {
	case a.status == http.StatusOK && isPicture && len(a.body) > 0:
		timestamp, _ := strconv.ParseInt(strings.TrimPrefix(p.version, "time:"), 10, 64)
		return picture{data: a.body, version: p.version, time: timestamp}
	case passing(a.status) || a.status == http.StatusUnauthorized || a.status == http.StatusForbidden:
		return picture{err: fmt.Errorf("user_get_image %w", a.statusError())}
	}
	return picture{err: errNoPhoto}
}
