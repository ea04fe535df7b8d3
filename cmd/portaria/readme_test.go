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
	for _, tool := range []string{"sh", "curl", "cut", "cmp", "base64"} {
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
			if len(blocks) < 5 {
				t.Fatalf("%s has %d shell blocks, want the start, the photo, the people and the systems", name, len(blocks)-1)
			}
			// The photo, the people and the systems: they share the shell.
			var tour string
			for _, block := range blocks[2:5] {
				part, _, _ := strings.Cut(block, "```")
				tour += part
			}
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
