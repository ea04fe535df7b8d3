package mdns_test

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"portaria/scripts/image/init/mdns"
)

// sent is a packet that the responder sent.
type sent struct {
	at    time.Duration
	iface int
	to    netip.AddrPort
	m     dnsmessage.Message
}

// air is the wire with everybody else on it.
type air struct {
	began time.Time
	heard chan packet
	loop  bool // the responder hears itself, as on a real wire

	mu   sync.Mutex // guards sent
	sent []sent
}

type packet struct {
	bytes []byte
	iface int
	from  netip.AddrPort
}

var errClosed = errors.New("closed")

func (a *air) Receive() ([]byte, int, netip.AddrPort, error) {
	p, ok := <-a.heard
	if !ok {
		return nil, 0, netip.AddrPort{}, errClosed
	}
	return p.bytes, p.iface, p.from, nil
}

func (a *air) Send(b []byte, iface int, to netip.AddrPort) error {
	s := sent{at: time.Since(a.began), iface: iface, to: to}
	if err := s.m.Unpack(b); err != nil {
		return err
	}
	a.mu.Lock()
	a.sent = append(a.sent, s)
	a.mu.Unlock()
	if a.loop {
		a.heard <- packet{b, iface, netip.MustParseAddrPort("10.0.0.5:5353")}
	}
	return nil
}

// take returns what was sent since it was called last.
func (a *air) take() []sent {
	synctest.Wait()
	a.mu.Lock()
	defer a.mu.Unlock()
	s := a.sent
	a.sent = nil
	return s
}

var (
	peer     = netip.MustParseAddrPort("10.0.0.9:5353")
	resolver = netip.MustParseAddrPort("10.0.0.9:40000")
)

func name(text string) dnsmessage.Name { return dnsmessage.MustNewName(text) }

// ask asks a question on the interface 2.
func (a *air) ask(t *testing.T, from netip.AddrPort, kind dnsmessage.Type, about string, known ...dnsmessage.Resource) []sent {
	t.Helper()
	a.hear(t, from, dnsmessage.Message{
		Header:    dnsmessage.Header{ID: 77},
		Questions: []dnsmessage.Question{{Name: name(about), Type: kind, Class: dnsmessage.ClassINET}},
		Answers:   known,
	})
	return a.take()
}

func (a *air) hear(t *testing.T, from netip.AddrPort, m dnsmessage.Message) {
	t.Helper()
	b, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	a.heard <- packet{b, 2, from}
}

// on runs a responder in a bubble, once it has announced itself.
func on(t *testing.T, test func(t *testing.T, a *air, r *mdns.Responder)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		a := &air{heard: make(chan packet, 100), began: time.Now(), loop: true}
		r := &mdns.Responder{
			Service: mdns.Service{Instance: "portaria-abc123", Type: "_http._tcp", Port: 80, Text: []string{"path=/", "version=1"}},
			Wire:    a, Log: slog.New(slog.DiscardHandler),
			Interfaces: func() []mdns.Interface {
				return []mdns.Interface{{Index: 2, Addresses: []netip.Addr{netip.MustParseAddr("10.0.0.5"), netip.MustParseAddr("fd00::5")}}}
			},
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); r.Run(ctx) }()
		test(t, a, r)
		cancel()
		<-done
		synctest.Wait()
		close(a.heard)
	})
}

func TestStart(t *testing.T) {
	t.Parallel()
	on(t, func(t *testing.T, a *air, _ *mdns.Responder) {
		time.Sleep(5 * time.Second)
		all := a.take()
		if len(all) != 5 {
			t.Fatalf("%d packets, want three probes and two announcements", len(all))
		}
		for i, s := range all {
			probe := !s.m.Response
			if probe != (i < 3) || s.to != mdns.Group || s.iface != 2 {
				t.Errorf("packet %d to %v on %d: response %v", i, s.to, s.iface, s.m.Response)
			}
			if probe && (len(s.m.Questions) != 2 || s.m.Questions[0].Type != dnsmessage.TypeALL || len(s.m.Authorities) == 0) {
				t.Errorf("probe %d asks %v", i, s.m.Questions)
			}
		}
		if gap := all[4].at - all[3].at; gap != time.Second {
			t.Errorf("announced again after %v", gap)
		}
		if got := kinds(all[3].m.Answers); got != "PTR PTR SRV TXT A AAAA" {
			t.Errorf("announced %s", got)
		}
	})
}

