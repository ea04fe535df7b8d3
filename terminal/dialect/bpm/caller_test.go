package bpm_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"portaria/terminal/dialect/bpm"
	"portaria/testdata"
)

// cookiesOf are the cookies of an answer, as a client sends them back.
func cookiesOf(got answer) string {
	var all []string
	for _, c := range got.Cookies() {
		all = append(all, c.Name+"="+c.Value)
	}
	return strings.Join(all, "; ")
}

func TestCaller(t *testing.T) {
	t.Parallel()
	s := newServer(t, "idaccess", bpm.Options{})
	const path = base + "/avatar/current"
	t.Run("who cannot say who that is gets 401 and nothing else", func(t *testing.T) {
		s.client.Transport.(*http.Transport).DisableCompression = true
		for name, headers := range map[string][]string{
			"no password":     {"Authorization", ""},
			"wrong password":  {"Authorization", "Basic dHdfYWRtaW46d3Jvbmc="},
			"wrong login":     {"Authorization", "Basic Ym9iOnNlY3JldA=="},
			"no colon":        {"Authorization", "Basic dHdfYWRtaW4="},
			"Bearer":          {"Authorization", "Bearer x"},
			"made up cookie":  {"Authorization", "", "Cookie", "LtpaToken2=AAAA"},
			"no Accept match": {"Authorization", "", "Accept", "text/csv"},
		} {
			for _, path := range []string{path, base + "/users", base + "/nobody/here/avatar", "/bpm/system/login"} {
				if strings.Contains(path, "nobody") {
					path = base + "/avatar/nobody"
				}
				got := s.call(t, http.MethodPost, path, nil, append(headers, "X-HTTP-Method-Override", "GET")...)
				if got.StatusCode != 401 || len(got.body) > 0 || got.Header.Get("WWW-Authenticate") != `Basic realm="defaultRealm"` || len(got.Cookies()) > 0 {
					t.Errorf("%s at %s: %d, %q, %v", name, path, got.StatusCode, got.body, got.Header)
				}
			}
		}
	})
	t.Run("the cookie stands for the password", func(t *testing.T) {
		first := s.call(t, http.MethodGet, path, nil)
		set := strings.Join(first.Header.Values("Set-Cookie"), "\n")
		if !regexp.MustCompile(`^LtpaToken2=[^;]{40,}; Path=/; HttpOnly\nJSESSIONID=[^;]+; Path=/; HttpOnly\nXSRF-TOKEN=[^;]+; Path=/$`).MatchString(set) {
			t.Errorf("cookies %s", set)
		}
		cookies := cookiesOf(first)
		got := s.call(t, http.MethodGet, path, nil, "Authorization", "", "Cookie", cookies)
		if av := mustAvatar(t, got); av.UserName != "tw_admin" || len(got.Cookies()) > 0 {
			t.Errorf("%s, cookies %v", av.UserName, got.Cookies())
		}
		if got := s.call(t, http.MethodGet, path, nil, "Cookie", cookies); len(got.Cookies()) > 0 {
			t.Errorf("who has them is given cookies: %v", got.Cookies())
		}
		if got := s.call(t, http.MethodGet, path, nil, "Cookie", cookies, "Authorization", "Basic dHdfYWRtaW46d3Jvbmc="); got.StatusCode != 401 {
			t.Errorf("a wrong password beside a cookie: %d", got.StatusCode)
		}
		mustAvatar(t, s.post(t, path, "avatar", testdata.Photo("plain-320x240.jpg"), "Authorization", "", "Cookie", cookies))
		image := s.call(t, http.MethodGet, base+"/avatar/image/tw_admin", nil)
		if len(image.Cookies()) > 0 {
			t.Errorf("what a cache may give to anybody holds cookies: %v", image.Cookies())
		}
	})
}

func TestSession(t *testing.T) {
	t.Parallel()
	const path = base + "/avatar/current"
	status := func(t *testing.T, s *server, cookies string) int {
		t.Helper()
		return s.call(t, http.MethodGet, path, nil, "Authorization", "", "Cookie", cookies).StatusCode
	}
	t.Run("a used one lives for two hours", func(t *testing.T) {
		t.Parallel()
		s := newServer(t, "idaccess", bpm.Options{})
		cookies := cookiesOf(s.call(t, http.MethodGet, path, nil))
		for i := range 4 {
			if got := status(t, s, cookies); got != 200 {
				t.Fatalf("after %d half hours: %d", i, got)
			}
			s.clock.Advance(30 * time.Minute)
		}
		if got := status(t, s, cookies); got != 401 {
			t.Errorf("after two hours: %d, want 401", got)
		}
	})
	t.Run("a clock that is set does not move its end", func(t *testing.T) {
		t.Parallel()
		for _, years := range []int{20, -20} {
			s := newServer(t, "idaccess", bpm.Options{})
			cookies := cookiesOf(s.call(t, http.MethodGet, path, nil))
			s.clock.Set(s.clock.Now().AddDate(years, 0, 0))
			for i := range 4 {
				if got := status(t, s, cookies); got != 200 {
					t.Fatalf("%+d years, and %d half hours: %d", years, i, got)
				}
				s.clock.Advance(30 * time.Minute)
			}
			if got := status(t, s, cookies); got != 401 {
				t.Errorf("%+d years, and two hours: %d, want 401", years, got)
			}
		}
	})
	t.Run("it ends with the account", func(t *testing.T) {
		t.Parallel()
		s := newServer(t, "idaccess", bpm.Options{})
		cookies := cookiesOf(s.call(t, http.MethodGet, path, nil))
		if err := s.device.ChangeLogin("tw_admin", "other"); err != nil {
			t.Fatal(err)
		}
		if got := status(t, s, cookies); got != 401 {
			t.Errorf("after the password was changed: %d, want 401", got)
		}
	})
	t.Run("clients that forget their cookies share one for a minute", func(t *testing.T) {
		t.Parallel()
		s := newServer(t, "idaccess", bpm.Options{})
		first := cookiesOf(s.call(t, http.MethodGet, path, nil))
		for range 20 {
			if got := cookiesOf(s.call(t, http.MethodGet, path, nil)); got != first {
				t.Fatalf("%s, then %s", first, got)
			}
		}
		if got := s.device.Sessions(); got != 1 {
			t.Errorf("%d sessions, want 1", got)
		}
		s.clock.Advance(time.Minute)
		if got := cookiesOf(s.call(t, http.MethodGet, path, nil)); got == first {
			t.Error("the same after a minute")
		}
		if got := status(t, s, first); got != 200 {
			t.Errorf("the older one: %d", got)
		}
	})
}

