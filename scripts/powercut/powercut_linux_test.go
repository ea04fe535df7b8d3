package main

import (
	"os"
	"strings"
	"testing"

	"portaria/store/storetest/disk"
)

// TestPowerCuts cuts the power 200 times where that is required, and a few times
// elsewhere.
func TestPowerCuts(t *testing.T) {
	if testing.Short() {
		t.Skip("cuts the power of a terminal")
	}
	cuts, controls := "12,6,6,4", "10,10,4,0"
	if disk.Required() {
		cuts, controls = "120,40,25,15", "12,12,10,0"
	}
	results, err := run(t.Context(), cuts, controls, "", 1, t.Logf)
	disk.Need(t, err)
	if err := writeTable(os.Stdout, results); err != nil {
		t.Error(err)
	}
	if err := verdict(results); err != nil {
		t.Error(err)
	}
}

// TestPromise shows the ledger every way of breaking a promise.
func TestPromise(t *testing.T) {
	t.Parallel()
	ana, bea := item{photo, 1}, item{photo, 2}
	// Ana has photo 1 for certain and perhaps photo 2; Bea's was deleted; Caio's
	// and Davi's were perhaps added, together.
	caio, davi := item{photo, 3}, item{photo, 4}
	newPromise := func() *promise {
		l := newLedger()
		l.ack(l.begin(map[item]string{ana: "0", bea: "0"}))
		l.ack(l.begin(map[item]string{ana: "1"}))
		l.ack(l.begin(map[item]string{bea: absent}))
		l.begin(map[item]string{ana: "2"})
		p := l.acknowledged()
		l.begin(map[item]string{caio: "5", davi: "6"})
		l.extend(p)
		return p
	}
	tests := []struct {
		name          string
		found         map[item]string
		lost, altered string
	}{
		{name: "what was acknowledged is right", found: map[item]string{ana: "1"}},
		{name: "so is what was under way", found: map[item]string{ana: "2"}},
		{name: "and what came meanwhile", found: map[item]string{ana: "1", caio: "5", davi: "6"}},
		{name: "nothing is lost", found: nil, lost: "photo 1"},
		{name: "nothing is stale", found: map[item]string{ana: "0"}, altered: "photo 1"},
		{name: "nothing is another's", found: map[item]string{ana: "7"}, altered: "photo 1"},
		{name: "nothing comes back", found: map[item]string{ana: "1", bea: "0"}, lost: "photo 2"},
		{name: "nothing appears from nowhere", found: map[item]string{ana: "1", {user, 9}: "Ana 9"}, lost: "user 9"},
		{name: "nothing is kept by half", found: map[item]string{ana: "1", caio: "5"}, altered: "by half"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := newPromise().compare(test.found)
			for _, side := range []struct {
				what, want string
				got        []string
			}{{"lost", test.lost, b.lost}, {"altered", test.altered, b.altered}} {
				got := strings.Join(side.got, "\n")
				if (side.want == "") != (got == "") || !strings.Contains(got, side.want) {
					t.Errorf("%s: got %q, want %q", side.what, got, side.want)
				}
			}
		})
	}
}

// TestVerdict asks of the controls that they lose something.
func TestVerdict(t *testing.T) {
	t.Parallel()
	control := &result{method: methods[0].name, control: true, cutsWithAcks: 10, cutsLossy: 7}
	real := &result{method: methods[0].name, cuts: 10}
	if err := verdict([]*result{control, real}); err != nil {
		t.Errorf("nothing is wrong: %v", err)
	}
	control.cutsLossy = 6
	if err := verdict([]*result{control, real}); err == nil {
		t.Error("a control that loses too little passes")
	}
	control.cutsLossy, real.failedStarts = 10, 1
	if err := verdict([]*result{control, real}); err == nil {
		t.Error("a failed start passes")
	}
}