func kinds(list []dnsmessage.Resource) string {
	var names []string
	for _, r := range list {
		names = append(names, strings.TrimPrefix(r.Header.Type.String(), "Type"))
	}
	return strings.Join(names, " ")
}

func TestAnswer(t *testing.T) {
	t.Parallel()
	on(t, func(t *testing.T, a *air, _ *mdns.Responder) {
		time.Sleep(5 * time.Second)
		a.take()
		one := func(what string, got []sent) sent {
			t.Helper()
			if len(got) != 1 {
				t.Fatalf("%s: %d answers, want one", what, len(got))
			}
			return got[0]
		}
		s := one("the service", a.ask(t, peer, dnsmessage.TypePTR, "_http._tcp.local."))
		if kinds(s.m.Answers) != "PTR" || kinds(s.m.Additionals) != "SRV TXT A AAAA" || s.to != mdns.Group {
			t.Errorf("the service: %s and %s to %v", kinds(s.m.Answers), kinds(s.m.Additionals), s.to)
		}
		found := s.m.Answers[0]
		if got := found.Body.(*dnsmessage.PTRResource).PTR.String(); got != "portaria-abc123._http._tcp.local." {
			t.Errorf("the instance is %s", got)
		}
		s = one("the address, in capitals", a.ask(t, peer, dnsmessage.TypeA, "PORTARIA-ABC123.local."))
		if got := s.m.Answers[0].Body.(*dnsmessage.AResource).A; got != [4]byte{10, 0, 0, 5} || s.m.Answers[0].Header.Class != dnsmessage.ClassINET|1<<15 {
			t.Errorf("the address is %v of class %v", got, s.m.Answers[0].Header.Class)
		}
		s = one("the place", a.ask(t, peer, dnsmessage.TypeSRV, "portaria-abc123._http._tcp.local."))
		if srv := s.m.Answers[0].Body.(*dnsmessage.SRVResource); srv.Port != 80 || kinds(s.m.Additionals) != "A AAAA" {
			t.Errorf("the place is %v with %s", srv, kinds(s.m.Additionals))
		}
		s = one("all services", a.ask(t, peer, dnsmessage.TypePTR, "_services._dns-sd._udp.local."))
		if got := s.m.Answers[0].Body.(*dnsmessage.PTRResource).PTR.String(); got != "_http._tcp.local." {
			t.Errorf("the services are %s", got)
		}
		s = one("an ordinary resolver", a.ask(t, resolver, dnsmessage.TypeA, "portaria-abc123.local."))
		if s.to != resolver || s.m.ID != 77 || len(s.m.Questions) != 1 || s.m.Answers[0].Header.TTL > 10 || s.m.Answers[0].Header.Class != dnsmessage.ClassINET {
			t.Errorf("an ordinary resolver gets %+v to %v", s.m.Header, s.to)
		}
		for what, got := range map[string][]sent{
			"another name":    a.ask(t, peer, dnsmessage.TypeA, "other.local."),
			"another service": a.ask(t, peer, dnsmessage.TypePTR, "_ssh._tcp.local."),
			"what is known":   a.ask(t, peer, dnsmessage.TypePTR, "_http._tcp.local.", found),
		} {
			if len(got) != 0 {
				t.Errorf("%s: %d answers, want none", what, len(got))
			}
		}
		old := found
		old.Header.TTL = 60
		one("what is known but old", a.ask(t, peer, dnsmessage.TypePTR, "_http._tcp.local.", old))
	})
}

