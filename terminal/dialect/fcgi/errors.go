package fcgi

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"portaria/terminal/device"
	"portaria/terminal/dialect"
	"portaria/terminal/dialect/jsondoc"
)

// The device's sentences (access-api §1.5, §4.7).
const (
	textInvalidSession = "Invalid session"
	textBadCredentials = "Invalid login or password"
	textNoUser         = "User does not exist"
	textBadUserID      = "Invalid user_id"
	textNotAPicture    = "Image file not recognized. Image should be either JPG or PNG."
	textTooShort       = "Image too short. Minimum size expected is %dx%d."
	textTooLong        = "Image too long. Maximum size expected is %dx%d."
	textUnknown        = "Unknown error"
	textAccessLevel    = "Invalid access level"
	textForCommand     = " for command "
	textFirstLogin     = "First Web Login. Please Change the Credentials"

	textNoFace        = "Face not detected"
	textFaceExists    = "Face exists"
	textFaceOffCentre = "Face not centered"
	textFaceDistant   = "Face too distant"
	textFaceClose     = "Face too close"
	textFacePose      = "Face pose not centered"
	textFaceBlurred   = "Low sharpness"
	textFaceAtBorder  = "Face too close to image borders"
)

// Sentences of ours, where the device's own are not known [guess].
const (
	textNoPhoto      = "Image not found"
	textTooManyBytes = "Image too large. Size must be less than %dMB."
	textNotJSON      = "Invalid data (object expected)"
	textDeviceFull   = "device full"
	textBusy         = "device busy"
	textDamaged      = "Image file damaged"
	textFailing      = "disk I/O error"
	textTooManyIDs   = "Invalid member 'user_ids' (at most %d expected, got %d)"
	textTooManyRows  = "Invalid member 'user_images' (at most %d expected, got %d)"
	textListTooLarge = "Too many image bytes in one answer"

	textTooManyItems     = "Invalid member '%s' (at most %d expected)"
	textTooManyVariables = "too many SQL variables"
	textTooDeep          = "Expression tree is too large (maximum depth 1000)"
	textTooManyColumns   = "too many columns in result set"
	textDuplicateColumn  = "duplicate column name: "
	textUniqueColumn     = "Cannot add a UNIQUE column"
	textNotNullColumn    = "Cannot add a NOT NULL column with default value NULL"
	textTooBig           = "string or blob too big"
	textOutOfMemory      = "out of memory"
	textOldPassword      = "Invalid member 'password' (new password expected, got factory or old password)"
	textBodyTooLarge     = "Request too large"

	textMask         = "Mask detected"
	textGreyscale    = "Image in grayscale"
	textSeveralFaces = "Multiple faces detected"
)

// The status of a refusal for size is not documented either [guess]: what
// the web server in front of the device answers.
const statusTooManyBytes = http.StatusRequestEntityTooLarge

// codeRefused is the code of every refusal that was ever captured.
const codeRefused = 1

// memberError is a parameter of the wrong kind.
type memberError struct{ name, want, got string }

func (e *memberError) Error() string {
	got := e.got
	if want := jsondoc.Int.String(); e.want == want && got == want {
		got = gotTooLarge
	}
	return fmt.Sprintf("Invalid member '%s' (%s expected, got %s)", e.name, e.want, got)
}

// refusal is an error whose sentence is final.
type refusal struct {
	status int
	text   string
}

func (e *refusal) Error() string { return e.text }

func isMember(err error) bool {
	var member *memberError
	return errors.As(err, &member)
}

func isFinal(err error) bool {
	var final *refusal
	return errors.As(err, &final)
}

// Fail renders err as the device would: lighttpd's own page for what its web
// server refuses, the envelope for everything else.
func (a *API) Fail(c *dialect.Call, err error) {
	for _, page := range pages {
		if errors.Is(err, page.err) {
			a.failPage(c, page.status)
			return
		}
	}
	status, text := a.sentence(err)
	switch {
	case device.KindOf(err) == device.NotOwned:
		if command := strings.TrimSuffix(c.Path()[1:], extension); command != "" {
			text += textForCommand + command
		}
	case !takesPhotos(c.Path()):
		status, text = notPhotoText(err, status, text)
	}
	body := appendError(append(c.Buffer(), '{'), text)
	c.Send(status, typeJSON, append(body, '}'))
}

