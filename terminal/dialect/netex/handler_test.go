package netex_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/valyala/fasthttp"

	"portaria/store"
	"portaria/store/storetest"
	"portaria/terminal/clock"
	"portaria/terminal/device"
	"portaria/terminal/dialect"
	"portaria/terminal/dialect/fcgi"
	"portaria/terminal/dialect/netex"
	"portaria/testdata"
)

const (
	token = "a08443af-cc58-4e3e-b557-13be8de66230"
	users = "/integration/ws/management/rest/users"
)

// handler answers as a terminal with these services would.
type handler struct {
	server *fasthttp.Server
	device *device.Device
	api    *netex.API
}

func newHandler(tb testing.TB, model string, o netex.Options, data ...store.Options) handler {
	tb.Helper()
	profile, err := device.ProfileOf(model)
	if err != nil {
		tb.Fatal(err)
	}
	d, err := device.New(device.Config{Store: storetest.New(tb, data...), Profile: profile, Faces: device.MeasuredFaces{Strict: true}, PasswordCost: 1, NoFailureDelay: true})
	if err != nil {
		tb.Fatal(err)
	}
	// The server speaks of the bad clients that the vectors are.
	h := handler{&fasthttp.Server{Logger: log.New(io.Discard, "", 0)}, d, netex.New(d, o)}
	dialect.NewFront(clock.System{}, slog.New(slog.DiscardHandler), fcgi.New(d), h.api).Install(h.server)
	return h
}

// answer is an answer as a client sees it.
type answer struct {
	status   int
	location string
	text     string
	body     any
}

// call sends a request with the token and the label of JSON. headers are in
// pairs and win.
func (h handler) call(tb testing.TB, method, uri, body string, headers ...string) answer {
	tb.Helper()
	var req fasthttp.Request
	req.Header.SetMethod(method)
	req.SetRequestURI(uri)
	req.Header.Set("X-Cloud-Auth-Token", h.api.Token())
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	req.Header.SetContentLength(len(body))
	req.SetBodyString(body)
	var ctx fasthttp.RequestCtx
	ctx.Init(&req, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}, nil)
	h.server.Handler(&ctx)
	a := answer{
		status:   ctx.Response.StatusCode(),
		location: string(ctx.Response.Header.Peek("Location")),
		text:     string(ctx.Response.Body()),
	}
	if err := json.Unmarshal([]byte(a.text), &a.body); err != nil && method != http.MethodHead {
		tb.Fatalf("%s %s: the answer is no JSON: %v, %.300q", method, uri, err, a.text)
	}
	return a
}

// must is call, for what is to succeed.
func (h handler) must(tb testing.TB, method, uri, body string, headers ...string) answer {
	tb.Helper()
	a := h.call(tb, method, uri, body, headers...)
	if a.status != http.StatusOK {
		tb.Fatalf("%s %s %.200s: status %d, %s", method, uri, body, a.status, a.text)
	}
	return a
}

// member walks into an answer, and is nil where there is nothing.
func (a answer) member(path ...string) any {
	v := a.body
	for _, name := range path {
		object, _ := v.(map[string]any)
		v = object[name]
	}
	return v
}

// imageOf is an image object.
func imageOf(picture []byte, mime string) string {
	image := fmt.Sprintf(`{"base64Image":%q`, base64.StdEncoding.EncodeToString(picture))
	if mime != "" {
		image += fmt.Sprintf(`,"mimeType":%q`, mime)
	}
	return image + "}"
}

func photoBody(name string) string {
	return `{"image":` + imageOf(testdata.Photo(name), "") + `}`
}

// someone is a user object with all that is required, and more.
func someone(login string, more ...string) string {
	return fmt.Sprintf(`{"user":{"username":%q,"name":"Ana","surname":"Souza Lima","language":"pt","timezone":"America/Sao_Paulo",`+
		`"email":"ana@example.com","roles":{"management":"USER"}%s}}`, login, strings.Join(append([]string{""}, more...), ","))
}

func idOf(user int64) string { return fmt.Sprintf("ff80818100000000%016x", user) }
