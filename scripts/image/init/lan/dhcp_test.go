//go:build linux

package lan

import (
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/dhcpv4/nclient4"
)

// ack is a server's answer.
func ack(t *testing.T, modifiers ...dhcpv4.Modifier) *nclient4.Lease {
	t.Helper()
	m, err := dhcpv4.New(modifiers...)
	if err != nil {
		t.Fatal(err)
	}
	return &nclient4.Lease{ACK: m}
}

func your(ip string) dhcpv4.Modifier { return dhcpv4.WithYourIP(net.ParseIP(ip)) }

func TestLeaseOf(t *testing.T) {
	t.Parallel()
	got, err := leaseOf(ack(
		t, your("10.1.2.3"), dhcpv4.WithNetmask(net.CIDRMask(20, 32)), dhcpv4.WithRouter(net.IPv4(10, 1, 0, 1), net.IPv4(10, 1, 0, 2)),
		dhcpv4.WithDNS(net.IPv4(10, 1, 0, 3), net.IPv4zero), dhcpv4.WithOption(dhcpv4.OptNTPServers(net.IPv4(10, 1, 0, 4))), dhcpv4.WithLeaseTime(3600),
	))
	if err != nil {
		t.Fatal(err)
	}
	if got.Address != netip.MustParsePrefix("10.1.2.3/20") || got.Gateway != netip.MustParseAddr("10.1.0.1") || got.Life != time.Hour ||
		len(got.DNS) != 1 || len(got.NTP) != 1 || got.NTP[0] != netip.MustParseAddr("10.1.0.4") {
		t.Errorf("the lease is %+v", got)
	}
	for name, c := range map[string]struct {
		answer *nclient4.Lease
		prefix string // "": none
		life   time.Duration
	}{
		"no mask":                  {ack(t, your("10.1.2.3"), dhcpv4.WithLeaseTime(3600)), "10.1.2.3/24", time.Hour},
		"a mask with holes":        {ack(t, your("10.1.2.3"), dhcpv4.WithNetmask(net.IPMask{255, 0, 255, 0}), dhcpv4.WithLeaseTime(3600)), "10.1.2.3/24", time.Hour},
		"a mask for everything":    {ack(t, your("10.1.2.3"), dhcpv4.WithNetmask(net.CIDRMask(0, 32)), dhcpv4.WithLeaseTime(3600)), "10.1.2.3/24", time.Hour},
		"for ever":                 {ack(t, your("10.1.2.3"), dhcpv4.WithLeaseTime(0xffffffff)), "10.1.2.3/24", 0},
		"for a second":             {ack(t, your("10.1.2.3"), dhcpv4.WithLeaseTime(1)), "10.1.2.3/24", shortest},
		"no address":               {ack(t), "", 0},
		"everybody's address":      {ack(t, your("255.255.255.255")), "", 0},
		"this machine's address":   {ack(t, your("127.0.0.1")), "", 0},
		"the address of a group":   {ack(t, your("224.0.0.251")), "", 0},
		"an address of no network": {ack(t, your("0.0.0.0")), "", 0},
	} {
		got, err := leaseOf(c.answer)
		if c.prefix == "" {
			if !errors.Is(err, errAddress) {
				t.Errorf("%s: %+v, %v; want errAddress", name, got, err)
			}
			continue
		}
		if err != nil || got.Address.String() != c.prefix || got.Life != c.life {
			t.Errorf("%s: %v for %v, %v; want %s for %v", name, got.Address, got.Life, err, c.prefix, c.life)
		}
	}
}

func TestARP(t *testing.T) {
	t.Parallel()
	ours, theirs := net.HardwareAddr{2, 0, 0, 0, 0, 1}, net.HardwareAddr{2, 0, 0, 0, 0, 2}
	address := netip.MustParseAddr("192.168.0.129")
	probe := arpProbe(ours, address)
	if arpSpeaksFor(probe, theirs, address) {
		t.Error("a probe is taken for the address of who sent it")
	}
	answer := arpProbe(theirs, netip.MustParseAddr("192.168.0.1"))
	ip := address.As4()
	copy(answer[arpSenderIP:], ip[:])
	if !arpSpeaksFor(answer, ours, address) {
		t.Error("who has the address is not heard")
	}
	if arpSpeaksFor(answer, theirs, address) {
		t.Error("our own answer is taken for another's")
	}
	if arpSpeaksFor(answer, ours, netip.MustParseAddr("192.168.0.130")) {
		t.Error("who has another address is heard")
	}
	for n := range answer {
		arpSpeaksFor(answer[:n], ours, address)
	}
}
