package terminal

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/valyala/fasthttp/fasthttputil"

	"portaria/terminal/dialect"
)

// halfPipe is a net.Pipe that says, as TCP does, that it can close one way.
type halfPipe struct{ net.Conn }

func (halfPipe) CloseWrite() error { return nil }

// TestLinger holds the end of a refused request open from the client's side.
func TestLinger(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		pause time.Duration // between two pieces of the body
		sent  int           // pieces of 20 that the terminal takes
	}{
		{"a slow client may send all that it has", time.Second, 20},
		{"a silent one is not waited for", 6 * time.Second, 1},
		{"a body without end is cut off", 4 * time.Second, 8},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client, server := net.Pipe()
				defer client.Close()
				l := newListener(nil, nil)
				c := l.admit(halfPipe{server})
				c.Linger()
				closed := make(chan error, 1)
				go func() { closed <- c.Close() }()
				sent := 0
				for range 20 {
					if _, err := client.Write([]byte("piece")); err != nil {
						break
					}
					sent++
					time.Sleep(test.pause) //nolint:forbidigo // the bubble's time, which costs none
				}
				client.Close()
				if err := <-closed; err != nil {
					t.Error(err)
				}
				if sent != test.sent {
					t.Errorf("%d pieces taken, want %d", sent, test.sent)
				}
			})
		})
	}
}

// connFrom is a connection from an address. Nothing is sent over it.
type connFrom struct {
	net.Conn
	host string
}

func (c connFrom) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.ParseIP(c.host), Port: 4711} }

// TestPlaces has one client begin more large bodies than there are places.
func TestPlaces(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newListener(nil, nil)
		large := func(host string) *conn {
			c := l.admit(connFrom{host: host})
			c.taken = largeBody + 1
			return c
		}
		refused := make(chan error, largeBodies)
		var placed []*conn
		for range largeBodies {
			c := large("10.0.0.9")
			placed = append(placed, c)
			go func() { refused <- c.takePlace() }()
		}
		synctest.Wait()
		const others = 16
		for range others {
			if err := large("10.0.0.1").takePlace(); err != nil {
				t.Fatalf("somebody else finds no place beside the client: %v", err)
			}
		}
		if err := large("10.0.0.2").takePlace(); !errors.Is(err, dialect.ErrNoRoom) {
			t.Errorf("one body more than there are places: %v, want ErrNoRoom", err)
		}
		synctest.Wait()
		admitted := 0
		for range largeBodies {
			switch err := <-refused; {
			case err == nil:
				admitted++
			case !errors.Is(err, dialect.ErrNoRoom):
				t.Errorf("without a place: %v, want ErrNoRoom", err)
			}
		}
		if want := largeBodies - others; admitted != want {
			t.Errorf("one client has %d places, want %d", admitted, want)
		}
		for _, c := range placed {
			c.mu.Lock()
			c.leavePlace()
			c.mu.Unlock()
		}
		if err := large("10.0.0.2").takePlace(); err != nil {
			t.Errorf("after the client has left its places: %v", err)
		}
	})
}

// inPieces is a connection that takes what is sent piece by piece, as a network
// does: a body that came all at once would be there before anybody asked for a
// place for it.
type inPieces struct{ net.Conn }

func (c inPieces) Write(p []byte) (n int, err error) {
	for piece := range slices.Chunk(p, 4<<10) {
		var sent int
		sent, err = c.Conn.Write(piece)
		if n += sent; err != nil {
			break
		}
	}
	return n, err
}

// TestNoPlace uploads a photo to a terminal that has no place left for it.
func TestNoPlace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tm, err := Open(Config{Ephemeral: true, PasswordCost: 1, NoDate: true})
		if err != nil {
			t.Fatal(err)
		}
		ln := fasthttputil.NewInmemoryListener()
		served := make(chan error, 1)
		go func() { served <- tm.Serve(ln) }()
		synctest.Wait()
		for range largeBodies {
			tm.listener.places <- struct{}{}
		}
		client, err := ln.Dial()
		if err != nil {
			t.Fatal(err)
		}
		photo := strings.Repeat("x", 4*largeBody)
		go func() {
			// It is refused in the middle of this.
			_, _ = fmt.Fprintf(inPieces{client}, "POST /user_set_image.fcgi?user_id=1&session=%s HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", tm.Device().OpenSession(), len(photo), photo)
		}()
		answer, err := http.ReadResponse(bufio.NewReader(client), nil)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		if want := `{"error":"device busy","code":1}`; err != nil || answer.StatusCode != http.StatusServiceUnavailable || string(body) != want {
			t.Errorf("answered %d %.60q, %v; want 503 %s", answer.StatusCode, body, err, want)
		}
		answer.Body.Close()
		client.Close()
		if err := tm.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
		time.Sleep(time.Minute) //nolint:forbidigo // idle workers of the web server end, in the bubble's time
	})
}
