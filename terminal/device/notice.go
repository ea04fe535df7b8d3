package device

import (
	"sync"
	"time"
)

// maxNotices is how many notices are kept.
const maxNotices = 1000

// Notice is something that a client did and hardly meant: the terminal obeys,
// as a real one does, and says so to whoever develops the client.
type Notice struct {
	Time    time.Time
	Command string
	Rule    string // what it is about, a short constant word
	Detail  string
	Client  string // the client's address
}

// notices are the newest notices.
type notices struct {
	mu   sync.Mutex // guards all below
	kept []Notice
	next int // where the next one goes, once there are maxNotices
	said map[[2]string]bool
}

// add keeps n and tells whether it is the first of its command and rule. One
// that repeats the last only renews its time.
func (l *notices) add(n Notice) (first bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.kept) > 0 {
		last := &l.kept[(l.next+len(l.kept)-1)%len(l.kept)]
		repeated := *last
		repeated.Time = n.Time
		if repeated == n {
			*last = n
			return false
		}
	}
	if len(l.kept) < maxNotices {
		l.kept = append(l.kept, n)
	} else {
		l.kept[l.next] = n
		l.next = (l.next + 1) % maxNotices
	}
	key := [2]string{n.Command, n.Rule}
	if first = !l.said[key]; first {
		if l.said == nil {
			l.said = make(map[[2]string]bool)
		}
		l.said[key] = true
	}
	return first
}

// Notice keeps n, with the time of now when it has none, and writes the first
// of each command and rule to the log.
func (d *Device) Notice(n Notice) {
	if n.Time.IsZero() {
		n.Time = d.clock.Now()
	}
	if d.notices.add(n) {
		d.log.Warn("a client may not mean what it says", "command", n.Command, "rule", n.Rule, "detail", n.Detail, "from", n.Client)
	}
}

// Notices lists the newest notices, the oldest of them first.
func (d *Device) Notices() []Notice {
	l := &d.notices
	l.mu.Lock()
	defer l.mu.Unlock()
	list := make([]Notice, 0, len(l.kept))
	return append(append(list, l.kept[l.next:]...), l.kept[:l.next]...)
}
