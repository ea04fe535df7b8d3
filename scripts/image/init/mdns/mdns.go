// Package mdns lets people find the terminal by its name on the local network
// (RFC 6762, RFC 6763): it probes for a name that nobody has, announces it,
// answers questions for it, and says goodbye. It answers for this machine
// only, looks for no others, and takes nothing over from what it hears but
// that a name is taken.
package mdns

import (
	"fmt"
	"net/netip"
	"strings"

	"golang.org/x/net/dns/dnsmessage"
)

// Service is what is to be found.
type Service struct {
	Instance string // also the host name, with .local
	Type     string // such as _http._tcp
	Port     uint16
	Text     []string // NAME=VALUE
}

// The times for which an answer holds, as the RFC recommends (section 10).
const (
	hostLife  = 120
	otherLife = 75 * 60
)

// cacheFlush marks a record that nobody else has (10.2).
const cacheFlush = 1 << 15

// names are the names of the records.
type names struct {
	host, instance, service, services dnsmessage.Name
}

// namesOf are the names of a service under the number-th name that was tried.
func namesOf(s Service, number int) (names, error) {
	label := s.Instance
	if number > 1 {
		label = fmt.Sprintf("%s-%d", label, number)
	}
	var n names
	var err error
	for _, name := range []struct {
		to   *dnsmessage.Name
		text string
	}{
		{&n.host, label + ".local."},
		{&n.instance, label + "." + s.Type + ".local."},
		{&n.service, s.Type + ".local."},
		{&n.services, "_services._dns-sd._udp.local."},
	} {
		if *name.to, err = dnsmessage.NewName(name.text); err != nil {
			return n, err
		}
	}
	return n, nil
}

// records are all records of a machine with addresses. A life of 0 takes them
// back.
func records(n names, s Service, addresses []netip.Addr, alive bool) []dnsmessage.Resource {
	life := func(seconds uint32) uint32 {
		if alive {
			return seconds
		}
		return 0
	}
	record := func(name dnsmessage.Name, unique bool, seconds uint32, body dnsmessage.ResourceBody) dnsmessage.Resource {
		class := dnsmessage.ClassINET
		if unique {
			class |= cacheFlush
		}
		return dnsmessage.Resource{Header: dnsmessage.ResourceHeader{Name: name, Class: class, TTL: life(seconds)}, Body: body}
	}
	text := s.Text
	if len(text) == 0 {
		text = []string{""} // a record without a string is malformed (RFC 6763, 6.1)
	}
	list := []dnsmessage.Resource{
		record(n.services, false, otherLife, &dnsmessage.PTRResource{PTR: n.service}),
		record(n.service, false, otherLife, &dnsmessage.PTRResource{PTR: n.instance}),
		record(n.instance, true, hostLife, &dnsmessage.SRVResource{Port: s.Port, Target: n.host}),
		record(n.instance, true, otherLife, &dnsmessage.TXTResource{TXT: text}),
	}
	for _, a := range addresses {
		if a.Is4() {
			list = append(list, record(n.host, true, hostLife, &dnsmessage.AResource{A: a.As4()}))
		} else {
			list = append(list, record(n.host, true, hostLife, &dnsmessage.AAAAResource{AAAA: a.As16()}))
		}
	}
	return list
}

// typeOf is the type of a record, which its header does not have before it is
// packed.
func typeOf(r dnsmessage.Resource) dnsmessage.Type {
	switch r.Body.(type) {
	case *dnsmessage.AResource:
		return dnsmessage.TypeA
	case *dnsmessage.AAAAResource:
		return dnsmessage.TypeAAAA
	case *dnsmessage.PTRResource:
		return dnsmessage.TypePTR
	case *dnsmessage.SRVResource:
		return dnsmessage.TypeSRV
	default:
		return dnsmessage.TypeTXT
	}
}

func same(a, b dnsmessage.Name) bool { return strings.EqualFold(a.String(), b.String()) }

// wants tells whether a question is answered by a record.
func wants(q dnsmessage.Question, r dnsmessage.Resource) bool {
	class := q.Class &^ cacheFlush // in a question, the wish for an answer to the asker only
	return (class == dnsmessage.ClassINET || class == dnsmessage.ClassANY) &&
		(q.Type == typeOf(r) || q.Type == dnsmessage.TypeALL) && same(q.Name, r.Header.Name)
}

// message packs an answer, or nothing when there is nothing to say.
func message(id uint16, questions []dnsmessage.Question, answers, more []dnsmessage.Resource) ([]byte, error) {
	m := dnsmessage.Message{
		Header:  dnsmessage.Header{ID: id, Response: true, Authoritative: true},
		Answers: answers, Additionals: more, Questions: questions,
	}
	return m.Pack()
}
