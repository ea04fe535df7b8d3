package securid_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"portaria/terminal/device"
	"portaria/terminal/dialect/securid"
)

const credentials = "<username>admin</username><password>admin</password>"

// tokenLook is what tells a token of the product's apart (identity-apis §1.3).
var tokenLook = regexp.MustCompile(`^(ws|ta)[0-9a-f]{18}:-?[0-9a-f]+:[0-9a-f]{11}:-?[0-9a-f]+0\.[0-9]{16}$`)

func TestLogin(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "idaccess", securid.Options{ClientID: "app", ClientSecret: "s3cret"})
	t.Run("every label of the body will do", func(t *testing.T) {
		for _, label := range []string{"text/xml", "application/xml", "application/json", "application/x-www-form-urlencoded", ""} {
			got := h.send("POST", "cmd=loginUser", credentials, "Content-Type", label)
			token, ok := strings.CutPrefix(got.body, "token=ws")
			if !ok || got.kind != "text/plain" || !tokenLook.MatchString("ws"+token) {
				t.Errorf("%q: %v", label, got)
			}
		}
	})
	t.Run("JSON wraps the token, but not an application's", func(t *testing.T) {
		user := h.send("POST", "cmd=loginUser&format=json", credentials)
		if !regexp.MustCompile(`^\{"data":\{"type":"loginUser","token":"ws[^"]+"\}\}$`).MatchString(user.body) {
			t.Errorf("a user: %v", user)
		}
		app := h.send("POST", "cmd=loginTrustedApp&format=json", "", "ClientId", "app", "ClientSecret", "s3cret")
		if !regexp.MustCompile(`^\{"token":"ta[^"]+"\}$`).MatchString(app.body) {
			t.Errorf("an application: %v", app)
		}
		own := h.send("POST", "cmd=loginTrustedApp", "", "ClientId", "admin", "ClientSecret", "admin")
		if !strings.HasPrefix(own.body, "token=ta") {
			t.Errorf("the terminal's account as an application: %v", own)
		}
	})
	t.Run("a refusal is a page whose words stand in the status line", func(t *testing.T) {
		got := h.send("POST", "cmd=loginUser&format=json&a=<b>&userId", strings.ReplaceAll(credentials, "admin", "nobody"))
		sentence := "User could not be validated. The username or password may be incorrect. "
		want := reply{
			http.StatusUnauthorized, sentence, "text/html",
			"<html><head><title>Error</title></head><body>" + sentence + " Query String=cmd=loginUser&amp;format=json&amp;a=&lt;b&gt;&amp;userId</body></html>",
		}
		got.reason, want.reason = strings.TrimSpace(got.reason), strings.TrimSpace(want.reason)
		if got != want {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
		app := h.send("POST", "cmd=loginTrustedApp", "", "ClientId", "app", "ClientSecret", "wrong")
		if app.status != http.StatusUnauthorized || app.reason != "Application could not be validated" {
			t.Errorf("an application: %v", app)
		}
	})
	t.Run("a GET has no body to look at", func(t *testing.T) {
		if got := h.send("GET", "cmd=loginUser", credentials); got.status != http.StatusUnauthorized {
			t.Errorf("%v, want a refusal", got)
		}
	})
	t.Run("an application needs both halves to be configured", func(t *testing.T) {
		half := newHouse(t, "idaccess", securid.Options{ClientID: "app"})
		if got := half.send("POST", "cmd=loginTrustedApp", "", "ClientId", "app", "ClientSecret", ""); got.status != http.StatusUnauthorized {
			t.Errorf("%v, want a refusal", got)
		}
	})
}

