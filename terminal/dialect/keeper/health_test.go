package keeper_test

import (
	"net/http"
	"os"
	"path/filepath"
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

func TestWhoMay(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	t.Run("nobody without a session learns what is there", func(t *testing.T) {
		for _, path := range []string{"/portaria/", "/portaria/nowhere"} {
			if got := s.askBare(http.MethodGet, path, nil); got.status != http.StatusUnauthorized {
				t.Errorf("%s: status %d, %s", path, got.status, got.body)
			}
			if got := s.ask(http.MethodGet, path, nil); got.status != http.StatusNotFound || got.member(t, "error") == nil {
				t.Errorf("%s with a session: status %d, %s", path, got.status, got.body)
			}
		}
	})
	t.Run("another method is refused, and those that are taken are named", func(t *testing.T) {
		got := s.askBare(http.MethodPost, "/portaria/health", nil)
		if got.status != http.StatusMethodNotAllowed || got.header.Get("Allow") != "GET" {
			t.Errorf("status %d, Allow %q, %s", got.status, got.header.Get("Allow"), got.body)
		}
	})
}
