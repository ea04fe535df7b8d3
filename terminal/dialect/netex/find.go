package netex

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"portaria/terminal/device"
	"portaria/terminal/dialect"
)

// The vendor's ids are 32 hexadecimal digits (identity-apis §3.5). Ours are one
// of these prefixes and the number of the user in the 16 digits after it, so
// that an id says whose it is and nothing has to be kept [guess].
const (
	idPrefix       = "ff80818100000000"
	commonIDPrefix = "ff80818200000000"
)

func idOf(user int64) string       { return fmt.Sprintf("%s%016x", idPrefix, uint64(user)) }
func commonIDOf(user int64) string { return fmt.Sprintf("%s%016x", commonIDPrefix, uint64(user)) }

// numberOf is the user of an id, and false for what is none.
func numberOf(text, prefix string) (user int64, ok bool) {
	digits, ok := strings.CutPrefix(text, prefix)
	if !ok {
		return 0, false
	}
	// Users of the terminal's own API may have numbers below zero.
	bits, err := strconv.ParseUint(digits, 16, 64)
	return int64(bits), err == nil && digits == fmt.Sprintf("%016x", bits)
}

// find returns the person whom name means, or device.ErrNoUser: by id,
// externalId, commonId or user name, in the order that the documentation names
// them in [guess].
func (a *API) find(name string) (device.Person, error) {
	for _, look := range []func() (device.Person, error){
		func() (device.Person, error) { return a.numbered(name, idPrefix) },
		func() (device.Person, error) { return a.device.FindPerson(name, device.ByRegistration) },
		func() (device.Person, error) { return a.numbered(name, commonIDPrefix) },
	} {
		if p, err := look(); !errors.Is(err, device.ErrNoUser) {
			return p, err
		}
	}
	return a.device.FindPerson(name, device.ByLogin)
}

func (a *API) numbered(id, prefix string) (device.Person, error) {
	user, ok := numberOf(id, prefix)
	if !ok {
		return device.Person{}, device.ErrNoUser
	}
	return a.device.Person(user)
}

// target reads the user of a path and what follows it. A user name may hold
// dots, and a slash when that is escaped.
func target(c *dialect.Call) (name, what string, err error) {
	for _, at := range []string{base, aliasBase} {
		rest, ok := strings.CutPrefix(c.RawPath(), at+"/users/")
		if !ok {
			continue
		}
		escaped, what, _ := strings.Cut(rest, "/")
		name, err := url.PathUnescape(escaped)
		if err != nil {
			return "", "", dialect.ErrMalformed
		}
		if name == "" {
			return "", "", dialect.ErrNothingHere
		}
		return name, what, nil
	}
	// A path that is only this one once it has been cleaned.
	return "", "", dialect.ErrNothingHere
}
