package bpm

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"strconv"

	"portaria/terminal/dialect/jsondoc"
)

// maxLifetime is how many seconds a token of the newer families lives at most,
// and when nothing else is asked for.
const maxLifetime = 7200

// login starts a session for the newer families (identity-apis §2.3). Their
// token is given and, as none of their resources is served, never asked for.
func (a *API) login(r *request) error {
	v, err := r.JSON()
	if err != nil || v.Kind() != jsondoc.Object {
		return a.refuseLogin(r, "body")
	}
	lifetime := int64(maxLifetime)
	for _, name := range []string{"requested_lifetime", "requested-lifetime"} {
		member := v.Member(name)
		if kind := member.Kind(); kind == jsondoc.Undefined || kind == jsondoc.Null {
			continue
		}
		n, ok := member.Int()
		if text, isText := member.Str(); isText {
			n, err = strconv.ParseInt(text, 10, 64)
			ok = err == nil
		}
		if !ok || n < 1 {
			return a.refuseLogin(r, name)
		}
		lifetime = min(n, maxLifetime)
	}
	body := fmt.Appendf(r.Buffer(), `{"csrf_token":"%s","expiration":%d}`, rand.Text(), lifetime)
	r.Send(http.StatusCreated, typeJSON+inUTF8, body)
	return nil
}

// refuseLogin says what is wrong in the newer families' manner, whose members
// have other names than the older one's.
func (a *API) refuseLogin(r *request, parameter string) error {
	e := invalidParameter(parameter)
	r.Send(e.status, typeJSON+inUTF8, appendJSON(r.Buffer(), object{
		{"error_number", e.number},
		{"error_message", e.Error()},
		{"error_message_parameters", e.params},
	}))
	return nil
}
