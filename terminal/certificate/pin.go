package certificate

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Fingerprint is the SHA-256 of a certificate.
type Fingerprint [sha256.Size]byte

// Of is the fingerprint of a certificate.
func Of(c *x509.Certificate) Fingerprint { return sha256.Sum256(c.Raw) }

// String writes f as openssl and browsers show it.
func (f Fingerprint) String() string {
	pairs := make([]string, len(f))
	for i, b := range f {
		pairs[i] = fmt.Sprintf("%02X", b)
	}
	return strings.Join(pairs, ":")
}

// ParseFingerprints reads a list of fingerprints separated by commas, with or
// without colons. Empty is none.
func ParseFingerprints(text string) ([]Fingerprint, error) {
	var list []Fingerprint
	for part := range strings.SplitSeq(text, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		digits := strings.ReplaceAll(part, ":", "")
		b, err := hex.DecodeString(digits)
		if err != nil || len(b) != sha256.Size {
			return nil, fmt.Errorf("fingerprint %q is none: it has %d hexadecimal digits", part, 2*sha256.Size)
		}
		list = append(list, Fingerprint(b))
	}
	return list, nil
}

// errPinned is for an address, to whose certificate no name can be compared.
var errPinned = errors.New("not one of the fingerprints that were given")

// Trust is how a client trusts the certificates with these fingerprints beside
// those that somebody vouches for. With fingerprints given, a server that is
// reached by its address instead of a name has to have one of them: Go does not
// tell here which address that is.
func Trust(pins []Fingerprint) *tls.Config {
	if len(pins) == 0 {
		return &tls.Config{MinVersion: tls.VersionTLS12}
	}
	return &tls.Config{
		MinVersion:         tls.VersionTLS12,
		InsecureSkipVerify: true, // VerifyConnection does it
		VerifyConnection: func(state tls.ConnectionState) error {
			chain := state.PeerCertificates
			if slices.Contains(pins, Of(chain[0])) {
				return nil
			}
			err := errPinned
			if state.ServerName != "" {
				others := x509.NewCertPool()
				for _, c := range chain[1:] {
					others.AddCert(c)
				}
				_, err = chain[0].Verify(x509.VerifyOptions{DNSName: state.ServerName, Intermediates: others})
			}
			if err != nil {
				return &tls.CertificateVerificationError{UnverifiedCertificates: chain, Err: err}
			}
			return nil
		},
	}
}

// Refused returns the fingerprint of the certificate that err refuses, and
// whether it does refuse one.
func Refused(err error) (Fingerprint, bool) {
	refused, ok := errors.AsType[*tls.CertificateVerificationError](err)
	if !ok || len(refused.UnverifiedCertificates) == 0 {
		return Fingerprint{}, false
	}
	return Of(refused.UnverifiedCertificates[0]), true
}
