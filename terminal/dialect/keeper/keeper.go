// Package keeper is the terminal's own pages below /portaria/, for whoever
// looks after it: health, status, backup, restore, check, and the board that
// the terminal runs on. No device of the vendor's has them. It knows the wire
// and what may be held in memory or on the disk meanwhile; what is kept is
// package device's. Every page but health wants an administrator's session.
package keeper

import (
	"log/slog"
	"net/http"

	"portaria/terminal/clock"
	"portaria/terminal/device"
	"portaria/terminal/dialect"
)

const typeJSON = "application/json; charset=utf-8"

// Options are what the pages need beside the device.
type Options struct {
	Clock clock.Clock  // nil: the host's
	Log   *slog.Logger // nil: silence
}

// API is the pages of one device.
type API struct {
	device  *device.Device
	clock   clock.Clock
	log     *slog.Logger
	headers []dialect.Header // of every answer
	routes  []dialect.Route
	health  health
}

// New returns the pages of d.
func New(d *device.Device, o Options) *API {
	if o.Clock == nil {
		o.Clock = clock.System{}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	a := &API{device: d, clock: o.Clock, log: o.Log}
	a.headers = []dialect.Header{
		dialect.NewHeader("Cache-Control", "no-store"),
		dialect.NewHeader("X-Content-Type-Options", "nosniff"),
	}
	a.routes = a.pages()
	return a
}

// pages are all of them. What is at none of their paths is answered here as
// well, and not as the vendor's web server would.
func (a *API) pages() []dialect.Route {
	get := []string{http.MethodGet}
	pages := []dialect.Route{
		{Path: "/portaria/health", Methods: get, Do: a.answerHealth},
	}
	for i := range pages {
		pages[i].NoLength = true // curl -X POST says no length where there is no body
		if pages[i].Path != "/portaria/health" {
			pages[i].Admit = a.session
		}
	}
	return append(pages, dialect.Route{
		Path: "/portaria/", Below: true, NoLength: true, Admit: a.session,
		Methods: []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete},
		Do:      func(*dialect.Call) error { return dialect.ErrNothingHere },
	})
}

// Routes implements dialect.Dialect.
func (a *API) Routes() []dialect.Route { return a.routes }

// Declined implements dialect.Dialect.
func (a *API) Declined() []dialect.Declined { return nil }

// Prepare implements dialect.Dialect.
func (a *API) Prepare(c *dialect.Call) { c.SetHeaders(a.headers...) }

// session admits callers with a live session of the device, as its own
// commands do: in the query, once, or in the cookie.
func (a *API) session(c *dialect.Call) error {
	token, inQuery := c.Query("session")
	if !inQuery {
		token = c.Cookie("session")
	}
	if token == "" || c.QueryCount("session") > 1 || !a.device.SessionIsValid(token) {
		return device.ErrSession
	}
	return nil
}
