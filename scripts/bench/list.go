//go:build linux

package main

import (
	"context"
	"encoding/json"
	"fmt"
)

// listed is how many users with a photo a list names.
const listed = 10_000

// list measures what the list of all users with a photo costs the server.
func (b *bench) list(ctx context.Context) (section, error) {
	progress("list: writing %d photos", listed)
	overStore, err := b.overStore(ctx, drawPhotos(2, listed, smallPhotos))
	if err != nil {
		return section{}, err
	}
	d := b.newDuel(16)
	for _, c := range overStore {
		d.contestants = append(d.contestants, contestant{c.name, func(ctx context.Context) (*server, error) {
			return prepared(ctx, c.start, askList)
		}})
	}
	if err := d.run(ctx, b); err != nil {
		return section{}, err
	}
	return section{
		title: fmt.Sprintf("user_list_images with %d ids: CPU time of the server per request", listed),
		rows:  []row{d.row(16, plainName, 0)},
		notes: []string{d.note(b), "net/http: the same store, answered with json.Marshal; no goal is set"},
	}, nil
}

// askList looks at one answer before its length is taken for the right one.
func askList(s *server, session string) error {
	target := "/user_list_images.fcgi?session=" + session
	body, err := s.fetch(target)
	if err != nil {
		return err
	}
	var list struct {
		UserIDs []int64 `json:"user_ids"`
	}
	if err := json.Unmarshal(body, &list); err != nil {
		return err
	}
	if len(list.UserIDs) != listed {
		return fmt.Errorf("a list of %d ids, want %d", len(list.UserIDs), listed)
	}
	s.requests = []request{newRequest(target, len(body))}
	return nil
}
