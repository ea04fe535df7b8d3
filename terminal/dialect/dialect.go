// Package dialect is where requests become calls. It is the one place that
// copies out of fasthttp: a dialect (the terminal's own API, an identity
// system's) is a table of routes over Call, and returns errors that it then
// renders in exactly one place. It knows no vendor's words.
package dialect

import "errors"

// What the transport itself refuses. A dialect renders them like any error
// of its own.
var (
	ErrBodyTooLarge   = errors.New("request body over the route's limit")
	ErrHeaderTooLarge = errors.New("request header over the limit")
	ErrTimeout        = errors.New("request not received in time")
	ErrMalformed      = errors.New("malformed request")
	ErrMethod         = errors.New("method not served")
	ErrLengthRequired = errors.New("body without a length")
	ErrCoded          = errors.New("content coding not served")
	ErrNothingHere    = errors.New("nothing at this path")
	ErrPanic          = errors.New("handler panic")
)

// Route is one operation of a dialect.
type Route struct {
	Path string
	// Below serves every path that begins with Path as well; the longest such
	// route wins.
	Below   bool
	Methods []string // what is served beside OPTIONS and HEAD
	// NoLength takes a POST or PUT that does not say how long its body is as
	// one without a body, as RFC 9112 has it, instead of refusing it.
	NoLength bool
	// Limit is in bytes: a body must stay strictly below it. 0: SmallBody.
	Limit int
	// Admit decides whether the caller may, before any body is read where the
	// client waits for it, and before a body over the limit is spoken of. Nil
	// admits everybody.
	Admit func(*Call) error
	// Unowned serves it also while the gate is closed, see Front.Gate.
	Unowned bool
	Do      func(*Call) error
}

// SmallBody is the limit of a route that names none: enough for any command
// without a picture in it.
const SmallBody = 64 << 10

// Declined is a documented operation that is not served, and why.
type Declined struct {
	Path   string
	Reason string
}

// Dialect is one vendor's way of speaking to the device.
type Dialect interface {
	Routes() []Route
	Declined() []Declined
	// Prepare sets what every answer carries.
	Prepare(*Call)
	// Fail renders err as the answer.
	Fail(*Call, error)
}
