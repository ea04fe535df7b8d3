package keeper_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"portaria/terminal"
	"portaria/terminal/terminaltest"
	"portaria/testdata"
)

// answer is what a page answered.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// json is a member of the body, nil where there is none.
func (a answer) member(t *testing.T, name string) any {
	t.Helper()
	var members map[string]any
	if err := json.Unmarshal(a.body, &members); err != nil {
		t.Fatalf("status %d, %.200q: %v", a.status, a.body, err)
	}
	return members[name]
}

// site is a terminal and somebody who looks after it.
type site struct {
	*terminaltest.Terminal
	t       *testing.T
	session string
}

func newSite(t *testing.T, opts ...terminaltest.Option) *site {
	t.Helper()
	log := terminaltest.With(func(c *terminal.Config) { c.Log = slog.New(slog.NewTextHandler(t.Output(), nil)) })
	s := &site{Terminal: terminaltest.New(t, append([]terminaltest.Option{log}, opts...)...), t: t}
	s.session = s.Login()
	return s
}

// ask asks with the session.
func (s *site) ask(method, path string, body []byte) answer {
	s.t.Helper()
	sign := "?"
	if strings.Contains(path, "?") {
		sign = "&"
	}
	return s.askBare(method, path+sign+"session="+s.session, body)
}

// askBare asks as anybody may.
func (s *site) askBare(method, path string, body []byte) answer {
	s.t.Helper()
	request, err := http.NewRequest(method, s.URL+path, bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	got, err := s.Client().Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer{got.StatusCode, got.Header, text}
}

// patience bounds the waits. It is not a time that anything is asserted to take.
const patience = 5 * time.Minute

// wait asks until a page's work has come to an end, and returns what it says.
func (s *site) wait(page string) answer {
	s.t.Helper()
	deadline := time.Now().Add(patience)
	for {
		got := s.ask(http.MethodGet, page, nil)
		if got.status != http.StatusOK || got.member(s.t, "state") != "running" {
			return got
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("%s after %v: %s", page, patience, got.body)
		}
		<-time.After(2 * time.Millisecond)
	}
}

// backup makes a backup and fetches it in pieces.
func (s *site) backup() []byte {
	s.t.Helper()
	if got := s.ask(http.MethodPost, "/portaria/backup", nil); got.status != http.StatusAccepted {
		s.t.Fatalf("backup: status %d, %s", got.status, got.body)
	}
	got := s.wait("/portaria/backup")
	if got.member(s.t, "state") != "ready" {
		s.t.Fatalf("backup: %s", got.body)
	}
	size := int64(got.member(s.t, "bytes").(float64))
	var data []byte
	for int64(len(data)) < size {
		piece := s.ask(http.MethodGet, fmt.Sprintf("/portaria/backup/data?id=%s&offset=%d&length=%d", got.member(s.t, "id"), len(data), 1<<20), nil)
		if piece.status != http.StatusOK || len(piece.body) == 0 {
			s.t.Fatalf("piece at %d: status %d, %.200s", len(data), piece.status, piece.body)
		}
		data = append(data, piece.body...)
	}
	return data
}

// upload sends a backup in pieces, until one is refused.
func (s *site) upload(data []byte, query string) (last answer) {
	s.t.Helper()
	const piece = 300_000 // no boundary of the file falls on a piece's
	for at := 0; at < len(data); at += piece {
		last = s.ask(http.MethodPut, fmt.Sprintf("/portaria/restore?offset=%d&size=%d%s", at, len(data), query), data[at:min(at+piece, len(data))])
		if last.status != http.StatusOK {
			return last
		}
	}
	return last
}

// restore sends a backup and puts it in place. When it succeeds the session has
// ended, and there is another.
func (s *site) restore(data []byte, query string) answer {
	s.t.Helper()
	if got := s.upload(data, query); got.status != http.StatusOK {
		return got
	}
	if got := s.ask(http.MethodPost, "/portaria/restore?"+query, nil); got.status != http.StatusAccepted {
		return got
	}
	got := s.wait("/portaria/restore")
	if got.status == http.StatusUnauthorized {
		s.session = s.Login()
		got = s.wait("/portaria/restore")
	}
	return got
}

// leftovers are the files in a data folder that are not the data.
func leftovers(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != "portaria.db" && e.Name() != "portaria.lock" {
			names = append(names, e.Name())
		}
	}
	return names
}

// picture is a photo that differs from user to user.
func picture(user int64) []byte {
	name := []string{"plain-320x240.jpg", "plain-200x200.jpg"}[user%2]
	return testdata.Photo(name)
}
