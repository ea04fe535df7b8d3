package transfer_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"portaria/terminal/terminaltest"
	"portaria/terminal/transfer"
)

func TestTroubleOnTheWay(t *testing.T) {
	t.Parallel()
	const many = 40
	for name, instead := range map[string]func(w http.ResponseWriter, command string, nth int) bool{
		"a dropped connection is tried again": func(w http.ResponseWriter, _ string, nth int) bool {
			if nth <= 2 {
				drop(w)
			}
			return nth <= 2
		},
		"a server error is tried again": func(w http.ResponseWriter, _ string, nth int) bool {
			if nth%3 == 1 {
				w.WriteHeader(http.StatusServiceUnavailable)
			}
			return nth%3 == 1
		},
		"who is told to slow down slows down": func(w http.ResponseWriter, _ string, nth int) bool {
			if nth == 1 {
				w.Header().Set("Retry-After", "20")
				w.WriteHeader(http.StatusTooManyRequests)
			}
			return nth == 1
		},
		"an unanswered batch goes singly": func(w http.ResponseWriter, command string, _ int) bool {
			if command == "user_set_image_list.fcgi" {
				http.Error(w, "no such command", http.StatusNotFound)
				return true
			}
			return false
		},
		"a batch that is refused as a whole goes singly": func(w http.ResponseWriter, command string, _ int) bool {
			if command == "user_set_image_list.fcgi" {
				http.Error(w, `{"error":"bad day","code":1}`, http.StatusBadRequest)
				return true
			}
			return false
		},
		"users that cannot be created together are created singly": func(w http.ResponseWriter, command string, nth int) bool {
			if command == "create_objects.fcgi" && nth == 1 {
				http.Error(w, `{"error":"constraint failed","code":1}`, http.StatusBadRequest)
				return true
			}
			return false
		},
		"login has another name": func(w http.ResponseWriter, command string, _ int) bool {
			if command == "login.fcgi" {
				http.Error(w, "<html>404</html>", http.StatusNotFound)
				return true
			}
			return false
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			from, to := terminaltest.New(t), terminaltest.New(t, terminaltest.Model("idface"), noFaces())
			people(t, from, 1, many)
			front := newFront(t, to.URL, instead)
			tr := between(t, from.URL, front.URL)
			tr.CreateUsers = true
			mustRun(t, tr, counts{copied: many, created: many})
			mustRun(t, tr, counts{unchanged: many})
		})
	}
}

func TestWaits(t *testing.T) {
	t.Parallel()
	to := terminaltest.New(t)
	front := newFront(t, to.URL, func(w http.ResponseWriter, command string, nth int) bool {
		if command != "login.fcgi" || nth > 1 {
			return false
		}
		w.Header().Set("Retry-After", "20")
		w.WriteHeader(http.StatusTooManyRequests)
		return true
	})
	tr := between(t, t.TempDir(), front.URL)
	clock := newQuick()
	tr.Clock = clock
	mustRun(t, tr, counts{})
	if clock.waited != 20*time.Second {
		t.Errorf("waited %v, want 20s", clock.waited)
	}
}

