package certificate

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"portaria/terminal/clock"
)

// fileName is where the terminal keeps its own certificate and key: in one file,
// so that no power cut can leave one without the other.
const fileName = "tls.pem"

// How long a certificate of the terminal's own holds. It is made by a clock that
// may be years in the past, so it begins before any; it ends where clients count
// their seconds with 32 bits, as long as that is far enough away.
var (
	notBefore = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	notAfter  = time.Date(2037, 12, 31, 23, 59, 59, 0, time.UTC)
)

const (
	yearsAtLeast = 2
	yearsElse    = 20
)

// OpenSelf reads the terminal's own certificate in the folder dir, or makes one
// where there is none, where it has expired and where it cannot be read. With
// no folder it is made for as long as the process lives.
func OpenSelf(dir string, c clock.Clock, log *slog.Logger) (*Source, error) {
	s := &Source{clock: c, log: log}
	if dir == "" {
		_, err := s.make()
		return s, err
	}
	path := filepath.Join(dir, fileName)
	err := s.read(path)
	switch {
	case err == nil:
		return s, nil
	case errors.Is(err, fs.ErrNotExist):
	case errors.Is(err, errExpired):
		log.Warn("the terminal's certificate is replaced; clients have to learn the new one", "why", err)
	case errors.Is(err, errBroken):
		aside := path + ".damaged"
		if err := os.Rename(path, aside); err != nil {
			return nil, err
		}
		log.Warn("the terminal's certificate was damaged and is replaced; clients have to learn the new one", "why", err, "kept", aside)
	default:
		return nil, err
	}
	text, err := s.make()
	if err != nil {
		return nil, err
	}
	return s, write(path, text)
}

// errBroken is for a file that was read and holds no certificate with its key.
var errBroken = errors.New("no certificate with its key")

func (s *Source) read(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	pair, err := tls.X509KeyPair(text, text)
	if err != nil {
		return fmt.Errorf("%s: %w: %w", path, errBroken, err)
	}
	s.current = &pair
	return check(pair.Leaf, s.clock.Now())
}

// make makes a certificate and its key, and returns both as PEM. The key is one
// of P-256: .NET Framework and Java 8 take it, and the slowest board can afford
// its handshakes, which an RSA key's take ten times as long.
func (s *Source) make() ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	names, addresses := identities()
	until := notAfter
	if now := s.clock.Now(); now.AddDate(yearsAtLeast, 0, 0).After(until) {
		until = now.AddDate(yearsElse, 0, 0)
	}
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: names[0], Organization: []string{"portaria"}},
		NotBefore:    notBefore, NotAfter: until,
		DNSNames: names, IPAddresses: addresses,
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	text = append(text, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})...)
	pair, err := tls.X509KeyPair(text, text)
	s.current = &pair
	return text, err
}

// hostName is a name that a certificate can be for.
var hostName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$`)

// maxAddresses bounds the certificate on a host with very many of them.
const maxAddresses = 64

// identities are what the host can be called right now: its name, that name as
// the local network resolves it, and its addresses. An address that it gets
// later is not among them; clients that look for it trust the fingerprint.
func identities() (names []string, addresses []net.IP) {
	name, err := os.Hostname()
	if err == nil && hostName.MatchString(name) && len(name) <= 64 {
		names = append(names, name)
		if !strings.Contains(name, ".") {
			names = append(names, name+".local")
		}
	}
	if !slices.Contains(names, "localhost") {
		names = append(names, "localhost")
	}
	addresses = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	all, err := net.InterfaceAddrs()
	if err != nil {
		return names, addresses
	}
	for _, address := range all {
		if n, ok := address.(*net.IPNet); ok && !n.IP.IsLoopback() && !n.IP.IsLinkLocalUnicast() && len(addresses) < maxAddresses {
			addresses = append(addresses, n.IP)
		}
	}
	return names, addresses
}

// write stores text at path for the terminal alone, all of it or nothing. What
// an interrupted one has left is overwritten.
func write(path string, text []byte) error {
	name := path + ".new"
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	draft, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = draft.Write(text)
	if err == nil {
		err = draft.Sync()
	}
	if err = errors.Join(err, draft.Close()); err == nil {
		err = os.Rename(name, path)
	}
	if err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// syncFolder makes the name as lasting as the file. Not every system lets a
// folder be synced, and none has to.
func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	_ = f.Sync()
	return f.Close()
}
