package main

import (
	"fmt"
	"slices"
	"sync"
)

// kind is a kind of thing that a terminal keeps.
type kind string

const (
	photo   kind = "photo"
	user    kind = "user"
	card    kind = "card"
	account kind = "account"
)

// item is one thing that a terminal keeps.
type item struct {
	kind kind
	id   int64
}

// absent is the value of an item that is not there.
const absent = ""

// change is one request: the values that items have if it succeeds, all or none.
type change struct {
	values map[item]string
	acked  bool
}

// entry is the value that an item has after a change.
type entry struct {
	by    *change
	value string
}

// ledger is what clients asked for and what they were told. It knows which
// states of a terminal would break no promise.
type ledger struct {
	mu      sync.Mutex // guards all
	history map[item][]entry
	tally   tally
}

// tally counts acknowledgements.
type tally struct{ photos, rows, deletions, settings int }

func (t tally) sum() int { return t.photos + t.rows + t.deletions + t.settings }

func (t *tally) add(o tally) {
	t.photos += o.photos
	t.rows += o.rows
	t.deletions += o.deletions
	t.settings += o.settings
}

func newLedger() *ledger { return &ledger{history: make(map[item][]entry)} }

// begin notes that a request is about to be sent.
func (l *ledger) begin(values map[item]string) *change {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := &change{values: values}
	for it, value := range values {
		l.history[it] = append(l.history[it], entry{c, value})
	}
	return c
}

// ack notes that its answer has come.
func (l *ledger) ack(c *change) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c.acked = true
	for it, value := range c.values {
		switch {
		case it.kind == account:
			l.tally.settings++
		case value == absent:
			l.tally.deletions++
		case it.kind == photo:
			l.tally.photos++
		default:
			l.tally.rows++
		}
	}
}

// take returns the count of acknowledgements and starts a new one.
func (l *ledger) take() tally {
	l.mu.Lock()
	defer l.mu.Unlock()
	t := l.tally
	l.tally = tally{}
	return t
}

// busy reports whether anything was acknowledged since the last take.
func (l *ledger) busy() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.tally.sum() > 0
}

// current is the value that was last asked for, acknowledged or not.
func (l *ledger) current(it item) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if h := l.history[it]; len(h) > 0 {
		return h[len(h)-1].value
	}
	return absent
}

// present lists the items of a kind whose current value is one.
func (l *ledger) present(k kind) (found []item) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for it, h := range l.history {
		if it.kind == k && h[len(h)-1].value != absent {
			found = append(found, it)
		}
	}
	return found
}

// acknowledged is what a terminal owes from now on: of each item the entries
// from the last acknowledged one.
func (l *ledger) acknowledged() *promise {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := &promise{entries: make(map[item][]entry, len(l.history)), owed: make(map[item]bool, len(l.history))}
	for it, h := range l.history {
		for i := len(h) - 1; i > 0; i-- {
			if h[i].by.acked {
				h = slices.Clone(h[i:])
				break
			}
		}
		l.history[it] = h
		p.entries[it], p.owed[it] = slices.Clone(h), h[0].by.acked
	}
	return p
}

// extend adds to the promise what was asked for since: it may be there or not.
func (l *ledger) extend(p *promise) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for it, h := range l.history {
		p.entries[it] = slices.Clone(h)
	}
}

// settle makes what was found the truth from which clients go on.
func (l *ledger) settle(found map[item]string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for it := range l.history {
		if found[it] == absent {
			delete(l.history, it)
		}
	}
	for it, value := range found {
		l.history[it] = []entry{{&change{acked: true}, value}}
	}
}

// promise is what may be found after a cut: of each item the first entry, which
// was acknowledged where it is owed, or a later one, which was under way.
type promise struct {
	entries map[item][]entry
	owed    map[item]bool
}

// broken compares a promise with what was found and says what is wrong.
type broken struct {
	lost    []string // not there, or back again although it was deleted
	altered []string // there, but neither as acknowledged nor as under way
}

func (b broken) any() bool { return len(b.lost)+len(b.altered) > 0 }

func (p *promise) compare(found map[item]string) (b broken) {
	applied := make(map[*change]map[bool]item)
	for it, h := range p.entries {
		value := found[it]
		at, times := -1, 0
		for i, e := range h {
			if e.value == value {
				at, times = i, times+1
			}
		}
		before := !p.owed[it] && value == absent
		if at < 0 && !before {
			text := fmt.Sprintf("%s %d: found %q, want %s", it.kind, it.id, value, p.wanted(it))
			if value == absent || h[len(h)-1].value == absent {
				b.lost = append(b.lost, text)
			} else {
				b.altered = append(b.altered, text)
			}
			continue
		}
		if times+count(before) != 1 {
			continue // which of several equal values it is cannot be told
		}
		for i, e := range h {
			if len(e.by.values) > 1 {
				if applied[e.by] == nil {
					applied[e.by] = make(map[bool]item)
				}
				applied[e.by][i <= at] = it
			}
		}
	}
	for it, value := range found {
		if _, known := p.entries[it]; !known {
			b.lost = append(b.lost, fmt.Sprintf("%s %d: found %q, which was deleted or never there", it.kind, it.id, value))
		}
	}
	for _, sides := range applied {
		if done, ok := sides[true]; ok {
			if not, ok := sides[false]; ok {
				b.altered = append(b.altered, fmt.Sprintf("one change was kept by half: %v is as after it, %v as before", done, not))
			}
		}
	}
	slices.Sort(b.lost)
	slices.Sort(b.altered)
	return b
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}

// wanted lists the values that would have been right.
func (p *promise) wanted(it item) string {
	h := p.entries[it]
	text := fmt.Sprintf("%q", h[0].value)
	if !p.owed[it] {
		text = "nothing or " + text
	}
	for _, e := range h[1:] {
		text += fmt.Sprintf(" or %q", e.value)
	}
	return text
}
