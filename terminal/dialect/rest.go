package dialect

import (
	"mime"
	"strings"

	"github.com/valyala/fasthttp"
)

// What the systems beyond the terminal's own API need of a request: methods,
// headers, paths with names in them.

// Method is the request's method.
func (c *Call) Method() string { return string(c.ctx.Method()) }

// Header returns a header of the request, empty when there is none.
func (c *Call) Header(name string) string { return string(c.ctx.Request.Header.Peek(name)) }

// RawQuery is the query as it was sent.
func (c *Call) RawQuery() string { return string(c.ctx.URI().QueryString()) }

// RawPath is the path as it was sent: a name in it may hold an escaped slash.
func (c *Call) RawPath() string { return string(c.ctx.URI().PathOriginal()) }

// Host is what the client calls the terminal.
func (c *Call) Host() string { return string(c.ctx.Host()) }

// AddHeader adds a header to the answer.
func (c *Call) AddHeader(name, value string) { c.ctx.Response.Header.Add(name, value) }

// Reason sets the words beside the status of the answer, in one line.
func (c *Call) Reason(text string) {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, text)
	c.ctx.Response.Header.SetStatusMessage([]byte(text))
}

// Part is a part of a multipart body.
type Part struct {
	Name, File string // of its form field, and the file's where it is one
	Type       string // its Content-Type
	Data       []byte // the request's own
}

// Parts reads a multipart body. ErrMalformed: it is none.
func (c *Call) Parts() ([]Part, error) {
	boundary := string(c.ctx.Request.Header.MultipartFormBoundary())
	if boundary == "" {
		// fasthttp takes a boundary that should have been quoted, and no type in
		// other letters than small ones; the standard library the other way round.
		if t, params, err := mime.ParseMediaType(c.Header(fasthttp.HeaderContentType)); err == nil && t == "multipart/form-data" {
			boundary = params["boundary"]
		}
	}
	if boundary == "" {
		return nil, ErrMalformed
	}
	return readParts(c.Body(), boundary)
}

// Basic returns the login and password of an Authorization header of that
// kind.
func (c *Call) Basic() (login, password string, ok bool) {
	return parseBasic(c.Header(fasthttp.HeaderAuthorization))
}
