package terminal

import (
	"crypto/tls"
	"net"
	"sync"
	"time"

	"portaria/terminal/clock"
	"portaria/terminal/dialect"
)

// What a connection may cost. A body is taken into memory as it arrives, so
// beyond largeBody a connection needs one of the places; a client that waits
// for a place is simply not read from.
const (
	largeBody   = 64 << 10
	largeBodies = 64
	placeTime   = 10 * time.Second

	// One client may not take every connection, nor every place: others get in
	// beside it.
	clientConnections = 384
	clientPlaces      = 48

	// A refused body is read and dropped for so long and so far, because a
	// client that still writes when the connection is reset never sees the
	// refusal. One that has nothing to say for lingerPause is not waited for.
	lingerTime  = 30 * time.Second
	lingerPause = 5 * time.Second
	lingerBytes = 256 << 20
)

// listener wraps the connections of a net.Listener and knows which are open.
type listener struct {
	net.Listener
	places chan struct{}
	tls    *tls.Config // nil: connections are plain
	once   sync.Once   // closes the Listener

	mu      sync.Mutex // guards all below
	conns   map[*conn]struct{}
	clients map[string]*client // by address
}

// client is who has connections, by the address without a port.
type client struct {
	address string
	conns   int           // guarded by the listener's mu
	places  chan struct{} // holds a token for each place that it has
}

func newListener(ln net.Listener, secure *tls.Config) *listener {
	return &listener{Listener: ln, tls: secure, places: make(chan struct{}, largeBodies), conns: make(map[*conn]struct{}), clients: make(map[string]*client)}
}

// Accept implements net.Listener. A client with too many connections has the
// next one closed.
func (l *listener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		wrapped := l.admit(c)
		switch {
		case wrapped == nil:
			_ = c.Close()
		case l.tls == nil:
			return wrapped, nil
		default:
			return newSecureConn(wrapped, l.tls), nil
		}
	}
}

func (l *listener) admit(c net.Conn) *conn {
	address, _, _ := net.SplitHostPort(c.RemoteAddr().String())
	l.mu.Lock()
	defer l.mu.Unlock()
	of := l.clients[address]
	if of == nil {
		of = &client{address: address, places: make(chan struct{}, clientPlaces)}
		l.clients[address] = of
	}
	if of.conns >= clientConnections {
		return nil
	}
	of.conns++
	wrapped := &conn{Conn: c, raw: c, listener: l, client: of}
	l.conns[wrapped] = struct{}{}
	return wrapped
}

func (l *listener) forget(c *conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.conns, c)
	if c.client.conns--; c.client.conns == 0 {
		delete(l.clients, c.client.address)
	}
}

// Close implements net.Listener. Closing it again does nothing.
func (l *listener) Close() (err error) {
	l.once.Do(func() { err = l.Listener.Close() })
	return err
}

// cut closes every open connection at once.
func (l *listener) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.conns {
		_ = c.raw.Close() // TLS would say goodbye to each, and wait
	}
}

// conn is one client's connection. Read, Write and Close are called by the
// goroutine that serves it, but Close may also come from the server's
// shutdown.
type conn struct {
	net.Conn
	raw      net.Conn // below TLS; Conn itself without
	listener *listener
	client   *client

	mu     sync.Mutex // guards all below
	taken  int        // bytes read since the last answer
	placed bool       // holds one of the listener's places
	linger bool
	closed bool
}

// Read implements net.Conn.
func (c *conn) Read(p []byte) (int, error) {
	if err := c.takePlace(); err != nil {
		return 0, err
	}
	n, err := c.Conn.Read(p)
	c.mu.Lock()
	c.taken += n
	c.mu.Unlock()
	return n, err
}

// takePlace waits for a place when the request has become a large one.
func (c *conn) takePlace() error {
	c.mu.Lock()
	need := c.taken > largeBody && !c.placed
	c.mu.Unlock()
	if !need {
		return nil
	}
	timer := time.NewTimer(placeTime)
	defer timer.Stop()
	select {
	case c.client.places <- struct{}{}:
	case <-timer.C:
		return dialect.ErrNoRoom
	}
	select {
	case c.listener.places <- struct{}{}:
	case <-timer.C:
		<-c.client.places
		return dialect.ErrNoRoom
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.placed = true
	if c.closed {
		c.leavePlace()
		return net.ErrClosed
	}
	return nil
}

// Write implements net.Conn. An answer ends the request, and with it the need
// for a place.
func (c *conn) Write(p []byte) (int, error) {
	c.mu.Lock()
	c.taken = 0
	c.leavePlace()
	c.mu.Unlock()
	return c.Conn.Write(p)
}

// leavePlace gives the place back; mu is held.
func (c *conn) leavePlace() {
	if c.placed {
		c.placed = false
		<-c.listener.places
		<-c.client.places
	}
}

// Linger implements dialect.Lingerer.
func (c *conn) Linger() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.linger = true
}

// Close implements net.Conn.
func (c *conn) Close() error {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return c.Conn.Close()
	}
	c.closed = true
	linger := c.linger
	c.leavePlace()
	c.mu.Unlock()

	if linger {
		c.drain()
	}
	c.listener.forget(c)
	return c.Conn.Close()
}

// drain says that no more will be answered and waits for the peer to stop
// sending.
func (c *conn) drain() {
	half, ok := c.Conn.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		return
	}
	var dropped [8 << 10]byte
	end := clock.System{}.Mark().Add(lingerTime)
	for rest := lingerBytes; rest > 0; {
		deadline := clock.System{}.Mark().Add(lingerPause)
		if end.Before(deadline) {
			deadline = end
		}
		if c.SetReadDeadline(deadline) != nil {
			return
		}
		n, err := c.Conn.Read(dropped[:])
		if err != nil {
			return
		}
		rest -= n
	}
}
