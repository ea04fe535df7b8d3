package terminal

import (
	"net"
	"testing"
	"testing/synctest"
	"time"
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
				c := &conn{Conn: halfPipe{server}, raw: server, listener: l}
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
