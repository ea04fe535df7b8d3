package netex

import (
	"net/http"
	"strconv"
	"strings"

	"portaria/terminal/dialect"
	"portaria/terminal/dialect/jsondoc"
)

const typeJSON = "application/json;charset=UTF-8" // [guess]

// platformTraining answers a change that it has waited for as other platforms
// answer something that was there to be read.
const platformTraining = "training"

// atOnce are the platforms that know of a change without a message to them
// (identity-apis §3.3).
var atOnce = map[string]bool{"play": true, "management": true}

// outcome is what became of a change.
type outcome struct {
	status   int    // of the management platform, and so of all
	location string // of what was made; "": nothing was
}

// answer tells the outcome of a change. The status line says 200 always: the
// documented 204 could carry no body.
func (a *API) answer(c *dialect.Call, o outcome) error {
	waited := strings.EqualFold(c.Header(headerSynchronization), "synchronous")
	body := appendLocation(c.Buffer(), o.location)
	body = append(body, `,"message":"","responsePlatforms":{`...)
	for i, platform := range a.options.Platforms {
		if i > 0 {
			body = append(body, ',')
		}
		body = append(jsondoc.AppendString(body, platform), ':')
		location := ""
		if platform == "management" {
			location = o.location
		}
		body = append(appendLocation(body, location), `,"message":null,"status":`...)
		body = strconv.AppendInt(body, int64(platformStatus(platform, o.status, waited)), 10)
		body = append(body, '}')
	}
	body = append(body, `},"status":`...)
	body = strconv.AppendInt(body, int64(o.status), 10)
	c.Send(http.StatusOK, typeJSON, append(body, '}'))
	return nil
}

// platformStatus is what one platform says of a change. Without waiting, the
// others have been sent a message only. What a platform says that no sample
// shows is a guess.
func platformStatus(platform string, status int, waited bool) int {
	switch {
	case !waited && !atOnce[platform]:
		return http.StatusAccepted
	case platform == platformTraining && status == http.StatusNoContent:
		return http.StatusOK
	}
	return status
}

// appendLocation begins an object with its location.
func appendLocation(dst []byte, location string) []byte {
	dst = append(dst, `{"location":`...)
	if location == "" {
		return append(dst, "null"...)
	}
	return jsondoc.AppendString(dst, location)
}

// appendRefusal appends the envelope of a refusal: no platform has been asked
// [guess].
func appendRefusal(dst []byte, status int, message string) []byte {
	dst = append(dst, `{"location":null,"message":`...)
	dst = append(jsondoc.AppendString(dst, message), `,"responsePlatforms":{},"status":`...)
	return append(strconv.AppendInt(dst, int64(status), 10), '}')
}
