package dialect

import (
	"bytes"
	"context"
	"time"

	"github.com/valyala/fasthttp"

	"portaria/terminal/dialect/jsondoc"
)

// WorkTime bounds what one call may take, so that no hostile body holds a
// worker for longer.
const WorkTime = time.Minute

// Call is one request and its answer. Strings are copies; byte slices are the
// request's own and must not be kept beyond the handler.
type Call struct {
	ctx *fasthttp.RequestCtx
}

// Query returns the value of a query argument, and whether it is there.
func (c *Call) Query(name string) (string, bool) {
	args := c.ctx.QueryArgs()
	value := args.Peek(name)
	if len(value) == 0 && !args.Has(name) {
		return "", false
	}
	return string(value), true
}

// QueryCount tells how often a query argument is given.
func (c *Call) QueryCount(name string) int {
	n := 0
	for key := range c.ctx.QueryArgs().All() {
		if string(key) == name {
			n++
		}
	}
	return n
}

// Cookie returns the value of a cookie, empty when there is none.
func (c *Call) Cookie(name string) string { return string(c.ctx.Request.Header.Cookie(name)) }

// Path is the path of the request.
func (c *Call) Path() string { return string(c.ctx.Path()) }

// Client is the address of the peer, without its port.
func (c *Call) Client() string { return c.ctx.RemoteIP().String() }

// Body is the request's body.
func (c *Call) Body() []byte { return c.ctx.Request.Body() }

// IsJSON tells whether the body looks like a JSON document, whatever its
// label says: clients label JSON as anything (access-api §1.4).
func (c *Call) IsJSON() bool {
	body := bytes.TrimLeft(c.Body(), " \t\r\n")
	return len(body) > 0 && (body[0] == '{' || body[0] == '[')
}

// JSON reads the body as one JSON document. An empty body, null and an empty
// array all mean "no parameters" and read as the undefined value.
func (c *Call) JSON() (jsondoc.Value, error) {
	body := bytes.TrimSpace(c.Body())
	if len(body) == 0 || string(body) == "null" || string(body) == "[]" {
		return jsondoc.Value{}, nil
	}
	return jsondoc.Parse(body)
}

// Form returns a value of an urlencoded body, and whether it is there.
func (c *Call) Form(name string) (string, bool) {
	form := c.form()
	if !form.Has(name) {
		return "", false
	}
	return string(form.Peek(name)), true
}

// Fields calls do with every name and value of an urlencoded body, in their
// order. The value is the request's own.
func (c *Call) Fields(do func(name string, value []byte)) {
	for name, value := range c.form().All() {
		do(string(name), value)
	}
}

// form is the urlencoded body.
func (c *Call) form() *fasthttp.Args {
	form := new(fasthttp.Args)
	form.ParseBytes(bytes.TrimSpace(c.Body()))
	return form
}

// Context ends when the call has taken WorkTime. The caller cancels it.
func (c *Call) Context() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), WorkTime)
}

// Header is a header of an answer, made once and sent with many.
type Header struct{ name, value []byte }

// NewHeader returns a header. Name is in canonical form.
func NewHeader(name, value string) Header { return Header{[]byte(name), []byte(value)} }

// SetHeaders sets headers of the answer.
func (c *Call) SetHeaders(headers ...Header) {
	for _, h := range headers {
		c.ctx.Response.Header.SetCanonical(h.name, h.value)
	}
}

// Buffer is the answer's own buffer, empty, to be filled and handed to Send:
// a photo then goes from the store to the socket with one copy.
func (c *Call) Buffer() []byte {
	c.closeStream()
	return c.ctx.Response.SwapBody(nil)[:0]
}

// closeStream takes back an answer that was to be streamed. SwapBody would read
// all of it first.
func (c *Call) closeStream() {
	if c.ctx.Response.IsBodyStream() {
		_ = c.ctx.Response.CloseBodyStream() // Answer.Close has none
	}
}

// Send answers with status and body.
func (c *Call) Send(status int, contentType string, body []byte) {
	c.closeStream()
	c.ctx.Response.SetStatusCode(status)
	c.ctx.Response.Header.SetContentType(contentType)
	c.ctx.Response.SwapBody(body)
}

// answerLen is the length of the answer's body. Asking a stream for its bytes
// would use it up.
func (c *Call) answerLen() int {
	if c.ctx.Response.IsBodyStream() {
		return c.ctx.Response.Header.ContentLength()
	}
	return len(c.ctx.Response.Body())
}
