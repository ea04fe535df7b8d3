package transfer_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color/palette"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"portaria/terminal/terminaltest"
	"portaria/terminal/transfer"
)

// asPNG is a portrait as SecurID hands it out.
func asPNG(n int) []byte {
	picture, err := jpeg.Decode(bytes.NewReader(portrait(n)))
	if err != nil {
		panic(err)
	}
	var out bytes.Buffer
	if err := png.Encode(&out, picture); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// fakeSecurID has the users 10 to 13, of whom 12 has no photo and 13 has left.
// A token is good for so many calls.
type fakeSecurID struct {
	mu             sync.Mutex // guards all below
	calls, tokens  int
	images, logins int
	loggedOut      bool
}

const tokenCalls = 3

func (f *fakeSecurID) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	cmd := r.URL.Query().Get("cmd")
	token := fmt.Sprintf("ws310:-28af:18a:-7c4e0.%d", f.tokens)
	if r.URL.Path != "/aveksa/command.submit" {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	if cmd == "loginUser" {
		body, _ := io.ReadAll(r.Body)
		f.logins++
		if string(body) != "<username>admin</username><password>a&lt;b&amp;c</password>" {
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprint(w, "<html><head><title>Error</title></head><body>User could not be validated.</body></html>")
			return
		}
		f.tokens++
		f.calls = 0
		fmt.Fprintf(w, `{"data":{"type":"loginUser","token":"ws310:-28af:18a:-7c4e0.%d"}}`, f.tokens)
		return
	}
	f.calls++
	if r.Header.Get("Authorization") != "Bearer "+token || f.calls > tokenCalls {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	switch cmd {
	case "findUsers":
		fmt.Fprint(w, `{"findUsers":[
			{"id":"10","user_id":"ana","first_name":"Ana","last_name":"Lima","is_terminated":"False"},
			{"id":"11","user_id":"rui","first_name":"Rui","last_name":"","is_terminated":"False"},
			{"id":"12","user_id":"eva","first_name":"Eva","last_name":"Reis","is_terminated":"False"},
			{"id":"13","user_id":"gil","first_name":"Gil","last_name":"Vaz","is_terminated":"True"}]}`)
	case "getUserImage":
		f.images++
		if id := r.URL.Query().Get("userId"); id == "10" || id == "11" {
			w.Header().Set("Content-Type", "image/png")
			w.Write(asPNG(int(id[1])))
			return
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"data":{"type":"getUserImage"}}`)
	case "logoutUser":
		f.loggedOut = true
		fmt.Fprint(w, `{"data":{"type":"logoutUser"}}`)
	}
}

func TestSecurID(t *testing.T) {
	t.Parallel()
	fake := new(fakeSecurID)
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	to := terminaltest.New(t)
	tr := between(t, server.URL+"/aveksa/command.submit", to.URL)
	tr.From.Password, tr.CreateUsers = "a<b&c", true
	mustRun(t, tr, counts{copied: 2, noPhoto: 1, left: 1, created: 2})
	if users := to.Users(); len(users) != 2 || users[0].Name != "Ana Lima" {
		t.Errorf("users: %+v", users)
	}
	if r := registrations(t, to); r[10] != "ana" || r[11] != "rui" {
		t.Errorf("registrations: %v", r)
	}
	if to.Photo(10) == nil || bytes.Equal(to.Photo(10), to.Photo(11)) {
		t.Error("the photos are missing or the same")
	}
	if fake.logins != 2 || !fake.loggedOut {
		t.Errorf("%d logins, want a second after the token died; logged out: %v", fake.logins, fake.loggedOut)
	}
	for _, path := range []string{"", "/aveksa/"} {
		tr.From.Where, tr.From.Kind = server.URL+path, transfer.SecurID
		mustRun(t, tr, counts{unchanged: 2, noPhoto: 1, left: 1})
	}

	t.Run("a wrong password is said and not told", func(t *testing.T) {
		wrong := tr
		wrong.From.Password = "nobody-knows"
		_, err := wrong.Run(context.Background())
		if !errors.Is(err, transfer.ErrLogin) || strings.Contains(err.Error(), "nobody-knows") {
			t.Errorf("run: %v", err)
		}
	})
	t.Run("people are found by registration", func(t *testing.T) {
		to := terminaltest.New(t)
		to.AddUser(10, "Somebody Else")
		mustCreate(t, to, `{"id":70,"name":"Ana","registration":"ana"}`)
		tr := between(t, server.URL+"/aveksa", to.URL)
		tr.From.Password, tr.Match = "a<b&c", transfer.MatchRegistration
		report := mustRun(t, tr, counts{copied: 1, noPhoto: 0, left: 1, refused: 2})
		if err := reason(t, report, "11"); !errors.Is(err, transfer.ErrNoUser) {
			t.Errorf("rui: %v", err)
		}
		if to.Photo(70) == nil || to.Photo(10) != nil {
			t.Errorf("photos of %v, want 70", to.Photos())
		}
		tr.Match, tr.State = transfer.MatchAuto, ""
		report = mustRun(t, tr, counts{left: 1, refused: 3})
		if err := reason(t, report, "10"); !strings.Contains(err.Error(), "another's") {
			t.Errorf("ana, whose number is another's: %v", err)
		}
		tr.Match, tr.CreateUsers = transfer.MatchRegistration, true
		mustRun(t, tr, counts{copied: 2, noPhoto: 1, left: 1, created: 1})
		if to.Photo(71) == nil {
			t.Errorf("photos of %v, want rui's under the number that the terminal chose", to.Photos())
		}
	})
}

// mustCreate creates a user through the terminal's own API.
func mustCreate(t testing.TB, terminal *terminaltest.Terminal, row string) {
	t.Helper()
	answer, err := terminal.Client().Post(terminal.URL+"/create_objects.fcgi?session="+terminal.Login(), "application/json",
		strings.NewReader(`{"object":"users","values":[`+row+`]}`))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("create %s: %s", row, answer.Status)
	}
}

// registrations reads them through the terminal's own API.
func registrations(t testing.TB, terminal *terminaltest.Terminal) map[int64]string {
	t.Helper()
	answer, err := terminal.Client().Post(terminal.URL+"/load_objects.fcgi?session="+terminal.Login(), "application/json",
		strings.NewReader(`{"object":"users"}`))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var rows struct {
		Users []struct {
			ID           int64
			Registration string
		}
	}
	if err := json.NewDecoder(answer.Body).Decode(&rows); err != nil {
		t.Fatal(err)
	}
	all := map[int64]string{}
	for _, u := range rows.Users {
		all[u.ID] = u.Registration
	}
	return all
}

// fakeBPM has five users; keys is what changes with a picture.
type fakeBPM struct {
	mu      sync.Mutex // guards all below
	key     string
	picture []byte
	basics  int // calls without a cookie
	calls   int
}

func (f *fakeBPM) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls++
	cookie, err := r.Cookie("LtpaToken2")
	good := err == nil && cookie.Value == "good"
	if f.calls == 4 {
		w.WriteHeader(http.StatusUnauthorized) // the cookie has grown too old, and spoils the call
		return
	}
	login, password, _ := r.BasicAuth()
	if !good {
		f.basics++
		if login != "admin" || password != "admin" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		http.SetCookie(w, &http.Cookie{Name: "LtpaToken2", Value: "good", Path: "/", HttpOnly: true})
	}
	avatar := func(id int, picture []byte, key, format, isDefault string) {
		fmt.Fprintf(w, `{"status":"200","data":{"userID":%d,"userName":"x","userAvatarImage":"%s"%s,"imageFormat":"%s","isDefault":%s}}`,
			id, base64.StdEncoding.EncodeToString(picture), key, format, isDefault)
	}
	switch r.URL.EscapedPath() {
	case "/bas/rest/bpm/wle/v1/users":
		if r.URL.Query().Get("filter") != "*" || r.URL.Query().Get("maxresult") == "" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		fmt.Fprint(w, `{"status":"200","data":{"users":[
			{"userID":9,"userName":"tw_admin","fullName":"Admin","isDisabled":false},
			{"userID":12,"userName":"cn=Zoé/x","fullName":"Zoé","isDisabled":false},
			{"userID":13,"userName":"12","fullName":"A number","isDisabled":false},
			{"userID":14,"userName":"gone","fullName":"Gone","isDisabled":true},
			{"userID":15,"userName":"old","fullName":"Before 8.6","isDisabled":false},
			{"userID":16,"userName":"plain","fullName":"No picture","isDisabled":false}]}}`)
	case "/bas/rest/bpm/wle/v1/avatar/tw_admin":
		avatar(9, f.picture, `,"userAvatarKey":"`+f.key+`","userUpdateTimestamp":"1494925798718"`, "jpg", `"false"`)
	case "/bas/rest/bpm/wle/v1/avatar/cn=Zo%C3%A9%2Fx":
		var out bytes.Buffer
		frame := image.NewPaletted(image.Rect(0, 0, 160, 200), palette.Plan9)
		gif.Encode(&out, frame, nil)
		avatar(12, out.Bytes(), `,"userAvatarKey":"5-12","userUpdateTimestamp":"5"`, "gif", `"false"`)
	case "/bas/rest/bpm/wle/v1/avatar/12":
		avatar(12, portrait(1), `,"userAvatarKey":"5-12"`, "jpg", `"false"`)
	case "/bas/rest/bpm/wle/v1/avatar/old":
		avatar(15, portrait(15), "", "jpg", "false")
	case "/bas/rest/bpm/wle/v1/avatar/plain":
		avatar(16, portrait(2), `,"userAvatarKey":"946681200000"`, "png", `"true"`)
	default:
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, `{"status":"error","Data":{"status":"error","errorMessage":"CWTBG0007E: User not found."}}`)
	}
}

func TestBPM(t *testing.T) {
	t.Parallel()
	fake := &fakeBPM{key: "1494925798718-9", picture: portrait(9)}
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	to := terminaltest.New(t, terminaltest.Model("idface"), noFaces())
	tr := between(t, server.URL+"/bas", to.URL)
	tr.CreateUsers, tr.Parallel = true, 1
	report := mustRun(t, tr, counts{copied: 3, noPhoto: 1, left: 1, refused: 1, created: 3})
	if err := reason(t, report, "12"); !strings.Contains(err.Error(), "belongs to number 12") {
		t.Errorf("another person's avatar: %v", err)
	}
	if !bytes.Equal(to.Photo(9), portrait(9)) || to.Photo(12) == nil || to.Photo(16) != nil {
		t.Errorf("photos of %v", to.Photos())
	}
	if fake.basics != 2 {
		t.Errorf("%d calls without a cookie, want the first and the one after the cookie died", fake.basics)
	}
	t.Run("the key tells what changed", func(t *testing.T) {
		tr.From.Where += "/rest/bpm/wle/v1"
		fake.picture = portrait(99) // without a new key: not looked at
		mustRun(t, tr, counts{unchanged: 3, noPhoto: 1, left: 1, refused: 1})
		fake.key = "1494925799999-9"
		mustRun(t, tr, counts{copied: 1, unchanged: 2, noPhoto: 1, left: 1, refused: 1})
		if !bytes.Equal(to.Photo(9), portrait(99)) {
			t.Error("the new picture did not arrive")
		}
	})
	t.Run("a wrong password", func(t *testing.T) {
		wrong := tr
		wrong.From.Password = "nobody-knows"
		if _, err := wrong.Run(context.Background()); !errors.Is(err, transfer.ErrLogin) {
			t.Errorf("run: %v", err)
		}
	})
}

// fakeNetex knows user "ana"; the platform social is down for "rui".
func fakeNetex(t testing.TB, got map[string][]byte) *httptest.Server {
	var mu sync.Mutex // guards got
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Cloud-Auth-Token") != "a08443af" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		user := strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, "/integration/ws/management/rest/users/"), "/image")
		var body struct {
			Image struct{ Base64Image, MimeType string }
		}
		if r.Header.Get("X-Cloud-Synchronization") != "synchronous" || json.NewDecoder(r.Body).Decode(&body) != nil || body.Image.MimeType != "image/jpeg" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		social := `{"location":null,"message":null,"status":204}`
		switch user {
		case "ana":
		case "rui":
			social = `{"location":null,"message":"no room","status":500}`
		default:
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `{"location":null,"message":"Not found","responsePlatforms":{},"status":404}`)
			return
		}
		mu.Lock()
		got[user], _ = base64.StdEncoding.DecodeString(body.Image.Base64Image)
		mu.Unlock()
		fmt.Fprintf(w, `{"location":null,"message":"","responsePlatforms":{"training":{"location":null,"message":null,"status":200},"social":%s},"status":204}`, social)
	}))
	t.Cleanup(server.Close)
	return server
}

func TestNetex(t *testing.T) {
	t.Parallel()
	got := map[string][]byte{}
	server := fakeNetex(t, got)
	from := terminaltest.New(t)
	for id, name := range map[int64]string{10: "ana", 11: "rui", 12: "eva"} {
		mustCreate(t, from, fmt.Sprintf(`{"id":%d,"name":"%s","registration":"%s"}`, id, name, name))
		from.SetPhoto(id, portrait(int(id)))
	}
	tr := between(t, from.URL, server.URL+"/integration/ws/management/rest")
	tr.To.Login, tr.To.Password = "", "a08443af"
	report := mustRun(t, tr, counts{copied: 1, refused: 2})
	if !bytes.Equal(got["ana"], portrait(10)) {
		t.Error("ana's photo did not arrive as it was")
	}
	if err := reason(t, report, "11"); !strings.Contains(err.Error(), "platform social: answered 500: no room") {
		t.Errorf("rui: %v", err)
	}
	if err := reason(t, report, "12"); !errors.Is(err, transfer.ErrNoUser) {
		t.Errorf("eva: %v", err)
	}
	tr.To.Kind = transfer.Netex
	for _, path := range []string{"", "/", "/integration", "/integration/ws/management/rest/"} {
		tr.To.Where = server.URL + path
		mustRun(t, tr, counts{unchanged: 1, refused: 2})
	}
	tr.To.Password = "another"
	if _, err := tr.Run(context.Background()); !errors.Is(err, transfer.ErrLogin) {
		t.Errorf("a wrong token: %v", err)
	}
}