func TestTokens(t *testing.T) {
	t.Parallel()
	about := func(h *house, token string) int { return h.send("GET", "cmd=about", "", bearer(token)...).status }
	t.Run("a token ends after ten idle minutes", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t, "idaccess", securid.Options{})
		token := h.login()
		for range 3 {
			h.clock.Advance(9 * time.Minute)
			if got := about(h, token); got != http.StatusOK {
				t.Fatalf("used every nine minutes: %d", got)
			}
		}
		h.clock.Advance(10*time.Minute + time.Second)
		if got := about(h, token); got != http.StatusUnauthorized {
			t.Errorf("after ten minutes: %d", got)
		}
	})
	t.Run("a clock that is set moves no token's end", func(t *testing.T) {
		t.Parallel()
		for _, years := range []int{20, -20} {
			h := newHouse(t, "idaccess", securid.Options{})
			token := h.login()
			h.clock.Advance(9 * time.Minute)
			h.clock.Set(h.clock.Now().AddDate(years, 0, 0))
			if got := about(h, token); got != http.StatusOK {
				t.Errorf("%+d years: %d, want 200", years, got)
			}
			h.clock.Advance(10 * time.Minute)
			if got := about(h, token); got != http.StatusUnauthorized {
				t.Errorf("%+d years, and ten minutes: %d, want 401", years, got)
			}
		}
	})
	t.Run("a token that is used keeps no other alive", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t, "idaccess", securid.Options{})
		used, idle := h.login(), h.login()
		for range 2 {
			h.clock.Advance(9 * time.Minute)
			if got := about(h, used); got != http.StatusOK {
				t.Fatalf("the used one: %d", got)
			}
		}
		if got := about(h, idle); got != http.StatusUnauthorized {
			t.Errorf("the idle one: %d", got)
		}
	})
	t.Run("keepAlive keeps a token, but not beyond two hours", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t, "idaccess", securid.Options{})
		token := h.login()
		for minutes := 9; minutes < 120; minutes += 9 {
			h.clock.Advance(9 * time.Minute)
			if got := h.send("GET", "cmd=keepAlive&format=json", "", bearer(token)...); got.body != `{"data":{"type":"keepAlive"}}` {
				t.Fatalf("after %d minutes: %v", minutes, got)
			}
		}
		h.clock.Advance(4 * time.Minute)
		want := "The token is invalid or expired"
		if got := h.send("GET", "cmd=keepAlive", "", bearer(token)...); got.status != http.StatusUnauthorized || got.reason != want {
			t.Errorf("after two hours: %v, want %s", got, want)
		}
	})
	t.Run("other figures are told and kept", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t, "idaccess", securid.Options{Inactivity: time.Minute, Lifespan: 3 * time.Minute})
		token := h.login()
		want := "allow-username-save=false\ntoken-inactivity-timeout=1\ntoken-lifespan-timeout=3"
		if got := h.send("GET", "cmd=getSecuritySettings", "", bearer(token)...); got.body != want {
			t.Errorf("settings %q, want %q", got.body, want)
		}
		h.clock.Advance(time.Minute)
		if got := about(h, token); got != http.StatusUnauthorized {
			t.Errorf("after a minute: %d", got)
		}
	})
	t.Run("logout ends one token", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t, "idaccess", securid.Options{})
		token, other := h.login(), h.login()
		if got := h.send("POST", "cmd=logoutUser&format=json", "", bearer(token)...); got.body != `{"data":{"type":"logoutUser"}}` {
			t.Errorf("logout: %v", got)
		}
		got := h.send("POST", "cmd=logoutUser", "", bearer(token)...)
		if want := "The token is not valid for the command 'logoutUser'. Token is invalid or expired"; got.status != http.StatusUnauthorized || got.reason != want {
			t.Errorf("logout again: %v, want %s", got, want)
		}
		if got := about(h, other); got != http.StatusOK {
			t.Errorf("the other token: %d", got)
		}
	})
	t.Run("a change of the account ends every token", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t, "idaccess", securid.Options{})
		token := h.login()
		if err := h.device.ChangeLogin("admin", "other"); err != nil {
			t.Fatal(err)
		}
		if got := about(h, token); got != http.StatusUnauthorized {
			t.Errorf("after the change: %d", got)
		}
		got := h.send("POST", "cmd=loginUser", strings.Replace(credentials, "<password>admin", "<password>other", 1))
		if got := about(h, strings.TrimPrefix(got.body, "token=")); got != http.StatusOK {
			t.Errorf("with a new token: %d", got)
		}
	})
	t.Run("the header wins over the query", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t, "idaccess", securid.Options{})
		token := h.login()
		for query, want := range map[string]int{
			"cmd=about&token=" + token:                    http.StatusOK,
			"cmd=about&TOKEN=" + token:                    http.StatusOK,
			"cmd=about&null":                              http.StatusUnauthorized,
			"cmd=about&token=":                            http.StatusUnauthorized,
			"cmd=about&token=x&token=" + token:            http.StatusUnauthorized,
			"cmd=about&token=" + strings.ToUpper(token):   http.StatusUnauthorized,
			"cmd=about&token=" + token + "&format=json&x": http.StatusOK,
		} {
			if got := h.send("GET", query, ""); got.status != want {
				t.Errorf("%s: %v, want %d", query, got, want)
			}
		}
		if got := h.send("GET", "cmd=about", "", "Authorization", "bearer  "+token+" "); got.status != http.StatusOK {
			t.Errorf("a header in small letters: %v", got)
		}
		if got := h.send("GET", "cmd=about&token="+token, "", bearer("wrong")...); got.status != http.StatusUnauthorized {
			t.Errorf("a wrong header and a right query: %v", got)
		}
		if got := h.send("GET", "cmd=about&token="+token, "", "Authorization", "Basic YTpi"); got.status != http.StatusOK {
			t.Errorf("a header of another kind: %v", got)
		}
		strict := newHouse(t, "idaccess", securid.Options{NoQueryToken: true})
		if got := strict.send("GET", "cmd=about&token="+strict.login(), ""); got.status != http.StatusUnauthorized {
			t.Errorf("a query where none is taken: %v", got)
		}
	})
	t.Run("an application's token cannot be kept alive, and works", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t, "idaccess", securid.Options{})
		got := h.send("POST", "cmd=loginTrustedApp", "", "ClientId", "admin", "ClientSecret", "admin")
		token := strings.TrimPrefix(got.body, "token=")
		if got := h.send("GET", "cmd=keepAlive", "", bearer(token)...); got.status != http.StatusUnauthorized {
			t.Errorf("keepAlive: %v", got)
		}
		if got := about(h, token); got != http.StatusOK {
			t.Errorf("about: %d", got)
		}
	})
	t.Run("a token is none of the terminal's own sessions", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t, "idaccess", securid.Options{})
		if h.device.SessionIsValid(h.login()) {
			t.Error("it is")
		}
		if got := about(h, h.device.OpenSession()); got != http.StatusUnauthorized {
			t.Errorf("a session as a token: %d", got)
		}
	})
}