// theirs says that a name is somebody else's.
func theirs(host string) dnsmessage.Message {
	return dnsmessage.Message{Header: dnsmessage.Header{Response: true}, Answers: []dnsmessage.Resource{{
		Header: dnsmessage.ResourceHeader{Name: name(host), Class: dnsmessage.ClassINET | 1<<15, TTL: 120},
		Body:   &dnsmessage.AResource{A: [4]byte{10, 0, 0, 9}},
	}}}
}

func TestConflict(t *testing.T) {
	t.Parallel()
	t.Run("a name that is taken is not used", func(t *testing.T) {
		t.Parallel()
		on(t, func(t *testing.T, a *air, _ *mdns.Responder) {
			time.Sleep(400 * time.Millisecond)
			a.hear(t, peer, theirs("Portaria-ABC123.local."))
			time.Sleep(10 * time.Second)
			a.take()
			if got := a.ask(t, peer, dnsmessage.TypeA, "portaria-abc123.local."); len(got) != 0 {
				t.Error("it answers for another's name")
			}
			if got := a.ask(t, peer, dnsmessage.TypeA, "portaria-abc123-2.local."); len(got) != 1 {
				t.Errorf("%d answers for the next name, want one", len(got))
			}
		})
	})
	t.Run("a name that is lost is left", func(t *testing.T) {
		t.Parallel()
		on(t, func(t *testing.T, a *air, _ *mdns.Responder) {
			time.Sleep(10 * time.Second)
			a.take()
			a.hear(t, peer, theirs("portaria-abc123.local."))
			time.Sleep(10 * time.Second)
			if got := a.take(); len(got) != 5 || !strings.Contains(got[4].m.Answers[2].Header.Name.String(), "abc123-2") {
				t.Errorf("%d packets; want probes and announcements of the next name", len(got))
			}
		})
	})
	t.Run("goodbyes and strangers are none", func(t *testing.T) {
		t.Parallel()
		on(t, func(t *testing.T, a *air, _ *mdns.Responder) {
			time.Sleep(10 * time.Second)
			a.take()
			goodbye := theirs("portaria-abc123.local.")
			goodbye.Answers[0].Header.TTL = 0
			a.hear(t, peer, goodbye)
			a.hear(t, peer, theirs("other.local."))
			a.hear(t, resolver, theirs("portaria-abc123.local."))
			time.Sleep(10 * time.Second)
			if got := a.take(); len(got) != 0 {
				t.Errorf("%d packets, want none", len(got))
			}
		})
	})
}

func TestChanged(t *testing.T) {
	t.Parallel()
	on(t, func(t *testing.T, a *air, r *mdns.Responder) {
		time.Sleep(10 * time.Second)
		a.take()
		r.Changed()
		time.Sleep(10 * time.Second)
		if got := a.take(); len(got) != 5 {
			t.Errorf("%d packets after a change of addresses, want probes and announcements", len(got))
		}
	})
}

func TestGoodbye(t *testing.T) {
	t.Parallel()
	var a *air
	on(t, func(_ *testing.T, b *air, _ *mdns.Responder) {
		time.Sleep(10 * time.Second)
		a = b
		a.take()
	})
	if len(a.sent) != 1 {
		t.Fatalf("%d packets at the end, want a goodbye", len(a.sent))
	}
	for _, r := range a.sent[0].m.Answers {
		if r.Header.TTL != 0 {
			t.Errorf("%s lives on for %d s", r.Header.Name, r.Header.TTL)
		}
	}
}

func TestRubbish(t *testing.T) {
	t.Parallel()
	on(t, func(t *testing.T, a *air, _ *mdns.Responder) {
		time.Sleep(10 * time.Second)
		a.take()
		for _, b := range [][]byte{nil, {1}, make([]byte, 12), make([]byte, 9000), []byte("\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff")} {
			a.heard <- packet{b, 2, peer}
		}
		if got := a.take(); len(got) != 0 {
			t.Errorf("%d answers to rubbish", len(got))
		}
	})
}
