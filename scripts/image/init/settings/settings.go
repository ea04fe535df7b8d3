// Package settings reads what the card's owner wrote on the boot partition
// from a PC. A line that cannot be understood is told and passed over, never a
// reason not to start: the file is what people edit with anything at hand.
package settings

import (
	"bufio"
	"bytes"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

// MaxSize is the most that the file may have.
const MaxSize = 64 << 10

// Settings is what the file says.
type Settings struct {
	HostName string         // "": from the serial number
	NTP      []string       // time servers; none: those of the network
	Address  netip.Prefix   // not valid: by DHCP
	Gateway  netip.Addr     // beside Address
	DNS      []netip.Addr   // beside Address
	Terminal []string       // the terminal's environment, NAME=VALUE
	names    map[string]int // of what was read, with its line
}

// own are the flags of the terminal that are PID 1's affair: a terminal that
// listens elsewhere than PID 1 looks would be reset for ever.
var own = []string{"PORTARIA_DATA", "PORTARIA_READY_FILE", "PORTARIA_BOARD", "PORTARIA_TERMINAL", "PORTARIA_EPHEMERAL"}

var (
	variable = regexp.MustCompile(`^PORTARIA_[A-Z0-9_]+$`)
	hostName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$`)
	server   = regexp.MustCompile(`^[A-Za-z0-9.:-]{1,253}$`)
)

// Parse reads the file's lines. Each complaint names a line, never its value:
// the value may be a password.
func Parse(text []byte) (Settings, []string) {
	s := Settings{names: make(map[string]int)}
	var complaints []string
	lines := bufio.NewScanner(bytes.NewReader(bytes.TrimPrefix(text, []byte("\ufeff"))))
	lines.Buffer(nil, MaxSize+1)
	number := 0
	for lines.Scan() {
		number++
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		if err := s.line(line, number); err != nil {
			complaints = append(complaints, fmt.Sprintf("line %d: %v", number, err))
		}
	}
	if lines.Err() != nil {
		complaints = append(complaints, fmt.Sprintf("line %d: it is too long", number+1))
	}
	if !s.Address.IsValid() && (s.Gateway.IsValid() || len(s.DNS) > 0) {
		complaints = append(complaints, "GATEWAY and DNS have an effect beside ADDRESS only")
	}
	return s, complaints
}

func (s *Settings) line(line string, number int) error {
	name, value, ok := strings.Cut(line, "=")
	name, value = strings.TrimSpace(name), strings.TrimSpace(value)
	if !ok {
		return fmt.Errorf("write NAME=VALUE")
	}
	if before, ok := s.names[name]; ok {
		return fmt.Errorf("%s is set in line %d already", name, before)
	}
	if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' }) {
		return fmt.Errorf("%s has a character that no value has", printable(name))
	}
	if err := s.set(name, value); err != nil {
		return err
	}
	s.names[name] = number
	return nil
}

func (s *Settings) set(name, value string) error {
	switch name {
	case "HOSTNAME":
		if !hostName.MatchString(value) {
			return fmt.Errorf("HOSTNAME takes letters, digits and hyphens, at most 63")
		}
		s.HostName = value
	case "NTP":
		servers := strings.FieldsFunc(value, separator)
		if len(servers) == 0 || slices.ContainsFunc(servers, func(s string) bool { return !server.MatchString(s) }) {
			return fmt.Errorf("NTP takes the names or addresses of time servers, with commas between them")
		}
		s.NTP = servers
	case "ADDRESS":
		prefix, err := netip.ParsePrefix(value)
		if err != nil || !prefix.Addr().Is4() || prefix.Bits() == 0 {
			return fmt.Errorf("ADDRESS takes an address with the length of its network, such as 192.168.0.129/24")
		}
		s.Address = prefix
	case "GATEWAY":
		gateway, err := netip.ParseAddr(value)
		if err != nil || !gateway.Is4() {
			return fmt.Errorf("GATEWAY takes an address, such as 192.168.0.1")
		}
		s.Gateway = gateway
	case "DNS":
		for _, field := range strings.FieldsFunc(value, separator) {
			address, err := netip.ParseAddr(field)
			if err != nil {
				s.DNS = nil
				return fmt.Errorf("DNS takes addresses, with commas between them")
			}
			s.DNS = append(s.DNS, address)
		}
	default:
		if slices.Contains(own, name) {
			return fmt.Errorf("%s cannot be set here", name)
		}
		if !variable.MatchString(name) {
			return fmt.Errorf("%s is not known; there are HOSTNAME, NTP, ADDRESS, GATEWAY, DNS and PORTARIA_…", printable(name))
		}
		s.Terminal = append(s.Terminal, name+"="+value)
	}
	return nil
}

func separator(r rune) bool { return r == ',' || r == ' ' }

// printable is a name as it may be shown on a console: a line without a sense
// may be anything.
func printable(name string) string {
	if !regexp.MustCompile(`^[A-Za-z0-9_]{1,40}$`).MatchString(name) {
		return "this name"
	}
	return name
}
