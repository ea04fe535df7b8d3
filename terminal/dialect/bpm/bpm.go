// Package bpm answers as the process server of IBM BPM (Business Automation
// Workflow) does, as far as photos need it: avatars, the users they belong to,
// and the ways to log in. The people and photos are the terminal's own. It
// never lists processes or tasks, and it keeps no password.
package bpm

import (
	"fmt"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"

	"portaria/terminal/device"
	"portaria/terminal/dialect"
)

// What Options may say.
const (
	UnknownNotFound    = "404"             // an unknown user has no avatar
	UnknownDefault     = "default"         // an unknown user has the default one
	XSRFOff            = "off"             // no token is asked for
	XSRFCookieSessions = "cookie-sessions" // who comes by cookie sends the token to change something
)

// Options settles what is not known of the product. The zero value is what
// most is known to speak for (identity-apis §5).
type Options struct {
	// Prefixes are put before every path. Nil: none, and the containers' /bas.
	Prefixes    []string
	UnknownUser string // "": UnknownNotFound
	XSRF        string // "": XSRFOff
	// AnyAvatar lets the caller set and delete everybody's avatar. The product
	// lets nobody do so, administrators included.
	AnyAvatar bool
}

// cleanPath is a path that is written the same everywhere.
var cleanPath = regexp.MustCompile(`^(/[A-Za-z0-9._~-]+)+$`)

// Check tells whether the values are ones that New understands.
func (o Options) Check() error {
	for i, p := range o.Prefixes {
		if slices.Contains(o.Prefixes[:i], p) {
			return fmt.Errorf("prefix %q is there twice", p)
		}
		// The web server cleans and unescapes a path before it looks for it.
		if p != "" && (!cleanPath.MatchString(p) || path.Clean(p) != p) {
			return fmt.Errorf("prefix %q is no path; take one such as /bas", p)
		}
	}
	if !slices.Contains([]string{"", UnknownNotFound, UnknownDefault}, o.UnknownUser) {
		return fmt.Errorf("unknown user %q is not known; take %s or %s", o.UnknownUser, UnknownNotFound, UnknownDefault)
	}
	if !slices.Contains([]string{"", XSRFOff, XSRFCookieSessions}, o.XSRF) {
		return fmt.Errorf("xsrf %q is not known; take %s or %s", o.XSRF, XSRFOff, XSRFCookieSessions)
	}
	return nil
}

// API is the REST interface of one device.
type API struct {
	device     *device.Device
	options    Options
	operations []operation
	sessions   *sessions
	room       *dialect.Room // of answers that are long
	stills     chan struct{} // holds a token while a GIF is decoded
}

// roomForAnswers is the memory that lists of users may take together. Clients ask
// for all users at once, and one list of the most of them has to fit, on a board
// with a 32-bit processor too.
const roomForAnswers = 24 << 20 << (^uint(0) >> 63)

// New returns the interface of d. Options that Check refuses are a
// programmer's error.
func New(d *device.Device, o Options) *API {
	if err := o.Check(); err != nil {
		panic("bpm: " + err.Error())
	}
	if o.Prefixes == nil {
		o.Prefixes = []string{"", "/bas"}
	}
	a := &API{
		device:   d,
		options:  o,
		sessions: newSessions(d),
		room:     dialect.NewRoom(roomForAnswers),
		stills:   make(chan struct{}, 1),
	}
	for _, prefix := range o.Prefixes {
		a.operations = append(a.operations, a.under(prefix)...)
	}
	return a
}

// operation is one resource and what it can do.
type operation struct {
	path  string
	below bool     // the rest of the path names something
	allow []string // the methods, as its Allow header lists them
	limit int
	// public answers may be kept by whoever is between here and the caller.
	public bool
	do     func(*request) error
}

// base is where the resources are, below a prefix.
const base = "/rest/bpm/wle/v1"

// maxAvatarBody is the largest upload with what multipart adds to it.
const maxAvatarBody = maxAvatar + 64<<10

// under is what is served below a prefix. The first group is the older family
// of resources; logging in belongs to the newer ones (identity-apis §2.3).
func (a *API) under(prefix string) []operation {
	get := []string{http.MethodGet}
	root := prefix + base
	return []operation{
		{path: root + "/avatar/", below: true, allow: []string{http.MethodGet, http.MethodPost, http.MethodDelete}, limit: maxAvatarBody, do: a.avatar},
		{path: root + "/avatar/image/", below: true, allow: get, public: true, do: a.avatarImage},
		{path: root + "/user", allow: get, do: a.userByQuery},
		{path: root + "/user/", below: true, allow: get, do: a.userByPath},
		{path: root + "/users", allow: get, do: a.users},
		{path: root + "/systems", allow: get, do: a.systems},
		{path: prefix + "/bpm/system/login", allow: []string{http.MethodPost}, do: a.login},
		{path: prefix + "/ops/system/login", allow: []string{http.MethodPost}, do: a.login},
	}
}

// Routes implements dialect.Dialect. Every resource takes POST, which may
// stand for another method (identity-apis §2.2); what it does not do is
// refused here, with the methods that it has.
func (a *API) Routes() []dialect.Route {
	var routes []dialect.Route
	for _, op := range a.operations {
		routes = append(routes, dialect.Route{
			Path: op.path, Below: op.below, Limit: op.limit, NoLength: true,
			Methods: []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete},
			Admit:   a.admit,
			Do: func(c *dialect.Call) error {
				r, err := a.read(c, op)
				if err != nil {
					return err
				}
				return op.do(r)
			},
		})
	}
	return routes
}

// Declined implements dialect.Dialect.
func (a *API) Declined() []dialect.Declined {
	var declined []dialect.Declined
	for _, prefix := range a.options.Prefixes {
		for _, name := range []string{"/processes", "/tasks", "/exposed", "/processApps", "/groups"} {
			declined = append(declined, dialect.Declined{Path: prefix + base + name, Reason: "a terminal has none"})
		}
	}
	return declined
}

var commonHeaders = []dialect.Header{
	// Photos of people (the avatar's image says otherwise).
	dialect.NewHeader("Cache-Control", "no-cache, no-store, max-age=0"),
	dialect.NewHeader("X-Content-Type-Options", "nosniff"),
}

// Prepare implements dialect.Dialect.
func (a *API) Prepare(c *dialect.Call) { c.SetHeaders(commonHeaders...) }

// allowed lists the methods at a path.
func (a *API) allowed(path string) string {
	var best operation
	for _, op := range a.operations {
		if (path == op.path || op.below && strings.HasPrefix(path, op.path)) && len(op.path) > len(best.path) {
			best = op
		}
	}
	return strings.Join(best.allow, ", ")
}
