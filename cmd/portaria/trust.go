package main

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/url"

	"portaria/terminal/certificate"
)

const pinHelp = "Take certificates with these `SHA256` fingerprints, separated by commas, although nobody vouches for them; \"portaria serve\" tells its own at the start."

const insecureHelp = "Take any certificate, and with it anybody who is in between; --pin is the safe way."

// trustOf is how a client trusts whom --pin names.
func trustOf(pin string) (*tls.Config, error) {
	pins, err := certificate.ParseFingerprints(pin)
	if err != nil {
		return nil, refuse("--pin: %w; copy the line that \"portaria serve\" prints at the start", err)
	}
	return certificate.Trust(pins), nil
}

// untrusted says what to do about a certificate that err refuses.
func untrusted(err error, f certificate.Fingerprint) error {
	return fmt.Errorf("%w; if the terminal says at its start that its certificate is %s, take --pin %[2]s", err, f)
}

// webAddress reads the URL of a terminal, and tells whether it is one.
func webAddress(text string) (*url.URL, bool) {
	u, err := url.Parse(text)
	return u, err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https")
}

// isLoopback tells whether a URL leads to this machine by an address that no
// other can have.
func isLoopback(text string) bool {
	u, err := url.Parse(text)
	if err != nil {
		return false
	}
	host := u.Hostname()
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
