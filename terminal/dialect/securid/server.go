package securid

import (
	_ "embed" // the logo
	"fmt"
	"net/http"
)

// about tells of the server. The values are those of the vendor's sample.
func (a *API) about(r *request) error {
	return r.answer(
		field{"server-version", a.options.Version},
		field{"database-version", a.options.Version}, // a guess: the sample's is cut off
		field{"patches", "P07_HF02"},
	)
}

// healthy is what each part of a server says that is well.
const healthy = "HEALTHY"

// status tells that all is well, in the order of the vendor's table. What is
// measured of a database that is not there is 0.
func (a *API) status(r *request) error {
	return r.answer(
		field{"DB-TEMP-total-space", "0"},
		field{"date", a.device.Now().Format("Mon Jan 02 15:04:05 UTC 2006")},
		field{"son-status", healthy},
		field{"maintenance-mode", "false"},
		field{"DB-TEMP-free-space", "0"},
		field{"database-status", healthy},
		field{"product-version", a.options.Version},
		field{"local-afx-status", healthy},
		field{"DB-TEMP-used-space", "0"},
		field{"root-logger-level", "WARN"},
		field{"email-server-status", healthy},
		field{"overall-status", healthy},
		field{"jms-status", healthy},
		field{"default-agent-status", healthy},
	)
}

// logoName is the one logo that there is: the one in the page's header.
const logoName = "logo-main.png"

//go:embed logo-main.png
var logo []byte

func (a *API) getLogo(r *request) error {
	if name := r.args.one("name"); name != "" && name != logoName {
		return &refusal{http.StatusPreconditionFailed, fmt.Sprintf(textNoLogo, name), true}
	}
	r.Send(http.StatusOK, typePNG, append(r.Buffer(), logo...))
	return nil
}
