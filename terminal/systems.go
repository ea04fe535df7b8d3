package terminal

import (
	"errors"
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
	"portaria/terminal/dialect/keeper"
	"portaria/terminal/dialect/netex"
	"portaria/terminal/dialect/securid"
)

// The identity systems that a terminal answers as, beside its own API.
const (
	SecurID = "securid"
	BPM     = "bpm"
	Netex   = "netex"
	// NoSystem, alone in Config.Systems, leaves all of them out.
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
	"ibm.prefixes":           func(s *switches, v string) error { s.bpm.Prefixes = prefixes(v); return nil },
	"netex.platforms":        func(s *switches, v string) error { return setNames(&s.netex.Platforms, v) },
	"netex.require_mime":     func(s *switches, v string) error { return set(&s.netex.RequireMime, v) },
	"netex.partial":          func(s *switches, v string) error { return set(&s.netex.Partial, v) },
	"netex.tenant":           func(s *switches, v string) error { s.netex.Tenant = v; return nil },
}

func set(to *bool, text string) error {
	on, err := strconv.ParseBool(text)
	if err != nil {
		return errors.New("take true or false")
	}
	*to = on
	return nil
}

func setNot(to *bool, text string) error {
	var on bool
	err := set(&on, text)
	*to = !on
	return err
}

// mostMinutes is a year of them: what is to last for ever lasts as long.
const mostMinutes = 366 * 24 * 60

func setMinutes(to *time.Duration, text string) error {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > mostMinutes {
		return fmt.Errorf("take 1 to %d minutes", mostMinutes)
	}
	*to = time.Duration(n) * time.Minute
	return nil
}

func setNames(to *[]string, text string) error {
	names := strings.Split(text, "+")
	for i, name := range names {
		if name == "" || slices.Contains(names[:i], name) {
			return errors.New("take different names, separated by +")
		}
	}
	*to = names
	return nil
}

// prefixes are those of text, after the empty one: the paths without a prefix
// are always served.
func prefixes(text string) []string {
	list := strings.Split(text, "+")
	if list[0] != "" {
		list = slices.Insert(list, 0, "")
	}
	return list
}

// switches reads what the configuration says of the systems.
func (c Config) switches() (switches, error) {
	var s switches
	for i, name := range c.Systems {
		if slices.Contains(c.Systems[:i], name) {
			return s, fmt.Errorf("system %q is there twice; once is enough", name)
		}
		if name == NoSystem && len(c.Systems) > 1 {
			return s, fmt.Errorf("systems %s are some and none; take one or the other", strings.Join(c.Systems, ","))
		}
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

// dialects are the terminal's own API, its keeper's pages and the APIs of the
// systems. token is what Netex wants to be shown, empty where it is not served.
func (c Config) dialects(d *device.Device, s switches, k *keeper.API) (list []dialect.Dialect, token string) {
	list = []dialect.Dialect{fcgi.New(d), k}
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
