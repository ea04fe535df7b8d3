package bpm_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"mime/multipart"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/valyala/fasthttp"
	"github.com/valyala/fasthttp/fasthttputil"

	"portaria/store/storetest"
	"portaria/terminal/clock"
	"portaria/terminal/device"
	"portaria/terminal/dialect"
	"portaria/terminal/dialect/bpm"
	"portaria/terminal/dialect/fcgi"
)

// base is where the resources are.
const base = "/rest/bpm/wle/v1"

// start is the moment of the requirement's example.
var start = time.UnixMilli(1494925798718)

// server is a terminal that speaks this dialect beside its own, in memory.
type server struct {
	device *device.Device
	clock  *clock.Manual
	dial   func() (net.Conn, error)
	client *http.Client
	model  string
}

// newServer starts a server whose account is tw_admin's, with password secret.
func newServer(t testing.TB, model string, o bpm.Options) *server {
	t.Helper()
	profile, err := device.ProfileOf(model)
	if err != nil {
		t.Fatal(err)
	}
	s := &server{clock: clock.NewManual(start), model: model}
	s.device, err = device.New(device.Config{
		Faces: device.MeasuredFaces{Strict: true},
		Store: storetest.New(t), Clock: s.clock, Profile: profile,
		Login: "tw_admin", Password: "secret", PasswordCost: 1, NoFailureDelay: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	ln := fasthttputil.NewInmemoryListener()
	web := &fasthttp.Server{
		DisablePreParseMultipartForm: true, NoDefaultContentType: true, NoDefaultServerHeader: true,
		Logger:         slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug),
		ReadBufferSize: 16 << 10, MaxRequestBodySize: dialect.SmallBody - 1,
	}
	dialect.NewFront(s.clock, slog.New(slog.DiscardHandler), fcgi.New(s.device), bpm.New(s.device, o)).Install(web)
	served := make(chan error, 1)
	go func() { served <- web.Serve(ln) }()
	s.dial = ln.Dial
	transport := &http.Transport{DisableKeepAlives: true, DialContext: func(context.Context, string, string) (net.Conn, error) { return ln.Dial() }}
	s.client = &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	t.Cleanup(func() {
		if err := ln.Close(); err != nil {
			t.Error(err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return s
}

// put adds a person.
func (s *server) put(t testing.TB, id int64, login, name string) {
	t.Helper()
	if _, err := s.device.PutPerson(device.Person{ID: id, Login: login, Name: name}); err != nil {
		t.Fatal(err)
	}
}

// answer is what came back.
type answer struct {
	*http.Response
	body []byte
}

// call sends a request with the account's password, unless headers say
// otherwise; they come in pairs, and an empty value takes one away.
func (s *server) call(t testing.TB, method, path string, body []byte, headers ...string) answer {
	t.Helper()
	req, err := http.NewRequest(method, "http://terminal"+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth("tw_admin", "secret")
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i+1] == "" {
			req.Header.Del(headers[i])
			continue
		}
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := s.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp, got}
}

// post uploads a picture in a part of that name.
func (s *server) post(t testing.TB, path, part string, picture []byte, headers ...string) answer {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	p, err := w.CreateFormFile(part, "picture")
	if err != nil {
		t.Fatal(err)
	}
	p.Write(picture)
	w.Close()
	return s.call(t, http.MethodPost, path, b.Bytes(), append([]string{"Content-Type", w.FormDataContentType()}, headers...)...)
}

// avatar is the data of an answer about one.
type avatar struct {
	UserID              int64
	UserName            string
	UserAvatarImage     []byte
	UserAvatarKey       string
	UserUpdateTimestamp string
	ImageFormat         string
	IsDefault           string
}

// mustAvatar reads an answer that is to be 200 with an avatar in it.
func mustAvatar(t testing.TB, got answer) avatar {
	t.Helper()
	var envelope struct {
		Status string
		Data   avatar
	}
	if err := json.Unmarshal(got.body, &envelope); err != nil || got.StatusCode != http.StatusOK || envelope.Status != "200" {
		t.Fatalf("status %d, %v, body %.300q", got.StatusCode, err, got.body)
	}
	return envelope.Data
}

// wantException tells where an answer is not that error.
func wantException(t testing.TB, got answer, status int, class, number string) {
	t.Helper()
	var envelope struct {
		Status string `json:"status"`
		Data   struct {
			Status        string `json:"status"`
			ExceptionType string `json:"exceptionType"`
			ErrorNumber   string `json:"errorNumber"`
			ErrorMessage  string `json:"errorMessage"`
		} `json:"Data"`
	}
	if err := json.Unmarshal(got.body, &envelope); err != nil {
		t.Errorf("status %d, %v, body %.300q", got.StatusCode, err, got.body)
		return
	}
	d := envelope.Data
	if got.StatusCode != status || envelope.Status != "error" || d.Status != "error" ||
		d.ExceptionType != "com.ibm.bpm.wle.api."+class || d.ErrorNumber != number || !strings.HasPrefix(d.ErrorMessage, number+": ") {
		t.Errorf("status %d, body %.300q; want %d, %s, %s", got.StatusCode, got.body, status, class, number)
	}
	if !bytes.Contains(got.body, []byte(`"Data":`)) {
		t.Errorf("body %.100q has no capital Data", got.body)
	}
}