// takesPhotos tells whether the body of a command at path holds pictures. The
// web server forgets the path over a chunked body that is too large: then it
// is "/", and photos are the likeliest.
func takesPhotos(path string) bool {
	switch strings.TrimSuffix(path, extension) {
	case "/", "/user_set_image", "/user_set_image_list", "/user_test_image":
		return true
	}
	return false
}

// notPhotoText is what to say of something too large that is no photo.
func notPhotoText(err error, status int, text string) (int, string) {
	switch {
	case errors.Is(err, dialect.ErrBodyTooLarge):
		return statusTooManyBytes, textBodyTooLarge
	case device.KindOf(err) == device.TooManyBytes:
		return objectStatus, textTooBig
	}
	return status, text
}

// pages are what the device's web server answers itself, with a page.
var pages = []struct {
	err    error
	status int
}{
	{dialect.ErrNothingHere, http.StatusNotFound},
	{dialect.ErrLengthRequired, http.StatusLengthRequired},
	{dialect.ErrMethod, http.StatusNotImplemented},
	{dialect.ErrMalformed, http.StatusBadRequest},
	{dialect.ErrTimeout, http.StatusRequestTimeout},
	{dialect.ErrHeaderTooLarge, http.StatusRequestHeaderFieldsTooLarge},
	{dialect.ErrCoded, http.StatusUnsupportedMediaType},
}

// sentence puts err into the device's words.
func (a *API) sentence(err error) (status int, text string) {
	photo := a.device.Profile().Photo
	var member *memberError
	var final *refusal
	switch {
	case errors.As(err, &member):
		return http.StatusBadRequest, member.Error()
	case errors.As(err, &final):
		return final.status, final.text
	case errors.Is(err, jsondoc.ErrSyntax):
		return http.StatusBadRequest, textNotJSON
	}
	if text, ok := a.objectText(err); ok {
		return objectStatus, text
	}
	kind := device.KindOf(err)
	switch {
	case errors.Is(err, dialect.ErrBodyTooLarge):
		kind = device.TooManyBytes
	case errors.Is(err, dialect.ErrTooLong):
		return objectStatus, textOutOfMemory
	case errors.Is(err, dialect.ErrNoRoom):
		kind = device.Busy
	}
	switch kind {
	case device.NoSession:
		return http.StatusUnauthorized, textInvalidSession
	case device.BadCredentials:
		return http.StatusUnauthorized, textBadCredentials
	case device.NotOwned:
		return http.StatusUnauthorized, textAccessLevel
	case device.BadPassword:
		return http.StatusBadRequest, textOldPassword
	case device.NoUser:
		return http.StatusBadRequest, textNoUser
	case device.BadUserID:
		return http.StatusBadRequest, textBadUserID
	case device.NoPhoto:
		return http.StatusNotFound, textNoPhoto
	case device.NotAPicture, device.TooCostly:
		return http.StatusBadRequest, textNotAPicture
	case device.TooManyBytes:
		return statusTooManyBytes, fmt.Sprintf(textTooManyBytes, photo.Limit/device.Megabyte)
	case device.TooFewPixels:
		return http.StatusBadRequest, fmt.Sprintf(textTooShort, photo.Min.X, photo.Min.Y)
	case device.TooManyPixels:
		return http.StatusBadRequest, fmt.Sprintf(textTooLong, photo.Max.X, photo.Max.Y)
	case device.Full:
		return http.StatusBadRequest, textDeviceFull
	case device.Busy:
		return http.StatusServiceUnavailable, textBusy
	case device.Damaged:
		return http.StatusInternalServerError, textDamaged
	case device.Failing:
		return http.StatusInternalServerError, textFailing
	}
	return http.StatusInternalServerError, textUnknown
}

// faceTexts are the device's words for what is wrong with a face.
var faceTexts = map[device.FaceFault]string{
	device.FaceMissing:   textNoFace,
	device.FaceExists:    textFaceExists,
	device.FaceOffCentre: textFaceOffCentre,
	device.FaceDistant:   textFaceDistant,
	device.FaceClose:     textFaceClose,
	device.FacePose:      textFacePose,
	device.FaceBlurred:   textFaceBlurred,
	device.FaceAtBorder:  textFaceAtBorder,
	device.FaceMask:      textMask,
	device.FaceGreyscale: textGreyscale,
	device.FaceSeveral:   textSeveralFaces,
}

// appendError appends the members of the error envelope: error first, then
// code.
func appendError(dst []byte, text string) []byte {
	dst = append(dst, `"error":`...)
	dst = jsondoc.AppendString(dst, text)
	return fmt.Appendf(dst, `,"code":%d`, codeRefused)
}
