// Package terminaltest is a terminal inside a test: started by New, reached
// by URL, gone at the test's end. It keeps its data in memory unless told
// otherwise, tests may run in parallel with one terminal each, and its clock
// moves when the test says so. What a test prepares or inspects goes to the
// terminal directly; what it tests goes through the socket.
package terminaltest

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/valyala/fasthttp/fasthttputil"

	"portaria/terminal"
	"portaria/terminal/certificate"
	"portaria/terminal/clock"
	"portaria/terminal/device"
)

// Terminal is a running terminal.
type Terminal struct {
	// URL is its address, without a slash at the end.
	URL string

	tb       testing.TB
	terminal *terminal.Terminal
	client   *http.Client
	clock    *clock.Offset
	dial     func() (net.Conn, error)
}

// Option changes the terminal that New starts.
type Option func(*settings)

type settings struct {
	config terminal.Config
	bubble bool
}

// Model takes another product than the default one, as portaria serve --model.
func Model(name string) Option { return func(s *settings) { s.config.Model = name } }

// Account takes another login and password than the factory's.
func Account(login, password string) Option {
	return func(s *settings) { s.config.Login, s.config.Password = login, password }
}

// Data keeps the data in a folder, where a later terminal finds it again.
func Data(dir string) Option {
	return func(s *settings) { s.config.Ephemeral, s.config.Data = false, dir }
}

// InBubble makes the terminal usable inside a testing/synctest bubble: it is
// reached through memory instead of the network, by Client and Dial only.
// Outside a bubble it would make the test's end wait.
func InBubble() Option {
	return func(s *settings) { s.bubble, s.config.NoDate = true, true }
}

// With changes anything else.
func With(change func(*terminal.Config)) Option {
	return func(s *settings) { change(&s.config) }
}

// cheapPassword is enough for an account that lives in memory for a moment.
const cheapPassword = 1

// inMemory is the address that a terminal in a bubble goes by.
const inMemory = "http://terminal.test"

// idleWorkers is how long the web server keeps a goroutine for the next
// connection. A bubble does not end before the last of them has.
const idleWorkers = time.Minute

// New starts a terminal and stops it when the test ends.
func New(tb testing.TB, opts ...Option) *Terminal {
	tb.Helper()
	t := &Terminal{tb: tb, clock: new(clock.Offset)}
	s := settings{config: terminal.Config{
		Ephemeral:    true,
		PasswordCost: cheapPassword,
		Clock:        t.clock,
	}}
	for _, o := range opts {
		o(&s)
	}
	var err error
	if t.terminal, err = terminal.Open(s.config); err != nil {
		tb.Fatalf("terminaltest: %v", err)
	}
	ln, err := t.listen(s.bubble)
	if err != nil {
		tb.Fatalf("terminaltest: %v", err)
	}
	served := make(chan error, 1)
	go func() { served <- t.terminal.Serve(ln) }()
	tb.Cleanup(func() {
		t.client.CloseIdleConnections()
		// A test that leaves a connection open has no wish to wait for it.
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := t.terminal.Close(ctx); err != nil {
			tb.Errorf("terminaltest: close: %v", err)
		}
		if err := <-served; err != nil {
			tb.Errorf("terminaltest: serve: %v", err)
		}
		if s.bubble {
			time.Sleep(idleWorkers)
		}
	})
	return t
}

func (t *Terminal) listen(bubble bool) (net.Listener, error) {
	var dialer net.Dialer
	transport := &http.Transport{}
	t.client = &http.Client{Transport: transport, Timeout: time.Minute}
	if bubble {
		ln := fasthttputil.NewInmemoryListener()
		t.URL, t.dial = inMemory, ln.Dial
		transport.DialContext = func(context.Context, string, string) (net.Conn, error) { return ln.Dial() }
		t.secure(transport)
		return ln, nil
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	address := ln.Addr().String()
	t.URL = "http://" + address
	t.dial = func() (net.Conn, error) { return dialer.Dial("tcp", address) }
	t.secure(transport)
	return ln, nil
}

// secure makes everything that reaches the terminal speak TLS, if the terminal
// does, and trust no other.
func (t *Terminal) secure(transport *http.Transport) {
	fingerprint, ok := t.terminal.Certificate()
	if !ok {
		return
	}
	trust, plain := certificate.Trust([]certificate.Fingerprint{fingerprint}), t.dial
	transport.TLSClientConfig = trust
	t.URL = "https" + strings.TrimPrefix(t.URL, "http")
	t.dial = func() (net.Conn, error) {
		conn, err := plain()
		if err != nil {
			return nil, err
		}
		return tls.Client(conn, trust), nil
	}
}

// Client is an HTTP client that reaches the terminal.
func (t *Terminal) Client() *http.Client { return t.client }

// Dial opens a bare connection to the terminal, over TLS if it speaks that.
func (t *Terminal) Dial() (net.Conn, error) { return t.dial() }

// Device is the terminal's inside.
func (t *Terminal) Device() *device.Device { return t.terminal.Device() }

// Login opens a session and returns its token, as login.fcgi does for the
// right credentials.
func (t *Terminal) Login() string { return t.Device().OpenSession() }

// Advance moves the terminal's clock by d.
func (t *Terminal) Advance(d time.Duration) { t.clock.Advance(d) }

// AddUser adds a user, or renames the one with that id.
func (t *Terminal) AddUser(id int64, name string) {
	t.tb.Helper()
	if err := t.Device().SetUsers(device.User{ID: id, Name: name}); err != nil {
		t.tb.Fatalf("terminaltest: %v", err)
	}
}

// DeleteUser deletes a user and leaves the photo dangling.
func (t *Terminal) DeleteUser(id int64) {
	t.tb.Helper()
	if err := t.Device().DeleteUser(id); err != nil {
		t.tb.Fatalf("terminaltest: %v", err)
	}
}

// Users lists the terminal's users in the order of their ids.
func (t *Terminal) Users() []device.User {
	t.tb.Helper()
	users, err := t.Device().Users()
	if err != nil {
		t.tb.Fatalf("terminaltest: %v", err)
	}
	return users
}

// SetPhoto gives a user a photo, as user_set_image.fcgi does.
func (t *Terminal) SetPhoto(user int64, picture []byte) {
	t.tb.Helper()
	r := t.Device().SetPhoto(context.Background(), device.Upload{User: user, Picture: picture})
	if !r.Kept() {
		t.tb.Fatalf("terminaltest: photo of user %d is not kept: %v, face faults %v", user, r.Err, r.Face.Faults)
	}
}

// Photo returns the photo of a user as it is stored, nil when there is none.
func (t *Terminal) Photo(user int64) []byte {
	t.tb.Helper()
	photo, _, err := t.Device().AppendPhoto(nil, user)
	if errors.Is(err, device.ErrNoPhoto) {
		return nil
	}
	if err != nil {
		t.tb.Fatalf("terminaltest: photo of user %d: %v", user, err)
	}
	return photo
}

// Photos lists the users that have a photo, in the order of their ids.
func (t *Terminal) Photos() []int64 {
	t.tb.Helper()
	list, err := t.Device().Photos()
	if err != nil {
		t.tb.Fatalf("terminaltest: %v", err)
	}
	users := make([]int64, len(list))
	for i, p := range list {
		users[i] = p.User
	}
	return users
}
