package schema

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// referenceFile is where the reference lies, beside the project, unless
// PORTARIA_REFERENCE names it.
const referenceFile = "../../../shared/reference/access-api.md"

// differences are the lines in which All goes further than the tables of
// access-api §3.11, by "table.column": what the reference would have to say.
var differences = map[string]struct{ line, reason string }{
	"users.registration": {`TEXT not null default ""`, "the table of users says so above its columns"},
	"users.name":         {`TEXT not null default ""`, "the table of users says so above its columns"},

	"access_logs.device_id":              {"BIGINT soft devices.id", "joined by §3.8"},
	"access_logs.user_id":                {"BIGINT soft users.id", "joined by §3.8; logs outlive people, §3.5"},
	"access_logs.portal_id":              {"BIGINT soft portals.id", "joined by §3.8"},
	"access_logs.identification_rule_id": {"BIGINT soft identification_rules.id", "joined by §3.8"},
	"access_logs.log_type_id":            {"BIGINT default -1 soft log_types.id", "joined by §3.8; -1 is no row"},
	"access_logs.uhf_tag":                {"TEXT", "documented, and not on the unit that was read"},
	"access_logs.component_id":           {"INTEGER", "some facial units have it"},
	"access_events.device_id":            {"BIGINT not null soft devices.id", "joinable as access_logs.device_id is"},
	"alarm_logs.user_id":                 {"BIGINT soft users.id", "joined by §3.8"},
	"alarm_logs.access_log_id":           {"BIGINT not null default 0 soft access_logs.id", "joined by §3.8; 0 is no row"},
	"alarm_logs.door_id":                 {"BIGINT", "documented, and not on the unit that was read"},
}

// undescribed are the tables that only §3.12 names, without their columns'
// types.
var undescribed = []string{"uhf_tags", "timed_alarms", "config_groups"}

// TestReference compares every line of access-api §3.11 with All.
func TestReference(t *testing.T) {
	t.Parallel()
	want := readReference(t)
	if len(want) == 0 {
		t.Fatal("the reference has no tables")
	}

	met := make(map[string]bool)
	var names []string
	for _, table := range All().Tables() {
		if table.Lines != 0 && !slices.Contains(undescribed, table.Name) {
			names = append(names, table.Name)
		}
	}
	var wantNames []string
	for _, table := range want {
		wantNames = append(wantNames, table.name)
	}
	if diff := cmp.Diff(wantNames, names); diff != "" {
		t.Errorf("tables (-reference +All):\n%s", diff)
	}
	for _, table := range want {
		got := All().Table(table.name)
		if got == nil {
			continue // told above
		}
		lines := table.columns
		for _, c := range got.Columns {
			key := table.name + "." + c.Name
			d, ok := differences[key]
			if !ok {
				continue
			}
			met[key] = true
			lines = replaceLine(lines, c.Name, c.Name+" "+d.line)
		}
		if diff := cmp.Diff(lines, referenceLines(got)); diff != "" {
			t.Errorf("%s (-reference +All):\n%s", table.name, diff)
		}
	}
	for key := range differences {
		if !met[key] {
			t.Errorf("%s is a difference from the reference, and no column of All", key)
		}
	}
}

// replaceLine puts line in the place of the column's, or at the end. A
// difference that the reference has adopted is one no more: it gets a line too
// many.
func replaceLine(lines []string, column, line string) []string {
	var out []string
	done := false
	for _, l := range lines {
		if strings.HasPrefix(l, column+" ") {
			l, done = line, l != line
		}
		out = append(out, l)
	}
	if !done {
		out = append(out, line)
	}
	return out
}

// referenceLines writes the columns of a table as readReference does.
func referenceLines(t *Table) []string {
	var lines []string
	for i, c := range t.Columns {
		line := c.Name + " " + c.Type.String()
		if c.NotNull {
			line += " not null"
		}
		switch c.Default.Kind() {
		case IntKind:
			line += fmt.Sprintf(" default %d", c.Default.Int())
		case TextKind:
			line += fmt.Sprintf(" default %q", c.Default.Str())
		}
		if i == t.Key {
			line += " primary key"
		}
		if r := c.Ref; r != nil {
			if r.OnDelete == Soft {
				line += " soft"
			}
			line += " " + r.Table + "." + r.Column
		}
		lines = append(lines, line)
	}
	return lines
}

type referenceTable struct {
	name    string
	columns []string
}

var (
	tableTitle = regexp.MustCompile("^#### `(.+)`$")
	columnLine = regexp.MustCompile("^\\| `(.+)` \\| (\\w+) \\| [^|]+ \\| (yes|no) \\| (\\S+) \\| ([^|]+) \\|$")
)

// readReference reads §3.11, or skips the test where nobody has put the
// reference.
func readReference(t *testing.T) []referenceTable {
	t.Helper()
	name := os.Getenv("PORTARIA_REFERENCE")
	if name == "" {
		name = referenceFile
		if _, err := os.Stat(name); os.IsNotExist(err) {
			t.Skip("no reference beside the project; the golden file of TestGolden stands for it")
		}
	}
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(b), "\n### 3.11 ")
	section, _, _ := strings.Cut(rest, "\n### ")

	var tables []referenceTable
	for line := range strings.Lines(section) {
		line = strings.TrimSpace(line)
		if m := tableTitle.FindStringSubmatch(line); m != nil {
			tables = append(tables, referenceTable{name: m[1]})
		}
		if !strings.HasPrefix(line, "| `") {
			continue
		}
		m := columnLine.FindStringSubmatch(line)
		if m == nil || len(tables) == 0 {
			t.Fatalf("not the line of a column: %s", line)
		}
		last := &tables[len(tables)-1]
		last.columns = append(last.columns, referenceLine(t, m[1:]))
	}
	return tables
}

// referenceLine is one column: name, SQL type, null, default, reference.
func referenceLine(t *testing.T, m []string) string {
	t.Helper()
	line := m[0] + " " + m[1]
	if m[2] == "no" {
		line += " not null"
	}
	if m[3] != "-" {
		if _, err := strconv.Atoi(m[3]); err != nil {
			t.Fatalf("%s: default %q is no number", m[0], m[3])
		}
		line += " default " + m[3]
	}
	if m[4] != "-" {
		line += " " + m[4]
	}
	return line
}
