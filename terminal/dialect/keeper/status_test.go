package keeper_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"portaria/terminal"
	"portaria/terminal/device"
	"portaria/terminal/terminaltest"
)

func TestStatus(t *testing.T) {
	t.Parallel()
	t.Run("tells what an owner asks about, on every model", func(t *testing.T) {
		t.Parallel()
		for _, model := range device.Models() {
			s := newSite(t, terminaltest.Model(model), terminaltest.Data(t.TempDir()), terminaltest.With(func(c *terminal.Config) {
				c.Version, c.Capacity = "7.1", 64<<20
			}))
			s.AddUser(1, "Ana")
			s.SetPhoto(1, picture(1))
			s.Advance(90 * time.Minute)
			s.session = s.Login()
			got := s.ask(http.MethodGet, "/portaria/status", nil)
			for name, want := range map[string]any{
				"version": "7.1", "model": model, "users": 1.0, "photos": 1.0, "health": "ok", "last_check": nil, "under_way": "",
			} {
				if value := got.member(t, name); value != want {
					t.Errorf("%s: %s is %v, want %v", model, name, value, want)
				}
			}
			if up := got.member(t, "uptime_seconds").(float64); up < 5400 || up > 5500 {
				t.Errorf("%s: up for %v s", model, up)
			}
			storage := got.member(t, "storage").(map[string]any)
			if storage["bytes_capacity"] != float64(64<<20) || storage["bytes_used"] == 0.0 {
				t.Errorf("%s: %v", model, storage)
			}
		}
	})
	t.Run("names damaged photos until they are stored again", func(t *testing.T) {
		t.Parallel()
		s := damagedSite(t)
		read := func() answer { return s.ask(http.MethodGet, "/user_get_image.fcgi?user_id=2", nil) }
		damaged := func() string {
			return fmt.Sprint(s.ask(http.MethodGet, "/portaria/status", nil).member(t, "damaged_photos"))
		}
		if got := damaged(); got != "map[reads_refused:0 users:[]]" {
			t.Errorf("before anybody asked for it: %s", got)
		}
		if got := read(); got.status != http.StatusInternalServerError {
			t.Errorf("status %d", got.status)
		}
		if got := damaged(); got != "map[reads_refused:1 users:[2]]" {
			t.Errorf("after one reader: %s", got)
		}
		if got := s.ask(http.MethodPost, "/user_set_image.fcgi?user_id=2", picture(2)); got.status != http.StatusOK {
			t.Fatalf("storing it again: status %d, %s", got.status, got.body)
		}
		if got := read(); got.status != http.StatusOK || string(got.body) != string(picture(2)) {
			t.Errorf("stored again: status %d", got.status)
		}
		if got := damaged(); got != "map[reads_refused:1 users:[]]" {
			t.Errorf("after it was stored again: %s", got)
		}
	})
	t.Run("lists every file that was set aside, however many starts found one", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		const starts = 12
		for n := range starts {
			t.Run(fmt.Sprint("start ", n), func(t *testing.T) {
				newSite(t, terminaltest.Data(dir)).SetPhoto(1, picture(1))
			})
			if err := os.Truncate(filepath.Join(dir, "portaria.db"), 8192); err != nil {
				t.Fatal(err)
			}
		}
		s := newSite(t, terminaltest.Data(dir))
		files := s.ask(http.MethodGet, "/portaria/status", nil).member(t, "damaged_files").([]any)
		if len(files) != starts {
			t.Errorf("%d files are told of, want %d", len(files), starts)
		}
		for _, f := range files {
			f := f.(map[string]any)
			if !strings.HasPrefix(f["name"].(string), "portaria.db.damaged-") || f["bytes"] != 8192.0 || f["last_written"] == 0.0 {
				t.Errorf("%v", f)
			}
		}
		// The owner may do away with one, by its name and nothing else's.
		for name, status := range map[string]int{
			"portaria.db.damaged-3": http.StatusOK, "portaria.db.damaged-99": http.StatusNotFound, "portaria.db": http.StatusNotFound,
			"../x": http.StatusNotFound, "portaria.db.damaged-1/../portaria.db": http.StatusNotFound, "": http.StatusNotFound,
		} {
			if got := s.ask(http.MethodDelete, "/portaria/damaged?name="+name, nil); got.status != status {
				t.Errorf("delete %q: status %d, %s", name, got.status, got.body)
			}
		}
		if left := leftovers(t, dir); len(left) != starts-1 {
			t.Errorf("%v are there", left)
		}
	})
}

func TestCheck(t *testing.T) {
	t.Parallel()
	t.Run("finds nothing in sound data and remembers that", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		s := newSite(t, terminaltest.Data(dir))
		s.SetPhoto(1, picture(1))
		if got := s.ask(http.MethodGet, "/portaria/check", nil); got.member(t, "state") != "none" {
			t.Errorf("before: %s", got.body)
		}
		if got := s.ask(http.MethodPost, "/portaria/check", nil); got.status != http.StatusAccepted {
			t.Fatalf("status %d, %s", got.status, got.body)
		}
		check := s.wait("/portaria/check").member(t, "check").(map[string]any)
		if check["photos"] != 1.0 || check["problems_found"] != 0.0 || fmt.Sprint(check["problems"]) != "[]" {
			t.Errorf("%v", check)
		}
		last, _ := s.ask(http.MethodGet, "/portaria/status", nil).member(t, "last_check").(map[string]any)
		if fmt.Sprint(last) != fmt.Sprint(check) {
			t.Errorf("status tells of %v, want %v", last, check)
		}
		if left := leftovers(t, dir); len(left) > 0 {
			t.Errorf("%v left behind", left)
		}
	})
	t.Run("finds the photo that nobody has asked for", func(t *testing.T) {
		t.Parallel()
		s := damagedSite(t)
		s.ask(http.MethodPost, "/portaria/check", nil)
		check := s.wait("/portaria/check").member(t, "check").(map[string]any)
		if fmt.Sprint(check["damaged_photos"]) != "[2]" || check["problems_found"] != 1.0 {
			t.Errorf("%v", check)
		}
	})
}
