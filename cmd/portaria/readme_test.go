package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestReadme runs what the README tells a newcomer to type.
func TestReadme(t *testing.T) {
	t.Parallel()
	for _, tool := range []string{"sh", "curl", "cut", "cmp"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed", tool)
		}
	}
	for _, name := range []string{"README.md", "README.pt-BR.md"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile("../../" + name)
			if err != nil {
				t.Fatal(err)
			}
			blocks := strings.Split(string(text), "```sh\n")
			if len(blocks) < 4 {
				t.Fatalf("%s has %d shell blocks, want the start, the photo and the people", name, len(blocks)-1)
			}
			// The photo, and the people after it: they share the session.
			photo, _, _ := strings.Cut(blocks[2], "```")
			people, _, _ := strings.Cut(blocks[3], "```")
			tour := photo + people
			terminal := start(t, t.TempDir())
			shell := exec.Command("sh", "-e")
			shell.Dir = "../.."
			shell.Stdin = strings.NewReader(strings.NewReplacer(
				"http://127.0.0.1:8080", terminal.url, "back.jpg", t.TempDir()+"/back.jpg",
			).Replace(tour))
			out, err := shell.CombinedOutput()
			if err != nil {
				t.Errorf("%v\n%s\n%s", err, tour, out)
			}
			for _, want := range []string{"{}", `{"user_ids":[1]}`, `{"ids":[10]}`, `{"users":[{"id":10,"name":"Ana"}]}`, `{"changes":1}`} {
				if !strings.Contains(string(out), want) {
					t.Errorf("the tour of %s does not say %s:\n%s", name, want, out)
				}
			}
		})
	}
}