func TestCommands(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "idaccess", securid.Options{})
	t.Run("an unknown command is told so before a token is asked for", func(t *testing.T) {
		for _, name := range []string{"nope", "deleteUserImage", "getuserimage"} {
			got := h.send("GET", "cmd="+name, "")
			if got.status != http.StatusNotFound || got.reason != name || !strings.Contains(got.body, "<body>"+name+"</body>") {
				t.Errorf("%s: %v", name, got)
			}
		}
		if got := h.send("GET", "cmd=%3Cscript%3E%0D%0AX:%20y", ""); got.status != http.StatusNotFound || strings.Contains(got.body, "<script>") {
			t.Errorf("markup for a name: %v", got)
		}
	})
	t.Run("what is declined is answered so, and said once", func(t *testing.T) {
		for _, d := range h.api.Declined() {
			name := strings.TrimPrefix(d.Path, securid.Path+"?cmd=")
			if got := h.send("GET", "cmd="+name, ""); got.status != http.StatusNotFound || got.reason != name || d.Reason == "" {
				t.Errorf("%s: %v, declined for %q", name, got, d.Reason)
			}
		}
		if got, want := len(h.device.Notices()), len(h.api.Declined()); got != want {
			t.Errorf("%d notices, want %d", got, want)
		}
	})
	t.Run("no command at all is a parameter that is missing", func(t *testing.T) {
		if got := h.send("GET", "format=json", ""); got.status != http.StatusPreconditionFailed || got.reason != "The parameter cmd is required." {
			t.Errorf("%v", got)
		}
	})
	t.Run("of two commands the first counts, in whatever letters", func(t *testing.T) {
		for range 20 {
			if got := h.send("GET", "CMD=status&cmd=about&Cmd=nope", ""); got.status != http.StatusOK || !strings.Contains(got.body, "overall-status") {
				t.Fatalf("%v", got)
			}
		}
	})
	t.Run("what cannot be read of a query is left out", func(t *testing.T) {
		if got := h.send("GET", "a=%zz&%zz=1&&=&cmd=status&format=%", ""); got.status != http.StatusOK || got.kind != "text/plain" {
			t.Errorf("%v", got)
		}
	})
	t.Run("other methods are refused", func(t *testing.T) {
		if got := h.send("DELETE", "cmd=about", ""); got.status != http.StatusMethodNotAllowed || got.kind != "text/html" {
			t.Errorf("%v", got)
		}
	})
	t.Run("a large body is for images", func(t *testing.T) {
		got := h.send("POST", "cmd=about", strings.Repeat("x", 70_000), bearer(h.login())...)
		if got.status != http.StatusRequestEntityTooLarge {
			t.Errorf("%d", got.status)
		}
	})
	t.Run("the terminal's own commands are still there", func(t *testing.T) {
		resp, err := h.client.Get(h.url + "/session_is_valid.fcgi?session=x")
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Errorf("%v, %v", resp, err)
		}
		resp.Body.Close()
	})
	t.Run("routes and declined commands are paths of their own", func(t *testing.T) {
		for _, r := range h.api.Routes() {
			if r.Admit == nil || r.Limit <= device.Megabyte*4/3 {
				t.Errorf("%s: limit %d", r.Path, r.Limit)
			}
		}
	})
}
