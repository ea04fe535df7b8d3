package keeper_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"portaria/terminal/terminaltest"
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
	s := &site{Terminal: terminaltest.New(t, opts...), t: t}
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
