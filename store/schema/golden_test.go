package schema

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestGolden compares every table with testdata/tables.txt. What a change
// there must never do is give a column another slot: the files of every user
// are read by them.
func TestGolden(t *testing.T) {
	t.Parallel()
	const name = "testdata/tables.txt"
	var b strings.Builder
	for _, table := range All().Tables() {
		b.WriteString(describeTable(table))
	}
	if *update {
		if err := os.WriteFile(name, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(b.String(), "\n")); diff != "" {
		t.Errorf("tables (-%s +All):\n%s", name, diff)
	}
}

// describeTable writes one line for the table and one for each column, with
// everything that the data says of them.
func describeTable(t *Table) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s [%s]", t.Name, lineNames(t.Lines))
	for _, set := range t.Unique {
		var names []string
		for _, i := range set {
			names = append(names, t.Columns[i].Name)
		}
		fmt.Fprintf(&b, " unique(%s)", strings.Join(names, ","))
	}
	if t.Keep > 0 {
		fmt.Fprintf(&b, " keep=%d", t.Keep)
	}
	writeFlags(&b, map[string]bool{"pseudo": t.Pseudo, "through": t.Through})
	b.WriteString("\n")
	lines := referenceLines(t)
	for i, c := range t.Columns {
		fmt.Fprintf(&b, "  %d %s", c.Slot, lines[i])
		if c.Ref != nil {
			fmt.Fprintf(&b, " ondelete=%s", [...]string{"cascade", "null", "restrict", "nothing"}[c.Ref.OnDelete])
		}
		writeFlags(&b, map[string]bool{
			"unsigned": c.Unsigned, "unique": c.Unique, "indexed": c.Indexed, "follows": c.Follows,
		})
		if c.Alias != "" {
			b.WriteString(" alias=" + c.Alias)
		}
		if c.Lines != 0 {
			fmt.Fprintf(&b, " [%s]", lineNames(c.Lines))
		}
		b.WriteString("\n")
	}
	return b.String()
}

func writeFlags(b *strings.Builder, set map[string]bool) {
	for _, name := range []string{"pseudo", "through", "unsigned", "unique", "indexed", "follows"} {
		if set[name] {
			b.WriteString(" " + name)
		}
	}
}

// everyLine names the product lines one by one.
var everyLine = []struct {
	name string
	line Lines
}{{"Legacy", Legacy}, {"V5", V5}, {"V6", V6}, {"Amico", Amico}}

func lineNames(l Lines) string {
	var names []string
	for _, e := range everyLine {
		if l.Has(e.line) {
			names = append(names, e.name)
		}
	}
	return strings.Join(names, " ")
}
