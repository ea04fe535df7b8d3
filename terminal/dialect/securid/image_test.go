package securid_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"reflect"
	"strings"
	"testing"

	"portaria/terminal/device"
	"portaria/terminal/dialect/securid"
	"portaria/testdata"
)

// noImage is the requirement's answer for a user id that is nobody's.
const noImage = `{
"data": {
"type": "getUserImage"
}
}`

// sameJSON compares parsed values.
func sameJSON(t *testing.T, got, want string) bool {
	t.Helper()
	var g, w any
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		t.Fatal(err)
	}
	return json.Unmarshal([]byte(got), &g) == nil && reflect.DeepEqual(g, w)
}

func TestGetUserImage(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "idaccess", securid.Options{})
	token := h.login()
	photo := testdata.Photo("palette-200x200.png")
	set := func(id int64, login string) {
		t.Helper()
		h.put(device.Person{ID: id, Name: "Someone", Login: login})
		if got := h.send("POST", fmt.Sprint("cmd=setUserImage&userId=", id), inBase64(photo), asPNG(token)...); got.status != http.StatusOK {
			t.Fatal(got)
		}
	}
	get := func(query string) reply {
		return h.send("GET", "cmd=getUserImage&format=json"+query, "", append(bearer(token), "Content-Type", "application/json")...)
	}
	t.Run("nobody is 200 with a few words", func(t *testing.T) {
		for _, query := range []string{"&userId=999999", "&userId=-1", "&userId=nobody", "&userId=99999999999999999999", "", "&userId"} {
			if got := get(query); got.status != http.StatusOK || got.kind == "image/png" || !sameJSON(t, got.body, noImage) {
				t.Errorf("%q: %v, want %s", query, got, noImage)
			}
		}
		if got := h.send("GET", "cmd=getUserImage&userId=999999", "", bearer(token)...); got != (reply{http.StatusOK, "OK", "text/plain", ""}) {
			t.Errorf("as properties: %v", got)
		}
	})
	t.Run("a user without an image is answered like nobody", func(t *testing.T) {
		h.put(device.Person{ID: 5, Name: "Bare"})
		if got := get("&userId=5"); !sameJSON(t, got.body, noImage) {
			t.Errorf("%v", got)
		}
	})
	t.Run("an id goes before a login that looks like one", func(t *testing.T) {
		set(20, "21")
		if got := get("&userId=21"); got.kind != "image/png" {
			t.Errorf("the login 21 alone: %v", got.kind)
		}
		h.put(device.Person{ID: 21, Name: "Bare", Login: "other"})
		if got := get("&userId=21"); got.kind == "image/png" {
			t.Error("the id 21 is answered with the image of the login 21")
		}
	})
	t.Run("an application without a user id gets the first image", func(t *testing.T) {
		set(12, "")
		app := strings.TrimPrefix(h.send("POST", "cmd=loginTrustedApp", "", "ClientId", "admin", "ClientSecret", "admin").body, "token=")
		if got := h.send("GET", "cmd=getUserImage", "", bearer(app)...); got.body != string(photo) {
			t.Errorf("%v", got.kind)
		}
		if got := h.send("POST", "cmd=setUserImage", inBase64(photo), asPNG(app)...); got.status != http.StatusBadRequest {
			t.Errorf("an image of nobody in particular: %v", got)
		}
	})
	t.Run("a user without a user id gets their own", func(t *testing.T) {
		h.put(device.Person{ID: 30, Name: "Admin", Login: "admin"})
		if got := h.send("POST", "cmd=setUserImage", inBase64(photo), asPNG(token)...); got.status != http.StatusOK {
			t.Fatal(got)
		}
		if got := get(""); got.body != string(photo) {
			t.Errorf("%v", got.kind)
		}
		if _, _, err := h.device.AppendPhoto(nil, 30); err != nil {
			t.Error(err)
		}
	})
	t.Run("a POST will do", func(t *testing.T) {
		if got := h.send("POST", "cmd=getUserImage&userId=30", "", bearer(token)...); got.body != string(photo) {
			t.Errorf("%v", got.kind)
		}
	})
}

// form is a multipart body with one part.
func form(t *testing.T, kind string, data []byte) (contentType, body string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	part, err := w.CreatePart(textproto.MIMEHeader{"Content-Disposition": {`form-data; name="file"; filename="a.png"`}, "Content-Type": {kind}})
	if err != nil {
		t.Fatal(err)
	}
	part.Write(data)
	w.Close()
	return w.FormDataContentType(), b.String()
}

