package dialect_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/valyala/fasthttp"
	"github.com/valyala/fasthttp/fasthttputil"

	"portaria/terminal/clock"
	"portaria/terminal/dialect"
)

const block = 64 << 10

// long is a server whose answers are of the length that the path asks for.
type long struct {
	room  *dialect.Room
	ln    *fasthttputil.InmemoryListener
	tries atomic.Int64 // how often an answer was begun
	fail  error        // what write ends with
}

// serveLong waits, at the end, for so long that the server's last goroutine has
// gone. Only a bubble minds.
func serveLong(t *testing.T, room int, settle time.Duration) *long {
	t.Helper()
	l := &long{room: dialect.NewRoom(room), ln: fasthttputil.NewInmemoryListener()}
	do := func(c *dialect.Call) error {
		text, _ := c.Query("n")
		var n int
		if _, err := fmt.Sscan(text, &n); err != nil {
			return err
		}
		return c.Compose(l.room, http.StatusOK, "text/plain", func(a *dialect.Answer) error {
			l.tries.Add(1)
			return errors.Join(writeBytes(a, n), l.fail)
		})
	}
	server := fasthttp.Server{WriteTimeout: 30 * time.Second, NoDefaultDate: true}
	methods := []string{http.MethodGet}
	dialect.NewFront(clock.System{}, slog.New(slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: slog.LevelDebug})), plain{routes: []dialect.Route{
		{Path: "/long", Methods: methods, Do: do},
		{Path: "/panic", Methods: methods, Do: func(c *dialect.Call) error {
			if err := do(c); err != nil {
				return err
			}
			panic("after the answer")
		}},
		{Path: "/write-panic", Methods: methods, Do: func(c *dialect.Call) error {
			return c.Compose(l.room, http.StatusOK, "text/plain", func(a *dialect.Answer) error {
				_ = writeBytes(a, 3*block)
				panic("in the answer")
			})
		}},
	}}).Install(&server)
	served := make(chan error, 1)
	go func() { served <- server.Serve(l.ln) }()
	t.Cleanup(func() {
		if err := server.Shutdown(); err != nil {
			t.Error(err)
		}
		<-served
		clock.System{}.Sleep(settle)
	})
	return l
}

func writeBytes(a *dialect.Answer, n int) error {
	for ; n > 0; n-- {
		a.Tail = append(a.Tail, byte('a'+n%26))
		if err := a.Settle(); err != nil {
			return err
		}
	}
	return nil
}

// patience bounds the waits. It is not a time that anything is asserted to take.
const patience = 5 * time.Minute

// wantFree waits for the room to be whole again: the last block goes back when
// the server's goroutine comes to it.
func (l *long) wantFree(t *testing.T, free int) {
	t.Helper()
	for end := time.Now().Add(patience); l.room.Free() != free; (clock.System{}).Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d bytes of the room are free, want %d", l.room.Free(), free)
		}
	}
}

func (l *long) ask(t *testing.T, method, path string) (net.Conn, *bufio.Reader) {
	t.Helper()
	conn, err := l.ln.Dial()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: a\r\n\r\n", method, path); err != nil {
		t.Fatal(err)
	}
	return conn, bufio.NewReader(conn)
}

func mustAnswer(t *testing.T, reader *bufio.Reader, method string) (*http.Response, []byte) {
	t.Helper()
	answer, err := http.ReadResponse(reader, &http.Request{Method: method})
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer, body
}

