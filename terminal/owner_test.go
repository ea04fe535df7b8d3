package terminal_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"portaria/terminal"
	"portaria/terminal/device"
	"portaria/terminal/dialect"
	"portaria/terminal/dialect/bpm"
	"portaria/terminal/dialect/fcgi"
	"portaria/terminal/dialect/netex"
	"portaria/terminal/dialect/securid"
	"portaria/terminal/terminaltest"
)

// onNetwork starts a terminal as --terminal does.
func onNetwork(t *testing.T, dir string, change func(*terminal.Config)) *terminaltest.Terminal {
	t.Helper()
	return terminaltest.New(t, terminaltest.Data(dir), terminaltest.With(func(c *terminal.Config) {
		c.Terminal, c.NetexToken = true, netexToken
		if change != nil {
			change(c)
		}
	}))
}

func loginBody(login, password string) string {
	return `{"login":"` + login + `","password":"` + password + `"}`
}

// TestFactoryPassword is what a terminal does until it has an owner.
func TestFactoryPassword(t *testing.T) {
	t.Parallel()
	t.Run("every route of every dialect is closed but those that change the password", func(t *testing.T) {
		t.Parallel()
		for _, model := range []string{"idaccess", "idface"} {
			tm := onNetwork(t, t.TempDir(), func(c *terminal.Config) { c.Model = model })
			session := tm.Login()
			open := map[string]bool{}
			routes := 0
			for _, d := range []dialect.Dialect{
				fcgi.New(tm.Device()), securid.New(tm.Device(), securid.Options{}), bpm.New(tm.Device(), bpm.Options{}), netex.New(tm.Device(), netex.Options{}),
			} {
				for _, r := range d.Routes() {
					for _, method := range r.Methods {
						if strings.HasPrefix(r.Path, "/logout") {
							open[r.Path] = true
							continue // it would end the session of the others
						}
						routes++
						text, _, status := ask(t, tm, method, r.Path+"?cmd=status&session="+session, "", "Authorization", basic, "X-Cloud-Auth-Token", netexToken)
						if status != http.StatusUnauthorized && status != http.StatusForbidden {
							open[r.Path] = true
						}
						if !open[r.Path] && strings.Contains(text, "User") {
							t.Errorf("%s %s: %d %s", method, r.Path, status, text)
						}
					}
				}
			}
			var want []string
			for _, command := range []string{"change_login", "hidlogin", "login", "logout", "session_is_valid"} {
				want = append(want, "/"+command, "/"+command+".fcgi")
			}
			var got []string
			for path := range open {
				got = append(got, path)
			}
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) || routes < 60 {
				t.Errorf("%s: of %d routes and methods these are open: %v, want %v", model, routes, got, want)
			}
		}
	})
	t.Run("each dialect says it in its own words", func(t *testing.T) {
		t.Parallel()
		tm := onNetwork(t, t.TempDir(), nil)
		session := tm.Login()
		for _, c := range []struct {
			method, path string
			status       int
			want         string
		}{
			{"POST", "/user_list_images.fcgi?session=" + session, 401, `{"error":"Invalid access level for command user_list_images","code":1}`},
			{"POST", "/load_objects?session=" + session, 401, `{"error":"Invalid access level for command load_objects","code":1}`},
			{"POST", "/load_objects.fcgi", 401, `{"error":"Invalid session","code":1}`},
			{"GET", "/", 401, `{"error":"Invalid access level","code":1}`},
			{"POST", "/aveksa/command.submit?cmd=loginUser", 401, "The token is not valid for the command 'loginUser'. "},
			{"GET", "/aveksa/command.submit?cmd=status", 401, "The token is not valid for the command 'status'. "},
			{"GET", "/rest/bpm/wle/v1/users", 401, "CWTBG0549E: You are not authorized to perform the 'access' action."},
			{"GET", "/integration/ws/management/rest/users", 403, `"message":"Forbidden. The factory password of the terminal has not been changed"`},
		} {
			text, _, status := ask(t, tm, c.method, c.path, "", "Authorization", basic, "X-Cloud-Auth-Token", netexToken)
			if status != c.status || !strings.Contains(text, c.want) {
				t.Errorf("%s %s: %d %s, want %d and %s", c.method, c.path, status, text, c.status, c.want)
			}
		}
	})
	t.Run("a client that waits with a large body is told before it sends", func(t *testing.T) {
		t.Parallel()
		tm := onNetwork(t, t.TempDir(), nil)
		session := tm.Login()
		conn, err := tm.Dial()
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := conn.Write([]byte("POST /user_set_image.fcgi?user_id=1&session=" + session + " HTTP/1.1\r\nHost: a\r\nContent-Length: 99000\r\nExpect: 100-continue\r\n\r\n")); err != nil {
			t.Fatal(err)
		}
		line := make([]byte, len("HTTP/1.1 401"))
		if _, err := conn.Read(line); err != nil || string(line) != "HTTP/1.1 401" {
			t.Errorf("answered %q, %v; want a 401", line, err)
		}
	})
	t.Run("the login says so, and the change opens the terminal and ends the session", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		tm := onNetwork(t, dir, nil)
		text, _, _ := ask(t, tm, "POST", "/login.fcgi", loginBody("admin", "admin"))
		token, rest, _ := strings.Cut(strings.TrimPrefix(text, `{"session":"`), `"`)
		if rest != `,"message":"First Web Login. Please Change the Credentials"}` {
			t.Fatalf("login with the factory account: %s", text)
		}
		for _, password := range []string{"admin", ""} {
			text, _, status := ask(t, tm, "POST", "/change_login.fcgi?session="+token, loginBody("owner", password))
			if status != http.StatusBadRequest || !strings.Contains(text, "new password expected") {
				t.Errorf("the new password %q: %d %s", password, status, text)
			}
		}
		if text, _, status := ask(t, tm, "POST", "/change_login.fcgi?session="+token, loginBody("owner", "own-1")); status != http.StatusOK || text != "{}" {
			t.Fatalf("change_login: %d %s", status, text)
		}
		if text, _, _ := ask(t, tm, "POST", "/session_is_valid.fcgi?session="+token, ""); text != `{"session_is_valid":false}` {
			t.Errorf("the session lives on: %s", text)
		}
		text, _, _ = ask(t, tm, "POST", "/login.fcgi", loginBody("owner", "own-1"))
		token, rest, _ = strings.Cut(strings.TrimPrefix(text, `{"session":"`), `"`)
		if rest != "}" {
			t.Fatalf("login of the owner: %s", text)
		}
		if text, _, status := ask(t, tm, "GET", "/user_list_images.fcgi?session="+token, ""); status != http.StatusOK {
			t.Errorf("an owned terminal: %d %s", status, text)
		}
		for _, password := range []string{"admin", "own-1", ""} {
			if text, _, status := ask(t, tm, "POST", "/change_login.fcgi?session="+token, loginBody("owner", password)); status != http.StatusBadRequest {
				t.Errorf("later, the new password %q: %d %s", password, status, text)
			}
		}
		if text, _, status := ask(t, tm, "GET", "/user_list_images.fcgi?session="+token, ""); status != http.StatusOK {
			t.Errorf("a refused change has ended the session: %d %s", status, text)
		}
	})
	t.Run("a folder that somebody owns is open from the start, and one that was reset is not", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		simulator := func(change func(*terminal.Config), do func(*device.Device)) {
			t.Run("", func(t *testing.T) {
				tm := terminaltest.New(t, terminaltest.Data(dir), terminaltest.With(change))
				do(tm.Device())
			})
		}
		status := func(login, password string) (status int) {
			t.Run("", func(t *testing.T) {
				tm := onNetwork(t, dir, nil)
				// Without a login before: the token of Netex needs none.
				_, _, status = ask(t, tm, "GET", "/integration/ws/management/rest/users", "", "X-Cloud-Auth-Token", netexToken)
			})
			return status
		}
		simulator(func(c *terminal.Config) { c.Login, c.Password = "admin", "own-1" }, func(*device.Device) {})
		if got := status("admin", "own-1"); got != http.StatusOK {
			t.Errorf("the folder with a password of its own: %d, want 200", got)
		}
		for _, password := range []string{device.FactoryPassword, ""} {
			simulator(func(*terminal.Config) {}, func(d *device.Device) {
				// What reset-login does; a simulator minds no factory password.
				if err := d.ChangeLogin("porter", password); err != nil {
					t.Fatal(err)
				}
			})
			if got := status("porter", password); got != http.StatusForbidden {
				t.Errorf("the folder whose password is %q now: %d, want 403", password, got)
			}
		}
	})
	t.Run("a simulator stays as it is", func(t *testing.T) {
		t.Parallel()
		tm := terminaltest.New(t)
		text, _, _ := ask(t, tm, "POST", "/login.fcgi", loginBody("admin", "admin"))
		if strings.Contains(text, "message") {
			t.Errorf("login: %s", text)
		}
		if _, _, status := ask(t, tm, "GET", "/user_list_images.fcgi?session="+tm.Login(), ""); status != http.StatusOK {
			t.Errorf("a photo list of a simulator: %d", status)
		}
	})
}

