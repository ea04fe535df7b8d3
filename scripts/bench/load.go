//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// request is one request, ready to send, and how long its answer is.
type request struct {
	wire   []byte
	length int
}

func newRequest(target string, length int) request {
	return request{fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: terminal\r\n\r\n", target), length}
}

// client is one keep-alive connection that asks as fast as it is answered. It
// does by hand what a client library would, so that the load leaves the
// machine to the server.
type client struct {
	conn net.Conn
	buf  []byte
	rng  *rand.Rand
}

func dial(address string, seed uint64) (*client, error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	return &client{conn, make([]byte, 128<<10), rand.New(rand.NewPCG(seed, seed))}, nil
}

// ask sends r and reads the whole answer. Anything but status 200 with the
// expected length is an error.
func (c *client) ask(r request) error {
	if _, err := c.conn.Write(r.wire); err != nil {
		return err
	}
	n, end := 0, -1
	for end < 0 {
		m, err := c.conn.Read(c.buf[n:])
		if err != nil {
			return err
		}
		n += m
		end = bytes.Index(c.buf[:n], []byte("\r\n\r\n"))
	}
	head := c.buf[:end+2]
	if !bytes.HasPrefix(head, []byte("HTTP/1.1 200 ")) {
		return fmt.Errorf("%.60q answered with %.40q", r.wire, head)
	}
	if length := contentLength(head); length != r.length {
		return fmt.Errorf("%.60q answered with %d bytes, want %d", r.wire, length, r.length)
	}
	left := end + 4 + r.length - n
	for left > 0 {
		m, err := c.conn.Read(c.buf)
		if err != nil {
			return err
		}
		left -= m
	}
	if left < 0 {
		return fmt.Errorf("%.60q answered with %d bytes too many", r.wire, -left)
	}
	return nil
}

func contentLength(head []byte) int {
	const name = "\r\nContent-Length: "
	_, rest, found := bytes.Cut(head, []byte(name))
	value, _, _ := bytes.Cut(rest, []byte("\r"))
	n, err := strconv.Atoi(string(value))
	if !found || err != nil {
		return -1
	}
	return n
}

// load is so many clients of one server.
type load struct {
	server  *server
	clients []*client
}

func (s *server) newLoad(connections int) (*load, error) {
	l := &load{server: s}
	for i := range connections {
		c, err := dial(s.address, uint64(i+1))
		if err != nil {
			l.close()
			return nil, err
		}
		l.clients = append(l.clients, c)
	}
	return l, nil
}

func (l *load) close() {
	for _, c := range l.clients {
		_ = c.conn.Close()
	}
}

// run has every client ask at random for so long and returns how many answers
// came. The first wrong one is an error.
func (l *load) run(ctx context.Context, long time.Duration) (int64, error) {
	var (
		stop    atomic.Bool
		answers atomic.Int64
		group   sync.WaitGroup
		errs    = make([]error, len(l.clients))
	)
	timer := time.AfterFunc(long, func() { stop.Store(true) })
	defer timer.Stop()
	for i, c := range l.clients {
		group.Go(func() {
			errs[i] = c.conn.SetDeadline(time.Now().Add(long + startTime))
			n := int64(0)
			for errs[i] == nil && !stop.Load() && ctx.Err() == nil {
				errs[i] = c.ask(l.server.requests[c.rng.IntN(len(l.server.requests))])
				n++
			}
			answers.Add(n)
		})
	}
	group.Wait()
	return answers.Load(), errors.Join(errs...)
}

// askAll asks for everything once: what the server does only the first time
// is then behind it.
func (s *server) askAll() error {
	c, err := dial(s.address, 0)
	if err != nil {
		return err
	}
	defer c.conn.Close()
	for _, r := range s.requests {
		if err := c.ask(r); err != nil {
			return err
		}
	}
	return nil
}
