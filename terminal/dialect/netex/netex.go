// Package netex answers as the user web services of Netex learningCloud do,
// over the people and photos of the terminal: a photo sent to a user there is
// the photo the terminal keeps. It knows the wire (paths, token, envelope, the
// vendor's sentences) and leaves what is done to package device. It never
// hands out a photo: the vendor's services do not, either.
//
// What the vendor does not document is marked [guess] where it is decided.
package netex

import (
	"cmp"
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"net/http"
	"slices"
	"sync"

	"portaria/terminal/device"
	"portaria/terminal/dialect"
)

// The headers of the services (identity-apis §3.2).
const (
	headerToken           = "X-Cloud-Auth-Token"
	headerSynchronization = "X-Cloud-Synchronization"
)

// The places that the services are reached at. The second one is of older
// pages of the documentation (identity-apis §3.1).
const (
	base      = "/integration/ws/management/rest"
	aliasBase = "/integration/zuul/management/rest"
)

// DefaultTenant is whose files the images are, unless another is asked for: the
// one of the documentation's samples.
const DefaultTenant = "netex"

// DefaultPlatforms are what a tenant has in the documentation's samples.
func DefaultPlatforms() []string { return []string{platformTraining, "social", "play", "management"} }

// Options says what the documentation leaves open. The zero value is a
// default.
type Options struct {
	Token     string   // what callers must show; "": a random one, see API.Token
	Platforms []string // that the tenant has; nil: DefaultPlatforms
	Tenant    string   // whose files the images are; "": DefaultTenant
	// RequireMime refuses an image without a mimeType: some copies of the
	// documentation mark it as required, others do not.
	RequireMime bool
	// Partial takes users without the members that the documentation marks as
	// required. A new user needs a user name all the same.
	Partial bool
}

// API is the user web services over one device. It is safe for concurrent use.
type API struct {
	device  *device.Device
	options Options
	room    *dialect.Room // of answers that are long
	// still holds a token while an animation is made a picture: decoding it is
	// the one thing that is not done, and bounded, by the device.
	still chan struct{}
	// changing is held from reading a person to putting it back, so that of two
	// changes none undoes the other.
	changing sync.Mutex
}

// roomForAnswers is enough for a few lists of the most users with the longest
// details at a time.
const roomForAnswers = 16 << 20

// New returns the user web services over d.
func New(d *device.Device, o Options) *API {
	o.Token = cmp.Or(o.Token, newUUID())
	o.Tenant = cmp.Or(o.Tenant, DefaultTenant)
	if o.Platforms = slices.Clone(o.Platforms); o.Platforms == nil {
		o.Platforms = DefaultPlatforms()
	}
	return &API{device: d, options: o, room: dialect.NewRoom(roomForAnswers), still: make(chan struct{}, 1)}
}

// Token is what callers must show.
func (a *API) Token() string { return a.options.Token }

// newUUID returns a random UUID: the vendor's tokens are such.
func newUUID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return formatUUID(b)
}

func formatUUID(b [16]byte) string {
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

var everyMethod = []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete}

// Routes implements dialect.Dialect.
func (a *API) Routes() []dialect.Route {
	photo := a.device.Profile().Photo.Limit
	// A photo in base64 may come with line breaks and escaped slashes.
	limit := photo + photo/2 + dialect.SmallBody
	var routes []dialect.Route
	for _, at := range []string{base, aliasBase} {
		routes = append(routes,
			dialect.Route{Path: at + "/", Below: true, Methods: everyMethod, Do: nothingHere},
			dialect.Route{Path: at + "/users", Methods: []string{http.MethodGet, http.MethodPost}, Limit: limit, Do: a.users},
			dialect.Route{Path: at + "/users/", Below: true, Methods: everyMethod, Limit: limit, Do: a.user},
		)
	}
	for i := range routes {
		routes[i].Admit, routes[i].NoLength = a.admit, true
	}
	return routes
}

// Declined implements dialect.Dialect. What else the vendor's services have
// lies below paths that are answered as unknown.
func (a *API) Declined() []dialect.Declined { return nil }

// Prepare implements dialect.Dialect. Answers are about people: nobody between
// here and the client keeps them [guess].
func (a *API) Prepare(c *dialect.Call) { c.SetHeaders(noStore) }

var noStore = dialect.NewHeader("Cache-Control", "no-store")

// admit admits callers with the token. There is no login and no expiry
// (identity-apis §3.2).
func (a *API) admit(c *dialect.Call) error {
	if subtle.ConstantTimeCompare([]byte(c.Header(headerToken)), []byte(a.options.Token)) != 1 {
		return errToken
	}
	return nil
}

func nothingHere(*dialect.Call) error { return dialect.ErrNothingHere }

// users serves what has no user in its path.
func (a *API) users(c *dialect.Call) error {
	if c.Method() == http.MethodPost {
		return a.createUser(c)
	}
	return a.listUsers(c)
}

// operation is what is done with the user that a path names.
type operation func(a *API, c *dialect.Call, name string) error

// operations are by what follows the user in the path, and by method.
var operations = map[string]map[string]operation{
	"": {
		http.MethodGet:    (*API).getUser,
		http.MethodHead:   (*API).getUser,
		http.MethodPut:    (*API).putUser,
		http.MethodDelete: (*API).deleteUser,
	},
	"image":      {http.MethodPost: (*API).setImage},
	"activate":   {http.MethodPut: enable(true)},
	"deactivate": {http.MethodPut: enable(false)},
}

// user serves what has a user in its path.
func (a *API) user(c *dialect.Call) error {
	name, what, err := target(c)
	if err != nil {
		return err
	}
	methods, ok := operations[what]
	if !ok {
		return dialect.ErrNothingHere
	}
	do := methods[c.Method()]
	if do == nil {
		return dialect.ErrMethod
	}
	return do(a, c, name)
}
