package device_test

import (
	"strings"
	"testing"

	"portaria/terminal/device"
)

func TestSerialOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ model, given, want string }{
		{"idaccess", "", "APT1"},
		{"idface", "", "0M0100/000001"},
		{"idaccess", "a95v", "A95V"},
		{"idface", "0M0300/00002a", "0M0300/00002A"},
		{"idface", "10000000abcdef12", "0M0100/CDEF12"},
		{"idface", "100000003D1A2B3C", "0M0100/1A2B3C"},
		{"idaccess", "000000000000a95c", "AXGC"},
		{"idaccess", "0000000000000001", "A001"},
		{"idflex", "0M0300/00002A", "0M0300/00002A"},
		{"idface", "525400abcdef", "0M0100/ABCDEF"},
		{"idface", "qemuvirt01", "0M0100/B773E9"},
		{"idaccess", strings.Repeat("f", 32), "AXGF"},
	} {
		got, err := device.SerialOf(mustProfile(t, c.model), c.given)
		if err != nil || got != c.want {
			t.Errorf("SerialOf(%s, %q) is %q, %v; want %q", c.model, c.given, got, err, c.want)
		}
		if device.IDOf(got) <= 0 {
			t.Errorf("the serial %q is no device's: %d", got, device.IDOf(got))
		}
	}
	for _, given := range []string{"x", "ÄÖÜ!", "0M0300-00002A", "0M0300/00002", "abc", "-000000000000001", "10000000 abcdef1", "+a95", "-95v", strings.Repeat("f", 65)} {
		if got, err := device.SerialOf(mustProfile(t, "idface"), given); err == nil {
			t.Errorf("SerialOf(%q) is %q, want an error", given, got)
		}
	}
}

// TestSerial holds the device to the serial of its first start.
func TestSerial(t *testing.T) {
	t.Parallel()
	d := newDevice(t, device.Config{Profile: mustProfile(t, "idface"), Serial: "0M0100/CDEF12"})
	wantRows(t, "devices", load(t, d, "devices", "id", "name"), "4408646503886610 0M0100/CDEF12")
}