func TestCompose(t *testing.T) {
	t.Parallel()
	const room = 8 * block
	t.Run("answers of every length arrive whole and leave the room free", func(t *testing.T) {
		t.Parallel()
		l := serveLong(t, room, 0)
		for _, n := range []int{0, 1, block - 1, block, block + 1, 3*block - 1, 3 * block, 3*block + 17, room} {
			conn, reader := l.ask(t, "GET", fmt.Sprintf("/long?n=%d", n))
			answer, got := mustAnswer(t, reader, "GET")
			conn.Close()
			want := make([]byte, 0, n)
			for i := n; i > 0; i-- {
				want = append(want, byte('a'+i%26))
			}
			if answer.StatusCode != http.StatusOK || answer.ContentLength != int64(n) || !bytes.Equal(got, want) {
				t.Errorf("%d bytes: status %d, Content-Length %d, %d bytes that came", n, answer.StatusCode, answer.ContentLength, len(got))
			}
			l.wantFree(t, room)
		}
	})
	t.Run("HEAD tells the length and sends nothing", func(t *testing.T) {
		t.Parallel()
		l := serveLong(t, room, 0)
		conn, reader := l.ask(t, "HEAD", fmt.Sprintf("/long?n=%d", 5*block))
		defer conn.Close()
		answer, body := mustAnswer(t, reader, "HEAD")
		if answer.ContentLength != 5*block || len(body) != 0 {
			t.Errorf("Content-Length %d and %d bytes, want %d and none", answer.ContentLength, len(body), 5*block)
		}
		l.wantFree(t, room)
	})
	t.Run("an answer over the whole room is refused after one attempt", func(t *testing.T) {
		t.Parallel()
		l := serveLong(t, room, 0)
		conn, reader := l.ask(t, "GET", fmt.Sprintf("/long?n=%d", room+1))
		defer conn.Close()
		if _, body := mustAnswer(t, reader, "GET"); string(body) != dialect.ErrTooLong.Error() {
			t.Errorf("answered %.60q, want %q", body, dialect.ErrTooLong)
		}
		if got := l.tries.Load(); got != 1 {
			t.Errorf("begun %d times, want once", got)
		}
		l.wantFree(t, room)
	})
	t.Run("what ends otherwise than well leaves the room free", func(t *testing.T) {
		t.Parallel()
		l := serveLong(t, room, 0)
		for _, path := range []string{"/panic?n=200000", "/write-panic"} {
			conn, reader := l.ask(t, "GET", path)
			if answer, body := mustAnswer(t, reader, "GET"); answer.StatusCode != http.StatusTeapot || string(body) != dialect.ErrPanic.Error() {
				t.Errorf("%s: status %d, %.60q", path, answer.StatusCode, body)
			}
			conn.Close()
			l.wantFree(t, room)
		}
		l.fail = errors.New("planted")
		conn, reader := l.ask(t, "GET", "/long?n=200000")
		defer conn.Close()
		if _, body := mustAnswer(t, reader, "GET"); !strings.Contains(string(body), "planted") {
			t.Errorf("answered %.60q, want the error of what was written", body)
		}
		l.wantFree(t, room)
	})
	t.Run("a client that goes away gives its blocks back", func(t *testing.T) {
		t.Parallel()
		l := serveLong(t, room, 0)
		conn, reader := l.ask(t, "GET", fmt.Sprintf("/long?n=%d", room))
		if _, err := reader.ReadByte(); err != nil {
			t.Fatal(err)
		}
		if free := l.room.Free(); free == room {
			t.Error("an answer under way takes no room")
		}
		conn.Close()
		l.wantFree(t, room)
	})
	t.Run("an answer waits for room and then starts anew", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			l := serveLong(t, room, time.Minute)
			slow, reader := l.ask(t, "GET", fmt.Sprintf("/long?n=%d", room))
			synctest.Wait()
			waiting, second := l.ask(t, "GET", fmt.Sprintf("/long?n=%d", 7*block))
			synctest.Wait()
			if _, body := mustAnswer(t, reader, "GET"); len(body) != room {
				t.Errorf("the first answer has %d bytes, want %d", len(body), room)
			}
			if _, body := mustAnswer(t, second, "GET"); len(body) != 7*block {
				t.Errorf("the second answer has %d bytes, want %d", len(body), 7*block)
			}
			slow.Close()
			waiting.Close()
			l.wantFree(t, room)
		})
	})
	t.Run("an answer that finds no room in time is given up, and a short one needs none", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			l := serveLong(t, room, time.Minute)
			slow, _ := l.ask(t, "GET", fmt.Sprintf("/long?n=%d", room))
			synctest.Wait()
			start := time.Now()
			waiting, second := l.ask(t, "GET", fmt.Sprintf("/long?n=%d", 7*block))
			synctest.Wait()
			short, third := l.ask(t, "GET", "/long?n=100")
			if _, body := mustAnswer(t, third, "GET"); len(body) != 100 || time.Since(start) > 0 {
				t.Errorf("a short answer has %d bytes after %v, want 100 at once", len(body), time.Since(start))
			}
			if _, body := mustAnswer(t, second, "GET"); string(body) != dialect.ErrNoRoom.Error() {
				t.Errorf("answered %.60q, want %q", body, dialect.ErrNoRoom)
			}
			if waited := time.Since(start); waited != dialect.RoomTime {
				t.Errorf("given up after %v, want %v", waited, dialect.RoomTime)
			}
			for _, conn := range []net.Conn{slow, waiting, short} {
				conn.Close()
			}
			l.wantFree(t, room)
		})
	})
}
