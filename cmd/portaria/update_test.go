package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// fakeBoard is a board that takes any bundle, as the board's interface has it. It
// restarts nothing itself: the test does when restarts says so.
type fakeBoard struct {
	path     string
	restarts chan struct{}

	mu     sync.Mutex // guards all below
	status map[string]any
	bundle []byte
	size   int64
	state  string
	failed string
	pieces int
	onPut  func(piece int) // called before a piece is answered
}

func newFakeBoard(t *testing.T) *fakeBoard {
	t.Helper()
	dir, err := os.MkdirTemp("", "board") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	b := &fakeBoard{
		path: filepath.Join(dir, "s"), restarts: make(chan struct{}, 1), state: "none",
		status: map[string]any{"serial": "10000000abcdef12", "hostname": "portaria-ef12", "slot": "A", "trial": false, "version": "1.0", "built": 1_790_000_000, "clock": "set"},
	}
	ln, err := net.Listen("unix", b.path)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: b}
	done := make(chan error, 1)
	go func() { done <- server.Serve(ln) }()
	t.Cleanup(func() { server.Close(); <-done })
	return b
}

func (b *fakeBoard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	answer := func(status int, what any) {
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(what)
	}
	switch r.Method + " " + r.URL.Path {
	case "GET /status":
		b.status["update"] = map[string]any{"state": b.state, "received": len(b.bundle), "size": b.size, "version": "2.0", "error": b.failed}
		answer(200, b.status)
	case "PUT /update":
		offset, _ := strconv.Atoi(r.URL.Query().Get("offset"))
		b.size, _ = strconv.ParseInt(r.URL.Query().Get("size"), 10, 64)
		piece, err := io.ReadAll(r.Body)
		if offset == 0 {
			b.bundle = nil
		}
		if err != nil || offset != len(b.bundle) {
			answer(409, map[string]any{"error": "not the next piece", "received": len(b.bundle)})
			return
		}
		b.bundle, b.state = append(b.bundle, piece...), "receiving"
		if bytes.HasPrefix(b.bundle, []byte("unsigned")) {
			b.bundle, b.state = nil, "none"
			answer(400, map[string]any{"error": "the bundle is not signed by a key that this board trusts"})
			return
		}
		if int64(len(b.bundle)) == b.size {
			b.state = "ready"
		}
		b.pieces++
		if b.onPut != nil {
			b.onPut(b.pieces)
		}
		answer(200, map[string]any{"received": len(b.bundle), "state": b.state})
	case "POST /trial", "POST /reboot", "POST /poweroff":
		if r.URL.Path == "/trial" {
			b.state = "trying"
		}
		answer(200, map[string]any{})
		b.restarts <- struct{}{}
	default:
		answer(404, map[string]any{"error": "no such page"})
	}
}

// runs is what the board runs from now on.
func (b *fakeBoard) runs(slot, version string, trial bool, state, failed string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.status["slot"], b.status["version"], b.status["trial"], b.state, b.failed = slot, version, trial, state, failed
}

// line is a network between an owner and a terminal, which can be cut.
type line struct {
	url string

	mu    sync.Mutex // guards conns
	conns map[net.Conn]bool
}

func newLine(t *testing.T, to string) *line {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &line{url: "http://" + ln.Addr().String(), conns: map[net.Conn]bool{}}
	var group sync.WaitGroup
	group.Go(func() {
		for {
			near, err := ln.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", strings.TrimPrefix(to, "http://"))
			if err != nil {
				near.Close()
				continue
			}
			l.mu.Lock()
			l.conns[near], l.conns[far] = true, true
			l.mu.Unlock()
			group.Go(func() { _, _ = io.Copy(far, near); far.Close() })
			group.Go(func() { _, _ = io.Copy(near, far); near.Close() })
		}
	})
	t.Cleanup(func() { ln.Close(); l.cut(); group.Wait() })
	return l
}

// cut breaks every connection; new ones may be made.
func (l *line) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.conns {
		c.Close()
		delete(l.conns, c)
	}
}

// updating is a terminal on a board, and a bundle for it.
type updating struct {
	board    *fakeBoard
	dir      string
	terminal *served
	bundle   []byte
	file     string
}

func newUpdating(t *testing.T, bundle []byte) *updating {
	t.Helper()
	u := &updating{board: newFakeBoard(t), dir: t.TempDir(), bundle: bundle}
	u.terminal = start(t, u.dir, "--board", u.board.path)
	u.file = filepath.Join(t.TempDir(), "bundle")
	if err := os.WriteFile(u.file, bundle, 0o600); err != nil {
		t.Fatal(err)
	}
	return u
}

