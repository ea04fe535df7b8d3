package device

import (
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha1"
	"encoding/hex"
	"strings"
)

// How the device hashes the passwords that users type on its keys (access-api
// §6.6): PBKDF2-HMAC-SHA1 of one round, with a salt of printable characters
// that is kept and used as the text it is.
const (
	userHashRounds = 1
	userHashBytes  = 32
	userSaltLength = 32
	userSaltFirst  = 0x20
	userSaltLast   = 0x7d
)

// HashUserPassword returns what users.password and users.salt hold for a
// password, under a new salt. An empty password is none, and so is the number
// zero, however many digits it is typed with [guess]: both results are empty
// then.
func HashUserPassword(password string) (hash, salt string, err error) {
	if strings.Trim(password, "0") == "" {
		return "", "", nil
	}
	salt = newUserSalt()
	hash, err = hashUserPassword(password, salt)
	return hash, salt, err
}

func hashUserPassword(password, salt string) (string, error) {
	key, err := pbkdf2.Key(sha1.New, password, []byte(salt), userHashRounds, userHashBytes)
	return hex.EncodeToString(key), err
}

func newUserSalt() string {
	const span = userSaltLast - userSaltFirst + 1
	salt := make([]byte, 0, userSaltLength)
	random := make([]byte, 2*userSaltLength)
	for len(salt) < userSaltLength {
		rand.Read(random)
		for _, b := range random {
			// Beyond the last whole span characters would not be equally likely.
			if b < 256/span*span && len(salt) < userSaltLength {
				salt = append(salt, userSaltFirst+b%span)
			}
		}
	}
	return string(salt)
}
