// Package securid is the web services of RSA SecurID Governance & Lifecycle,
// once Aveksa, as far as photos of people go: one path, the command in the
// query, answers as properties or JSON, errors as pages whose words stand in
// the status line too. It knows that wire and leaves people and photos to
// package device. "identity-apis" in its comments is the description that it
// follows; a guess is marked as one and, where it matters, a field of Options.
package securid

import (
	"encoding/base64"
	"net/http"
	"sync"
	"time"

	"portaria/terminal/device"
	"portaria/terminal/dialect"
)

// Path is where every command is sent (identity-apis §1.1).
const Path = "/aveksa/command.submit"

// How long a token lives, unless Options says otherwise: the figures of the
// vendor's samples (identity-apis §1.3).
const (
	DefaultInactivity = 10 * time.Minute
	DefaultLifespan   = 120 * time.Minute
)

// DefaultVersion is the server that the vendor's samples show.
const DefaultVersion = "7.5.2.181918"

// Options are what is guessed, or differs between installations. The zero
// value is the default of each.
type Options struct {
	Inactivity time.Duration // a token ends unused after it; 0: DefaultInactivity
	Lifespan   time.Duration // a token ends after it, used or not; 0: DefaultLifespan

	// ClientID and ClientSecret log in a trusted application. The terminal's
	// own account does so, too.
	ClientID, ClientSecret string
	// NoQueryToken refuses a token in the query.
	NoQueryToken bool
	// LenientBase64 takes images with line breaks, as data URLs and as bare
	// bytes, which the product's decoder refuses.
	LenientBase64 bool
	// UnknownUsers takes images for numbers that are nobody's, where the
	// terminal does.
	UnknownUsers bool
	Version      string // of the server, as about tells it; "": DefaultVersion
}

// API is the web services over one device.
type API struct {
	device   *device.Device
	options  Options
	tokens   *tokens
	commands map[string]command
	headers  []dialect.Header // of every answer

	room    *dialect.Room // of answers that are long
	finding sync.Mutex    // guards the memory that findUsers takes: one list at a time
}

// command is what a value of cmd stands for.
type command struct {
	do   func(*request) error
	open bool // answers without a token
}

// roomForAnswers is the memory that long lists may take together. Clients ask for
// all people at once: a few columns of the most of them have to fit, and where
// there is the memory for it, all columns.
const roomForAnswers = 32 << 20 << (^uint(0) >> 63)

// New returns the web services over d.
func New(d *device.Device, o Options) *API {
	if o.Inactivity == 0 {
		o.Inactivity = DefaultInactivity
	}
	if o.Lifespan == 0 {
		o.Lifespan = DefaultLifespan
	}
	if o.Version == "" {
		o.Version = DefaultVersion
	}
	a := &API{device: d, options: o, tokens: newTokens(d, o.Inactivity, o.Lifespan), room: dialect.NewRoom(roomForAnswers)}
	a.headers = []dialect.Header{dialect.NewHeader("Cache-Control", "no-store")} // a guess; answers hold tokens
	a.commands = map[string]command{
		"loginUser":            {do: a.loginUser, open: true},
		"loginTrustedApp":      {do: a.loginTrustedApp, open: true},
		"logoutUser":           {do: a.logoutUser},
		keepAlive:              {do: a.keepAlive},
		"getLoginInstructions": {do: a.getLoginInstructions, open: true},
		"getSecuritySettings":  {do: a.getSecuritySettings},
		"getUserImage":         {do: a.getUserImage},
		setUserImage:           {do: a.setUserImage},
		"findUsers":            {do: a.findUsers},
		"about":                {do: a.about},
		"status":               {do: a.status, open: true}, // the table of its headers lists no token
		"getLogo":              {do: a.getLogo},
	}
	return a
}

// overhead is what may stand around an image in a body: the boundary and the
// heads of multipart/form-data.
const overhead = 8 << 10

// Routes implements dialect.Dialect.
func (a *API) Routes() []dialect.Route {
	return []dialect.Route{{
		Path:    Path,
		Methods: []string{http.MethodGet, http.MethodPost}, // either, whatever the command [guess]
		Limit:   base64.StdEncoding.EncodedLen(a.device.Profile().Photo.Limit) + overhead,
		// curl -X POST says no length where there is no body, and the vendor's
		// samples log in that way.
		NoLength: true,
		Admit:    func(c *dialect.Call) error { _, err := a.read(c); return err },
		Do:       a.serve,
	}}
}

// Prepare implements dialect.Dialect.
func (a *API) Prepare(c *dialect.Call) { c.SetHeaders(a.headers...) }

func (a *API) serve(c *dialect.Call) error {
	r, err := a.read(c)
	if err != nil {
		return err
	}
	if r.name != setUserImage && len(c.Body()) >= dialect.SmallBody {
		return dialect.ErrBodyTooLarge
	}
	return a.commands[r.name].do(r)
}
