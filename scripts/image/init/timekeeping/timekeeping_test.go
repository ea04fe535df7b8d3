package timekeeping_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"portaria/scripts/image/init/timekeeping"
)

var built = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

func TestStart(t *testing.T) {
	t.Parallel()
	epoch := time.Unix(3, 0)
	for name, c := range map[string]struct {
		now, saved, want time.Time
		set              bool
	}{
		"no clock, first boot":              {epoch, time.Time{}, built, false},
		"no clock, a time saved":            {epoch, built.AddDate(0, 2, 0), built.AddDate(0, 2, 0), false},
		"no clock, a time before the build": {epoch, built.AddDate(0, -2, 0), built, false},
		"a clock":                           {built.AddDate(1, 0, 0), built.AddDate(0, 2, 0), built.AddDate(1, 0, 0), true},
		"a clock that stood still":          {built.AddDate(0, -1, 0), time.Time{}, built, false},
		"a clock behind the saved time":     {built.AddDate(0, 1, 0), built.AddDate(0, 2, 0), built.AddDate(0, 2, 0), false},
	} {
		if got, set := timekeeping.Start(c.now, built, c.saved); !got.Equal(c.want) || set != c.set {
			t.Errorf("%s: starts at %v, set %v; want %v, %v", name, got, set, c.want, c.set)
		}
	}
}

// world is a machine and its time servers.
type world struct {
	mu      sync.Mutex    // guards what follows
	ahead   time.Duration // of the machine's clock before the bubble's
	truth   time.Duration // of the servers before the bubble's
	silent  bool
	asked   int
	steps   []time.Duration
	slews   []time.Duration
	saved   []time.Time
	servers []string
}

// look looks at the world, or changes it, while the keeper does not.
func (w *world) look(do func()) { w.mu.Lock(); defer w.mu.Unlock(); do() }

// pass lets time pass for the keeper, by a test that looks at the world.
func (w *world) pass(d time.Duration) {
	w.mu.Unlock()
	time.Sleep(d)
	synctest.Wait()
	w.mu.Lock()
}

func (w *world) now() time.Time {
	return built.Add(24 * time.Hour).Add(time.Since(bubble)).Add(w.ahead)
}

// bubble is when every bubble of synctest begins.
var bubble = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

func (w *world) keeper() *timekeeping.Keeper {
	if w.servers == nil {
		w.servers = []string{"a"}
	}
	return &timekeeping.Keeper{
		Built: built, Log: slog.New(slog.DiscardHandler),
		Servers: func() []string { return w.servers },
		Ask: func(context.Context, string) (time.Duration, error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.asked++
			if w.silent {
				return 0, errors.New("no answer")
			}
			return w.truth - w.ahead, nil
		},
		Save: func(at time.Time) error { w.look(func() { w.saved = append(w.saved, at) }); return nil },
		Clock: timekeeping.Clock{
			Now: func() (now time.Time) { w.look(func() { now = w.now() }); return now },
			Step: func(to time.Time) error {
				w.mu.Lock()
				defer w.mu.Unlock()
				by := to.Sub(w.now())
				w.steps = append(w.steps, by)
				w.ahead += by
				return nil
			},
			Slew: func(by time.Duration) error { w.look(func() { w.slews = append(w.slews, by) }); return nil },
		},
	}
}

