package main

import (
	"os/exec"
	"strings"
	"testing"
)

// printed is what a hidden command prints.
func printed(t *testing.T, args ...string) string {
	t.Helper()
	var out, problems strings.Builder
	if status := run(args, streams{&out, &problems}); status != 0 {
		t.Fatalf("portaria %v: status %d: %s", args, status, &problems)
	}
	return out.String()
}

func TestManual(t *testing.T) {
	t.Setenv("SOURCE_DATE_EPOCH", "1790000000")
	page := printed(t, "manual")

	t.Run("every command and every flag is in it", func(t *testing.T) {
		if len(forPeople()) < 5 {
			t.Fatalf("%d commands", len(forPeople()))
		}
		for _, c := range forPeople() {
			_, section, found := strings.Cut(page, "\n.SS portaria "+roff(c.name))
			if !found {
				t.Errorf("%s is missing", c.name)
				continue
			}
			section, _, _ = strings.Cut(section, "\n.S")
			if !strings.Contains(section, roff(c.about)) {
				t.Errorf("%s does not say what it is about", c.name)
			}
			for _, o := range c.options() {
				if !strings.Contains(section, "\n.B \\-\\-"+roff(o.name)) || !strings.Contains(section, roff(o.text)) {
					t.Errorf("%s: the flag --%s is missing", c.name, o.name)
				}
			}
		}
	})
	t.Run("a command that is not for people is not", func(t *testing.T) {
		for _, name := range []string{"inspect", "manual", "completion"} {
			if strings.Contains(page, ".SS portaria "+name) {
				t.Errorf("%s is in the manual", name)
			}
		}
	})
	t.Run("the date is the source's, not today's", func(t *testing.T) {
		if !strings.Contains(page, `"2026-09-21"`) {
			t.Errorf("the title is %.100q", page)
		}
	})
	t.Run("a manual's reader finds nothing wrong with it", func(t *testing.T) {
		mandoc, err := exec.LookPath("mandoc")
		if err != nil {
			t.Skip("no mandoc here")
		}
		lint := exec.Command(mandoc, "-T", "lint", "-W", "warning")
		lint.Stdin = strings.NewReader(page)
		if out, err := lint.CombinedOutput(); err != nil {
			t.Errorf("mandoc: %v\n%s", err, out)
		}
	})
}

func TestRoff(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		".SH is no heading": `\&.SH is no heading`,
		"'quoted'":          `\(aqquoted\(aq`,
		`a\b --flag`:        `a\eb \-\-flag`,
	} {
		if got := roff(text); got != want {
			t.Errorf("roff(%q) = %q, want %q", text, got, want)
		}
	}
}
