package terminal_test

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"portaria/terminal"
	"portaria/terminal/terminaltest"
	"portaria/testdata"
)

func overTLS(opts ...terminaltest.Option) []terminaltest.Option {
	return append(opts, terminaltest.With(func(c *terminal.Config) { c.TLS = "self" }))
}

// below is the connection under TLS, which has not been begun.
func below(t *testing.T, tm *terminaltest.Terminal) net.Conn {
	t.Helper()
	conn, err := tm.Dial()
	if err != nil {
		t.Fatal(err)
	}
	return conn.(*tls.Conn).NetConn()
}

// overBoth runs a test over plain connections, and over TLS: the bounds of a
// connection hold for both.
func overBoth(t *testing.T, test func(*testing.T, terminaltest.Option)) {
	t.Parallel()
	for name, how := range map[string]string{"plain": "", "tls": "self"} {
		t.Run(name, func(t *testing.T) {
			test(t, terminaltest.With(func(c *terminal.Config) { c.TLS = how }))
		})
	}
}

func TestTLS(t *testing.T) {
	t.Parallel()
	t.Run("the certificate is the same after a restart", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		var prints []string
		for range 2 {
			t.Run("", func(t *testing.T) {
				tm := terminaltest.New(t, overTLS(terminaltest.Data(dir))...)
				if _, _, status := ask(t, tm, "GET", "/session_is_valid.fcgi", ""); status != http.StatusOK {
					t.Errorf("answered %d", status)
				}
				conn, err := tm.Dial()
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				secure := conn.(*tls.Conn)
				if err := secure.Handshake(); err != nil {
					t.Fatal(err)
				}
				prints = append(prints, string(secure.ConnectionState().PeerCertificates[0].Raw))
			})
		}
		if prints[0] != prints[1] {
			t.Error("the second start has another certificate")
		}
	})
	t.Run("who speaks plain HTTP is told, and gets nothing else", func(t *testing.T) {
		t.Parallel()
		tm := terminaltest.New(t, overTLS()...)
		tm.SetPhoto(1, testdata.Photo("plain-320x240.jpg"))
		for _, request := range []string{
			"GET /user_get_image.fcgi?user_id=1&session=" + tm.Login() + " HTTP/1.1\r\nHost: a\r\n\r\n",
			"POST /login.fcgi HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}",
		} {
			conn := below(t, tm)
			if _, err := io.WriteString(conn, request); err != nil {
				t.Fatal(err)
			}
			answer, err := io.ReadAll(conn)
			if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.0 400 ") || !strings.HasSuffix(string(answer), "This port speaks TLS: write https:// instead of http://.\n") {
				t.Errorf("%.20q is answered %q, %v", request, answer, err)
			}
			conn.Close()
		}
	})
	t.Run("a handshake that never ends is given up", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			tm := terminaltest.New(t, overTLS(terminaltest.InBubble())...)
			for _, start := range []string{"", "\x16\x03\x01", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"} {
				conn := below(t, tm)
				if _, err := io.WriteString(conn, start); err != nil {
					t.Fatal(err)
				}
				began := time.Now()
				_, _ = io.Copy(io.Discard, conn)
				if took := time.Since(began); took > time.Minute {
					t.Errorf("%q: given up after %v", start, took)
				}
				conn.Close()
			}
		})
	})
	t.Run("the gate of a terminal without an owner stands over TLS too", func(t *testing.T) {
		t.Parallel()
		tm := onNetwork(t, t.TempDir(), func(c *terminal.Config) { c.TLS = "self" })
		if text, _, status := ask(t, tm, "POST", "/load_objects.fcgi?session="+tm.Login(), "{}"); status != http.StatusUnauthorized {
			t.Errorf("a terminal without an owner answers %d %s over TLS", status, text)
		}
	})
	t.Run("what is not wholly given is refused", func(t *testing.T) {
		t.Parallel()
		for _, c := range []terminal.Config{
			{Ephemeral: true, TLS: "yes"},
			{Ephemeral: true, TLSCert: "a"},
			{Ephemeral: true, TLSKey: "a"},
			{Ephemeral: true, TLS: "self", TLSCert: "a", TLSKey: "b"},
			{Ephemeral: true, TLSCert: "nowhere.pem", TLSKey: "nowhere.pem"},
		} {
			if _, err := terminal.Open(c); err == nil {
				t.Errorf("Open(%q, %q, %q) opened", c.TLS, c.TLSCert, c.TLSKey)
			}
		}
	})
}
