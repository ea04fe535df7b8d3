package build

import (
	"regexp"
	"strings"
)

// described is what "git describe --tags --always --dirty" makes of a commit
// at or after a version's tag.
var described = regexp.MustCompile(`^v(\d+\.\d+\.\d+)(?:-([0-9A-Za-z.-]+?))??(?:-(\d+)-g([0-9a-f]+))?(-dirty)?$`)

// DebianVersion is the version as dpkg compares it: a pre-release sorts before
// its release, a commit after it, and where there is no tag the commits sort
// by their time, before every release.
//
//	v0.1.0             0.1.0
//	v0.1.0-rc.1        0.1.0~rc.1
//	v0.1.0-12-gabc1234 0.1.0+12.gabc1234
//	abc1234            0.0.0~dev.20261122025300.gabc1234
func (s Source) DebianVersion() string {
	if m := described.FindStringSubmatch(s.Version); m != nil {
		version := m[1]
		if m[2] != "" {
			version += "~" + strings.ReplaceAll(m[2], "-", ".")
		}
		if m[3] != "" {
			version += "+" + m[3] + ".g" + m[4]
		}
		if m[5] != "" {
			version += "+dirty"
		}
		return version
	}
	version := "0.0.0~dev." + s.Time.Format("20060102150405")
	commit, dirty := strings.CutSuffix(s.Version, "-dirty")
	if commit != "dev" && commit != "" {
		version += ".g" + foreign.ReplaceAllString(commit, ".")
	}
	if dirty {
		version += "+dirty"
	}
	return version
}

// foreign is what a Debian version may not hold.
var foreign = regexp.MustCompile(`[^0-9A-Za-z.]+`)
