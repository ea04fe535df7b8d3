//go:build linux

package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// unit says how a figure is written.
type unit func(float64) string

func micros(nanos float64) string    { return fmt.Sprintf("%.1f us", nanos/1e3) }
func millis(nanos float64) string    { return fmt.Sprintf("%.2f ms", nanos/1e6) }
func megabytes(bytes float64) string { return fmt.Sprintf("%.1f MB", bytes/1e6) }
func perSecond(rate float64) string  { return fmt.Sprintf("%.0f /s", rate) }
func plainly(v float64) string       { return fmt.Sprintf("%.3g", v) }
func times(ratio float64) string     { return fmt.Sprintf("%.3gx", ratio) }

// goal is what a row is held to: a bound on the ratio to the anchor, or on
// our own figure. The zero goal is none.
type goal struct {
	ratio, value float64
	unsure       bool // others may have added to the figure: a miss proves nothing
}

// row is one line of the table. Theirs is zero where there is nothing to
// compare.
type row struct {
	measure      string
	unit         unit
	ours, theirs float64
	ratio        float64
	anchor       string
	goal         goal
}

// compare takes the medians of what both did in the same rounds. The ratio is
// the median of each round's own: what slowed a round slowed both.
func compare(measure string, unit unit, ours, theirs []float64, anchor string, g goal) row {
	ratios := make([]float64, min(len(ours), len(theirs)))
	for i := range ratios {
		ratios[i] = ours[i] / theirs[i]
	}
	return row{measure, unit, median(ours), median(theirs), median(ratios), anchor, g}
}

// section is one part of the table.
type section struct {
	title string
	notes []string
	rows  []row
}

func (s section) print(w io.Writer) {
	fmt.Fprintf(w, "\n%s\n", s.title)
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	fmt.Fprintln(t, "  \tportaria\tagainst\t\tratio\tgoal\tmet")
	for _, r := range s.rows {
		fmt.Fprintln(t, "  "+strings.Join(r.cells(), "\t"))
	}
	_ = t.Flush() // what fails here failed on w, and so did every line before
	for _, n := range s.notes {
		fmt.Fprintln(w, "  "+n)
	}
}

func (r row) cells() []string {
	cells := []string{r.measure, r.unit(r.ours), "-", "-", "-", "-", "-"}
	if r.theirs > 0 {
		cells[2], cells[3], cells[4] = r.anchor, r.unit(r.theirs), times(r.ratio)
	}
	switch {
	case r.goal.ratio > 0:
		cells[5], cells[6] = "<= "+times(r.goal.ratio), r.goal.verdict(r.ratio > 0 && r.ratio <= r.goal.ratio)
	case r.goal.value > 0:
		cells[5], cells[6] = "<= "+r.unit(r.goal.value), r.goal.verdict(r.ours > 0 && r.ours <= r.goal.value)
	}
	return cells
}

func (g goal) verdict(met bool) string {
	switch {
	case met:
		return "yes"
	case g.unsure:
		return "unsure"
	}
	return "NO"
}

// median returns the middle of some figures, 0 of none.
func median(figures []float64) float64 {
	if len(figures) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(figures))
	middle := len(sorted) / 2
	if len(sorted)%2 == 0 {
		return (sorted[middle-1] + sorted[middle]) / 2
	}
	return sorted[middle]
}

// rounded says of how many rounds a figure is the median.
func rounded(rounds int) string {
	if rounds == 1 {
		return "one round"
	}
	return fmt.Sprintf("medians of %d rounds, of their ratios too", rounds)
}
