package securid

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"portaria/terminal/device"
	"portaria/terminal/dialect"
)

// The product's sentences (identity-apis §1.2, §1.5).
const (
	textBadLogin     = "User could not be validated. The username or password may be incorrect. "
	textBadApp       = "Application could not be validated"
	textNoPermission = "The token is not valid for the command '%s'. "
	textDeadToken    = "Token is invalid or expired"
	textNotKept      = "The token is invalid or expired"
	textContentType  = "The content-type must be multipart/form-data with the content set to content-type image/png"
	textUpload       = "java.lang.Exception: The File upload for %s failed: %s"
	textNoUser       = "could not find user or account"
	textRequired     = "The parameter %s is required."
	textColumn       = "The parameter %s contains an invalid column - `%s`."
	textNoLogo       = "Logo named '%s' could not be found."
)

// What the decoder of the product's platform says of base64.
const (
	textBadCharacter = "Illegal base64 character %x"
	textOneByte      = "Input byte[] should at least have 2 bytes for base64 bytes"
	textDangling     = "Last unit does not have enough valid bits"
	textWrongEnding  = "Input byte array has wrong 4-byte ending unit"
	textAfterEnd     = "Input byte array has incorrect ending byte at %d"
)

// Sentences of ours, where the product's own are not known [guess].
const (
	textInvalid      = "The parameter %s is invalid."
	textException    = "java.lang.Exception: %s"
	textNotPNG       = "not a PNG"
	textTooManyBytes = "the image must be smaller than %d bytes"
	textTooShort     = "the image must be at least %dx%d"
	textTooLong      = "the image must be at most %dx%d"
	textGreyscale    = "the image is in grayscale"
	textFace         = "the image was refused"
	textFull         = "no space left"
	textBusy         = "too many images at once"
	textDamaged      = "the stored image is damaged"
	textTooManyRows  = "too many rows for one answer"
	textUnknown      = "unexpected error"
)

// refusal is an error whose status and sentence are final.
type refusal struct {
	status int
	text   string
	query  bool // the page repeats the query
}

func (e *refusal) Error() string { return e.text }

func missing(name string) error {
	return &refusal{http.StatusPreconditionFailed, fmt.Sprintf(textRequired, name), true}
}

func invalid(name string) error {
	return &refusal{http.StatusPreconditionFailed, fmt.Sprintf(textInvalid, name), true}
}

// noToken is for a command that nobody may send without a token. The vendor
// documents the sentence for a token that lacks permission [guess].
func noToken(name string) error {
	if name == keepAlive {
		return notKept()
	}
	return &refusal{http.StatusUnauthorized, fmt.Sprintf(textNoPermission, name), false}
}

func deadToken(name string) error {
	if name == keepAlive {
		return notKept()
	}
	return &refusal{http.StatusUnauthorized, fmt.Sprintf(textNoPermission, name) + textDeadToken, false}
}

func notKept() error { return &refusal{http.StatusUnauthorized, textNotKept, true} }

// uploadError is an image that is not kept.
type uploadError struct {
	user  string // as the client calls the user
	cause error
}

func (e *uploadError) Error() string { return fmt.Sprintf("image of %q: %v", e.user, e.cause) }
func (e *uploadError) Unwrap() error { return e.cause }

// base64Error is text that is no base64, in the platform's words.
type base64Error string

func (e base64Error) Error() string { return string(e) }

// errNotPNG is an upload that decodes to something else.
var errNotPNG = errors.New("no PNG signature")

// faceError is a photo that was refused for its face.
type faceError []device.FaceFault

func (e faceError) Error() string { return fmt.Sprint("face faults ", []device.FaceFault(e)) }

// Fail renders err as the page that the product sends, with the message in the
// status line as well: that is where clients read it.
func (a *API) Fail(c *dialect.Call, err error) {
	args := readArgs(c)
	if device.KindOf(err) == device.NotOwned {
		err = noToken(args.one("cmd")) // what it says of a permission that is lacking [guess]
	}
	if errors.Is(err, dialect.ErrBodyTooLarge) && args.one("cmd") == setUserImage {
		err = &uploadError{args.one("userId"), err}
	}
	status, text, query := a.sentence(err)
	body := append(c.Buffer(), "<html><head><title>Error</title></head><body>"...)
	body = append(body, markup.Replace(text)...)
	if query {
		body = append(append(body, " Query String="...), markup.Replace(c.RawQuery())...)
	}
	c.Send(status, typeHTML, append(body, "</body></html>"...))
	c.Reason(text[:min(len(text), maxReason)])
}

// maxReason bounds the status line, which may repeat what the client sent.
const maxReason = 1 << 10

// markup makes text safe in a page and leaves quotes as the product does.
var markup = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// transport is what the web server refuses before any command [guess].
var transport = []struct {
	err    error
	status int
}{
	{dialect.ErrNothingHere, http.StatusNotFound},
	{dialect.ErrMethod, http.StatusMethodNotAllowed},
	{dialect.ErrLengthRequired, http.StatusLengthRequired},
	{dialect.ErrMalformed, http.StatusBadRequest},
	{dialect.ErrTimeout, http.StatusRequestTimeout},
	{dialect.ErrHeaderTooLarge, http.StatusRequestHeaderFieldsTooLarge},
	{dialect.ErrCoded, http.StatusUnsupportedMediaType},
	{dialect.ErrNoRoom, http.StatusServiceUnavailable},
}

// sentence puts err into the product's words.
func (a *API) sentence(err error) (status int, text string, query bool) {
	var final *refusal
	var upload *uploadError
	switch {
	case errors.As(err, &final):
		return final.status, final.text, final.query
	case errors.As(err, &upload):
		return http.StatusInternalServerError, fmt.Sprintf(textUpload, upload.user, a.cause(upload.cause)), false
	case errors.Is(err, dialect.ErrBodyTooLarge):
		return http.StatusRequestEntityTooLarge, http.StatusText(http.StatusRequestEntityTooLarge), false
	}
	for _, t := range transport {
		if errors.Is(err, t.err) {
			return t.status, http.StatusText(t.status), false
		}
	}
	return http.StatusInternalServerError, fmt.Sprintf(textException, a.cause(err)), false
}

// cause is why something went wrong, in a few words.
func (a *API) cause(err error) string {
	photo := a.device.Profile().Photo
	var bad base64Error
	var face faceError
	switch {
	case errors.As(err, &bad):
		return string(bad)
	case errors.As(err, &face):
		if len(face) > 0 && face[0] == device.FaceGreyscale {
			return textGreyscale
		}
		return textFace
	case errors.Is(err, errNotPNG):
		return textNotPNG
	case errors.Is(err, dialect.ErrBodyTooLarge):
		return fmt.Sprintf(textTooManyBytes, photo.Limit)
	case errors.Is(err, dialect.ErrTooLong):
		return textTooManyRows
	}
	switch device.KindOf(err) {
	case device.NoUser, device.BadUserID:
		return textNoUser
	case device.NotAPicture, device.TooCostly:
		return textNotPNG
	case device.TooManyBytes:
		return fmt.Sprintf(textTooManyBytes, photo.Limit)
	case device.TooFewPixels:
		return fmt.Sprintf(textTooShort, photo.Min.X, photo.Min.Y)
	case device.TooManyPixels:
		return fmt.Sprintf(textTooLong, photo.Max.X, photo.Max.Y)
	case device.Full:
		return textFull
	case device.Busy:
		return textBusy
	case device.Damaged:
		return textDamaged
	}
	return textUnknown
}