func TestLostAnswers(t *testing.T) {
	t.Parallel()
	t.Run("users and photos are not taken for refused because they are there", func(t *testing.T) {
		t.Parallel()
		from, to := terminaltest.New(t), terminaltest.New(t)
		people(t, from, 1, 10)
		front := newFront(t, to.URL, nil, "create_objects.fcgi", "user_set_image_list.fcgi", "login.fcgi")
		tr := between(t, from.URL, front.URL)
		tr.CreateUsers, tr.Parallel = true, 1
		mustRun(t, tr, counts{copied: 10, created: 10})
		if n := front.of("create_objects"); n != 12 {
			t.Errorf("%d times create_objects, want all twice and then each", n)
		}
	})
	t.Run("a user whose number the terminal chooses is not created twice", func(t *testing.T) {
		t.Parallel()
		dir, to := t.TempDir(), terminaltest.New(t)
		for _, name := range []string{"ana", "rui"} {
			if err := os.WriteFile(filepath.Join(dir, name+".jpg"), portrait(1), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		front := newFront(t, to.URL, nil, "create_objects.fcgi")
		tr := between(t, dir, front.URL)
		tr.CreateUsers, tr.Match, tr.Parallel = true, transfer.MatchRegistration, 1
		mustRun(t, tr, counts{failed: 2})
		mustRun(t, tr, counts{copied: 2})
		if users := to.Users(); len(users) != 2 {
			t.Errorf("users: %+v", users)
		}
	})
}

func TestRedirection(t *testing.T) {
	t.Parallel()
	to := terminaltest.New(t)
	front := newFront(t, to.URL, func(w http.ResponseWriter, _ string, _ int) bool {
		w.Header().Set("Location", "https://elsewhere.example/login.fcgi?session=abc")
		w.WriteHeader(http.StatusTemporaryRedirect)
		return true
	})
	_, err := between(t, t.TempDir(), front.URL).Run(context.Background())
	if err == nil || !strings.Contains(err.Error(), "moved to https://elsewhere.example/login.fcgi") || strings.Contains(err.Error(), "abc") {
		t.Errorf("run: %v, want where it moved", err)
	}
}

func TestSessionEndsMidway(t *testing.T) {
	t.Parallel()
	const many = 60
	from, to := terminaltest.New(t), terminaltest.New(t)
	people(t, from, 1, many)
	front := newFront(t, to.URL, func(_ http.ResponseWriter, command string, nth int) bool {
		if command == "user_set_image_list.fcgi" && nth == 1 {
			from.Advance(2 * time.Hour)
			to.Advance(2 * time.Hour)
		}
		return false
	})
	tr := between(t, from.URL, front.URL)
	tr.CreateUsers = true
	tr.Parallel = 2
	mustRun(t, tr, counts{copied: many, created: many})
	if n := front.of("login"); n < 2 || n > 4 {
		t.Errorf("%d logins, want one more than the first", n)
	}
}

func TestGivingUp(t *testing.T) {
	t.Parallel()
	t.Run("a target that is gone ends the run", func(t *testing.T) {
		t.Parallel()
		from, to := terminaltest.New(t), terminaltest.New(t)
		people(t, from, 1, 200)
		people(t, to, 1, 200)
		front := newFront(t, to.URL, func(w http.ResponseWriter, command string, _ int) bool {
			if strings.HasPrefix(command, "user_set_image") {
				drop(w)
				return true
			}
			return false
		})
		tr := between(t, from.URL, front.URL)
		report, err := tr.Run(context.Background())
		if !errors.Is(err, transfer.ErrGaveUp) {
			t.Errorf("run: %v, want ErrGaveUp", err)
		}
		if strings.Contains(err.Error(), "session=") || strings.Contains(fmt.Sprint(report.Problems), "session=") {
			t.Errorf("the session is told: %v, %v", err, report.Problems)
		}
	})
	t.Run("a wrong password ends it at once", func(t *testing.T) {
		t.Parallel()
		from, to := terminaltest.New(t), terminaltest.New(t)
		front := newFront(t, to.URL, nil)
		tr := between(t, from.URL, front.URL)
		tr.To.Password = "not-this-one"
		_, err := tr.Run(context.Background())
		if !errors.Is(err, transfer.ErrLogin) || strings.Contains(err.Error(), "not-this-one") {
			t.Errorf("run: %v, want ErrLogin without the password", err)
		}
		if n := front.of("login"); n != 1 {
			t.Errorf("%d logins", n)
		}
	})
	t.Run("nobody at the address", func(t *testing.T) {
		t.Parallel()
		tr := between(t, t.TempDir(), "http://127.0.0.1:1")
		clock := newQuick()
		tr.Clock = clock
		if report, err := tr.Run(context.Background()); err == nil {
			t.Errorf("run: %+v and no error", countsOf(report))
		}
		if clock.waited < 3*time.Second || clock.waited > 8*time.Second {
			t.Errorf("waited %v in all", clock.waited)
		}
	})
}
