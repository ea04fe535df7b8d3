package fcgi_test

import (
	"encoding/json"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/valyala/fasthttp"

	"portaria/store"
	"portaria/terminal/clock"
	"portaria/terminal/device"
	"portaria/terminal/dialect"
	"portaria/terminal/dialect/fcgi"
	"portaria/testdata"
)

// handler is the Access API without a socket, and a session that never ends.
type handler struct {
	serve   fasthttp.RequestHandler
	device  *device.Device
	session string
}

func newHandler(tb testing.TB, model string) handler {
	tb.Helper()
	h, done, err := openHandler(model)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(done)
	return h
}

func openHandler(model string) (h handler, done func(), err error) {
	profile, err := device.ProfileOf(model)
	if err != nil {
		return h, nil, err
	}
	s, err := store.Open(store.Options{Ephemeral: true})
	if err != nil {
		return h, nil, err
	}
	d, err := device.New(device.Config{Store: s, Profile: profile, PasswordCost: 1, NoFailureDelay: true})
	if err != nil {
		return h, nil, err
	}
	var server fasthttp.Server
	dialect.NewFront(clock.System{}, slog.New(slog.DiscardHandler), fcgi.New(d)).Install(&server)
	return handler{server.Handler, d, d.OpenSession()}, func() { s.Close() }, nil
}

// call sends one request and holds its answer to what every answer must be.
func (h handler) call(tb testing.TB, method, uri string, body []byte) *fasthttp.RequestCtx {
	tb.Helper()
	var req fasthttp.Request
	req.Header.SetMethod(method)
	req.SetRequestURI(uri)
	req.Header.Set("Content-Length", "1")
	req.SetBody(body)
	var ctx fasthttp.RequestCtx
	ctx.Init(&req, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}, nil)
	h.serve(&ctx)

	answer := &ctx.Response
	text := answer.Body()
	if status := answer.StatusCode(); status >= http.StatusInternalServerError && status != http.StatusNotImplemented {
		tb.Fatalf("%s %q %.200q: status %d, %s", method, uri, body, status, text)
	}
	if strings.HasPrefix(string(answer.Header.ContentType()), "application/json") && !json.Valid(text) {
		tb.Fatalf("%s %q %.200q: the answer is no JSON: %.300q", method, uri, body, text)
	}
	if got := string(answer.Header.Peek("Access-Control-Allow-Origin")); got != "*" {
		tb.Fatalf("%s %q: Access-Control-Allow-Origin %q, want *", method, uri, got)
	}
	return &ctx
}

var commands = []string{
	"login", "hidlogin", "session_is_valid", "user_set_image", "user_set_image_list", "user_test_image",
	"user_get_image", "user_get_image_list", "user_list_images", "user_destroy_image", "change_login", "logout",
}

// FuzzQuery sends arbitrary queries to every command.
func FuzzQuery(f *testing.F) {
	for _, query := range []string{
		"user_id=1", "user_id=9223372036854775808&timestamp=x&match=2", "&session=a&session=b", "login=admin&password=admin",
		"get_timestamp=1&user_id=-1", "%zz=%00&=&&", "user_id=+1", "user_id=1;session=2",
	} {
		f.Add(uint8(3), query)
	}
	classic, facial := newHandler(f, "idaccess"), newHandler(f, "amico")
	f.Fuzz(func(t *testing.T, command uint8, query string) {
		path := "/" + commands[int(command)%len(commands)] + ".fcgi?"
		for _, h := range []handler{classic, facial} {
			h.call(t, http.MethodGet, path+query, nil)
			h.call(t, http.MethodPost, path+"session="+h.device.OpenSession()+"&"+query, []byte("x"))
		}
	})
}

// FuzzBody sends arbitrary bodies to every command, with a session.
func FuzzBody(f *testing.F) {
	vectors, err := fs.Glob(testdata.Wire(), "fcgi/*.txtar")
	if err != nil || len(vectors) == 0 {
		f.Fatalf("no vectors to start from: %v", err)
	}
	for i, name := range vectors {
		text, err := fs.ReadFile(testdata.Wire(), name)
		if err != nil {
			f.Fatal(err)
		}
		if _, request, ok := strings.Cut(string(text), "-- request --\n"); ok {
			request, _, _ = strings.Cut(request, "\n-- response --")
			_, body, _ := strings.Cut(request, "\n\n")
			f.Add(uint8(i), []byte(body))
		}
	}
	classic, facial := newHandler(f, "idaccess"), newHandler(f, "idface")
	f.Fuzz(func(t *testing.T, command uint8, body []byte) {
		path := "/" + commands[int(command)%len(commands)] + ".fcgi?user_id=1&session="
		for _, h := range []handler{classic, facial} {
			h.call(t, http.MethodPost, path+h.device.OpenSession(), body)
		}
	})
}
