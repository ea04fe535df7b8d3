package netex_test

import (
	"net/http"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"

	"portaria/terminal/device"
	"portaria/terminal/dialect/netex"
)

func TestToken(t *testing.T) {
	t.Parallel()
	h := newHandler(t, "idaccess", netex.Options{Token: token})
	if h.api.Token() != token {
		t.Errorf("token %q, want the one that was given", h.api.Token())
	}
	for _, given := range []string{"", "x", token[:35], token + "0", "A08443AF-cc58-4e3e-b557-13be8de66230"} {
		for _, path := range []string{users, users + "/nobody", users + "/nobody/image", users + "/../groups", "/integration/zuul/management/rest/users"} {
			a := h.call(t, "GET", path, "", "X-Cloud-Auth-Token", given)
			want := map[string]any{"location": nil, "message": "Unauthorized. Wrong or missing X-Cloud-Auth-Token", "responsePlatforms": map[string]any{}, "status": 401.0}
			if diff := cmp.Diff(want, a.body); a.status != http.StatusUnauthorized || diff != "" {
				t.Errorf("%s with token %q: status %d (-want +got):\n%s", path, given, a.status, diff)
			}
		}
	}
	first, second := newHandler(t, "idaccess", netex.Options{}).api.Token(), newHandler(t, "idaccess", netex.Options{}).api.Token()
	if !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(first) || first == second {
		t.Errorf("random tokens %q and %q", first, second)
	}
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	h := newHandler(t, "idaccess", netex.Options{})
	if err := h.device.SetUsers(device.User{ID: 5, Name: "Ana"}); err != nil {
		t.Fatal(err)
	}
	const rest = "/integration/ws/management/rest"
	for _, c := range []struct {
		method, path string
		status       int
	}{
		{"GET", users + "/5", 200},
		{"HEAD", users + "/5", 200},
		{"GET", "/integration/zuul/management/rest/users/5", 200},
		{"GET", "/integration/zuul/management/rest/users", 200},
		{"HEAD", users, 200},
		{"PUT", users + "/5/activate", 200},
		{"PUT", "/integration/zuul/management/rest/users/5/deactivate", 200},
		{"GET", users + "/", 404},
		{"GET", users + "/5/", 200},
		{"GET", users + "/5/groups", 404},
		{"GET", users + "/5/image/x", 404},
		{"GET", users + "//5", 404},
		{"GET", "/x/.." + users + "/5", 404},
		{"GET", rest + "/groups", 404},
		{"GET", rest + "/userss", 404},
		{"GET", users + "/5%zz", 400},
		{"PUT", users, 405},
		{"DELETE", users, 405},
		{"POST", users + "/5", 405},
		{"GET", users + "/5/image", 405},
		{"DELETE", users + "/5/image", 405},
		{"GET", users + "/5/activate", 405},
		{"PATCH", users + "/5", 405},
	} {
		a := h.call(t, c.method, c.path, "")
		if a.status != c.status {
			t.Errorf("%s %s: status %d, want %d: %.200s", c.method, c.path, a.status, c.status, a.text)
		}
		if a.status != http.StatusOK && a.member("status") != float64(a.status) {
			t.Errorf("%s %s: status %d, and in the envelope %v", c.method, c.path, a.status, a.member("status"))
		}
	}
	for _, label := range []string{"", "text/plain", "application/x-www-form-urlencoded", "application/jsonx", "application/json;"} {
		want := http.StatusUnsupportedMediaType
		if label == "application/json;" {
			want = http.StatusOK
		}
		for _, path := range []string{users + "/5/image"} {
			if a := h.call(t, "POST", path, photoBody("plain-320x240.jpg"), "Content-Type", label); a.status != want {
				t.Errorf("POST %s labelled %q: status %d, want %d", path, label, a.status, want)
			}
		}
	}
	h.must(t, "POST", users+"/5/image", photoBody("plain-320x240.jpg"), "Content-Type", "Application/JSON; charset=utf-8")
}
