package terminal

import (
	"crypto/tls"
	"errors"

	"portaria/terminal/certificate"
)

// tlsSelf in Config.TLS asks for a certificate of the terminal's own.
const tlsSelf = "self"

// checkTLS refuses a certificate that is not wholly given, or given twice.
func (c Config) checkTLS() error {
	if err := oneOf("tls", c.TLS, "", tlsSelf); err != nil {
		return err
	}
	switch {
	case (c.TLSCert == "") != (c.TLSKey == ""):
		return errors.New("a certificate needs its key: give tls-cert and tls-key, or tls self for one of the terminal's own")
	case c.TLS != "" && c.TLSCert != "":
		return errors.New("tls self makes a certificate, and tls-cert gives one: leave one of them out")
	}
	return nil
}

// openCertificate is what is shown over TLS, nil where that is not spoken.
func (c Config) openCertificate() (*certificate.Source, error) {
	switch {
	case c.TLSCert != "":
		return certificate.Open(c.TLSCert, c.TLSKey, c.Clock, c.Log)
	case c.TLS == "":
		return nil, nil
	case c.Ephemeral:
		return certificate.OpenSelf("", c.Clock, c.Log)
	}
	return certificate.OpenSelf(c.Data, c.Clock, c.Log)
}

// tls is how connections are secured, nil where they are not.
func (t *Terminal) tls() *tls.Config {
	if t.certificate == nil {
		return nil
	}
	return t.certificate.Config()
}

// Certificate is the fingerprint of what is shown over TLS, and whether that is
// spoken.
func (t *Terminal) Certificate() (f certificate.Fingerprint, secure bool) {
	if t.certificate == nil {
		return f, false
	}
	return t.certificate.Fingerprint(), true
}
