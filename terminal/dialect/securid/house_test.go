package securid_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"portaria/store"
	"portaria/terminal/clock"
	"portaria/terminal/device"
	"portaria/terminal/dialect"
	"portaria/terminal/dialect/fcgi"
	"portaria/terminal/dialect/securid"
	"portaria/testdata"
)

// house is a terminal that answers as the web services too, over a socket.
type house struct {
	t      testing.TB
	url    string
	addr   string
	device *device.Device
	api    *securid.API
	clock  *clock.Offset
	client *http.Client
}

func newHouse(t testing.TB, model string, o securid.Options) *house {
	t.Helper()
	profile, err := device.ProfileOf(model)
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(store.Options{Ephemeral: true})
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, clock: new(clock.Offset), client: &http.Client{Transport: &http.Transport{ExpectContinueTimeout: time.Minute}}}
	h.device, err = device.New(device.Config{Store: s, Profile: profile, Clock: h.clock, Faces: device.MeasuredFaces{Strict: true}, PasswordCost: 1, NoFailureDelay: true})
	if err != nil {
		t.Fatal(err)
	}
	h.api = securid.New(h.device, o)
	server := fasthttp.Server{
		ReadTimeout: 15 * time.Second, MaxRequestBodySize: dialect.SmallBody - 1, DisablePreParseMultipartForm: true,
		NoDefaultServerHeader: true, NoDefaultContentType: true, CloseOnShutdown: true,
		Logger: quiet{},
	}
	dialect.NewFront(h.clock, slog.New(slog.DiscardHandler), fcgi.New(h.device), h.api).Install(&server)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(ln) }()
	t.Cleanup(func() {
		h.client.CloseIdleConnections()
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = server.ShutdownWithContext(ctx)
		<-served
		s.Close()
	})
	h.addr = ln.Addr().String()
	h.url = "http://" + h.addr
	return h
}

// reply is an answer, read.
type reply struct {
	status int
	reason string // the words of the status line
	kind   string // the content type
	body   string
}

// send sends a command. Pairs of header lines may follow the body.
func (h *house) send(method, query, body string, header ...string) reply {
	h.t.Helper()
	req, err := http.NewRequest(method, h.url+securid.Path+"?"+query, strings.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	if len(body) >= dialect.SmallBody {
		// The bare server of this test closes on what it refuses, so ask first.
		req.Header.Set("Expect", "100-continue")
	}
	resp, err := h.client.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return reply{resp.StatusCode, strings.TrimPrefix(resp.Status, resp.Status[:4]), resp.Header.Get("Content-Type"), string(text)}
}

// login opens a token.
func (h *house) login() string {
	h.t.Helper()
	got := h.send("POST", "cmd=loginUser", "<username>admin</username><password>admin</password>")
	token, ok := strings.CutPrefix(got.body, "token=")
	if got.status != http.StatusOK || !ok {
		h.t.Fatalf("login is answered %v", got)
	}
	return token
}

// put adds a person.
func (h *house) put(p device.Person) int64 {
	h.t.Helper()
	id, err := h.device.PutPerson(p)
	if err != nil {
		h.t.Fatal(err)
	}
	return id
}

func bearer(token string) []string { return []string{"Authorization", "Bearer " + token} }

func asPNG(token string) []string { return append(bearer(token), "Content-Type", "image/png") }

func inBase64(data []byte) string { return base64.StdEncoding.EncodeToString(data) }

func TestPhotoInPhotoOut(t *testing.T) {
	t.Parallel()
	for _, model := range device.Models() {
		t.Run(model, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, model, securid.Options{})
			h.put(device.Person{ID: 10, Name: "Kara Alves", Login: "kalves"})
			token := h.login()
			photo := testdata.Photo("alpha-200x200.png")
			set := h.send("POST", "cmd=setUserImage&format=json&userId=10", inBase64(photo), asPNG(token)...)
			if want := `{"data":{"type":"setUserImage"}}`; set.status != http.StatusOK || set.body != want {
				t.Fatalf("set: %v, want %s", set, want)
			}
			for _, user := range []string{"10", "kalves", "KAlves"} {
				got := h.send("GET", "cmd=getUserImage&format=json&userId="+user, "", bearer(token)...)
				if got.status != http.StatusOK || got.kind != "image/png" || got.body != string(photo) {
					t.Errorf("get %s: %d %s of %d bytes, want the %d that were sent", user, got.status, got.kind, len(got.body), len(photo))
				}
			}
			kept, _, err := h.device.AppendPhoto(nil, 10)
			if err != nil || !bytes.HasPrefix(kept, []byte{0xff, 0xd8}) {
				t.Errorf("the terminal keeps %.10q, %v; want a JPEG", kept, err)
			}
		})
	}
}

func TestTerminalsPhotoIsAPNG(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "idaccess", securid.Options{})
	token := h.login()
	set := func(name string) {
		t.Helper()
		r := h.device.SetPhoto(context.Background(), device.Upload{User: 7, Picture: testdata.Photo(name)})
		if !r.Kept() {
			t.Fatal(r.Err)
		}
	}
	get := func() reply { return h.send("GET", "cmd=getUserImage&userId=7", "", bearer(token)...) }
	set("plain-320x240.jpg")
	first := get()
	if first.kind != "image/png" || !strings.HasPrefix(first.body, "\x89PNG") {
		t.Fatalf("a JPEG is answered %s %.20q", first.kind, first.body)
	}
	for range 3 {
		h.send("GET", "cmd=findUsers&format=json", "", bearer(token)...)
		h.send("GET", "cmd=nope", "")
		if again := get(); again != first {
			t.Fatal("a later answer is another")
		}
	}
	set("progressive-200x200.jpg")
	if got := get(); got == first {
		t.Error("a new photo is answered as the old one")
	}
	h.put(device.Person{ID: 7, Name: "Lee"})
	png := testdata.Photo("palette-200x200.png")
	h.send("POST", "cmd=setUserImage&userId=7", inBase64(png), asPNG(token)...)
	if got := get(); got.body != string(png) {
		t.Error("the PNG does not come back")
	}
	set("plain-320x240.jpg")
	if got := get(); got != first {
		t.Error("the terminal's newer photo is hidden behind the PNG")
	}
}

// quiet hears what fasthttp says about bad clients.
type quiet struct{}

func (quiet) Printf(string, ...any) {}
