package device

import (
	"fmt"
	"image"
	"sort"
	"strings"

	"portaria/store/schema"
)

// Generation is how a product treats photos (access-api §4.1).
type Generation uint8

// The two photo generations.
const (
	// Classic terminals show the photo on the screen and know nothing of it.
	Classic Generation = iota
	// Facial terminals recognise people by it and answer with a verdict.
	Facial
)

// Megabyte is the unit of the documented photo limits. Whether the vendor
// means 10^6 or 2^20 bytes is not documented; the smaller one is the guess
// that never lets a client believe in a photo that a terminal refuses.
const Megabyte = 1_000_000

// Profile is one product, as data.
type Profile struct {
	Name    string       // what --model takes
	Product string       // what the product calls itself
	Server  string       // the web server's banner
	Line    schema.Lines // the one line of firmware that it runs
	Photo   PhotoRules
}

// PhotoRules is what a product accepts as a photo.
type PhotoRules struct {
	Generation Generation
	// Limit is in bytes; a photo, and a request that carries several, must
	// stay strictly below it.
	Limit int
	// Box is what larger photos are fitted into. Zero leaves them as they are.
	Box image.Point
	// Min and Max bound the upright size in pixels. Zero: no bound.
	Min, Max image.Point
	// Fit shrinks a photo over Max into it instead of refusing it.
	Fit bool
	// NeedsUser refuses a photo of a user that the terminal does not know.
	NeedsUser bool
	// FollowsUser deletes the photo with its user. Elsewhere it stays behind,
	// dangling, until it is asked to go.
	FollowsUser bool
	// NeedsTimestamp refuses an upload without timestamp or match; otherwise
	// a missing timestamp becomes the terminal's time, a missing match false.
	NeedsTimestamp bool
}

// classicPhoto is access-api §4.1, right column. The box is a guess: the
// vendor's SDK scales to 216x178 before it sends, a terminal keeps more.
// That a classic terminal takes photos of unknown users is a guess, too.
var classicPhoto = PhotoRules{
	Generation: Classic,
	Limit:      1 * Megabyte,
	Box:        image.Pt(1024, 1024),
}

// facialPhoto is access-api §4.1, left column, with the sizes of §4.5.
var facialPhoto = PhotoRules{
	Generation: Facial,
	Limit:      2 * Megabyte,
	Min:        image.Pt(160, 160),
	Max:        image.Pt(1920, 1080),
	NeedsUser:  true,

	FollowsUser: true,
}

// strictFacialPhoto is the HID-branded firmware, which answers 400 when
// timestamp or match is missing (access-api §4.5).
var strictFacialPhoto = func() PhotoRules {
	rules := facialPhoto
	rules.NeedsTimestamp = true
	return rules
}()

// The banners of the two firmware lines (access-api §1.1).
const (
	olderServer = "lighttpd/1.4.35"
	newerServer = "lighttpd/1.4.51"
)

// DefaultModel is the product that is emulated unless another is asked for.
const DefaultModel = "idaccess"

// profiles is access-api §18, as far as photos and tables go.
var profiles = []Profile{
	{Name: "idaccess", Product: "iDAccess", Server: olderServer, Line: schema.Legacy, Photo: classicPhoto},
	{Name: "idfit", Product: "iDFit", Server: olderServer, Line: schema.Legacy, Photo: classicPhoto},
	{Name: "idflex", Product: "iDFlex", Server: olderServer, Line: schema.V5, Photo: classicPhoto},
	{Name: "idblock", Product: "iDBlock", Server: olderServer, Line: schema.V5, Photo: classicPhoto},
	{Name: "idface", Product: "iDFace", Server: newerServer, Line: schema.V6, Photo: facialPhoto},
	{Name: "idfacemax", Product: "iDFace Max", Server: newerServer, Line: schema.V6, Photo: facialPhoto},
	{Name: "amico", Product: "Amico", Server: newerServer, Line: schema.Amico, Photo: strictFacialPhoto},
}

// Models lists the names that ProfileOf knows.
func Models() []string {
	names := make([]string, len(profiles))
	for i, p := range profiles {
		names[i] = p.Name
	}
	sort.Strings(names)
	return names
}

// ProfileOf returns the profile of a model. Empty means DefaultModel.
func ProfileOf(model string) (Profile, error) {
	if model == "" {
		model = DefaultModel
	}
	for _, p := range profiles {
		if p.Name == model {
			return p, nil
		}
	}
	return Profile{}, fmt.Errorf("model %q is not known; take one of %s", model, strings.Join(Models(), ", "))
}
