package health_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"portaria/scripts/image/init/health"
)

func TestGate(t *testing.T) {
	t.Parallel()
	down := errors.New("nobody answers")
	// A start that the watch would let pass, but for the proof that has to follow.
	const late = health.Grace - time.Minute
	for name, c := range map[string]struct {
		answers func(since time.Duration) (int, error)
		says    string // "": it stays
	}{
		"healthy at once": {func(time.Duration) (int, error) { return 200, nil }, ""},
		"healthy after a while": {func(d time.Duration) (int, error) {
			return pick(d > late, 200, 0), pickErr(d <= late, down)
		}, ""},
		"healthy too late":    {func(d time.Duration) (int, error) { return pick(d > health.Within-5*time.Second, 200, 503), nil }, "less time"},
		"never there":         {func(time.Duration) (int, error) { return 0, down }, "nobody answers"},
		"degraded":            {func(time.Duration) (int, error) { return 503, nil }, "503"},
		"a page that is gone": {func(time.Duration) (int, error) { return 404, nil }, "404"},
		"on and off": {func(d time.Duration) (int, error) {
			return pick(int(d/time.Second)%health.Steady == 0, 503, 200), nil
		}, "503"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				err := health.Gate(t.Context(), health.Within, func(context.Context) (int, error) { return c.answers(time.Since(began)) })
				took := time.Since(began)
				if c.says == "" && err != nil || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
					t.Errorf("Gate: %v, want %q", err, c.says)
				}
				if took < health.Steady*health.Every || took > health.Within {
					t.Errorf("it took %v", took)
				}
			})
		})
	}
}

func pick(first bool, a, b int) int {
	if first {
		return a
	}
	return b
}

func pickErr(is bool, err error) error {
	if is {
		return err
	}
	return nil
}

// TestGateFirst has the gate judge a terminal that never answers before the watch
// does, which could not tell the reason.
func TestGateFirst(t *testing.T) {
	t.Parallel()
	var w health.Watch
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	w.Runs(start)
	if w.Hangs(start.Add(health.Within)) {
		t.Errorf("hung after %v", health.Within)
	}
}

func TestWatch(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	at := func(d time.Duration) time.Time { return start.Add(d) }
	var w health.Watch
	expect := func(what string, now time.Duration, want bool) {
		t.Helper()
		if got := w.Hangs(at(now)); got != want {
			t.Errorf("%s: Hangs = %v, want %v", what, got, want)
		}
	}
	expect("nothing was ever started", 24*time.Hour, false)
	w.Runs(at(0))
	expect("a start that takes long", health.Grace, false)
	expect("a start without an end", health.Grace+1, true)
	w.Answered(at(time.Minute))
	expect("an answer", time.Minute+health.Silence, false)
	expect("silence", time.Minute+health.Silence+1, true)
	w.Runs(at(0))
	expect("the same run", time.Minute+health.Silence+1, true)
	w.Runs(time.Time{})
	expect("it ended", 24*time.Hour, false)
	w.Answered(at(24 * time.Hour)) // of the run that ended
	w.Runs(at(25 * time.Hour))
	expect("the next run has its own grace", 25*time.Hour+health.Grace, false)
	expect("and its own end", 25*time.Hour+health.Grace+1, true)
}

func TestHTTP(t *testing.T) {
	t.Parallel()
	ready := filepath.Join(t.TempDir(), "ready.json")
	probe := health.HTTP(ready)
	status := http.StatusOK
	page := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != health.Page || r.Method != http.MethodGet {
			w.WriteHeader(http.StatusTeapot)
			return
		}
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(status)
	})
	plain, secure := httptest.NewServer(page), httptest.NewTLSServer(page)
	defer plain.Close()
	defer secure.Close()
	for _, url := range []string{plain.URL, secure.URL} {
		if err := os.WriteFile(ready, []byte(`{"url":"`+url+`","pid":7}`), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, status = range []int{200, 503, 302} {
			if got, err := probe(t.Context()); err != nil || got != status {
				t.Errorf("%s: %d, %v; want %d", url, got, err, status)
			}
		}
	}
	plain.Close()
	secure.Close()
	if got, err := probe(t.Context()); err == nil {
		t.Errorf("a server that is gone: %d", got)
	}
}
