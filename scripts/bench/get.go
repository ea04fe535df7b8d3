//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// The goals for one photo served: CPU time of ours to theirs.
const (
	getToPlain = 0.65
	getToNginx = 1.8
)

// get measures what one photo costs the server.
func (b *bench) get(ctx context.Context) (section, error) {
	n := either(b, 10_000, 500)
	progress("get: writing %d photos", n)
	photos := drawPhotos(1, n, servedPhotos)
	targets := func(format string) []request {
		requests := make([]request, n)
		for i, jpeg := range photos {
			requests[i] = newRequest(fmt.Sprintf(format, i+1), len(jpeg))
		}
		return requests
	}
	overStore, err := b.overStore(ctx, photos)
	if err != nil {
		return section{}, err
	}
	d := b.newDuel(either(b, []int{1, 16, 128}, []int{16})...)
	for _, c := range overStore {
		d.contestants = append(d.contestants, contestant{c.name, func(ctx context.Context) (*server, error) {
			return prepared(ctx, c.start, func(s *server, session string) error {
				s.requests = targets("/user_get_image.fcgi?user_id=%d&session=" + session)
				return nil
			})
		}})
	}
	out := section{title: fmt.Sprintf("GET one photo by user id, session checked: CPU time of the server per request (%d photos, mean %d KB, random ids)", n, servedPhotos.mean()/1000)}
	nginx := findNginx()
	if nginx == "" {
		out.notes = append(out.notes, "nginx is not installed: not compared")
	} else {
		files := filepath.Join(b.dir, "files")
		if err := writeFiles(ctx, files, photos); err != nil {
			return section{}, err
		}
		d.contestants = append(d.contestants, contestant{nginxName, func(ctx context.Context) (*server, error) {
			s, err := b.serveFiles(ctx, nginx, files)
			if err == nil {
				s.requests = targets("/%d.jpg")
			}
			return s, err
		}})
	}
	if err := d.run(ctx, b); err != nil {
		return section{}, err
	}
	for _, connections := range d.connections {
		out.rows = append(out.rows, d.row(connections, plainName, getToPlain))
		if nginx != "" {
			out.rows = append(out.rows, d.row(connections, nginxName, getToNginx))
		}
	}
	out.notes = append(out.notes, d.note(b), "net/http: the same store, one mutex over a map of sessions, photo copied into memory of its own; nginx: sendfile of the same photos, no session to check")
	return out, nil
}

// overStore are the two contestants that read a store, each its own: a data
// folder has one user at a time.
func (b *bench) overStore(ctx context.Context, photos [][]byte) ([]contestant, error) {
	contestants := []contestant{{portariaName, nil}, {plainName, nil}}
	for i := range contestants {
		data, err := os.MkdirTemp(b.dir, "data-")
		if err != nil {
			return nil, err
		}
		if err := fill(ctx, data, photos); err != nil {
			return nil, err
		}
		contestants[i].start = func(ctx context.Context) (*server, error) { return b.serve(ctx, data) }
		if contestants[i].name == plainName {
			contestants[i].start = func(ctx context.Context) (*server, error) { return b.servePlain(ctx, data) }
		}
	}
	return contestants, nil
}

// prepared starts a server, opens a session and has ask set the requests.
func prepared(ctx context.Context, start func(context.Context) (*server, error), ask func(s *server, session string) error) (*server, error) {
	s, err := start(ctx)
	if err != nil {
		return nil, err
	}
	session, err := s.login()
	if err == nil {
		err = ask(s, session)
	}
	if err != nil {
		_ = s.stop() // what went wrong before is worth telling
		return nil, err
	}
	return s, nil
}
