package clock_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"portaria/terminal/clock"
)

func TestOffset(t *testing.T) {
	t.Parallel()
	t.Run("advancing moves the terminal and not the host", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			var c clock.Offset
			host := time.Now()
			c.Advance(90 * time.Minute)
			if got, want := c.Now().Sub(host), 90*time.Minute; got != want {
				t.Errorf("after Advance the terminal is %v ahead, want %v", got, want)
			}
			if moved := time.Since(host); moved != 0 {
				t.Errorf("the host moved by %v, want 0", moved)
			}
		})
	})
	t.Run("a clock that was set runs on from there", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			var c clock.Offset
			want := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
			c.Set(want)
			c.Sleep(time.Second)
			if got := c.Now(); !got.Equal(want.Add(time.Second)) {
				t.Errorf("one second after Set: %v, want %v", got, want.Add(time.Second))
			}
		})
	})
}

func TestManual(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)
		c := clock.NewManual(start)
		woken := make(chan time.Time, 1)
		go func() {
			c.Sleep(10 * time.Second)
			woken <- c.Now()
		}()
		synctest.Wait()
		if got := c.Sleepers(); got != 1 {
			t.Fatalf("%d sleepers, want 1", got)
		}
		c.Advance(9 * time.Second)
		synctest.Wait()
		if got := c.Sleepers(); got != 1 {
			t.Fatalf("a sleeper of 10 s woke after 9 s")
		}
		c.Advance(time.Second)
		if got, want := <-woken, start.Add(10*time.Second); !got.Equal(want) {
			t.Errorf("woke at %v, want %v", got, want)
		}
	})
}

// TestMark sets clocks and looks whether what is measured with them notices.
func TestMark(t *testing.T) {
	t.Parallel()
	start := time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)
	offset, manual := new(clock.Offset), clock.NewManual(start)
	for name, c := range map[string]interface {
		clock.Clock
		Set(time.Time)
		Advance(time.Duration)
	}{"Offset": offset, "Manual": manual} {
		before := c.Mark()
		c.Advance(time.Hour)
		c.Set(start.AddDate(30, 0, 0))
		c.Advance(-48 * time.Hour)
		c.Set(start.AddDate(-30, 0, 0))
		if got := c.Mark().Sub(before).Truncate(time.Hour); got != time.Hour {
			t.Errorf("%s: an hour has passed, and marks say %v", name, got)
		}
	}
	// What makes a mark measure shows in its text, and nowhere else.
	for _, mark := range []time.Time{clock.System{}.Mark(), offset.Mark()} {
		if !strings.Contains(mark.String(), " m=") {
			t.Errorf("the mark %v is a time of the wall clock only", mark)
		}
	}
}
