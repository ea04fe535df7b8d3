package terminal_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"portaria/terminal"
	"portaria/terminal/terminaltest"
	"portaria/testdata"
)

// get sends a GET and returns status and body.
func get(t *testing.T, tm *terminaltest.Terminal, path string) (int, []byte) {
	t.Helper()
	return send(t, tm, http.MethodGet, path, nil)
}

// post sends a POST and returns status and body.
func post(t *testing.T, tm *terminaltest.Terminal, path string, body []byte) (int, []byte) {
	t.Helper()
	return send(t, tm, http.MethodPost, path, body)
}

// send may run on a goroutine of its own, so it does not stop the test.
func send(t *testing.T, tm *terminaltest.Terminal, method, path string, body []byte) (int, []byte) {
	t.Helper()
	request, err := http.NewRequest(method, tm.URL+path, bytes.NewReader(body))
	if err != nil {
		t.Errorf("%s %s: %v", method, path, err)
		return 0, nil
	}
	answer, err := tm.Client().Do(request)
	if err != nil {
		t.Errorf("%s %s: %v", method, path, err)
		return 0, nil
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Errorf("%s %s: %v", method, path, err)
	}
	return answer.StatusCode, text
}

func TestManyClients(t *testing.T) { overBoth(t, testManyClients) }

func testManyClients(t *testing.T, over terminaltest.Option) {
	t.Parallel()
	tm := terminaltest.New(t, over, terminaltest.Data(t.TempDir()))
	session := tm.Login()
	pictures := [][]byte{testdata.Photo("plain-320x240.jpg"), testdata.Photo("plain-200x200.jpg")}
	const clients, each = 32, 8
	var group sync.WaitGroup
	for client := range clients {
		group.Go(func() {
			for n := range each {
				user := client*each + n + 1
				url := fmt.Sprintf("%s/user_set_image.fcgi?user_id=%d&session=%s", tm.URL, user, session)
				answer, err := tm.Client().Post(url, "application/octet-stream", bytes.NewReader(pictures[user%2]))
				if err != nil {
					t.Error(err)
					return
				}
				answer.Body.Close()
				if answer.StatusCode != http.StatusOK {
					t.Errorf("photo of user %d: %s", user, answer.Status)
				}
			}
		})
	}
	group.Wait()
	if got := len(tm.Photos()); got != clients*each {
		t.Fatalf("%d photos, want %d", got, clients*each)
	}
	for user := 1; user <= clients*each; user++ {
		status, body := get(t, tm, fmt.Sprintf("/user_get_image.fcgi?user_id=%d&session=%s", user, session))
		if status != http.StatusOK || sha256.Sum256(body) != sha256.Sum256(pictures[user%2]) {
			t.Fatalf("photo of user %d: status %d, not what was sent", user, status)
		}
	}
}

func TestOverLimit(t *testing.T) { overBoth(t, testOverLimit) }

func testOverLimit(t *testing.T, over terminaltest.Option) {
	t.Parallel()
	t.Run("a client that sends far too much reads why", func(t *testing.T) {
		t.Parallel()
		tm := terminaltest.New(t, over)
		path := "/user_set_image.fcgi?user_id=1&session=" + tm.Login()
		var group sync.WaitGroup
		for range 16 {
			group.Go(func() {
				status, body := post(t, tm, path, make([]byte, 8<<20))
				if status != http.StatusRequestEntityTooLarge || !bytes.HasPrefix(body, []byte(`{"error":"Image too large.`)) {
					t.Errorf("8 MiB: status %d, body %s", status, body)
				}
			})
		}
		group.Wait()
		if photos := tm.Photos(); len(photos) != 0 {
			t.Errorf("photos of %v are kept, want none", photos)
		}
	})
	t.Run("more large uploads at once than there are places all get through", func(t *testing.T) {
		t.Parallel()
		// In a bubble, or a machine that is busy could let an upload wait for too long.
		synctest.Test(t, func(t *testing.T) {
			tm := terminaltest.New(t, over, terminaltest.InBubble())
			session := tm.Login()
			padded := append(testdata.Photo("plain-200x200.jpg"), make([]byte, 300<<10)...)
			var group sync.WaitGroup
			for user := range 80 {
				group.Go(func() {
					status, body := post(t, tm, fmt.Sprintf("/user_set_image.fcgi?user_id=%d&session=%s", user+1, session), padded)
					if status != http.StatusOK {
						t.Errorf("upload %d: status %d, %s", user+1, status, body)
					}
				})
			}
			group.Wait()
			if got := len(tm.Photos()); got != 80 {
				t.Errorf("%d photos, want 80", got)
			}
		})
	})
	t.Run("what follows a refused body is not taken for a request", func(t *testing.T) {
		t.Parallel()
		tm := terminaltest.New(t, over)
		tm.SetPhoto(1, testdata.Photo("plain-200x200.jpg"))
		hidden := "POST /user_destroy_image.fcgi?session=" + tm.Login() + " HTTP/1.1\r\nHost: a\r\nContent-Length: 12\r\n\r\n{\"all\":true}"
		request := "POST /login.fcgi HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n" + hidden
		answers := exchange(t, tm, request)
		if n := strings.Count(answers, "HTTP/1.1 "); n != 1 || !strings.HasPrefix(answers, "HTTP/1.1 413 ") {
			t.Errorf("answers %q, want one 413", answers)
		}
		if len(tm.Photos()) != 1 {
			t.Error("the hidden request was obeyed")
		}
	})
}

