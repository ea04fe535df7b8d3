package boot_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"portaria/scripts/image/boot"
	"portaria/scripts/image/build"
)

// TestLAN plugs a board without a clock into a network that has a time server.
func TestLAN(t *testing.T) {
	needEmulator(t)
	t.Parallel()
	const day = "2027-03-04"
	now, err := time.Parse(time.DateOnly, day)
	if err != nil {
		t.Fatal(err)
	}
	lan, err := boot.NewLAN(now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(lan.Close)
	b := insert(t, cardImage(t, build.Options{}))
	b.kind.LAN = lan
	b.on()
	b.step("the terminal is found by its service and its name", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
		defer cancel()
		found := map[dnsmessage.Type]bool{}
		err := lan.WaitDNS(ctx, question("_http._tcp.local."), func(message []byte) bool {
			for _, r := range records(message) {
				switch body := r.Body.(type) {
				case *dnsmessage.PTRResource:
					found[dnsmessage.TypePTR] = found[dnsmessage.TypePTR] || r.Header.Name.String() == "_http._tcp.local."
				case *dnsmessage.SRVResource:
					found[dnsmessage.TypeSRV] = found[dnsmessage.TypeSRV] || body.Port == 80 && strings.HasSuffix(body.Target.String(), ".local.")
				case *dnsmessage.AResource:
					found[dnsmessage.TypeA] = found[dnsmessage.TypeA] || body.A == boot.BoardAddress.As4()
				}
			}
			return found[dnsmessage.TypePTR] && found[dnsmessage.TypeSRV] && found[dnsmessage.TypeA]
		})
		if err != nil {
			t.Fatalf("%v: of service, port and address only %v", err, found)
		}
	})
	b.step("the time comes from the network", func(t *testing.T) {
		b.says("time=" + day)
		if lan.Asked() == 0 {
			t.Error("nobody asked for it")
		}
	})
}

func question(name string) []byte {
	m := dnsmessage.Message{Questions: []dnsmessage.Question{{
		Name: dnsmessage.MustNewName(name), Type: dnsmessage.TypePTR, Class: dnsmessage.ClassINET,
	}}}
	b, err := m.Pack()
	if err != nil {
		panic(err) // one constant question
	}
	return b
}

// records returns what an answer says, in all of its sections.
func records(message []byte) []dnsmessage.Resource {
	var m dnsmessage.Message
	if m.Unpack(message) != nil || !m.Response {
		return nil
	}
	return append(append(m.Answers, m.Additionals...), m.Authorities...)
}