func TestXSRF(t *testing.T) {
	t.Parallel()
	const path = base + "/avatar/current"
	picture := testdata.Photo("plain-320x240.jpg")
	s := newServer(t, "idaccess", bpm.Options{XSRF: bpm.XSRFCookieSessions})
	first := s.call(t, http.MethodGet, path, nil)
	token := first.Cookies()[2].Value
	cookie := []string{"Authorization", "", "Cookie", cookiesOf(first)}
	wantException(t, s.post(t, path, "avatar", picture, cookie...), 403, "NotAuthorizedActionException", "CWTBG0651E")
	wantException(t, s.post(t, path, "avatar", picture, append(cookie, "X-XSRF-TOKEN", "x")...), 403, "NotAuthorizedActionException", "CWTBG0651E")
	wantException(t, s.call(t, http.MethodDelete, path, nil, cookie...), 403, "NotAuthorizedActionException", "CWTBG0651E")
	wantException(t, s.call(t, http.MethodPost, path, nil, append(cookie, "X-Method-Override", "DELETE")...), 403, "NotAuthorizedActionException", "CWTBG0651E")
	mustAvatar(t, s.post(t, path, "avatar", picture, append(cookie, "X-XSRF-TOKEN", token)...))
	mustAvatar(t, s.post(t, path, "avatar", picture))
	mustAvatar(t, s.call(t, http.MethodGet, path, nil, cookie...))
	mustAvatar(t, s.call(t, http.MethodPost, path, nil, append(cookie, "X-Method-Override", "GET")...))
}

func TestLogin(t *testing.T) {
	t.Parallel()
	s := newServer(t, "idaccess", bpm.Options{})
	for name, c := range map[string]struct {
		path, body string
		status     int
		want       string
	}{
		"an empty document":        {"/bpm/system/login", `{}`, 201, `^\{"csrf_token":"[A-Z0-9]{20,}","expiration":7200\}$`},
		"below /bas":               {"/bas/bpm/system/login", `{"refresh-groups":true}`, 201, `"expiration":7200`},
		"the operations' way":      {"/ops/system/login", `{"refresh_groups":false}`, 201, `"expiration":7200`},
		"a life time":              {"/bpm/system/login", `{"requested_lifetime":600}`, 201, `"expiration":600\}`},
		"the manual's name for it": {"/bpm/system/login", `{"requested-lifetime":"600"}`, 201, `"expiration":600\}`},
		"one that is too long":     {"/bpm/system/login", `{"requested_lifetime":90000}`, 201, `"expiration":7200`},
		"one that is none":         {"/bpm/system/login", `{"requested_lifetime":"x"}`, 400, `^\{"error_number":"CWTBG0012E","error_message":"CWTBG0012E: The parameter 'requested_lifetime' is invalid."`},
		"no body":                  {"/bpm/system/login", ``, 400, `"error_number":"CWTBG0012E"`},
		"no JSON":                  {"/bpm/system/login", `{`, 400, `"error_number":"CWTBG0012E"`},
	} {
		got := s.call(t, http.MethodPost, c.path, []byte(c.body), "Content-Type", "application/json")
		if got.StatusCode != c.status || !regexp.MustCompile(c.want).Match(got.body) {
			t.Errorf("%s: %d, %s; want %d, %s", name, got.StatusCode, got.body, c.status, c.want)
		}
		if c.status == 201 && (len(got.Cookies()) != 3 || s.call(t, http.MethodGet, base+"/systems", nil, "Authorization", "", "Cookie", cookiesOf(got), "BPMCSRFToken", "x").StatusCode != 200) {
			t.Errorf("%s: cookies %v", name, got.Cookies())
		}
	}
	if got := s.call(t, http.MethodGet, "/bpm/system/login", nil); got.StatusCode != 405 || got.Header.Get("Allow") != "POST" {
		t.Errorf("GET: %d, Allow %s", got.StatusCode, got.Header.Get("Allow"))
	}
}
