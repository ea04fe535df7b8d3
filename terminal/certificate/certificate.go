// Package certificate is what the terminal shows of itself over TLS: a
// certificate that it makes for itself and keeps in its data folder, or one that
// its owner gives as files, which are read again when they change. It also
// recognises a certificate by its fingerprint, which is how a client trusts one
// that nobody else vouches for. It listens nowhere and knows no HTTP.
package certificate

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"portaria/terminal/clock"
)

// Source is a certificate with its key. It is safe for concurrent use.
type Source struct {
	clock             clock.Clock
	log               *slog.Logger
	certFile, keyFile string // "": it never changes

	mu      sync.Mutex // guards all below
	current *tls.Certificate
	seen    [2]version // of the files, when they were read last, in vain or not
	looked  time.Time  // a mark of the clock
}

// version tells two contents of a file apart.
type version struct {
	changed time.Time
	size    int64
}

// lookAgain is how often the files are looked at, at most, and only while
// somebody connects.
const lookAgain = 10 * time.Second

// Open reads a certificate, followed by those that vouch for it, and its key,
// both PEM. When the files change later they are read again; as long as they do
// not fit then, the former certificate is kept.
func Open(certFile, keyFile string, c clock.Clock, log *slog.Logger) (*Source, error) {
	s := &Source{clock: c, log: log, certFile: certFile, keyFile: keyFile, seen: versions(certFile, keyFile), looked: c.Mark()}
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return nil, fmt.Errorf("certificate %s with key %s: %w; give two PEM files that belong together", certFile, keyFile, err)
	}
	s.current = &pair
	if now := c.Now(); now.Before(pair.Leaf.NotBefore) || now.After(pair.Leaf.NotAfter) {
		log.Warn("the certificate is not valid now; clients may refuse it", "file", certFile,
			"from", pair.Leaf.NotBefore, "until", pair.Leaf.NotAfter, "do", "set the clock, or give a newer certificate")
	}
	return s, nil
}

// Config is how a server uses s. TLS 1.2 is what the oldest integrations in the
// field speak (.NET Framework 4.5, Java 8); below it nothing is safe.
func (s *Source) Config() *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return s.get(), nil },
	}
}

// Fingerprint is that of the certificate now in use.
func (s *Source) Fingerprint() Fingerprint { return Of(s.get().Leaf) }

func (s *Source) get() *tls.Certificate {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := s.clock.Mark(); s.certFile != "" && now.Sub(s.looked) >= lookAgain {
		s.looked = now
		s.look()
	}
	return s.current
}

// look reads the files if they have changed; mu is held.
func (s *Source) look() {
	found := versions(s.certFile, s.keyFile)
	if found == s.seen {
		return
	}
	s.seen = found
	pair, err := tls.LoadX509KeyPair(s.certFile, s.keyFile)
	if err != nil {
		s.log.Warn("the new certificate cannot be used; the former one is kept", "file", s.certFile, "err", err)
		return
	}
	s.current = &pair
	s.log.Info("there is a new certificate", "file", s.certFile, "sha256", Of(pair.Leaf), "until", pair.Leaf.NotAfter)
}

func versions(files ...string) (v [2]version) {
	for i, file := range files {
		if info, err := os.Stat(file); err == nil {
			v[i] = version{info.ModTime(), info.Size()}
		}
	}
	return v
}

// errExpired is for a certificate of the terminal's own, which it replaces.
var errExpired = errors.New("expired")

// check refuses a certificate whose time is over.
func check(leaf *x509.Certificate, now time.Time) error {
	if now.After(leaf.NotAfter) {
		return fmt.Errorf("%w on %s", errExpired, leaf.NotAfter.Format(time.DateOnly))
	}
	return nil
}
