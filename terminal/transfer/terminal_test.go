package transfer_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"portaria/terminal/terminaltest"
	"portaria/terminal/transfer"
)

func TestBetweenTerminals(t *testing.T) {
	t.Parallel()
	const many = 200
	for _, models := range [][2]string{{"idface", "idface"}, {"idaccess", "idblock"}, {"idflex", "amico"}} {
		t.Run(models[0]+" to "+models[1], func(t *testing.T) {
			t.Parallel()
			from := terminaltest.New(t, terminaltest.Model(models[0]), noFaces())
			to := terminaltest.New(t, terminaltest.Model(models[1]), noFaces())
			people(t, from, 1, many)
			from.AddUser(many+1, "Without Photo")
			front := newFront(t, to.URL, nil)
			tr := between(t, from.URL, front.URL)
			tr.CreateUsers = true

			start := time.Now()
			mustRun(t, tr, counts{copied: many, noPhoto: 1, created: many})
			t.Logf("%.0f people a second", many/time.Since(start).Seconds())
			for n := 1; n <= many; n++ {
				if !bytes.Equal(to.Photo(int64(n)), from.Photo(int64(n))) {
					t.Fatalf("the photo of user %d is another", n)
				}
			}
			if users := to.Users(); len(users) != many || users[6].Name != "Person 7" {
				t.Errorf("%d users, the seventh %+v", len(users), users[6])
			}
			if n := front.uploads(); n > many/5 {
				t.Errorf("%d uploads for %d photos, want batches", n, many)
			}

			before := front.uploads()
			mustRun(t, tr, counts{unchanged: many, noPhoto: 1})
			if n := front.uploads() - before; n != 0 {
				t.Errorf("%d uploads although nothing changed", n)
			}

			from.Advance(time.Minute)
			from.SetPhoto(5, portrait(5000))
			mustRun(t, tr, counts{copied: 1, unchanged: many - 1, noPhoto: 1})
			if !bytes.Equal(to.Photo(5), portrait(5000)) {
				t.Error("the new photo did not arrive")
			}
		})
	}
}

func TestPhotoLostAtTheTargetIsSentAgain(t *testing.T) {
	t.Parallel()
	from, to := terminaltest.New(t), terminaltest.New(t)
	people(t, from, 1, 3)
	tr := between(t, from.URL, to.URL)
	tr.CreateUsers = true
	mustRun(t, tr, counts{copied: 3, created: 3})
	answer, err := to.Client().Post(to.URL+"/user_destroy_image.fcgi?session="+to.Login(), "application/json", strings.NewReader(`{"user_id":2}`))
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	mustRun(t, tr, counts{copied: 1, unchanged: 2})
	if to.Photo(2) == nil {
		t.Error("the photo is still missing")
	}
}

func TestInterruption(t *testing.T) {
	t.Parallel()
	const many = 300
	from, to := terminaltest.New(t), terminaltest.New(t)
	people(t, from, 1, many)
	tr := between(t, from.URL, to.URL)
	tr.CreateUsers, tr.Parallel = true, 2
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	tr.Watch = func(p transfer.Progress) {
		if p.Done == 30 {
			cancel()
		}
	}
	report, err := tr.Run(ctx)
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("interrupted run: %v", err)
	}
	arrived := report.Count[transfer.Copied]
	if arrived < 30 || arrived == many || report.People() != arrived {
		t.Fatalf("interrupted run: %+v", countsOf(report))
	}
	if got := len(to.Photos()); got != arrived {
		t.Errorf("%d photos arrived, the report says %d", got, arrived)
	}

	t.Run("the next run goes on", func(t *testing.T) {
		tr.Watch = nil
		mustRun(t, tr, counts{copied: many - arrived, unchanged: arrived, created: many - arrived})
	})
	t.Run("a torn last line costs one photo", func(t *testing.T) {
		text, err := os.ReadFile(tr.State)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(tr.State, text[:len(text)-5], 0o600); err != nil {
			t.Fatal(err)
		}
		mustRun(t, tr, counts{copied: 1, unchanged: many - 1})
		mustRun(t, tr, counts{unchanged: many})
	})
	t.Run("another target has a memory of its own", func(t *testing.T) {
		other := terminaltest.New(t)
		second := tr
		second.To.Where = other.URL
		mustRun(t, second, counts{copied: many, created: many})
		mustRun(t, tr, counts{unchanged: many})
	})
}

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

func TestRefusals(t *testing.T) {
	t.Parallel()
	from := terminaltest.New(t)
	to := terminaltest.New(t, terminaltest.Model("idface"), noFaces())
	people(t, from, 1, 6)
	from.SetPhoto(3, drawn(3, 100, 80))
	from.SetPhoto(4, drawn(3, 90, 80))
	for n := int64(1); n <= 5; n++ {
		to.AddUser(n, "There")
	}
	tr := between(t, from.URL, to.URL)
	report := mustRun(t, tr, counts{copied: 3, refused: 3})
	if err := reason(t, report, "6"); !errors.Is(err, transfer.ErrNoUser) {
		t.Errorf("a user that is not there: %v", err)
	}
	if err := reason(t, report, "3"); !strings.Contains(err.Error(), "160x160") {
		t.Errorf("a photo that is too small: %v", err)
	}
	t.Run("who was refused is tried again", func(t *testing.T) {
		mustRun(t, tr, counts{unchanged: 3, refused: 3})
	})
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

func TestDryRun(t *testing.T) {
	t.Parallel()
	from, to := terminaltest.New(t), terminaltest.New(t)
	people(t, from, 1, 5)
	to.AddUser(1, "There")
	front := newFront(t, to.URL, nil)
	tr := between(t, from.URL, front.URL)
	tr.DryRun, tr.CreateUsers = true, true
	mustRun(t, tr, counts{copied: 5, created: 4})
	if n := front.uploads() + front.of("create_objects"); n != 0 || len(to.Photos()) != 0 || len(to.Users()) != 1 {
		t.Errorf("%d requests that change something, photos %v, %d users", n, to.Photos(), len(to.Users()))
	}
	if _, err := os.Stat(tr.State); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the state: %v, want none", err)
	}
}