// exchange sends raw bytes, ends its side and returns all that comes back.
func exchange(t *testing.T, tm *terminaltest.Terminal, request string) string {
	t.Helper()
	conn, err := tm.Dial()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	if half, ok := conn.(interface{ CloseWrite() error }); ok {
		if err := half.CloseWrite(); err != nil {
			t.Fatal(err)
		}
	}
	answers, err := io.ReadAll(conn)
	if err != nil {
		t.Fatalf("after %q: %v", answers, err)
	}
	return string(answers)
}

// TestHostileRequests sends what other parsers read differently, or not at
// all, and then asks whether the terminal still works.
func TestHostileRequests(t *testing.T) { overBoth(t, testHostileRequests) }

func testHostileRequests(t *testing.T, over terminaltest.Option) {
	t.Parallel()
	tm := terminaltest.New(t, over)
	session := tm.Login()
	const tail = " HTTP/1.1\r\nHost: a\r\n"
	for name, c := range map[string]struct{ request, want string }{
		"a bare line feed hides a length": {"POST /login.fcgi" + tail + "X: a\nContent-Length: 5\r\n\r\nabcde", "400"},
		"a folded line hides a length":    {"POST /login.fcgi" + tail + "X: a\r\n Content-Length: 5\r\n\r\n", "400"},
		"two lengths":                     {"POST /login.fcgi" + tail + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef", "400"},
		"a length and chunks":             {"POST /login.fcgi" + tail + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"},
		"a negative length":               {"POST /login.fcgi" + tail + "Content-Length: -5\r\n\r\n", "400"},
		"a length of 2^64":                {"POST /login.fcgi" + tail + "Content-Length: 18446744073709551616\r\n\r\n", "400"},
		"a chunk of 2^63":                 {"POST /login.fcgi" + tail + "Transfer-Encoding: chunked\r\n\r\n7fffffffffffffff\r\n", "4"},
		"a header of 64 KB":               {"GET /login.fcgi" + tail + "X: " + strings.Repeat("a", 64<<10) + "\r\n\r\n", "431"},
		"a NUL in the path":               {"GET /login.fcgi%00.png" + tail + "\r\n", "400"},
		"a path that is not UTF-8":        {"GET /%ff%fe" + tail + "\r\n", "400"},
		"a method in small letters":       {"get /login.fcgi" + tail + "\r\n", "501"},
		"DELETE":                          {"DELETE /user_get_image.fcgi?session=" + session + tail + "\r\n", "501"},
		"two sessions":                    {"GET /user_list_images.fcgi?session=" + session + "&session=" + session + tail + "\r\n", "401"},
		"a coded body":                    {"POST /login.fcgi" + tail + "Content-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx", "415"},
		"nonsense":                        {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", "400"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answer := exchange(t, tm, c.request)
			if _, status, _ := strings.Cut(answer, " "); !strings.HasPrefix(status, c.want) {
				t.Errorf("%.80q is answered %.120q, want %s", c.request, answer, c.want)
			}
			if !strings.Contains(answer, "Access-Control-Allow-Origin: *\r\n") {
				t.Errorf("%.80q is answered without the common headers: %.300q", c.request, answer)
			}
			if status, body := get(t, tm, "/session_is_valid.fcgi?session="+session); status != 200 || string(body) != `{"session_is_valid":true}` {
				t.Errorf("afterwards: status %d, body %s", status, body)
			}
		})
	}
}

func TestNothingAnswersWithoutSession(t *testing.T) {
	t.Parallel()
	for _, model := range []string{"idaccess", "idface"} {
		tm := terminaltest.New(t, terminaltest.Model(model))
		for _, command := range []string{
			"logout", "change_login", "user_set_image", "user_set_image_list", "user_get_image", "user_list_images", "user_destroy_image",
		} {
			for _, path := range []string{"/" + command + ".fcgi", "/" + command, "/" + command + ".fcgi?session=", "//x/../" + command + ".fcgi?session=nobody"} {
				status, body := post(t, tm, path, []byte("{}"))
				if status != http.StatusUnauthorized || string(body) != `{"error":"Invalid session","code":1}` {
					t.Errorf("%s %s without a session: status %d, body %s", model, path, status, body)
				}
			}
		}
	}
}

func TestSessionsExpire(t *testing.T) {
	t.Parallel()
	tm := terminaltest.New(t, terminaltest.With(func(c *terminal.Config) { c.SessionIdle = 10 * time.Minute }))
	path := "/user_list_images.fcgi?session=" + tm.Login()
	for range 3 {
		tm.Advance(9 * time.Minute)
		if status, _ := get(t, tm, path); status != http.StatusOK {
			t.Fatalf("a session in use is answered %d", status)
		}
	}
	tm.Advance(11 * time.Minute)
	if status, body := get(t, tm, path); status != http.StatusUnauthorized {
		t.Errorf("after its idle time a session is answered %d %s", status, body)
	}
}

func TestSlowClients(t *testing.T) { overBoth(t, testSlowClients) }

func testSlowClients(t *testing.T, over terminaltest.Option) {
	t.Parallel()
	t.Run("a request that never ends is given up", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			tm := terminaltest.New(t, over, terminaltest.InBubble())
			for _, start := range []string{"GET /login", "POST /login.fcgi HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{"} {
				conn, err := tm.Dial()
				if err != nil {
					t.Fatal(err)
				}
				if _, err := io.WriteString(conn, start); err != nil {
					t.Fatal(err)
				}
				began := time.Now()
				answer, err := io.ReadAll(conn)
				if took := time.Since(began); err != nil || took > time.Minute {
					t.Errorf("%q: given up after %v, %v", start, took, err)
				}
				if len(answer) > 0 && !strings.HasPrefix(string(answer), "HTTP/1.1 4") {
					t.Errorf("%q is answered %q", start, answer)
				}
				conn.Close()
			}
		})
	})
}
