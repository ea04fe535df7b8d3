package supervise_test

import (
	"context"
	"errors"
	"log/slog"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"portaria/scripts/image/init/supervise"
)

// fake is a program whose runs last as long as a test says.
type fake struct {
	starts  []time.Time
	lives   time.Duration // 0 is for ever
	refuses error
	obeys   bool // ends at SIGTERM
	signals []syscall.Signal
}

func (f *fake) start() (supervise.Process, error) {
	f.starts = append(f.starts, time.Now())
	if f.refuses != nil {
		return supervise.Process{}, f.refuses
	}
	ended := make(chan string, 2)
	if f.lives > 0 {
		time.AfterFunc(f.lives, func() { ended <- "exit status 1" })
	}
	return supervise.Process{Ended: ended, Signal: func(s syscall.Signal) {
		f.signals = append(f.signals, s)
		if s == syscall.SIGKILL || f.obeys {
			ended <- s.String()
		}
	}}, nil
}

func run(t *testing.T, f *fake, life time.Duration) *supervise.Program {
	t.Helper()
	p := &supervise.Program{Name: "terminal", Start: f.start, Log: slog.New(slog.DiscardHandler)}
	ctx, cancel := context.WithTimeout(t.Context(), life)
	defer cancel()
	p.Run(ctx)
	return p
}

func TestRun(t *testing.T) {
	t.Parallel()
	t.Run("a program that ends at once is started later and later", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			f := &fake{lives: time.Millisecond}
			run(t, f, 10*time.Minute)
			if first := f.starts[1].Sub(f.starts[0]); first > 2*supervise.FirstWait {
				t.Errorf("started again after %v, want soon", first)
			}
			last := f.starts[len(f.starts)-1].Sub(f.starts[len(f.starts)-2])
			if last < supervise.LastWait || last > supervise.LastWait+time.Second {
				t.Errorf("the last wait was %v, want %v", last, supervise.LastWait)
			}
		})
	})
	t.Run("a program that ran well is started again soon", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			f := &fake{lives: time.Hour}
			run(t, f, 10*time.Hour)
			if got := f.starts[5].Sub(f.starts[4]); got != time.Hour+supervise.FirstWait {
				t.Errorf("run and wait took %v, want %v", got, time.Hour+supervise.FirstWait)
			}
		})
	})
	t.Run("a program that cannot be started is tried again", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			f := &fake{refuses: errors.New("no such file")}
			p := run(t, f, time.Minute)
			if len(f.starts) < 3 {
				t.Errorf("%d starts, want several", len(f.starts))
			}
			if got := p.State(); got.Running || got.LastEnd == "" {
				t.Errorf("state is %+v, want not running and a reason", got)
			}
		})
	})
}

func TestStop(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		obeys bool
		want  []syscall.Signal
		takes time.Duration
	}{
		"an orderly program gets SIGTERM only":     {true, []syscall.Signal{syscall.SIGTERM}, 0},
		"a program that does not listen is killed": {false, []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL}, supervise.StopTime},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := &fake{obeys: c.obeys}
				began := time.Now()
				run(t, f, time.Minute)
				if len(f.signals) != len(c.want) || f.signals[0] != c.want[0] {
					t.Errorf("signals %v, want %v", f.signals, c.want)
				}
				if took := time.Since(began) - time.Minute; took != c.takes {
					t.Errorf("stopping took %v, want %v", took, c.takes)
				}
			})
		})
	}
}
