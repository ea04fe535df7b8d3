package transfer

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// Kind is what an endpoint is.
type Kind string

// The kinds.
const (
	Terminal Kind = "terminal" // an access terminal, over its .fcgi commands
	SecurID  Kind = "securid"  // RSA SecurID Governance & Lifecycle; source only
	BPM      Kind = "bpm"      // IBM Business Process Manager; source only
	Netex    Kind = "netex"    // Netex learningCloud; target only
	Folder   Kind = "folder"   // files named after people; source only
	Zip      Kind = "zip"      // the same in one file; source only
)

// Sources are the kinds that photos can come from.
func Sources() []Kind { return []Kind{SecurID, BPM, Terminal, Folder, Zip} }

// Targets are the kinds that photos can go to.
func Targets() []Kind { return []Kind{Terminal, Netex} }

// Match says how people of the source are found at the target.
type Match string

// The matches.
const (
	// MatchAuto takes the number, or the registration where there is no such
	// number, and refuses whom the two would make different people.
	MatchAuto         Match = "auto"
	MatchID           Match = "id"
	MatchRegistration Match = "registration"
)

// The paths under which the systems live, and where each begins: an address
// may end before it, inside it or behind it.
const (
	securidPath = "/aveksa/command.submit"
	bpmPath     = "/rest/bpm/wle/v1"
	netexPath   = "/integration/ws/management/rest"

	securidRoot = "/aveksa"
	bpmRoot     = "/rest/bpm"
	netexRoot   = "/integration"
)

// GuessKind tells the kind from an address: a folder, a zip, or a URL with the
// path of a system that has one. Any other URL is taken for a terminal.
func GuessKind(where string) (Kind, error) {
	if u, err := url.Parse(where); err == nil && (u.Scheme == "http" || u.Scheme == "https") {
		switch {
		case strings.HasPrefix(u.Path, securidRoot):
			return SecurID, nil
		case strings.Contains(u.Path, bpmRoot), strings.HasPrefix(u.Path, "/bas"), strings.HasPrefix(u.Path, "/baw"):
			return BPM, nil
		case strings.HasPrefix(u.Path, netexRoot):
			return Netex, nil
		}
		return Terminal, nil
	}
	info, err := os.Stat(where)
	switch {
	case err != nil:
		return "", fmt.Errorf("%w: %q is no URL that begins with http:// or https://, and no folder or zip that is there", ErrSetting, where)
	case info.IsDir():
		return Folder, nil
	case strings.EqualFold(filepath.Ext(where), ".zip"):
		return Zip, nil
	}
	return "", fmt.Errorf("%w: %q is neither a folder nor a .zip", ErrSetting, where)
}

// address is where as a base URL: no slash at the end, nothing from the root
// of a system on, and nothing secret.
func address(where string, roots ...string) (string, error) {
	u, err := url.Parse(where)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return "", fmt.Errorf("%w: %q is no URL; take one such as http://192.168.0.129", ErrSetting, redacted(u, where))
	}
	if u.User != nil {
		return "", fmt.Errorf("%w: %s carries a login; give it by itself", ErrSetting, u.Redacted())
	}
	path := u.Path
	for _, root := range roots {
		path, _, _ = strings.Cut(path, root)
	}
	return u.Scheme + "://" + u.Host + strings.TrimRight(path, "/"), nil
}

func redacted(u *url.URL, where string) string {
	if u != nil {
		return u.Redacted()
	}
	if i := strings.LastIndexByte(where, '@'); i >= 0 {
		return where[i+1:]
	}
	return where
}