// restart does what a restart of the board does to the terminal.
func (u *updating) restart(t *testing.T) {
	t.Helper()
	u.terminal.kill()
	u.terminal = start(t, u.dir, "--board", u.board.path, "--listen", strings.TrimPrefix(u.terminal.url, "http://"))
}

// said is how a command ended.
type said struct {
	status int
	text   string
}

func (u *updating) update(url string) chan said {
	ended := make(chan said, 1)
	go func() {
		status, text := portaria("update", u.file, "--url", url)
		ended <- said{status, text}
	}()
	return ended
}

// wanted checks how a command ended.
func wanted(t *testing.T, got said, status int, parts ...string) {
	t.Helper()
	if got.status != status {
		t.Errorf("status %d, want %d: %s", got.status, status, got.text)
	}
	for _, part := range parts {
		if !strings.Contains(got.text, part) {
			t.Errorf("%q does not say %q", got.text, part)
		}
	}
}

func TestUpdate(t *testing.T) {
	t.Parallel()
	good := bytes.Repeat([]byte("a signed bundle "), 3<<20/16)

	t.Run("that is kept is told of, after the trial", func(t *testing.T) {
		t.Parallel()
		u := newUpdating(t, good)
		ended := u.update(u.terminal.url)
		<-u.board.restarts
		u.board.runs("B", "2.0", true, "trying", "")
		u.restart(t)
		u.board.runs("B", "2.0", false, "none", "")
		wanted(t, <-ended, 0, "runs 1.0 from slot A", "restarts to try version 2.0", "now runs 2.0 from slot B")
		if !bytes.Equal(u.board.bundle, good) {
			t.Errorf("%d bytes have arrived that are not the bundle", len(u.board.bundle))
		}
	})
	t.Run("that falls back is told of, with the reason", func(t *testing.T) {
		t.Parallel()
		u := newUpdating(t, good)
		ended := u.update(u.terminal.url)
		<-u.board.restarts
		u.board.runs("B", "2.0", true, "trying", "")
		u.restart(t)
		u.board.runs("A", "1.0", false, "failed", "it did not answer for a minute")
		u.restart(t)
		wanted(t, <-ended, 1, "the new version was not kept: it did not answer for a minute; the board runs 1.0 from slot A again")
	})
	t.Run("that falls back without a word is noticed by the slot", func(t *testing.T) {
		t.Parallel()
		u := newUpdating(t, good)
		ended := u.update(u.terminal.url)
		<-u.board.restarts
		u.board.runs("A", "1.0", false, "ready", "")
		u.restart(t)
		wanted(t, <-ended, 1, "the new version was not kept; the board runs 1.0 from slot A again")
	})
	t.Run("goes on after a line that breaks, also when the answer was lost", func(t *testing.T) {
		t.Parallel()
		u := newUpdating(t, good)
		line := newLine(t, u.terminal.url)
		u.board.onPut = func(piece int) {
			if piece == 2 || piece == 3 {
				line.cut()
			}
		}
		ended := u.update(line.url)
		select {
		case <-u.board.restarts:
		case got := <-ended:
			t.Fatalf("it ended: %v", got)
		}
		u.board.runs("B", "2.0", false, "none", "")
		u.restart(t)
		wanted(t, <-ended, 0, "now runs 2.0 from slot B")
		if !bytes.Equal(u.board.bundle, good) || u.board.pieces != 3 {
			t.Errorf("%d bytes have arrived in %d pieces; want the bundle in 3", len(u.board.bundle), u.board.pieces)
		}
	})
	t.Run("that the board refuses is refused at once", func(t *testing.T) {
		t.Parallel()
		u := newUpdating(t, bytes.Repeat([]byte("unsigned"), 3<<20/8))
		wanted(t, <-u.update(u.terminal.url), 1, "the bundle is not signed by a key that this board trusts")
		if u.board.pieces > 0 {
			t.Errorf("%d pieces were taken", u.board.pieces)
		}
	})
	t.Run("waits for no trial that is still under way", func(t *testing.T) {
		t.Parallel()
		u := newUpdating(t, good)
		u.board.runs("B", "2.0", true, "trying", "")
		wanted(t, <-u.update(u.terminal.url), 1, "still trying version 2.0")
	})
	t.Run("and the other things that a board does", func(t *testing.T) {
		t.Parallel()
		u := newUpdating(t, good)
		status, text := portaria("board", "status", "--url", u.terminal.url)
		wanted(t, said{status, text}, 0, "portaria-ef12, serial 10000000abcdef12", "version:  1.0 of 2026-09-21, slot A\n", "update:   none")
		for _, word := range []string{"reboot", "poweroff"} {
			status, text := portaria("board", word, "--url", u.terminal.url)
			wanted(t, said{status, text}, 0, word+": the board has been told")
			<-u.board.restarts
		}
	})
}
