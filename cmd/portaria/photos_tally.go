package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"portaria/terminal/clock"
)

// How often a tally is shown: to somebody who watches, and to a log.
const (
	watchedEvery = 100 * time.Millisecond
	loggedEvery  = 5 * time.Second
	barWidth     = 24
)

// tally shows how far long work has come, how fast it goes and how long it
// will take: as a bar that moves on a tty, as a line now and then elsewhere.
type tally struct {
	clock      clock.Clock
	w          io.Writer
	isTerminal bool

	start, last time.Time
	shown       bool // a bar stands on the last line
}

// isTerminal tells whether somebody watches.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

func (t *tally) begin() {
	t.start = t.clock.Mark()
	t.last = t.start
}

// show is called for every person; most calls show nothing.
func (t *tally) show(done, total int) {
	now := t.clock.Mark()
	every := loggedEvery
	if t.isTerminal {
		every = watchedEvery
	}
	if now.Sub(t.last) < every && (!t.isTerminal || done < total) {
		return
	}
	t.last = now
	text := tallyText(done, total, now.Sub(t.start))
	if !t.isTerminal {
		fmt.Fprintf(t.w, "photos: %s\n", text)
		return
	}
	full := barWidth * done / max(total, 1)
	// The end of the line is cleared: the text may have become shorter.
	fmt.Fprintf(t.w, "\r[%s%s] %s\x1b[K", strings.Repeat("=", full), strings.Repeat(" ", barWidth-full), text)
	t.shown = true
}

// tallyText tells the counts, the rate and, until the end, what remains.
func tallyText(done, total int, elapsed time.Duration) string {
	text := fmt.Sprintf("%d of %d, %d %%", done, total, 100*done/max(total, 1))
	seconds := elapsed.Seconds()
	if done == 0 || seconds < 0.1 {
		return text
	}
	rate := float64(done) / seconds
	text += fmt.Sprintf(", %.1f/s", rate)
	if left := total - done; left > 0 {
		remains := time.Duration(float64(left) / rate * float64(time.Second)).Round(time.Second)
		text += fmt.Sprintf(", %v left", remains)
	}
	return text
}

// clear makes room for another line.
func (t *tally) clear() {
	if t.shown {
		fmt.Fprint(t.w, "\r\x1b[K")
		t.shown = false
	}
}

func (t *tally) end() {
	if t.shown {
		fmt.Fprintln(t.w)
	}
}
