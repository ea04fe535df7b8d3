package netex

import (
	"errors"
	"fmt"
	"net/http"

	"portaria/terminal/device"
	"portaria/terminal/dialect"
	"portaria/terminal/dialect/jsondoc"
)

// The vendor's sentences, as its pages about groups have them (identity-apis
// §3.4). That those about users say the same is a guess.
const (
	textBadRequest = "Bad request. Wrong or missing parameters"
	textNotFound   = "Not found. User not found"
)

// Sentences of ours, where the vendor's own are not known [guess].
const (
	textUnauthorized = "Unauthorized. Wrong or missing " + headerToken
	textMedia        = "Unsupported media type. Content-Type must be application/json"
	textNothingHere  = "Not found"
	textMethod       = "Method not allowed"
	textTimeout      = "Request timeout"
	textHeader       = "Request header too large"
	textTooLarge     = "Request too large"
	textBusy         = "Service unavailable"
	textInternal     = "Internal server error"
	textFull         = "Insufficient storage"
	textForbidden    = "Forbidden. The factory password of the terminal has not been changed"
	textFailing      = "Storage failure"

	textNotJSON     = textBadRequest + ": body"
	textParameter   = textBadRequest + ": %s"
	textLoginTaken  = "Bad request. The user name exists"
	textNotAPicture = "Bad request. The image is not a JPEG, PNG or GIF"
	textTooMany     = "Bad request. The image must be smaller than %d MB"
	textTooSmall    = "Bad request. The image must have at least %dx%d pixels"
	textTooBig      = "Bad request. The image must have at most %dx%d pixels"
	textTooCostly   = "Bad request. The image has too many pixels"
	textNumber      = "Bad request. The terminal keeps nothing of a user with a number below 1"
	textGreyscale   = "Bad request. The image is in grayscale"
	textFace        = "Bad request. The face in the image is not accepted (%d)"
)

var (
	errToken   = errors.New("wrong or missing token")
	errMedia   = errors.New("body not labelled as JSON")
	errNotJSON = errors.New("body is no JSON object")
)

// parameterError is a member or argument that is missing or wrong.
type parameterError struct{ name string }

func (e *parameterError) Error() string { return "wrong or missing " + e.name }

// faceError is a photo whose face is refused.
type faceError struct{ faults []device.FaceFault }

func (e *faceError) Error() string { return fmt.Sprintf("face faults %v", e.faults) }

// Fail implements dialect.Dialect: every refusal is an envelope.
func (a *API) Fail(c *dialect.Call, err error) {
	status, text := a.sentence(err)
	c.Send(status, typeJSON, appendRefusal(c.Buffer(), status, text))
}

// plain are the errors with one sentence.
var plain = []struct {
	err    error
	status int
	text   string
}{
	{errToken, http.StatusUnauthorized, textUnauthorized},
	{errMedia, http.StatusUnsupportedMediaType, textMedia},
	{errNotJSON, http.StatusBadRequest, textNotJSON},
	{jsondoc.ErrSyntax, http.StatusBadRequest, textNotJSON},
	{dialect.ErrNothingHere, http.StatusNotFound, textNothingHere},
	{dialect.ErrMethod, http.StatusMethodNotAllowed, textMethod},
	{dialect.ErrMalformed, http.StatusBadRequest, textBadRequest},
	{dialect.ErrTimeout, http.StatusRequestTimeout, textTimeout},
	{dialect.ErrHeaderTooLarge, http.StatusRequestHeaderFieldsTooLarge, textHeader},
	{dialect.ErrCoded, http.StatusUnsupportedMediaType, textMedia},
	{dialect.ErrBodyTooLarge, http.StatusRequestEntityTooLarge, textTooLarge},
	{dialect.ErrNoRoom, http.StatusServiceUnavailable, textBusy},
}

// sentence puts err into the vendor's words.
func (a *API) sentence(err error) (status int, text string) {
	for _, p := range plain {
		if errors.Is(err, p.err) {
			return p.status, p.text
		}
	}
	var parameter *parameterError
	if errors.As(err, &parameter) {
		return http.StatusBadRequest, fmt.Sprintf(textParameter, parameter.name)
	}
	if text := a.photoText(err); text != "" {
		return http.StatusBadRequest, text
	}
	switch device.KindOf(err) {
	case device.NotOwned:
		return http.StatusForbidden, textForbidden
	case device.NoUser:
		return http.StatusNotFound, textNotFound
	case device.BadUserID:
		return http.StatusBadRequest, textNumber
	case device.LoginTaken:
		return http.StatusBadRequest, textLoginTaken
	case device.Full:
		return http.StatusInsufficientStorage, textFull
	case device.Failing:
		return http.StatusInternalServerError, textFailing
	case device.Busy:
		return http.StatusServiceUnavailable, textBusy
	}
	return http.StatusInternalServerError, textInternal
}

// photoText says what is wrong with a photo, "" when nothing is.
func (a *API) photoText(err error) string {
	var face *faceError
	if errors.As(err, &face) {
		if face.faults[0] == device.FaceGreyscale {
			return textGreyscale
		}
		return fmt.Sprintf(textFace, face.faults[0])
	}
	rules := a.device.Profile().Photo
	switch device.KindOf(err) {
	case device.NotAPicture:
		return textNotAPicture
	case device.TooCostly:
		return textTooCostly
	case device.TooManyBytes:
		return fmt.Sprintf(textTooMany, rules.Limit/device.Megabyte)
	case device.TooFewPixels:
		return fmt.Sprintf(textTooSmall, rules.Min.X, rules.Min.Y)
	case device.TooManyPixels:
		return fmt.Sprintf(textTooBig, rules.Max.X, rules.Max.Y)
	}
	return ""
}
