package keeper_test

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"portaria/terminal/device"
	"portaria/terminal/terminaltest"
)

func TestHealth(t *testing.T) {
	t.Parallel()
	t.Run("is told to anybody, on every model, in memory and on disk", func(t *testing.T) {
		t.Parallel()
		for _, model := range device.Models() {
			for _, opts := range [][]terminaltest.Option{nil, {terminaltest.Data(t.TempDir())}} {
				s := newSite(t, append(opts, terminaltest.Model(model))...)
				got := s.askBare(http.MethodGet, "/portaria/health", nil)
				if got.status != http.StatusOK || string(got.body) != `{"status":"ok"}` {
					t.Errorf("%s: status %d, %s", model, got.status, got.body)
				}
			}
		}
	})
	t.Run("a disk that is gone is noticed although nobody writes, and so is its return", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		s := newSite(t, terminaltest.Data(dir))
		path := filepath.Join(dir, "portaria.db")
		if err := os.Rename(path, path+".away"); err != nil {
			t.Fatal(err)
		}
		got := s.askBare(http.MethodGet, "/portaria/health", nil)
		if got.status != http.StatusServiceUnavailable || got.member(t, "status") != "degraded" {
			t.Errorf("status %d, %s", got.status, got.body)
		}
		if strings.Contains(string(got.body), dir) || strings.Contains(string(got.body), "portaria.db") {
			t.Errorf("%s tells anybody about the disk", got.body)
		}
		if err := os.Rename(path+".away", path); err != nil {
			t.Fatal(err)
		}
		s.Advance(2 * time.Second)
		if got := s.askBare(http.MethodGet, "/portaria/health", nil); got.status != http.StatusOK {
			t.Errorf("after its return: status %d, %s", got.status, got.body)
		}
	})
	t.Run("many may ask at once", func(t *testing.T) {
		t.Parallel()
		s := newSite(t, terminaltest.Data(t.TempDir()))
		var group sync.WaitGroup
		for range 32 {
			group.Go(func() {
				if got := s.askBare(http.MethodGet, "/portaria/health", nil); got.status != http.StatusOK {
					t.Errorf("status %d, %s", got.status, got.body)
				}
			})
		}
		group.Wait()
	})
}

// pages are all of them, and what each takes.
var pages = map[string][]string{
	"/portaria/status":         {"GET"},
	"/portaria/backup":         {"GET", "POST", "DELETE"},
	"/portaria/backup/data":    {"GET"},
	"/portaria/check":          {"GET", "POST"},
	"/portaria/restore":        {"GET", "PUT", "POST", "DELETE"},
	"/portaria/damaged":        {"DELETE"},
	"/portaria/board/status":   {"GET"},
	"/portaria/board/update":   {"PUT"},
	"/portaria/board/trial":    {"POST"},
	"/portaria/board/reboot":   {"POST"},
	"/portaria/board/poweroff": {"POST"},
	"/portaria/":               {"GET", "PUT", "POST", "DELETE"},
	"/portaria/nowhere":        {"GET", "PUT", "POST", "DELETE"},
}

func TestWhoMay(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	all := []string{"GET", "POST", "PUT", "DELETE"}
	t.Run("nobody without a live session, whatever there is", func(t *testing.T) {
		for path, methods := range pages {
			for _, method := range methods {
				for _, query := range []string{"", "?session=", "?session=x", "?session=" + s.session + "&session=" + s.session} {
					got := s.askBare(method, path+query, nil)
					if got.status != http.StatusUnauthorized || got.member(t, "error") == nil {
						t.Errorf("%s %s: status %d, %s", method, path+query, got.status, got.body)
					}
				}
			}
		}
	})
	t.Run("a cookie is as good as the query", func(t *testing.T) {
		request, err := http.NewRequest(http.MethodGet, s.URL+"/portaria/status", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.AddCookie(&http.Cookie{Name: "session", Value: s.session})
		got, err := s.Client().Do(request)
		if err != nil {
			t.Fatal(err)
		}
		got.Body.Close()
		if got.StatusCode != http.StatusOK {
			t.Errorf("status %d", got.StatusCode)
		}
	})
	t.Run("but not when a page of another site sends it along to change something", func(t *testing.T) {
		for site, want := range map[string]int{"cross-site": 403, "same-site": 403, "same-origin": 404, "none": 404, "": 404} {
			request, err := http.NewRequest(http.MethodPost, s.URL+"/portaria/board/poweroff", nil)
			if err != nil {
				t.Fatal(err)
			}
			request.AddCookie(&http.Cookie{Name: "session", Value: s.session})
			request.Header.Set("Sec-Fetch-Site", site)
			got, err := s.Client().Do(request)
			if err != nil {
				t.Fatal(err)
			}
			got.Body.Close()
			if got.StatusCode != want {
				t.Errorf("%q: status %d, want %d", site, got.StatusCode, want)
			}
		}
	})
	t.Run("another method is refused, and those that are taken are named", func(t *testing.T) {
		for path, methods := range pages {
			for _, method := range all {
				if slices.Contains(methods, method) {
					continue
				}
				got := s.ask(method, path, nil)
				if got.status != http.StatusMethodNotAllowed || got.header.Get("Allow") != strings.Join(methods, ", ") {
					t.Errorf("%s %s: status %d, Allow %q, %s", method, path, got.status, got.header.Get("Allow"), got.body)
				}
			}
		}
		if got := s.askBare(http.MethodPost, "/portaria/health", nil); got.status != http.StatusMethodNotAllowed {
			t.Errorf("health: status %d, %s", got.status, got.body)
		}
	})
	t.Run("what is not there is not there", func(t *testing.T) {
		for _, path := range []string{"/portaria/", "/portaria/nowhere", "/portaria/board", "/portaria/status/"} {
			if got := s.ask(http.MethodGet, path, nil); got.status != http.StatusNotFound || got.member(t, "error") == nil {
				t.Errorf("%s: status %d, %s", path, got.status, got.body)
			}
		}
	})
}
