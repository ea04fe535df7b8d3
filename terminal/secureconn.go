package terminal

import (
	"crypto/tls"
	"errors"
	"io"

	"portaria/terminal/clock"
)

// secureConn is a conn over TLS. The bounds of conn are kept on what TLS hands
// out, so a large body waits for its place and is dropped after a refusal as on
// a plain connection; what is below costs a record or a handshake at most.
type secureConn struct {
	*conn
	tls *tls.Conn
}

func newSecureConn(c *conn, config *tls.Config) *secureConn {
	s := &secureConn{conn: c, tls: tls.Server(c.raw, config)}
	c.Conn = s.tls
	return s
}

// usePlain is told to who speaks HTTP where TLS is spoken.
const usePlain = "HTTP/1.0 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\nThis port speaks TLS: write https:// instead of http://.\n"

// Handshake is called by the web server before it reads, with its deadlines set.
func (s *secureConn) Handshake() error {
	err := s.tls.Handshake()
	if plain, ok := errors.AsType[tls.RecordHeaderError](err); ok && plain.Conn != nil && saysMethod(plain.RecordHeader) {
		_, _ = io.WriteString(plain.Conn, usePlain)
	}
	return err
}

// saysMethod tells whether the first bytes are those of an HTTP request.
func saysMethod(head [5]byte) bool {
	switch string(head[:]) {
	case "GET /", "HEAD ", "POST ", "PUT /", "DELET", "OPTIO":
		return true
	}
	return false
}

// ConnectionState makes s what the web server takes for TLS.
func (s *secureConn) ConnectionState() tls.ConnectionState { return s.tls.ConnectionState() }

// Read implements net.Conn. TLS may have to write while it reads, when the peer
// asks for new keys: one that takes no bytes must not keep the reader for ever.
func (s *secureConn) Read(p []byte) (int, error) {
	if err := s.SetWriteDeadline(clock.System{}.Mark().Add(writeTime)); err != nil {
		return 0, err
	}
	return s.conn.Read(p)
}
