package main

import (
	"strings"
	"testing"
	"time"

	"portaria/terminal/clock"
)

func TestTally(t *testing.T) {
	t.Parallel()
	watch := func(isTerminal bool) string {
		var out strings.Builder
		now := clock.NewManual(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
		bar := &tally{clock: now, w: &out, isTerminal: isTerminal}
		bar.begin()
		for done := 1; done <= 20; done++ {
			now.Advance(time.Second)
			if done%2 == 0 {
				bar.show(done-1, 20)
				bar.show(done, 20)
			}
		}
		bar.end()
		return out.String()
	}
	t.Run("a log gets a line every few seconds", func(t *testing.T) {
		t.Parallel()
		want := "photos: 5 of 20, 25 %, 0.8/s, 18s left\nphotos: 11 of 20, 55 %, 0.9/s, 10s left\nphotos: 17 of 20, 85 %, 0.9/s, 3s left\n"
		if got := watch(false); got != want {
			t.Errorf("got\n%swant\n%s", got, want)
		}
	})
	t.Run("somebody who watches sees a bar move to its end", func(t *testing.T) {
		t.Parallel()
		got := watch(true)
		if !strings.HasPrefix(got, "\r[=                       ] 1 of 20, 5 %, 0.5/s, 38s left\x1b[K") ||
			!strings.HasSuffix(got, "\r[========================] 20 of 20, 100 %, 1.0/s\x1b[K\n") {
			t.Errorf("got %q", got)
		}
	})
}
