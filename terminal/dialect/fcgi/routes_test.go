package fcgi_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"portaria/terminal/device"
	"portaria/terminal/dialect/fcgi"
	"portaria/testdata"
)

func TestRoutes(t *testing.T) {
	t.Parallel()
	t.Run("no path is both served and declined", func(t *testing.T) {
		t.Parallel()
		for _, model := range device.Models() {
			h := newHandler(t, model)
			api := fcgi.New(h.device)
			served := map[string]bool{}
			for _, r := range api.Routes() {
				if served[r.Path] {
					t.Errorf("%s: %s is served twice", model, r.Path)
				}
				served[r.Path] = true
				if r.Admit == nil {
					t.Errorf("%s: %s says nothing about who may", model, r.Path)
				}
			}
			for _, d := range api.Declined() {
				if served[d.Path] || d.Reason == "" {
					t.Errorf("%s: %s is declined for %q, and served: %v", model, d.Path, d.Reason, served[d.Path])
				}
			}
		}
	})
	t.Run("every declined command is answered as unknown", func(t *testing.T) {
		t.Parallel()
		h := newHandler(t, "idface")
		for _, d := range fcgi.New(h.device).Declined() {
			ctx := h.call(t, http.MethodPost, d.Path+"?session="+h.session, []byte("{}"))
			if got := ctx.Response.StatusCode(); got != http.StatusNotFound {
				t.Errorf("%s: status %d, want 404", d.Path, got)
			}
		}
	})
}

// TestRequirement sends the requests of the vendor's own page, as jQuery
// would.
func TestRequirement(t *testing.T) {
	t.Parallel()
	h := newHandler(t, "idaccess")
	photo := testdata.Photo("plain-320x240.jpg")
	session := "&session=" + h.session
	answer := func(method, uri, body string) string {
		t.Helper()
		ctx := h.call(t, method, uri, []byte(body))
		if got := ctx.Response.StatusCode(); got != http.StatusOK {
			t.Fatalf("%s %s: status %d, %s", method, uri, got, ctx.Response.Body())
		}
		return string(ctx.Response.Body())
	}
	answer("POST", "/user_set_image.fcgi?user_id=123"+session, string(photo))
	if got := answer("GET", "/user_get_image.fcgi?user_id=123"+session, ""); !bytes.Equal([]byte(got), photo) {
		t.Errorf("the photo of user 123 is not what was sent: %d bytes, want %d", len(got), len(photo))
	}
	if got, want := answer("POST", "/user_list_images.fcgi?"+session, ""), `{"user_ids":[123]}`; got != want {
		t.Errorf("list: %s, want %s", got, want)
	}
	form := url.Values{}
	for i, user := range []string{"7", "8"} {
		form.Set(fmt.Sprintf("user_images[%d][user_id]", i), user)
		form.Set(fmt.Sprintf("user_images[%d][image]", i), base64.StdEncoding.EncodeToString(photo))
	}
	// jQuery makes a form of an object that nobody has made a string of.
	if got := answer("POST", "/user_set_image_list.fcgi?"+session, form.Encode()); got != "{}" {
		t.Errorf("a list: %s, want {}", got)
	}
	if got, want := answer("POST", "/user_list_images.fcgi?"+session, ""), `{"user_ids":[7,8,123]}`; got != want {
		t.Errorf("after a list of two: %s, want %s", got, want)
	}
	answer("POST", "/user_destroy_image.fcgi?"+session, `{"user_ids":[7,8]}`)
	for _, body := range []string{`{"user_id":"123"}`, `{"user_ids":[123]}`, `{"all":true}`, `{"dangling":true}`} {
		answer("POST", "/user_set_image.fcgi?user_id=123"+session, string(photo))
		if got := answer("POST", "/user_destroy_image.fcgi?"+session, body); got != "{}" {
			t.Errorf("destroy %s: %s, want {}", body, got)
		}
		if got, want := answer("POST", "/user_list_images.fcgi?"+session, ""), `{"user_ids":[]}`; got != want {
			t.Errorf("list after %s: %s, want %s", body, got, want)
		}
	}
}

// TestRefusedStoresNothing sends every kind of bad photo over a good one.
func TestRefusedStoresNothing(t *testing.T) {
	t.Parallel()
	h := newHandler(t, "idaccess")
	good := testdata.Photo("plain-320x240.jpg")
	uri := "/user_set_image.fcgi?user_id=1&session=" + h.session
	h.call(t, http.MethodPost, uri, good)
	for _, name := range []string{"text-renamed.jpg", "gif-renamed.jpg", "heic-renamed.jpg", "truncated-200x200.jpg"} {
		ctx := h.call(t, http.MethodPost, uri, testdata.Photo(name))
		if !strings.Contains(string(ctx.Response.Body()), "Image file not recognized") {
			t.Errorf("%s is answered %s", name, ctx.Response.Body())
		}
	}
	kept, _, err := h.device.AppendPhoto(nil, 1)
	if err != nil || !bytes.Equal(kept, good) {
		t.Errorf("after refusals the good photo is %d bytes, %v; want the %d bytes that were sent", len(kept), err, len(good))
	}
}
