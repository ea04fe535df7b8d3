package keeper

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"portaria/terminal/device"
	"portaria/terminal/dialect"
	"portaria/terminal/dialect/jsondoc"
)

// refusal is an error whose status and sentence are final.
type refusal struct {
	status int
	text   string
}

func (e *refusal) Error() string { return e.text }

func refuse(status int, format string, args ...any) error {
	return &refusal{status, fmt.Sprintf(format, args...)}
}

// transport is what is refused before any page.
var transport = []struct {
	err    error
	status int
	text   string
}{
	{device.ErrSession, http.StatusUnauthorized, "no session: log in with login.fcgi and add session=… to the query"},
	{device.ErrFactoryPassword, http.StatusForbidden, "the factory password is still in force: change it first with change_login.fcgi"},
	{dialect.ErrNothingHere, http.StatusNotFound, "there is no such page"},
	{dialect.ErrMethod, http.StatusMethodNotAllowed, "this page does not take the method of the request"},
	{dialect.ErrLengthRequired, http.StatusLengthRequired, "the request does not say how long its body is"},
	{dialect.ErrMalformed, http.StatusBadRequest, "the request is malformed"},
	{dialect.ErrTimeout, http.StatusRequestTimeout, "the request did not arrive in time"},
	{dialect.ErrHeaderTooLarge, http.StatusRequestHeaderFieldsTooLarge, "the head of the request is too large"},
	{dialect.ErrBodyTooLarge, http.StatusRequestEntityTooLarge, "the body of the request is too large"},
	{dialect.ErrCoded, http.StatusUnsupportedMediaType, "the body of the request is compressed"},
	{dialect.ErrNoRoom, http.StatusServiceUnavailable, "too many answers at once; ask again"},
}

// Fail renders err. What a person can do nothing about is not told to them but
// to the log: it may name folders and files.
func (a *API) Fail(c *dialect.Call, err error) {
	if errors.Is(err, dialect.ErrMethod) {
		a.allow(c)
	}
	if place, ok := errors.AsType[*misplaced](err); ok {
		body := appendFailure(c.Buffer(), place.Error())
		c.Send(http.StatusConflict, typeJSON, fmt.Appendf(body[:len(body)-1], `,"received":%d}`, place.received))
		return
	}
	status, text := sentence(err)
	if status == http.StatusInternalServerError {
		a.log.Error("a page failed", "path", c.Path(), "err", err)
	}
	c.Send(status, typeJSON, appendFailure(c.Buffer(), text))
}

func sentence(err error) (status int, text string) {
	var final *refusal
	if errors.As(err, &final) {
		return final.status, final.text
	}
	for _, t := range transport {
		if errors.Is(err, t.err) {
			return t.status, t.text
		}
	}
	return http.StatusInternalServerError, "the terminal failed; its log says why"
}

// allow tells which methods the page takes.
func (a *API) allow(c *dialect.Call) {
	for _, r := range a.routes {
		if r.Path == c.Path() {
			c.AddHeader("Allow", strings.Join(r.Methods, ", "))
		}
	}
}

func appendFailure(dst []byte, text string) []byte {
	dst = append(dst, `{"error":`...)
	return append(jsondoc.AppendString(dst, text), '}')
}
