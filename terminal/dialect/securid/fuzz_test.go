package securid_test

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
	"portaria/terminal/dialect/securid"
	"portaria/testdata"
)

// FuzzQuery sends arbitrary queries and bodies: nothing of them may become
// markup, a header or half a document.
func FuzzQuery(f *testing.F) {
	vectors, err := fs.Glob(testdata.Wire(), "securid/*.txtar")
	if err != nil || len(vectors) == 0 {
		f.Fatalf("%d vectors, %v", len(vectors), err)
	}
	for _, name := range vectors {
		text, err := fs.ReadFile(testdata.Wire(), name)
		if err != nil {
			f.Fatal(err)
		}
		_, after, _ := strings.Cut(string(text), securid.Path+"?")
		query, _, _ := strings.Cut(after, " HTTP/1.1")
		_, body, _ := strings.Cut(after, "\n\n")
		f.Add(query, body, "image/png")
	}
	f.Add("cmd=findUsers&format=xml&delimiter=<&sortByColumns=id", "--B\r\nContent-Type: image/png\r\n\r\nx\r\n--B--", "multipart/form-data; boundary=B")
	s, err := store.Open(store.Options{Ephemeral: true})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { s.Close() })
	d, err := device.New(device.Config{Store: s, PasswordCost: 1, NoFailureDelay: true})
	if err != nil {
		f.Fatal(err)
	}
	if _, err := d.PutPerson(device.Person{ID: 1, Name: "a <b>,\n\"c\" & d", Login: "x"}); err != nil {
		f.Fatal(err)
	}
	var server fasthttp.Server
	dialect.NewFront(clock.System{}, slog.New(slog.DiscardHandler), securid.New(d, securid.Options{UnknownUsers: true})).Install(&server)
	call := func(query, body, kind, token string) *fasthttp.Response {
		var req fasthttp.Request
		req.Header.SetMethod(http.MethodPost)
		req.SetRequestURI(securid.Path)
		req.URI().SetQueryString(query)
		req.Header.SetContentType(kind)
		req.Header.Set("Authorization", "Bearer "+token)
		req.SetBodyString(body)
		req.Header.SetContentLength(len(body))
		var ctx fasthttp.RequestCtx
		ctx.Init(&req, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}, nil)
		server.Handler(&ctx)
		return &ctx.Response
	}
	login := func() string {
		return strings.TrimPrefix(string(call("cmd=loginUser", credentials, "", "").Body()), "token=")
	}
	token := login()
	f.Fuzz(func(t *testing.T, query, body, kind string) {
		if call("cmd=about", "", "", token).StatusCode() != http.StatusOK {
			token = login() // the last query was a logout
		}
		answer := call(query, body, kind, token)
		text := string(answer.Body())
		if strings.ContainsAny(string(answer.Header.StatusMessage()), "\r\n") {
			t.Fatalf("%q: reason %q", query, answer.Header.StatusMessage())
		}
		switch string(answer.Header.ContentType()) {
		case "application/json":
			if !json.Valid(answer.Body()) {
				t.Fatalf("%q: no JSON: %.300q", query, text)
			}
		case "text/html":
			message, ok := strings.CutPrefix(text, "<html><head><title>Error</title></head><body>")
			message, whole := strings.CutSuffix(message, "</body></html>")
			if !ok || !whole || strings.ContainsAny(message, "<>") {
				t.Fatalf("%q: page %.300q", query, text)
			}
		}
		if strings.Contains(text, "unexpected error") {
			t.Fatalf("%q: %.300q", query, text)
		}
	})
}
