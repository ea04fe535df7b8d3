package bundle

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
)

// ParseKeys reads public keys, one in base64 on each line. Empty lines and
// those that begin with # are passed over.
func ParseKeys(text []byte) ([]ed25519.PublicKey, error) {
	var keys []ed25519.PublicKey
	number := 0
	for line := range bytes.Lines(text) {
		number++
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		key, err := base64.StdEncoding.Strict().DecodeString(string(line))
		if err != nil || len(key) != ed25519.PublicKeySize {
			return nil, fmt.Errorf("line %d is no public key; make a pair of keys and take its public one", number)
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// PublicLine is the line that ParseKeys reads.
func PublicLine(key ed25519.PublicKey) string {
	return base64.StdEncoding.EncodeToString(key) + "\n"
}

// ParsePrivate reads what PrivateLine wrote.
func ParsePrivate(text []byte) (ed25519.PrivateKey, error) {
	seed, err := base64.StdEncoding.Strict().DecodeString(string(bytes.TrimSpace(text)))
	if err != nil || len(seed) != ed25519.SeedSize {
		return nil, errors.New("this is no private key; make a pair of keys and take its private one")
	}
	return ed25519.NewKeyFromSeed(seed), nil
}

// PrivateLine is a private key as it is kept in a file that only its owner
// may read.
func PrivateLine(key ed25519.PrivateKey) string {
	return base64.StdEncoding.EncodeToString(key.Seed()) + "\n"
}
