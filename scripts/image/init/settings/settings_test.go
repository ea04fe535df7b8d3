package settings_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"portaria/scripts/image/init/settings"
)

func TestParse(t *testing.T) {
	t.Parallel()
	s, complaints := settings.Parse([]byte("\ufeff# ours\r\n\r\nHOSTNAME=door-1\r\n NTP = 10.0.0.1, time.example\n" +
		"ADDRESS=10.1.2.3/16\nGATEWAY=10.1.0.1\nDNS=10.1.0.2,10.1.0.3\nPORTARIA_TLS=self\nPORTARIA_PASSWORD=a=b c\n"))
	if len(complaints) != 0 {
		t.Errorf("complaints: %q", complaints)
	}
	if s.HostName != "door-1" || !slices.Equal(s.NTP, []string{"10.0.0.1", "time.example"}) {
		t.Errorf("host name %q, NTP %q", s.HostName, s.NTP)
	}
	if s.Address != netip.MustParsePrefix("10.1.2.3/16") || s.Gateway != netip.MustParseAddr("10.1.0.1") || len(s.DNS) != 2 {
		t.Errorf("address %v, gateway %v, DNS %v", s.Address, s.Gateway, s.DNS)
	}
	if want := []string{"PORTARIA_TLS=self", "PORTARIA_PASSWORD=a=b c"}; !slices.Equal(s.Terminal, want) {
		t.Errorf("the terminal gets %q, want %q", s.Terminal, want)
	}
}

func TestParseComplains(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ line, says string }{
		"no value":            {"HOSTNAME", "NAME=VALUE"},
		"an unknown name":     {"PATH=/tmp", "PATH is not known"},
		"a preload":           {"LD_PRELOAD=/data/x.so", "LD_PRELOAD is not known"},
		"a name of no letter": {"\x1b[2J=1", "this name is not known"},
		"what PID 1 sets":     {"PORTARIA_DATA=/tmp", "cannot be set here"},
		"a host name of dots": {"HOSTNAME=a.b", "HOSTNAME takes"},
		"an empty host name":  {"HOSTNAME=", "HOSTNAME takes"},
		"no time server":      {"NTP=,", "NTP takes"},
		"an address alone":    {"ADDRESS=10.0.0.1", "ADDRESS takes"},
		"a gateway by itself": {"GATEWAY=10.0.0.1", "beside ADDRESS"},
		"set twice":           {"NTP=a\nNTP=b", "line 1 already"},
		"a zero byte":         {"PORTARIA_X=a\x00b", "a character"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, complaints := settings.Parse([]byte(c.line + "\nPORTARIA_TLS=self\n"))
			if len(complaints) != 1 || !strings.Contains(complaints[0], c.says) {
				t.Errorf("complaints %q, want one with %q", complaints, c.says)
			}
		})
	}
	t.Run("the good lines count", func(t *testing.T) {
		t.Parallel()
		s, _ := settings.Parse([]byte("rubbish\nHOSTNAME=a\nADDRESS=x\nPORTARIA_TLS=self"))
		if s.HostName != "a" || len(s.Terminal) != 1 {
			t.Errorf("read %+v", s)
		}
	})
	t.Run("a password is not repeated", func(t *testing.T) {
		t.Parallel()
		_, complaints := settings.Parse([]byte("PORTARIA_PASSWORD\nPORTARIA-PASSWORD=secret\nsecret\nPORTARIA_PASSWORD=secret\nPORTARIA_PASSWORD=secret"))
		if len(complaints) == 0 || strings.Contains(strings.Join(complaints, " "), "secret") {
			t.Errorf("complaints %q", complaints)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("HOSTNAME=a\nNTP=b\nPORTARIA_X=y"))
	f.Fuzz(func(t *testing.T, text []byte) {
		s, complaints := settings.Parse(text)
		for _, v := range append(complaints, s.Terminal...) {
			if strings.ContainsAny(v, "\n\x00\x1b") {
				t.Errorf("%q", v)
			}
		}
	})
}