func TestRun(t *testing.T) {
	t.Parallel()
	run := func(t *testing.T, w *world, test func(t *testing.T, k *timekeeping.Keeper, w *world)) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			k := w.keeper()
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan struct{})
			go func() { defer close(done); k.Run(ctx) }()
			synctest.Wait()
			w.mu.Lock()
			test(t, k, w)
			w.mu.Unlock()
			cancel()
			<-done
		})
	}
	t.Run("a clock that is behind is stepped once and saved", func(t *testing.T) {
		t.Parallel()
		run(t, &world{truth: 48 * time.Hour}, func(t *testing.T, k *timekeeping.Keeper, w *world) {
			if !k.IsSet() || len(w.steps) != 1 || len(w.saved) != 1 {
				t.Errorf("set %v, %d steps, %d saved; want one of each", k.IsSet(), len(w.steps), len(w.saved))
			}
			w.pass(2 * time.Hour)
			if len(w.steps) != 1 || len(w.saved) < 10 {
				t.Errorf("after hours: %d steps, %d saved; want one step, and a time saved every ten minutes", len(w.steps), len(w.saved))
			}
		})
	})
	t.Run("the first answer may set the clock back", func(t *testing.T) {
		t.Parallel()
		run(t, &world{truth: -time.Hour}, func(t *testing.T, k *timekeeping.Keeper, w *world) {
			if !k.IsSet() || len(w.steps) != 1 || w.steps[0] != -time.Hour {
				t.Errorf("set %v, steps %v; want one back by an hour", k.IsSet(), w.steps)
			}
		})
	})
	t.Run("a later answer does not", func(t *testing.T) {
		t.Parallel()
		run(t, &world{truth: time.Hour}, func(t *testing.T, _ *timekeeping.Keeper, w *world) {
			w.truth = 30 * time.Minute
			w.pass(time.Hour)
			if len(w.steps) != 1 || len(w.slews) == 0 {
				t.Errorf("steps %v, slews %v; want the first step only, then slews", w.steps, w.slews)
			}
		})
	})
	t.Run("a later answer that is ahead steps", func(t *testing.T) {
		t.Parallel()
		run(t, &world{truth: time.Hour}, func(t *testing.T, _ *timekeeping.Keeper, w *world) {
			w.truth = 2 * time.Hour
			w.pass(time.Hour)
			if len(w.steps) != 2 {
				t.Errorf("steps %v, want two", w.steps)
			}
		})
	})
	t.Run("a time before the build is not believed", func(t *testing.T) {
		t.Parallel()
		run(t, &world{truth: -48 * time.Hour}, func(t *testing.T, k *timekeeping.Keeper, w *world) {
			w.pass(time.Hour)
			if k.IsSet() || len(w.steps) != 0 {
				t.Errorf("set %v, steps %v; want nothing of it", k.IsSet(), w.steps)
			}
		})
	})
	t.Run("without an answer the clock is not set, and a new way is tried at once", func(t *testing.T) {
		t.Parallel()
		run(t, &world{silent: true, truth: time.Hour}, func(t *testing.T, k *timekeeping.Keeper, w *world) {
			w.pass(24 * time.Hour)
			if k.IsSet() {
				t.Error("the clock is set by nobody")
			}
			if len(w.saved) < 100 {
				t.Errorf("saved %d times in a day; the next start would be far back", len(w.saved))
			}
			if w.asked > 24*60/4 {
				t.Errorf("asked %d times in a day", w.asked)
			}
			w.silent = false
			k.Wake()
			w.pass(0)
			if !k.IsSet() {
				t.Error("the clock is not set after Wake")
			}
		})
	})
	t.Run("the time is saved at the end", func(t *testing.T) {
		t.Parallel()
		w := &world{truth: time.Hour}
		run(t, w, func(_ *testing.T, _ *timekeeping.Keeper, w *world) { w.pass(time.Minute) })
		if len(w.saved) != 2 {
			t.Errorf("saved %d times, want at the first answer and at the end", len(w.saved))
		}
	})
}

func TestOneLiar(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &world{servers: []string{"a", "liar", "b"}}
		k := w.keeper()
		k.Ask = func(_ context.Context, server string) (time.Duration, error) {
			if server == "liar" {
				return 1000 * time.Hour, nil
			}
			return time.Minute, nil
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); k.Run(ctx) }()
		synctest.Wait()
		cancel()
		<-done
		if len(w.steps) != 1 || w.steps[0] != time.Minute {
			t.Errorf("steps %v, want one by a minute", w.steps)
		}
	})
}
