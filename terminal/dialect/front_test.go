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
	"testing"

	"github.com/valyala/fasthttp"
	"github.com/valyala/fasthttp/fasthttputil"

	"portaria/terminal/clock"
	"portaria/terminal/dialect"
)

// plain is a dialect that answers with what happened.
type plain struct {
	routes   []dialect.Route
	declined []dialect.Declined
}

func (p plain) Routes() []dialect.Route      { return p.routes }
func (p plain) Declined() []dialect.Declined { return p.declined }
func (plain) Prepare(c *dialect.Call) {
	c.SetHeaders(dialect.NewHeader("X-Prepared", "yes"))
}

func (plain) Fail(c *dialect.Call, err error) {
	c.Send(http.StatusTeapot, "text/plain", []byte(err.Error()))
}

// serve starts a server over the dialect and returns how to send it bytes.
func serve(t *testing.T, log *bytes.Buffer, d dialect.Dialect) (send func(request string) string) {
	t.Helper()
	var server fasthttp.Server
	dialect.NewFront(clock.System{}, slog.New(slog.NewTextHandler(log, nil)), d).Install(&server)
	ln := fasthttputil.NewInmemoryListener()
	served := make(chan error, 1)
	go func() { served <- server.Serve(ln) }()
	t.Cleanup(func() {
		if err := server.Shutdown(); err != nil {
			t.Error(err)
		}
		<-served
	})
	return func(request string) string {
		t.Helper()
		conn, err := ln.Dial()
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		go func(conn net.Conn) { _, _ = io.WriteString(conn, request) }(conn)
		method, _, _ := strings.Cut(request, " ")
		answer, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
		if err != nil {
			t.Fatalf("%.60q: %v", request, err)
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		if answer.Header.Get("X-Prepared") != "yes" {
			t.Errorf("%.60q is answered unprepared: %v", request, answer.Header)
		}
		return fmt.Sprintf("%d %s", answer.StatusCode, body)
	}
}

func post(path string, n int) string {
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s", path, n, strings.Repeat("x", n))
}

func TestFront(t *testing.T) {
	t.Parallel()
	anyMethod := []string{http.MethodGet, http.MethodPost}
	okay := func(c *dialect.Call) error {
		c.Send(http.StatusOK, "text/plain", fmt.Appendf(nil, "%d bytes", len(c.Body())))
		return nil
	}
	d := plain{
		routes: []dialect.Route{
			{Path: "/panic", Methods: anyMethod, Do: func(*dialect.Call) error { panic("planted") }},
			{Path: "/large", Methods: anyMethod, Limit: 100_000, Do: okay},
			{Path: "/small", Methods: anyMethod, Do: okay},
			{Path: "/get", Methods: []string{http.MethodGet}, Do: okay},
			{Path: "/admit", Methods: anyMethod, Do: okay, Admit: func(*dialect.Call) error { panic("planted") }},
			{Path: "/closed", Methods: anyMethod, Limit: 100_000, Do: okay, Admit: func(*dialect.Call) error { return errors.New("not you") }},
		},
		declined: []dialect.Declined{{Path: "/declined", Reason: "for a reason"}},
	}
	t.Run("a panic is answered, logged, and ends nothing", func(t *testing.T) {
		t.Parallel()
		var log bytes.Buffer
		send := serve(t, &log, d)
		if got, want := send(post("/panic", 1)), "418 handler panic"; got != want {
			t.Errorf("a panic is answered %q, want %q", got, want)
		}
		for name, request := range map[string]string{
			"over the limit": post("/admit", dialect.SmallBody),
			"announced":      strings.Replace(post("/admit", 1), "Content-Length", "Expect: 100-continue\r\nContent-Length", 1),
			"called":         post("/admit", 1),
		} {
			if got, want := send(request), "418 handler panic"; got != want {
				t.Errorf("a panic over who may, %s: %q, want %q", name, got, want)
			}
		}
		if got, want := send(post("/small", 1)), "200 1 bytes"; got != want {
			t.Errorf("afterwards: %q, want %q", got, want)
		}
		if !strings.Contains(log.String(), "planted") {
			t.Errorf("the log does not tell of the panic: %s", log.String())
		}
	})
	t.Run("answers follow the route table", func(t *testing.T) {
		t.Parallel()
		send := serve(t, new(bytes.Buffer), d)
		for _, c := range []struct{ name, request, want string }{
			{"one byte below the limit passes", post("/large", 99_999), "200 99999 bytes"},
			{"the limit itself is refused", post("/large", 100_000), "418 request body over the route's limit"},
			{"a route without a limit has the small one", post("/small", dialect.SmallBody), "418 request body over the route's limit"},
			{"below the small limit passes", post("/small", dialect.SmallBody-1), fmt.Sprintf("200 %d bytes", dialect.SmallBody-1)},
			{"an absolute address has the same limit", strings.Replace(post("/large", 99_999), "/large", "http://evil/large", 1), "200 99999 bytes"},
			{"a roundabout path has the same limit", post("/x/../large", 99_999), "200 99999 bytes"},
			{"who may not is told so before the limit is", post("/closed", 100_000), "418 not you"},
			{"a method that the route lacks is refused", post("/get", 1), "418 method not served"},
			{"HEAD is GET without the body", "HEAD /get HTTP/1.1\r\nHost: a\r\n\r\n", "200 "},
			{"OPTIONS is answered anywhere", "OPTIONS /nowhere HTTP/1.1\r\nHost: a\r\n\r\n", "200 "},
			{"a path that is nobody's", post("/nowhere", 1), "418 nothing at this path"},
			{"a declined operation is as unknown", post("/declined", 1), "418 nothing at this path"},
		} {
			if got := send(c.request); got != c.want {
				t.Errorf("%s: %q, want %q", c.name, got, c.want)
			}
		}
	})
	t.Run("a declined operation is named in the log, once", func(t *testing.T) {
		t.Parallel()
		var log bytes.Buffer
		send := serve(t, &log, d)
		send(post("/declined", 1))
		send(post("/declined", 1))
		if got := strings.Count(log.String(), "for a reason"); got != 1 {
			t.Errorf("the log names it %d times, want once:\n%s", got, log.String())
		}
	})
	t.Run("two routes at one path are a mistake that shows at once", func(t *testing.T) {
		t.Parallel()
		defer func() {
			if recover() == nil {
				t.Error("mounting two routes at one path went unnoticed")
			}
		}()
		dialect.NewFront(clock.System{}, slog.New(slog.DiscardHandler), d, d)
	})
}
