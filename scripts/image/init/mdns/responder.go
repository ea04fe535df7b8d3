package mdns

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// Wire is the multicast group on all interfaces that have an address.
type Wire interface {
	// Receive waits for a packet. It fails when the wire is closed.
	Receive() (packet []byte, iface int, from netip.AddrPort, err error)
	// Send sends to the group on an interface, or to one asker.
	Send(packet []byte, iface int, to netip.AddrPort) error
}

// Group is where questions and answers go.
var Group = netip.AddrPortFrom(netip.AddrFrom4([4]byte{224, 0, 0, 251}), Port)

// Interface is an interface by the kernel's number, with its addresses.
type Interface struct {
	Index     int
	Addresses []netip.Addr
}

// Responder answers for a service on every interface.
type Responder struct {
	Service    Service
	Wire       Wire
	Interfaces func() []Interface
	Log        *slog.Logger

	wake chan struct{}
	once sync.Once

	mu       sync.Mutex // guards what follows
	number   int        // of the name that is tried or held
	holds    bool       // the name has been probed for
	conflict bool
}

// The pace of the RFC: three probes (8.1), two announcements (8.3).
const (
	probes        = 3
	probeEvery    = 250 * time.Millisecond
	announcements = 2
	announceEvery = time.Second
	mostNames     = 100
)

func (r *Responder) waker() chan struct{} {
	r.once.Do(func() { r.wake = make(chan struct{}, 1) })
	return r.wake
}

// Changed says that addresses have changed.
func (r *Responder) Changed() {
	select {
	case r.waker() <- struct{}{}:
	default:
	}
}

// Run probes, announces and answers until ctx ends, and then says goodbye.
func (r *Responder) Run(ctx context.Context) {
	wake := r.waker()
	go r.receive()
	for {
		if len(r.Interfaces()) > 0 && r.claim(ctx) {
			r.announce(ctx)
		}
		select {
		case <-ctx.Done():
			r.goodbye()
			return
		case <-wake:
		}
	}
}

// claim probes until there is a name that nobody else has.
func (r *Responder) claim(ctx context.Context) bool {
	for {
		r.mu.Lock()
		r.number = max(r.number, 1)
		if r.conflict {
			r.number++
		}
		r.holds, r.conflict = false, false
		number := r.number
		r.mu.Unlock()
		if number > mostNames {
			r.Log.Warn("no name on the local network is free", "like", r.Service.Instance)
			return false
		}
		n, err := namesOf(r.Service, number)
		if err != nil {
			r.Log.Error("the name cannot be one of the local network", "name", r.Service.Instance, "error", err)
			return false
		}
		if !pause(ctx, rand.N(probeEvery)) {
			return false
		}
		for range probes {
			r.each(func(i Interface) ([]byte, error) { return probe(n, r.Service, i.Addresses) })
			if !pause(ctx, probeEvery) {
				return false
			}
		}
		r.mu.Lock()
		r.holds = !r.conflict
		held := r.holds
		r.mu.Unlock()
		if held {
			if number > 1 {
				r.Log.Warn("the name is taken on the local network", "instead", n.host)
			}
			return true
		}
	}
}

// probe asks for the names, with the records that are meant to be theirs.
func probe(n names, s Service, addresses []netip.Addr) ([]byte, error) {
	question := func(name dnsmessage.Name) dnsmessage.Question {
		return dnsmessage.Question{Name: name, Type: dnsmessage.TypeALL, Class: dnsmessage.ClassINET | cacheFlush}
	}
	m := dnsmessage.Message{Questions: []dnsmessage.Question{question(n.host), question(n.instance)}}
	for _, r := range records(n, s, addresses, true) {
		if r.Header.Class&cacheFlush != 0 {
			r.Header.Class &^= cacheFlush
			m.Authorities = append(m.Authorities, r)
		}
	}
	return m.Pack()
}

func (r *Responder) announce(ctx context.Context) {
	for range announcements {
		r.tell(true)
		if !pause(ctx, announceEvery) {
			return
		}
	}
}

func (r *Responder) goodbye() {
	if _, held := r.held(); held {
		r.tell(false)
	}
}

// tell sends all records of each interface there.
func (r *Responder) tell(alive bool) {
	n, _ := r.held()
	r.each(func(i Interface) ([]byte, error) {
		return message(0, nil, records(n, r.Service, i.Addresses, alive), nil)
	})
}

func (r *Responder) each(packet func(Interface) ([]byte, error)) {
	for _, i := range r.Interfaces() {
		b, err := packet(i)
		if err == nil {
			err = r.Wire.Send(b, i.Index, Group)
		}
		if err != nil {
			r.Log.Debug("multicast", "interface", i.Index, "error", err)
		}
	}
}

// held are the names that are tried or held, and whether they are held.
func (r *Responder) held() (names, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n, err := namesOf(r.Service, max(r.number, 1))
	return n, r.holds && err == nil
}

// receive hears everybody until the wire is closed.
func (r *Responder) receive() {
	for {
		packet, index, from, err := r.Wire.Receive()
		if err != nil {
			return
		}
		r.hear(packet, index, from)
	}
}

func (r *Responder) hear(packet []byte, index int, from netip.AddrPort) {
	n, held := r.held()
	var here, all []dnsmessage.Resource
	for _, i := range r.Interfaces() {
		own := records(n, r.Service, i.Addresses, true)
		all = append(all, own...)
		if i.Index == index {
			here = own
		}
	}
	if len(here) == 0 {
		return
	}
	if from.Port() == Port && claims(packet, n, all) {
		r.mu.Lock()
		r.conflict = true
		r.mu.Unlock()
		if held {
			r.Changed() // probe again, under the next name
		}
		return
	}
	if !held {
		return
	}
	reply, direct := answer(packet, from, here)
	if reply == nil {
		return
	}
	to := Group
	if direct {
		to = from
	}
	if err := r.Wire.Send(reply, index, to); err != nil {
		r.Log.Debug("multicast", "interface", index, "error", err)
	}
}

// pause waits, and tells whether ctx went on for so long.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
