package mdns

import (
	"net/netip"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

func FuzzAnswer(f *testing.F) {
	s := Service{Instance: "a", Type: "_http._tcp", Port: 80}
	n, err := namesOf(s, 1)
	if err != nil {
		f.Fatal(err)
	}
	addresses := []netip.Addr{netip.MustParseAddr("10.0.0.5")}
	own := records(n, s, addresses, true)
	for _, make := range []func() ([]byte, error){
		func() ([]byte, error) { return probe(n, s, addresses) },
		func() ([]byte, error) { return message(0, nil, own, nil) },
	} {
		b, err := make()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	from := netip.AddrPortFrom(netip.MustParseAddr("10.0.0.9"), Port)
	f.Fuzz(func(t *testing.T, packet []byte) {
		if reply, _ := answer(packet, from, own); reply != nil {
			var m dnsmessage.Message
			if err := m.Unpack(reply); err != nil || !m.Response {
				t.Errorf("answered with %x: %v", reply, err)
			}
		}
		claims(packet, n, own)
	})
}
