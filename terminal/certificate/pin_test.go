package certificate

import (
	"crypto/x509"
	"log/slog"
	"testing"

	"portaria/terminal/clock"
)

// TestVouched holds what no fingerprint names to what TLS demands of it anyway.
func TestVouched(t *testing.T) {
	t.Parallel()
	s, err := OpenSelf("", clock.System{}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	chain, known := []*x509.Certificate{s.get().Leaf}, x509.NewCertPool()
	known.AddCert(chain[0])
	for _, c := range []struct {
		what, name string
		roots      *x509.CertPool
		ok         bool
	}{
		{"somebody known vouches for the name", "localhost", known, true},
		{"somebody known vouches for another name", "elsewhere.example", known, false},
		{"nobody known vouches for it", "localhost", x509.NewCertPool(), false},
		{"there is no name to vouch for", "", known, false},
	} {
		if err := vouched(chain, c.name, c.roots); (err == nil) != c.ok {
			t.Errorf("%s: %v, want trusted: %v", c.what, err, c.ok)
		}
	}
}
