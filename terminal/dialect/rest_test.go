package dialect_test

import (
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/valyala/fasthttp"

	"portaria/terminal/clock"
	"portaria/terminal/dialect"
)

// tree serves paths with names in them, and tells what it saw.
type tree struct{ seen []string }

func (t *tree) Routes() []dialect.Route {
	route := func(path string, below bool) dialect.Route {
		return dialect.Route{Path: path, Below: below, NoLength: path == "/a/b/c", Methods: []string{http.MethodGet, http.MethodPost, http.MethodDelete}, Do: func(c *dialect.Call) error {
			login, password, ok := c.Basic()
			t.seen = append(t.seen, fmt.Sprint(path, " ", c.Method(), " ", c.RawPath(), " ", c.RawQuery(), " ", login, "/", password, " ", ok))
			if strings.HasPrefix(c.Header("Content-Type"), "multipart/") {
				parts, err := c.Parts()
				if err != nil {
					return err
				}
				for _, p := range parts {
					t.seen = append(t.seen, fmt.Sprintf("%s %s %s %q", p.Name, p.File, p.Type, p.Data))
				}
			}
			c.Send(http.StatusTeapot, "text/plain", nil)
			c.Reason("short\r\nand stout")
			return nil
		}}
	}
	return []dialect.Route{route("/a/", true), route("/a/b/", true), route("/a/b/c", false)}
}
func (*tree) Declined() []dialect.Declined { return nil }
func (*tree) Prepare(*dialect.Call)        {}
func (*tree) Fail(c *dialect.Call, err error) {
	c.Send(http.StatusBadRequest, "text/plain", []byte(err.Error()))
}

func TestBelow(t *testing.T) {
	t.Parallel()
	d := new(tree)
	var server fasthttp.Server
	dialect.NewFront(clock.System{}, slog.New(slog.DiscardHandler), d).Install(&server)
	call := func(method, uri string, header ...string) *fasthttp.RequestCtx {
		var req fasthttp.Request
		req.Header.SetMethod(method)
		req.SetRequestURI(uri)
		body := ""
		for i := 0; i+1 < len(header); i += 2 {
			if header[i] == "body" {
				body = header[i+1]
				continue
			}
			req.Header.Set(header[i], header[i+1])
		}
		if body != "" {
			req.Header.Set("Content-Length", fmt.Sprint(len(body)))
		}
		req.SetBodyString(body)
		var ctx fasthttp.RequestCtx
		ctx.Init(&req, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}, nil)
		server.Handler(&ctx)
		return &ctx
	}
	ctx := call("GET", "/a/x%2Fy?q=1&&z")
	if got := string(ctx.Response.Header.StatusMessage()); got != "short  and stout" {
		t.Errorf("reason %q", got)
	}
	call("DELETE", "/a/b/z", "Authorization", "basic YW5hOmE6Yg==")
	call("GET", "/a/b/c", "Authorization", "Bearer x")
	call("POST", "/a/b/", "Content-Type", "multipart/form-data; boundary=B", "body", "--B\r\nContent-Disposition: form-data; name=\"avatar\"; filename=\"x.png\"\r\nContent-Type: image/png\r\n\r\n\x89PNG\r\n--B--\r\n")
	want := []string{
		"/a/ GET /a/x%2Fy q=1&&z / false",
		"/a/b/ DELETE /a/b/z  ana/a:b true",
		"/a/b/c GET /a/b/c  / false",
		"/a/b/ POST /a/b/  / false",
		`avatar x.png image/png "\x89PNG"`,
	}
	if !slices.Equal(d.seen, want) {
		t.Errorf("seen\n%q, want\n%q", d.seen, want)
	}
	for uri, status := range map[string]int{"/b": 400, "/a": 400, "/a/b/c/d": 418} {
		if got := call("GET", uri).Response.StatusCode(); got != status {
			t.Errorf("GET %s: %d, want %d", uri, got, status)
		}
	}
	for uri, status := range map[string]int{"/a/b/c": 418, "/a/b/": 400} {
		if got := call("POST", uri).Response.StatusCode(); got != status {
			t.Errorf("POST %s without a length: %d, want %d", uri, got, status)
		}
	}
	if got := call("POST", "/a/", "Content-Type", "multipart/form-data; boundary=B", "body", "--B\r\nbroken").Response.StatusCode(); got != 400 {
		t.Errorf("a broken multipart body: %d, want 400", got)
	}
	// Some clients do not quote what they should.
	for _, label := range []string{`multipart/form-data; boundary="B=1"`, `multipart/form-data; boundary=B=1`, `multipart/Form-Data; Boundary="B=1"`} {
		if got := call("POST", "/a/", "Content-Type", label, "body", "--B=1\r\n\r\nx\r\n--B=1--\r\n").Response.StatusCode(); got != 418 {
			t.Errorf("a body labelled %s: %d, want 418", label, got)
		}
	}
	if got := call("POST", "/a/", "Content-Type", "multipart/mixed; boundary=B", "body", "--B\r\n\r\nx\r\n--B--\r\n").Response.StatusCode(); got != 400 {
		t.Errorf("a multipart body of another type: %d, want 400", got)
	}
}
