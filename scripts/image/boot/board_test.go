package boot_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"portaria/scripts/image/boot"
)

// patience is for machines that share two cores with others: a boot takes
// three seconds on a machine of its own.
const patience = 5 * time.Minute

// board is a card in a board, for one test.
type board struct {
	testing.TB // of the step that is under way
	dir        string
	card       *boot.Card
	machine    *boot.Machine
	kind       boot.Board
}

// insert puts a copy of an image into a board.
func insert(t testing.TB, image string) *board {
	t.Helper()
	b := &board{TB: t, dir: t.TempDir()}
	var err error
	if b.card, err = boot.Copy(image, filepath.Join(b.dir, "card.img")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.cut)
	return b
}

// step runs a subtest that later ones build on.
func (b *board) step(name string, do func(t *testing.T)) {
	b.Helper()
	whole := b.TB.(*testing.T)
	ok := whole.Run(name, func(t *testing.T) {
		b.TB = t
		do(t)
	})
	b.TB = whole
	if !ok {
		whole.FailNow()
	}
}

// on gives the board power and returns what the terminal is reached by.
func (b *board) on() *terminal {
	b.Helper()
	dir, err := os.MkdirTemp(b.dir, "firmware-")
	if err != nil {
		b.Fatal(err)
	}
	if b.machine, err = boot.Start(context.Background(), b.card, b.kind, dir); err != nil {
		b.Fatal(err)
	}
	return at(b.machine.Address)
}

// cut takes the power away.
func (b *board) cut() {
	if b.machine == nil {
		return
	}
	b.machine.Kill()
	if b.Failed() {
		b.Logf("the console said:\n%s", b.machine.Console())
	}
	b.machine = nil
}

// up gives the board power and waits until the terminal answers.
func (b *board) up() *terminal {
	b.Helper()
	c := b.on()
	b.answers(c)
	return c
}

// longestAsk is how long one question to a machine that may be up waits.
const longestAsk = 20 * time.Second

// answers waits until the terminal answers, whatever it says.
func (b *board) answers(c *terminal) {
	b.Helper()
	probe := at(b.machine.Address)
	deadline := time.Now().Add(patience)
	// The emulator takes a connection before there is anybody to answer on it, so
	// each question waits for a while only; for longer every time, as a machine
	// that is starved may be up and need that.
	for wait := time.Second; ; wait = min(2*wait, longestAsk) {
		probe.http.Timeout = wait
		_, err := probe.do("GET", "/portaria/health", nil, nil)
		if err == nil || !errors.Is(err, errNoAnswer) {
			return
		}
		if !b.machine.Running() {
			b.Fatal("the machine stopped before it answered")
		}
		if time.Now().After(deadline) {
			b.Fatalf("the terminal did not answer within %v: %v", patience, err)
		}
		time.Sleep(50 * time.Millisecond) // polling another machine
	}
}

// ends waits until the machine stops by itself in the way wanted.
func (b *board) ends(want boot.End) {
	b.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	defer cancel()
	got, err := b.machine.WaitEnd(ctx)
	if err != nil {
		b.Fatal(err)
	}
	if got != want {
		b.Fatalf("the machine stopped by %q, want %q", got, want)
	}
}

// says waits until the console has said text.
func (b *board) says(text string) {
	b.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	defer cancel()
	if err := b.machine.WaitConsole(ctx, text); err != nil {
		b.Fatal(err)
	}
}

// must stops the test at an error.
func (b *board) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}
