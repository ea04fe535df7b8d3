package terminal_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"portaria/terminal"
	"portaria/terminal/terminaltest"
	"portaria/testdata"
)

// lines is a log that says when a line of it has come.
type lines struct{ seen chan string }

func (l lines) Write(p []byte) (int, error) {
	l.seen <- string(p)
	return len(p), nil
}

func (l lines) await(t *testing.T, text string) {
	t.Helper()
	for deadline := time.After(5 * time.Minute); ; {
		select {
		case line := <-l.seen:
			if strings.Contains(line, text) {
				return
			}
		case <-deadline:
			t.Fatalf("the log never says %q", text)
		}
	}
}

// board answers GET /status with what state holds.
func board(t *testing.T, state *atomic.Value) (socket string) {
	t.Helper()
	// A socket's path has to be shorter than some temporary folders are.
	dir, err := os.MkdirTemp("", "board")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket = filepath.Join(dir, "board.sock")
	ln, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, _ *http.Request) {
		w.Write([]byte(state.Load().(string)))
	})
	server := &http.Server{Handler: mux}
	go func() {
		if err := server.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	}()
	t.Cleanup(func() { server.Shutdown(context.Background()) })
	return socket
}

func TestBoardClock(t *testing.T) {
	t.Parallel()
	t.Run("the clock is trusted once the board says that it is set", func(t *testing.T) {
		t.Parallel()
		var state atomic.Value
		state.Store(`{"serial":"x"}`)
		log := lines{make(chan string, 1000)}
		tm := terminaltest.New(t, terminaltest.With(func(c *terminal.Config) {
			c.Board, c.Log = board(t, &state), slog.New(slog.NewTextHandler(log, nil))
		}))
		log.await(t, "the board does not tell whether its clock is set")
		tm.SetPhoto(1, testdata.Photo("plain-320x240.jpg"))
		state.Store(`{"clock":"unset","network":[]}`)
		tm.Advance(time.Hour)
		tm.SetPhoto(2, testdata.Photo("plain-320x240.jpg"))
		state.Store(`{"clock":"set"}`)
		log.await(t, "the clock is set; log times since the start were estimates")
	})
	t.Run("a board that never answers does not keep the terminal from serving and stopping", func(t *testing.T) {
		t.Parallel()
		tm := terminaltest.New(t, terminaltest.With(func(c *terminal.Config) { c.Board = filepath.Join(t.TempDir(), "none.sock") }))
		if _, _, status := ask(t, tm, "GET", "/session_is_valid.fcgi", ""); status != http.StatusOK {
			t.Errorf("answered %d", status)
		}
	})
}
