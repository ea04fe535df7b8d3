package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"text/tabwriter"
	"time"
)

// result is what one method did to one program.
type result struct {
	method  string
	control bool
	program string
	want    int
	rng     *rand.Rand

	cuts         int
	cutsWithAcks int // those before which something was acknowledged
	cutsLossy    int // those after which something was wrong
	acks         tally
	lost         int
	altered      int
	failedStarts int
	other        int // set aside, ended by itself, a problem that check found
	took         time.Duration
	complaints   []string // the first few
}

// maxComplaints is how many of the wrongs are told in words.
const maxComplaints = 20

func (r *result) count(t tally) {
	r.acks.add(t)
	if t.sum() > 0 {
		r.cutsWithAcks++
	}
}

func (r *result) complain(text string) {
	if len(r.complaints) < maxComplaints {
		r.complaints = append(r.complaints, fmt.Sprintf("%s, cut %d: %s", r.method, r.cuts, text))
	}
}

func (r *result) bad(format string, args ...any) {
	r.other++
	r.complain(fmt.Sprintf(format, args...))
}

func (r *result) found(b broken) {
	r.lost += len(b.lost)
	r.altered += len(b.altered)
	if b.any() {
		r.cutsLossy++
	}
	for _, text := range append(b.lost, b.altered...) {
		r.complain(text)
	}
}

// sound reports whether no promise was broken.
func (r *result) sound() bool {
	return r.lost+r.altered+r.failedStarts+r.other == 0
}

// toothed is how many cuts of a control must have lost something, in per cent of
// those that could. Nearly all do; a kernel that happens to write back just
// before a cut spares some.
const toothed = 70

func (r *result) bites() bool {
	return r.cutsWithAcks > 0 && r.cutsLossy*100 >= r.cutsWithAcks*toothed
}

// writeTable writes the runs as a table.
func writeTable(w io.Writer, results []*result) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "method\tcuts\tacknowledged\tphotos\trows\tdeletions\tsettings\tlost\taltered\tfailed starts\tother\tlossy cuts\ts\t")
	var all result
	line := func(name string, r *result) {
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%.0f\t\n", name, r.cuts, r.acks.sum(), r.acks.photos, r.acks.rows,
			r.acks.deletions, r.acks.settings, r.lost, r.altered, r.failedStarts, r.other, r.cutsLossy, r.took.Seconds())
	}
	for _, r := range results {
		name := r.method
		if r.control {
			name += ", no sync"
		} else {
			all.cuts += r.cuts
			all.acks.add(r.acks)
			all.lost += r.lost
			all.altered += r.altered
			all.failedStarts += r.failedStarts
			all.other += r.other
			all.cutsLossy += r.cutsLossy
			all.took += r.took
		}
		line(name, r)
	}
	line("all but the controls", &all)
	return t.Flush()
}
