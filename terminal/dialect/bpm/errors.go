package bpm

import (
	"errors"
	"fmt"
	"net/http"

	"portaria/terminal/device"
	"portaria/terminal/dialect"
)

// The product's sentences. Each begins with its number (identity-apis §2.4,
// §2.6, §2.8, §2.9).
const (
	textNoUser        = "User '%s' not found."
	textInvalid       = "The parameter '%s' is invalid."
	textMissing       = "The '%s' query parameter was required but was not specified or has no value."
	textNotAuthorized = "You are not authorized to perform the '%s' action."
	textUnexpected    = "Unexpected exception during execution. Exception information: '%s'."
	textBlocked       = "The request was blocked because the BPMCSRFToken token header could not be verified."

	numberNoUser        = "CWTBG0007E"
	numberInvalid       = "CWTBG0012E"
	numberUnexpected    = "CWTBG0019E"
	numberMissing       = "CWTBG0023E"
	numberNotAuthorized = "CWTBG0549E"
	numberBlocked       = "CWTBG0651E"
)

// What was unexpected, in words of ours.
const (
	detailUnknown = "Unknown error."
	detailBusy    = "Too many pictures at a time."
	detailFull    = "The storage is full."
	detailDamaged = "The stored picture is damaged."
	detailFailing = "The storage does not work."
	detailTooLong = "The answer is too long."
)

// The classes of the product's exceptions.
const (
	classNoUser        = "com.ibm.bpm.wle.api.NoSuchUserException"
	classInvalid       = "com.ibm.bpm.wle.api.InvalidParameterException"
	classNotAuthorized = "com.ibm.bpm.wle.api.NotAuthorizedActionException"
	classUnexpected    = "com.ibm.bpm.wle.api.UnexpectedFailureException"
)

// The actions that one may not be authorized to perform.
const (
	actionUpdate = "update"
	actionDelete = "delete"
	actionAny    = "access" // a word of ours
)

// exception is an error in the product's words.
type exception struct {
	status        int
	class, number string
	text          string
	params        []string
	details       string // for the programmer; of unexpected failures only
}

func (e *exception) Error() string { return e.number + ": " + e.text }

func noSuchUser(name string) *exception {
	return &exception{status: http.StatusNotFound, class: classNoUser, number: numberNoUser, text: fmt.Sprintf(textNoUser, name), params: []string{name}}
}

func invalidParameter(name string) *exception {
	return &exception{status: http.StatusBadRequest, class: classInvalid, number: numberInvalid, text: fmt.Sprintf(textInvalid, name), params: []string{name}}
}

func missingParameter(name string) *exception {
	return &exception{status: http.StatusBadRequest, class: classInvalid, number: numberMissing, text: fmt.Sprintf(textMissing, name), params: []string{name}}
}

// notAuthorized is for who is known and still may not.
func notAuthorized(action string) *exception {
	return &exception{status: http.StatusUnauthorized, class: classNotAuthorized, number: numberNotAuthorized, text: fmt.Sprintf(textNotAuthorized, action), params: []string{action}}
}

// blocked is for a change by cookie without its token. Status and class are a
// guess; the sentence is the newer families'.
func blocked() *exception {
	return &exception{status: http.StatusForbidden, class: classNotAuthorized, number: numberBlocked, text: textBlocked}
}

func unexpected(status int, details string) *exception {
	return &exception{status: status, class: classUnexpected, number: numberUnexpected, text: fmt.Sprintf(textUnexpected, details), params: []string{details}, details: details}
}

// bare are the refusals that have no body: the container's, not the product's.
var bare = []struct {
	err    error
	status int
}{
	{device.ErrCredentials, http.StatusUnauthorized},
	{device.ErrSession, http.StatusUnauthorized},
	{dialect.ErrNothingHere, http.StatusNotFound},
	{dialect.ErrMethod, http.StatusMethodNotAllowed},
	{errNotAcceptable, http.StatusNotAcceptable},
	{dialect.ErrTimeout, http.StatusRequestTimeout},
	{dialect.ErrLengthRequired, http.StatusLengthRequired},
	{dialect.ErrCoded, http.StatusUnsupportedMediaType},
	{dialect.ErrMalformed, http.StatusBadRequest},
	{dialect.ErrHeaderTooLarge, http.StatusRequestHeaderFieldsTooLarge},
}

// realm is what a browser shows when it asks for a password [guess].
const realm = `Basic realm="defaultRealm"`

// Fail implements dialect.Dialect. The word in the envelope is error, whatever
// the status (identity-apis §2.1).
func (a *API) Fail(c *dialect.Call, err error) {
	for _, b := range bare {
		if !errors.Is(err, b.err) {
			continue
		}
		switch b.status {
		case http.StatusUnauthorized:
			c.AddHeader("WWW-Authenticate", realm)
		case http.StatusMethodNotAllowed:
			c.AddHeader("Allow", a.allowed(c.Path()))
		}
		c.Send(b.status, "", nil)
		return
	}
	f, unacceptable := negotiate(c)
	if unacceptable != nil {
		f = form{contentType: typeJSON}
	}
	e := exceptionOf(err)
	c.Send(e.status, f.contentType+inUTF8, f.appendException(c.Buffer(), e))
}

// exceptionOf puts err into the product's words. What is too large is always
// an avatar: nothing else that is sent says anything.
func exceptionOf(err error) *exception {
	var e *exception
	if errors.As(err, &e) {
		return e
	}
	kind := device.KindOf(err)
	switch {
	case errors.Is(err, dialect.ErrBodyTooLarge):
		kind = device.TooManyBytes
	case errors.Is(err, dialect.ErrNoRoom):
		kind = device.Busy
	case errors.Is(err, dialect.ErrTooLong):
		return unexpected(http.StatusInternalServerError, detailTooLong)
	}
	switch kind {
	case device.NotAPicture, device.TooManyBytes, device.TooFewPixels, device.TooManyPixels, device.TooCostly, device.BadUserID:
		return invalidParameter(avatarParameter)
	case device.NotOwned:
		return notAuthorized(actionAny)
	case device.Busy:
		return unexpected(http.StatusServiceUnavailable, detailBusy)
	case device.Full:
		return unexpected(http.StatusInternalServerError, detailFull)
	case device.Damaged:
		return unexpected(http.StatusInternalServerError, detailDamaged)
	case device.Failing:
		return unexpected(http.StatusInternalServerError, detailFailing)
	}
	return unexpected(http.StatusInternalServerError, detailUnknown)
}

// appendException appends the error envelope, with its capital D.
func (f form) appendException(dst []byte, e *exception) []byte {
	data := object{
		{"status", "error"},
		{"exceptionType", e.class},
		{"errorNumber", e.number},
		{"errorMessage", e.Error()},
		{"errorMessageParameters", nil},
	}
	if e.params != nil {
		data[len(data)-1].value = e.params
	}
	if e.class == classUnexpected {
		data = append(data, member{"programmersDetails", e.details})
	}
	data = append(data, member{"responses", nil}, member{"errorData", nil})
	if f.contentType == typeXML {
		dst = append(dst, xmlDeclaration+`<ex:RestRuntimeException xmlns:ex="http://rest.bpm.ibm.com/v1/data/exception">`...)
		dst = appendXML(dst, object{{"status", "error"}, {"Data", data}})
		return append(dst, `</ex:RestRuntimeException>`...)
	}
	return f.called(appendJSON(f.call(dst), object{{"status", "error"}, {"Data", data}}))
}
