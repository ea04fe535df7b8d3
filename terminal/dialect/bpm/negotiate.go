package bpm

import (
	"errors"
	"regexp"
	"strconv"
	"strings"

	"portaria/terminal/dialect"
)

// errNotAcceptable is a wish for an answer that cannot be had.
var errNotAcceptable = errors.New("no acceptable form of the answer")

// The content types of answers (identity-apis §2.2).
const (
	typeJSON       = "application/json"
	typeXML        = "application/xml"
	typeJavaScript = "application/x-javascript"
	inUTF8         = "; charset=UTF-8"
)

// form is how an answer is written: JSON, XML, or JSON in the call of a
// function.
type form struct {
	contentType string
	callback    string // "": no call
}

// callbackName is what may be called: nothing that could be code of its own.
var callbackName = regexp.MustCompile(`^[A-Za-z_$][A-Za-z0-9_$.]{0,99}$`)

// negotiate finds the form that the caller wants most, JSON before the others
// when it is all the same.
func negotiate(c *dialect.Call) (form, error) {
	if !encodingAcceptable(wish(c, "Accept-Encoding")) {
		return form{}, errNotAcceptable
	}
	accept := wish(c, "Accept")
	if strings.TrimSpace(accept) == "" {
		accept = "*/*"
	}
	callback, _ := c.Query("callback")
	var best form
	var most float64
	for _, offer := range []string{typeJSON, typeXML, typeJavaScript} {
		weight, exact := weigh(accept, offer)
		if offer == typeJavaScript && (!exact || callback == "") {
			continue
		}
		if weight > most {
			best, most = form{contentType: offer}, weight
		}
	}
	switch {
	case most == 0:
		return best, errNotAcceptable
	case best.contentType != typeJavaScript:
	case !callbackName.MatchString(callback):
		return form{contentType: typeJSON}, invalidParameter("callback")
	default:
		best.callback = callback
	}
	return best, nil
}

// wish is a header, or the query parameter that replaces it.
func wish(c *dialect.Call, header string) string {
	if value, ok := c.Query(strings.ToLower(header)); ok {
		return value
	}
	return c.Header(header)
}

// weigh tells how welcome a content type is, from 0 to 1: the most specific
// range that covers it counts. Exact is a range of only that type.
func weigh(accept, offer string) (weight float64, exact bool) {
	group, _, _ := strings.Cut(offer, "/")
	specific := -1
	for part := range strings.SplitSeq(accept, ",") {
		name, q := quality(part)
		how := -1
		switch name {
		case offer:
			how = 2
		case group + "/*":
			how = 1
		case "*/*", "*":
			how = 0
		}
		if how > specific {
			specific, weight = how, q
		}
	}
	return weight, specific == 2
}

// encodingAcceptable tells whether an answer may go as it is. That goes
// without saying, unless it is ruled out.
func encodingAcceptable(accept string) bool {
	others := true
	for part := range strings.SplitSeq(accept, ",") {
		switch name, q := quality(part); name {
		case "identity":
			return q > 0
		case "*":
			others = q > 0
		}
	}
	return others
}

// quality splits a member of an Accept header into its name and its weight.
func quality(part string) (name string, q float64) {
	name, params, _ := strings.Cut(part, ";")
	q = 1
	for param := range strings.SplitSeq(params, ";") {
		key, value, _ := strings.Cut(strings.TrimSpace(param), "=")
		if !strings.EqualFold(key, "q") {
			continue
		}
		if n, err := strconv.ParseFloat(value, 64); err == nil && n >= 0 && n <= 1 {
			q = n
		}
	}
	return strings.ToLower(strings.TrimSpace(name)), q
}
