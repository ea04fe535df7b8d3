package netex_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"

	"portaria/store"
	"portaria/terminal/device"
	"portaria/terminal/dialect/netex"
	"portaria/testdata"
)

// FuzzRequest sends arbitrary bodies to arbitrary users: whatever they are, the
// answer is JSON and nobody's fault but the client's, and every user can still
// be listed.
func FuzzRequest(f *testing.F) {
	for _, c := range []struct{ what, name, body string }{
		{"image", "ana", photoBody("palette-200x200.png")},
		{"image", idOf(5), `{"base64Image":"R0lGODlhAQABAAAAACw="}`},
		{"", "ana", someone("ana", `"image":{"url":null}`, `"extra":[{"a":1e5}]`)},
		{"", "5", `{"user":{"username":"\ud800","name":"\u0000"}}`},
		{"activate", "a/b", ``},
		{"users", "", someone("bia", `"image":`+imageOf(testdata.Photo("small-100x80.jpg"), "image/jpeg"))},
	} {
		f.Add(c.what, c.name, c.body)
	}
	h := newHandler(f, "idaccess", netex.Options{Partial: true}, store.Options{Ephemeral: true})
	f.Fuzz(func(t *testing.T, what, name, body string) {
		if err := h.device.SetUsers(device.User{ID: 5, Name: "Ana"}); err != nil {
			t.Fatal(err)
		}
		at := users + "/" + url.PathEscape(name)
		switch what {
		case "users":
			h.answersWell(t, "POST", users, body)
		case "":
			h.answersWell(t, "PUT", at, body)
			h.answersWell(t, "GET", at, "")
			h.answersWell(t, "DELETE", at, "")
		default:
			h.answersWell(t, "POST", at+"/"+url.PathEscape(what), body)
			h.answersWell(t, "PUT", at+"/"+url.PathEscape(what), body)
		}
		h.answersWell(t, "GET", users, "")
		list, err := h.device.Users()
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range list {
			h.must(t, "GET", users+"/"+idOf(u.ID), "")
			h.must(t, "DELETE", users+"/"+idOf(u.ID), "")
		}
	})
}

func (h handler) answersWell(t *testing.T, method, uri, body string) {
	t.Helper()
	a := h.call(t, method, uri, body)
	if a.status >= http.StatusInternalServerError || !json.Valid([]byte(a.text)) {
		t.Errorf("%s %s %.200q: status %d, %.300q", method, uri, body, a.status, a.text)
	}
}