func TestTerminalMode(t *testing.T) {
	t.Parallel()
	t.Run("what is for a simulator is refused", func(t *testing.T) {
		t.Parallel()
		for name, change := range map[string]func(*terminal.Config){
			"ephemeral":        func(c *terminal.Config) { c.Ephemeral = true },
			"faces scripted":   func(c *terminal.Config) { c.Faces = "scripted" },
			"no failure delay": func(c *terminal.Config) { c.NoFailureDelay = true },
		} {
			c := terminal.Config{Terminal: true, Data: t.TempDir()}
			change(&c)
			_, opened := terminal.Open(c)
			for _, err := range []error{c.Check(), opened} {
				if err == nil || !strings.HasPrefix(err.Error(), name) {
					t.Errorf("%s: %v, want a refusal", name, err)
				}
			}
		}
	})
	t.Run("without a token of the owner's there is no Netex", func(t *testing.T) {
		t.Parallel()
		tm := onNetwork(t, t.TempDir(), func(c *terminal.Config) { c.NetexToken, c.Password = "", "own-1" })
		_, _, status := ask(t, tm, "GET", "/integration/ws/management/rest/users", "")
		if status != http.StatusNotFound {
			t.Errorf("Netex answers %d, want 404", status)
		}
		if _, _, status := ask(t, tm, "GET", "/aveksa/command.submit?cmd=status", ""); status != http.StatusOK {
			t.Errorf("SecurID answers %d, want 200", status)
		}
	})
}