func TestSetUserImage(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "idaccess", securid.Options{})
	h.put(device.Person{ID: 10, Name: "Kara", Login: "1gege"})
	token := h.login()
	png := testdata.Photo("palette-200x200.png")
	send := func(h *house, token, user, kind, body string) reply {
		return h.send("POST", "cmd=setUserImage&format=json&userId="+user, body, append(bearer(token), "Content-Type", kind)...)
	}
	t.Run("both forms of content are taken", func(t *testing.T) {
		bytesForm, bytesBody := form(t, "image/png", png)
		textForm, textBody := form(t, "image/png", []byte(inBase64(png)))
		for name, c := range map[string][2]string{
			"image/png":           {"image/png", inBase64(png)},
			"image/png with more": {"Image/PNG; charset=utf-8", inBase64(png)},
			"image/png unpadded":  {"image/png", strings.TrimRight(inBase64(png), "=")},
			"a part of bytes":     {bytesForm, bytesBody},
			"a part of base64":    {textForm, textBody},
		} {
			if got := send(h, token, "10", c[0], c[1]); !sameJSON(t, got.body, `{"data":{"type":"setUserImage"}}`) {
				t.Errorf("%s: %v", name, got)
			}
		}
	})
	t.Run("any other content type is named", func(t *testing.T) {
		jpegForm, jpegBody := form(t, "image/jpeg", png)
		want := "The content-type must be multipart/form-data with the content set to content-type image/png"
		for _, c := range [][2]string{{"application/json", "{}"}, {"image/jpeg", "x"}, {"", "x"}, {"multipart/form-data", "x"}, {jpegForm, jpegBody}} {
			got := send(h, token, "10", c[0], c[1])
			if got.status != http.StatusBadRequest || got.reason != want || !strings.Contains(got.body, want+" Query String=cmd=setUserImage&amp;format=json&amp;userId=10<") {
				t.Errorf("%q: %v", c[0], got)
			}
		}
	})
	t.Run("what cannot be kept is an exception with its cause", func(t *testing.T) {
		face := newHouse(t, "idface", securid.Options{})
		face.put(device.Person{ID: 10, Name: "Kara", Login: "1gege"})
		facial := face.login()
		large := append(bytes.Clone(png), make([]byte, device.Megabyte)...)
		for _, c := range []struct {
			name, user, body, cause string
			facial                  bool
		}{
			{name: "a JPEG as bytes", user: "1gege", body: string(testdata.Photo("plain-320x240.jpg")), cause: "Illegal base64 character -1"},
			{name: "a PNG as bytes", user: "10", body: string(png), cause: "Illegal base64 character -77"},
			{name: "a line break", user: "10", body: inBase64(png) + "\n", cause: "Illegal base64 character a"},
			{name: "nobody and no base64", user: "zzz", body: "data:image/png;base64,", cause: "Illegal base64 character 3a"},
			{name: "one byte", user: "10", body: "x", cause: "Input byte[] should at least have 2 bytes for base64 bytes"},
			{name: "a JPEG", user: "10", body: inBase64(testdata.Photo("plain-320x240.jpg")), cause: "not a PNG"},
			{name: "nothing", user: "10", body: "", cause: "not a PNG"},
			{name: "half a PNG", user: "10", body: inBase64(png[:len(png)/2]), cause: "not a PNG"},
			{name: "too many bytes", user: "10", body: inBase64(large), cause: "the image must be smaller than 1000000 bytes"},
			{name: "far too many bytes", user: "10", body: inBase64(append(large, large...)), cause: "the image must be smaller than 1000000 bytes"},
			{name: "no colour for a face", user: "1gege", body: inBase64(testdata.Photo("grey-200x200.png")), cause: "the image is in grayscale", facial: true},
		} {
			at, with := h, token
			if c.facial {
				at, with = face, facial
			}
			want := "java.lang.Exception: The File upload for " + c.user + " failed: " + c.cause
			got := send(at, with, c.user, "image/png", c.body)
			if got.status != http.StatusInternalServerError || got.reason != want || got.body != "<html><head><title>Error</title></head><body>"+want+"</body></html>" {
				t.Errorf("%s: %v, want %s", c.name, got, want)
			}
		}
		if got := h.send("GET", "cmd=getUserImage&userId=10", "", bearer(token)...); got.body != string(png) {
			t.Error("the image that was there is not any more")
		}
	})
	t.Run("an image of nobody is refused, unless numbers will do", func(t *testing.T) {
		for _, user := range []string{"77", "nobody", "0"} {
			got := send(h, token, user, "image/png", inBase64(png))
			if got.status != http.StatusBadRequest || got.reason != "could not find user or account" {
				t.Errorf("%s: %v", user, got)
			}
		}
		open := newHouse(t, "idaccess", securid.Options{UnknownUsers: true})
		with := open.login()
		if got := send(open, with, "77", "image/png", inBase64(png)); got.status != http.StatusOK {
			t.Errorf("with UnknownUsers: %v", got)
		}
		if got := open.send("GET", "cmd=getUserImage&userId=77", "", bearer(with)...); got.body != string(png) {
			t.Errorf("with UnknownUsers the image is %v", got.kind)
		}
		if got := send(open, with, "nobody", "image/png", inBase64(png)); got.status != http.StatusBadRequest {
			t.Errorf("a name with UnknownUsers: %v", got)
		}
		facial := newHouse(t, "idface", securid.Options{UnknownUsers: true})
		if got := send(facial, facial.login(), "77", "image/png", inBase64(png)); got.status != http.StatusBadRequest {
			t.Errorf("with UnknownUsers where the terminal takes none: %v", got)
		}
	})
	t.Run("lenient base64 takes what people send", func(t *testing.T) {
		lenient := newHouse(t, "idaccess", securid.Options{LenientBase64: true})
		lenient.put(device.Person{ID: 10, Name: "Kara"})
		with := lenient.login()
		for _, body := range []string{string(png), inBase64(png) + "\r\n", "data:image/png;base64," + inBase64(png)} {
			if got := send(lenient, with, "10", "image/png", body); got.status != http.StatusOK {
				t.Errorf("%.30q: %v", body, got)
			}
		}
	})
	t.Run("nobody without a token", func(t *testing.T) {
		got := h.send("POST", "cmd=setUserImage&userId=10", inBase64(png), "Content-Type", "image/png")
		if want := "The token is not valid for the command 'setUserImage'. "; got.status != http.StatusUnauthorized || !strings.Contains(got.body, "<body>"+want+"</body>") {
			t.Errorf("%v", got)
		}
	})
}
