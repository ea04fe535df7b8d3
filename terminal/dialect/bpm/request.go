package bpm

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"portaria/terminal/dialect"
)

// request is a call as the resources see it.
type request struct {
	*dialect.Call
	caller caller
	method string // the one that is meant
	rest   string // of the path, below the resource
	form   form   // of the answer
}

// read makes a call a request, and starts a session for who has none: not with
// an answer that a cache may give to others, cookies and all.
func (a *API) read(c *dialect.Call, op operation) (*request, error) {
	r := &request{Call: c, method: method(c)}
	var err error
	if r.caller, err = a.whoCalls(c); err != nil {
		return nil, err
	}
	if !slices.Contains(op.allow, r.method) {
		return nil, dialect.ErrMethod
	}
	if err := a.checkXSRF(r); err != nil {
		return nil, err
	}
	if op.below {
		var ok bool
		if r.rest, ok = below(c, op.path); !ok {
			return nil, dialect.ErrNothingHere
		}
	}
	if r.form, err = negotiate(c); err != nil {
		return nil, err
	}
	if r.caller.basic && !op.public {
		err = a.keepSession(c)
	}
	return r, err
}

// The headers that put another method in the place of POST; in lower case they
// are query parameters as well (identity-apis §2.2).
var overrides = []string{"X-Method-Override", "X-HTTP-Method-Override"}

// method is the method that a call means.
func method(c *dialect.Call) string {
	switch m := c.Method(); m {
	case http.MethodHead:
		return http.MethodGet
	case http.MethodPost:
		for _, name := range overrides {
			if other := c.Header(name); other != "" {
				return strings.ToUpper(other)
			}
			if other, ok := c.Query(strings.ToLower(name)); ok && other != "" {
				return strings.ToUpper(other)
			}
		}
		return m
	default:
		return m
	}
}

// below is the one name that follows path. It is cut out before it is
// unescaped: a name may hold a slash.
func below(c *dialect.Call, path string) (name string, ok bool) {
	raw, ok := strings.CutPrefix(c.RawPath(), path)
	if !ok {
		// The path was written in another way, with an escape in it or two
		// slashes in a row.
		name, _ = strings.CutPrefix(c.Path(), path)
		return name, name != "" && !strings.Contains(name, "/")
	}
	raw = strings.TrimSuffix(raw, "/")
	name, err := url.PathUnescape(raw)
	return name, err == nil && name != "" && !strings.Contains(raw, "/")
}

// param is a parameter: of the query, or of the body where a long GET came as
// a POST.
func (r *request) param(name string) string {
	if value, ok := r.Query(name); ok {
		return value
	}
	if r.Method() == http.MethodPost && r.method == http.MethodGet {
		value, _ := r.Form(name)
		return value
	}
	return ""
}
