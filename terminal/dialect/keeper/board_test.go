package keeper_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"portaria/terminal"
	"portaria/terminal/terminaltest"
)

// newBoard serves a board on a socket and returns its path.
func newBoard(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "board") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "s")
	ln, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.UserAgent() == "fasthttp" { // the terminal itself, which asks for the clock
			fmt.Fprint(w, `{"clock":"set"}`)
			return
		}
		handler(w, r)
	})}
	done := make(chan error, 1)
	go func() { done <- server.Serve(ln) }()
	t.Cleanup(func() { server.Close(); <-done })
	return path
}

func onBoard(path string) terminaltest.Option {
	return terminaltest.With(func(c *terminal.Config) { c.Board = path })
}

func TestBoard(t *testing.T) {
	t.Parallel()
	t.Run("calls are passed on, without the session, and answers back", func(t *testing.T) {
		t.Parallel()
		var mu sync.Mutex
		var asked []string
		s := newSite(t, onBoard(newBoard(t, func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			mu.Lock()
			defer mu.Unlock()
			asked = append(asked, fmt.Sprintf("%s %s %d", r.Method, r.URL, len(body)))
			if len(r.Cookies()) > 0 || strings.Contains(fmt.Sprint(r.Header, r.URL), "session") {
				t.Errorf("the board is told %v %v", r.URL, r.Header)
			}
			if r.URL.Path == "/trial" {
				w.WriteHeader(http.StatusConflict)
				fmt.Fprint(w, `{"error":"no update is ready"}`)
				return
			}
			fmt.Fprint(w, `{"slot":"A"}`)
		})))
		for _, call := range []struct {
			method, path string
			body         int
			status       int
		}{
			{http.MethodGet, "/portaria/board/status", 0, 200},
			{http.MethodPut, "/portaria/board/update?offset=7&size=2000000&else=1", 1 << 20, 200},
			{http.MethodPost, "/portaria/board/trial", 0, 409},
			{http.MethodPost, "/portaria/board/reboot", 0, 200},
			{http.MethodPost, "/portaria/board/poweroff", 0, 200},
			// What never reaches it:
			{http.MethodPut, "/portaria/board/update?offset=7&size=2000000", 1<<20 + 1, 413},
			{http.MethodPut, "/portaria/board/update?offset=-1&size=5", 5, 400},
			{http.MethodPut, "/portaria/board/update?offset=1", 5, 400},
			{http.MethodGet, "/portaria/board/reboot", 0, 405},
			{http.MethodPost, "/portaria/board/status", 0, 405},
			{http.MethodPost, "/portaria/board/update?offset=0&size=5", 5, 405},
			{http.MethodGet, "/portaria/board/else", 0, 404},
		} {
			got := s.ask(call.method, call.path, make([]byte, call.body))
			if got.status != call.status {
				t.Errorf("%s %s: status %d, %s", call.method, call.path, got.status, got.body)
			}
			if (got.status >= 400) != (got.member(t, "error") != nil) {
				t.Errorf("%s %s: %s", call.method, call.path, got.body)
			}
		}
		want := []string{"GET /status 0", "PUT /update?offset=7&size=2000000 1048576", "POST /trial 0", "POST /reboot 0", "POST /poweroff 0"}
		if fmt.Sprint(asked) != fmt.Sprint(want) {
			t.Errorf("the board was asked %q, want %q", asked, want)
		}
	})
	t.Run("nobody without a session reaches it", func(t *testing.T) {
		t.Parallel()
		s := newSite(t, onBoard(newBoard(t, func(_ http.ResponseWriter, r *http.Request) { t.Errorf("%v reached the board", r.URL) })))
		for path, method := range map[string]string{"status": "GET", "update?offset=0&size=1": "PUT", "trial": "POST", "reboot": "POST", "poweroff": "POST"} {
			if got := s.askBare(method, "/portaria/board/"+path, nil); got.status != http.StatusUnauthorized {
				t.Errorf("%s: status %d, %s", path, got.status, got.body)
			}
		}
	})
	t.Run("a terminal without one says so", func(t *testing.T) {
		t.Parallel()
		got := newSite(t).ask(http.MethodGet, "/portaria/board/status", nil)
		if text, _ := got.member(t, "error").(string); got.status != http.StatusNotFound || !strings.HasPrefix(text, "this terminal runs on no board: ") {
			t.Errorf("status %d, %s", got.status, got.body)
		}
	})
	t.Run("a board that is gone, talks nonsense or too much is not passed on", func(t *testing.T) {
		t.Parallel()
		gone := newSite(t, onBoard(filepath.Join(t.TempDir(), "none")))
		if got := gone.ask(http.MethodGet, "/portaria/board/status", nil); got.status != http.StatusBadGateway || strings.Contains(string(got.body), "none") {
			t.Errorf("gone: status %d, %s", got.status, got.body)
		}
		answers := map[string]func(http.ResponseWriter, *http.Request){
			"text":    func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") },
			"nothing": func(http.ResponseWriter, *http.Request) {},
			"too much": func(w http.ResponseWriter, _ *http.Request) {
				w.Write(bytes.Repeat([]byte(" "), 70<<10))
				fmt.Fprint(w, "{}")
			},
			"redirect": func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusFound)
			},
		}
		for name, handler := range answers {
			s := newSite(t, onBoard(newBoard(t, handler)))
			if got := s.ask(http.MethodGet, "/portaria/board/status", nil); got.status != http.StatusBadGateway || got.member(t, "error") == nil {
				t.Errorf("%s: status %d, %.100s", name, got.status, got.body)
			}
		}
	})
	t.Run("more calls than it is asked at a time are told to come again", func(t *testing.T) {
		t.Parallel()
		hold := make(chan struct{})
		arrived := make(chan struct{}, 10)
		s := newSite(t, onBoard(newBoard(t, func(w http.ResponseWriter, _ *http.Request) {
			arrived <- struct{}{}
			<-hold
			fmt.Fprint(w, "{}")
		})))
		var group sync.WaitGroup
		for range 4 {
			group.Go(func() {
				if got := s.ask(http.MethodGet, "/portaria/board/status", nil); got.status != http.StatusOK {
					t.Errorf("status %d, %s", got.status, got.body)
				}
			})
			<-arrived
		}
		if got := s.ask(http.MethodGet, "/portaria/board/status", nil); got.status != http.StatusServiceUnavailable {
			t.Errorf("the fifth: status %d, %s", got.status, got.body)
		}
		close(hold)
		group.Wait()
	})
}
