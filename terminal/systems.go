package terminal

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"portaria/terminal/device"
	"portaria/terminal/dialect"
	"portaria/terminal/dialect/bpm"
	"portaria/terminal/dialect/fcgi"
	"portaria/terminal/dialect/netex"
	"portaria/terminal/dialect/securid"
)

// The identity systems that a terminal answers as, beside its own API.
const (
	SecurID = "securid"
	BPM     = "bpm"
	Netex   = "netex"
	// NoSystem in Config.Systems leaves all of them out.
	NoSystem = "none"
)

// Systems lists the names that Config.Systems knows.
func Systems() []string { return []string{SecurID, BPM, Netex} }

// switches are what Config.Switches sets, each a guess about a system that may
// turn out to be wrong (identity-apis §5).
type switches struct {
	securid securid.Options
	bpm     bpm.Options
	netex   netex.Options
}

// setters are the switches by name. A list is separated by plus signs.
var setters = map[string]func(*switches, string) error{
	"securid.strict_base64":  func(s *switches, v string) error { return setNot(&s.securid.LenientBase64, v) },
	"securid.query_token":    func(s *switches, v string) error { return setNot(&s.securid.NoQueryToken, v) },
	"securid.inactivity_min": func(s *switches, v string) error { return setMinutes(&s.securid.Inactivity, v) },
	"securid.lifespan_min":   func(s *switches, v string) error { return setMinutes(&s.securid.Lifespan, v) },
	"securid.unknown_users":  func(s *switches, v string) error { return set(&s.securid.UnknownUsers, v) },
	"securid.client_id":      func(s *switches, v string) error { s.securid.ClientID = v; return nil },
	"securid.client_secret":  func(s *switches, v string) error { s.securid.ClientSecret = v; return nil },
	"ibm.unknown_user":       func(s *switches, v string) error { s.bpm.UnknownUser = v; return nil },
	"ibm.xsrf":               func(s *switches, v string) error { s.bpm.XSRF = v; return nil },
	"ibm.any_avatar":         func(s *switches, v string) error { return set(&s.bpm.AnyAvatar, v) },
	"ibm.prefixes": func(s *switches, v string) error {
		s.bpm.Prefixes = append([]string{""}, strings.Split(v, "+")...)
		return nil
	},
	"netex.platforms":    func(s *switches, v string) error { s.netex.Platforms = strings.Split(v, "+"); return nil },
	"netex.require_mime": func(s *switches, v string) error { return set(&s.netex.RequireMime, v) },
	"netex.partial":      func(s *switches, v string) error { return set(&s.netex.Partial, v) },
	"netex.tenant":       func(s *switches, v string) error { s.netex.Tenant = v; return nil },
}

func set(to *bool, text string) (err error) {
	*to, err = strconv.ParseBool(text)
	return err
}

func setNot(to *bool, text string) error {
	on, err := strconv.ParseBool(text)
	*to = !on
	return err
}

func setMinutes(to *time.Duration, text string) error {
	n, err := strconv.Atoi(text)
	if err == nil && n < 1 {
		err = fmt.Errorf("%d minutes are none", n)
	}
	*to = time.Duration(n) * time.Minute
	return err
}

// switches reads what the configuration says of the systems.
func (c Config) switches() (switches, error) {
	var s switches
	for _, name := range c.Systems {
		if name != NoSystem && !slices.Contains(Systems(), name) {
			return s, fmt.Errorf("system %q is not known; take some of %s, or %s", name, strings.Join(Systems(), ","), NoSystem)
		}
	}
	for name, value := range c.Switches {
		setter := setters[name]
		if setter == nil {
			return s, fmt.Errorf("switch %q is not known; take one of %s", name, strings.Join(slices.Sorted(maps.Keys(setters)), ", "))
		}
		if err := setter(&s, value); err != nil {
			return s, fmt.Errorf("switch %s=%s: %w", name, value, err)
		}
	}
	s.netex.Token = c.NetexToken
	return s, s.bpm.Check()
}

// dialects are the terminal's own API and those of the systems. token is what
// Netex wants to be shown, empty where it is not served.
func (c Config) dialects(d *device.Device, s switches) (list []dialect.Dialect, token string) {
	list = []dialect.Dialect{fcgi.New(d)}
	for _, name := range c.systems() {
		switch name {
		case SecurID:
			list = append(list, securid.New(d, s.securid))
		case BPM:
			list = append(list, bpm.New(d, s.bpm))
		case Netex:
			api := netex.New(d, s.netex)
			list, token = append(list, api), api.Token()
		}
	}
	return list, token
}
