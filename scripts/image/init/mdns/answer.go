package mdns

import (
	"net/netip"

	"golang.org/x/net/dns/dnsmessage"
)

// Port is the port of multicast DNS; a question from another one is by an
// ordinary resolver (RFC 6762, 6.7).
const Port = 5353

// legacyLife is how long an ordinary resolver may keep an answer.
const legacyLife = 10

// answer is the answer to a question packet, nil for none, and whether it is
// for the asker alone.
func answer(packet []byte, from netip.AddrPort, own []dnsmessage.Resource) (reply []byte, direct bool) {
	var m dnsmessage.Message
	if err := m.Unpack(packet); err != nil || m.Response || m.OpCode != 0 {
		return nil, false
	}
	legacy := from.Port() != Port
	direct = legacy
	taken := make([]bool, len(own))
	var answers []dnsmessage.Resource
	unicast := len(m.Questions) > 0
	for _, q := range m.Questions {
		unicast = unicast && q.Class&cacheFlush != 0
		for i, r := range own {
			if wants(q, r) && !taken[i] && (legacy || !known(m.Answers, r)) {
				taken[i] = true
				answers = append(answers, r)
			}
		}
	}
	if len(answers) == 0 {
		return nil, false
	}
	direct = direct || unicast
	// Whoever asks for a service will ask for its place next.
	var more []dnsmessage.Resource
	for i, r := range own {
		if !taken[i] && leadsTo(answers, r) {
			more = append(more, r)
		}
	}
	var id uint16
	var questions []dnsmessage.Question
	if legacy {
		id, questions = m.ID, m.Questions
		answers, more = forResolver(answers), forResolver(more)
	}
	reply, err := message(id, questions, answers, more)
	if err != nil {
		return nil, false
	}
	return reply, direct
}

// known tells whether the asker has an answer already, and will for at least
// half of its life (7.1).
func known(answers []dnsmessage.Resource, r dnsmessage.Resource) bool {
	for _, a := range answers {
		if !same(a.Header.Name, r.Header.Name) || a.Header.Type != typeOf(r) || a.Header.TTL < r.Header.TTL/2 {
			continue
		}
		if sameBody(a.Body, r.Body) {
			return true
		}
	}
	return false
}

// sameBody compares the records that many machines could answer.
func sameBody(a, b dnsmessage.ResourceBody) bool {
	switch a := a.(type) {
	case *dnsmessage.PTRResource:
		b, ok := b.(*dnsmessage.PTRResource)
		return ok && same(a.PTR, b.PTR)
	case *dnsmessage.AResource:
		b, ok := b.(*dnsmessage.AResource)
		return ok && a.A == b.A
	case *dnsmessage.AAAAResource:
		b, ok := b.(*dnsmessage.AAAAResource)
		return ok && a.AAAA == b.AAAA
	}
	return false
}

// leadsTo tells whether one of the answers names the owner of r, at one or
// two removes.
func leadsTo(answers []dnsmessage.Resource, r dnsmessage.Resource) bool {
	for _, a := range answers {
		switch body := a.Body.(type) {
		case *dnsmessage.PTRResource:
			switch r.Body.(type) {
			case *dnsmessage.SRVResource, *dnsmessage.TXTResource, *dnsmessage.AResource, *dnsmessage.AAAAResource:
				return true
			}
		case *dnsmessage.SRVResource:
			if same(body.Target, r.Header.Name) {
				return true
			}
		}
	}
	return false
}

// forResolver are records as an ordinary resolver understands them.
func forResolver(list []dnsmessage.Resource) []dnsmessage.Resource {
	plain := make([]dnsmessage.Resource, len(list))
	for i, r := range list {
		r.Header.Class &^= cacheFlush
		r.Header.TTL = min(r.Header.TTL, legacyLife)
		plain[i] = r
	}
	return plain
}

// claims tells whether a packet by somebody else says that one of the names
// is theirs: with records of it that are not ours.
func claims(packet []byte, n names, own []dnsmessage.Resource) bool {
	var m dnsmessage.Message
	if err := m.Unpack(packet); err != nil || !m.Response {
		return false
	}
	for _, r := range append(m.Answers, m.Additionals...) {
		if r.Header.TTL == 0 || !same(r.Header.Name, n.host) && !same(r.Header.Name, n.instance) {
			continue
		}
		if !oursToo(r, own) {
			return true
		}
	}
	return false
}

// oursToo tells whether a record is one that this machine could have sent:
// its own packets come back to it, and so do those of its other interfaces.
func oursToo(r dnsmessage.Resource, own []dnsmessage.Resource) bool {
	for _, o := range own {
		if !same(o.Header.Name, r.Header.Name) || typeOf(o) != r.Header.Type {
			continue
		}
		switch body := r.Body.(type) {
		case *dnsmessage.AResource, *dnsmessage.AAAAResource:
			if sameBody(body, o.Body) {
				return true
			}
		case *dnsmessage.SRVResource:
			if ours, ok := o.Body.(*dnsmessage.SRVResource); ok && same(ours.Target, body.Target) && ours.Port == body.Port {
				return true
			}
		case *dnsmessage.TXTResource:
			return true // what it says is nobody's name
		}
	}
	return false
}
