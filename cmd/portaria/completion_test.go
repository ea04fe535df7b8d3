package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestCompletion asks bash itself what it would offer.
func TestCompletion(t *testing.T) {
	t.Parallel()
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("no bash here")
	}
	script := filepath.Join(t.TempDir(), "portaria")
	if err := os.WriteFile(script, []byte(printed(t, "completion", "bash")), 0o600); err != nil {
		t.Fatal(err)
	}
	// offered completes the last of words.
	offered := func(t *testing.T, words ...string) []string {
		t.Helper()
		ask := exec.Command(bash, append([]string{
			"-c", `. "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _portaria; printf '%s\n' "${COMPREPLY[@]}"`, script,
		}, words...)...)
		ask.Stderr = t.Output()
		out, err := ask.Output()
		if err != nil {
			t.Fatalf("bash: %v", err)
		}
		return strings.Fields(string(out))
	}
	t.Run("every command", func(t *testing.T) {
		t.Parallel()
		want := strings.Fields(names(forPeople()) + " help")
		if got := offered(t, "portaria", ""); !slices.Equal(got, want) {
			t.Errorf("offered %v, want %v", got, want)
		}
	})
	t.Run("every flag of every command, and its words", func(t *testing.T) {
		t.Parallel()
		for _, c := range forPeople() {
			want := c.words()
			for _, o := range c.options() {
				want = append(want, "--"+o.name)
			}
			if got := offered(t, "portaria", c.name, ""); !slices.Equal(got, want) {
				t.Errorf("%s: offered %v, want %v", c.name, got, want)
			}
		}
	})
	t.Run("what was begun", func(t *testing.T) {
		t.Parallel()
		if got := offered(t, "portaria", "serve", "--mod"); !slices.Equal(got, []string{"--model"}) {
			t.Errorf("offered %v", got)
		}
	})
	t.Run("no flag where a value belongs", func(t *testing.T) {
		t.Parallel()
		if got := offered(t, "portaria", "serve", "--model", ""); len(got) != 0 {
			t.Errorf("offered %v", got)
		}
	})
}

func TestCompletionOfOtherShells(t *testing.T) {
	t.Parallel()
	for shell, flagForm := range map[string]string{"zsh": "'--", "fish": " -l "} {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			script := printed(t, "completion", shell)
			for _, c := range forPeople() {
				if !strings.Contains(script, c.name) {
					t.Errorf("%s is missing", c.name)
				}
				for _, o := range c.options() {
					if !strings.Contains(script, flagForm+o.name) {
						t.Errorf("%s: --%s is missing", c.name, o.name)
					}
				}
			}
			path, err := exec.LookPath(shell)
			if err != nil {
				t.Skipf("no %s here to read it", shell)
			}
			read := exec.Command(path, "-n", "/dev/stdin")
			read.Stdin = strings.NewReader(script)
			if out, err := read.CombinedOutput(); err != nil {
				t.Errorf("%s: %v\n%s", shell, err, out)
			}
		})
	}
	t.Run("a shell that is not known is refused", func(t *testing.T) {
		t.Parallel()
		var out, problems strings.Builder
		if status := run([]string{"completion", "tcsh"}, streams{&out, &problems}); status != 2 || out.Len() > 0 {
			t.Errorf("status %d, %q", status, &out)
		}
	})
}
