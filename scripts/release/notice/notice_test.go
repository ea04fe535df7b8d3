package notice

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"portaria/scripts/release/build"
)

// made is a binary and what it is made of.
func made(t testing.TB) (string, []Component) {
	t.Helper()
	source, err := build.Open(t.Context(), ".")
	if err != nil {
		t.Fatal(err)
	}
	binary, err := source.Binary(t.Context(), build.LinuxAMD64, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	components, err := Components(t.Context(), source.Root, binary)
	if err != nil {
		t.Fatal(err)
	}
	return binary, components
}

func TestComponents(t *testing.T) {
	t.Parallel()
	binary, components := made(t)
	t.Run("they are what Go says is in the binary, and what Go cannot know", func(t *testing.T) {
		t.Parallel()
		out, err := exec.Command("go", "version", "-m", binary).Output()
		if err != nil {
			t.Fatal(err)
		}
		modules := strings.Count(string(out), "\tdep\t")
		if modules < 5 || len(components) != modules+2 {
			t.Errorf("%d components for %d modules, the library and the cascade", len(components), modules)
		}
		for _, c := range components {
			if c.Version == "" || c.SPDX == "" || len(c.Text) < 500 {
				t.Errorf("%s: version %q, licence %q, %d bytes of its text", c.Name, c.Version, c.SPDX, len(c.Text))
			}
		}
	})
	t.Run("every word of a licence is in the text that is handed out", func(t *testing.T) {
		t.Parallel()
		text := string(Text(components))
		for _, c := range components {
			if !strings.Contains(text, c.Text) {
				t.Errorf("the licence of %s is missing", c.Name)
			}
		}
		for _, author := range []string{"FastHTTP Authors", "Ben Johnson", "Intel Corporation", "Klaus Post", "The Go Authors"} {
			if !strings.Contains(text, author) || !strings.Contains(string(Copyright(components)), author) {
				t.Errorf("%s is not named", author)
			}
		}
	})
}

func TestForeignModule(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	binary := filepath.Join(dir, "release")
	// This module's own program holds modules that portaria has not.
	build := exec.Command("go", "build", "-o", binary, "..")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if _, err := Components(t.Context(), "..", binary); err == nil || !strings.Contains(err.Error(), "read its licence") {
		t.Errorf("a module whose licence nobody has read: %v", err)
	}
}

func TestBOM(t *testing.T) {
	t.Parallel()
	binary, components := made(t)
	moment := time.Date(2026, 11, 22, 2, 53, 0, 0, time.UTC)
	first, err := BOM(binary, "v1.2.3", moment, components)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("it is the same each time", func(t *testing.T) {
		t.Parallel()
		if again, err := BOM(binary, "v1.2.3", moment, components); err != nil || !bytes.Equal(first, again) {
			t.Errorf("%v; %s", err, again)
		}
	})
	t.Run("it names every component with version and licence", func(t *testing.T) {
		t.Parallel()
		var bom cdx.BOM
		if err := cdx.NewBOMDecoder(bytes.NewReader(first), cdx.BOMFileFormatJSON).Decode(&bom); err != nil {
			t.Fatal(err)
		}
		if len(*bom.Components) != len(components) {
			t.Errorf("%d components, want %d", len(*bom.Components), len(components))
		}
		for i, c := range *bom.Components {
			if c.Name != components[i].Name || c.Version != components[i].Version || (*c.Licenses)[0].Expression != components[i].SPDX || c.PackageURL == "" {
				t.Errorf("%+v for %s", c, components[i].Name)
			}
		}
		content, err := os.ReadFile(binary)
		if err != nil {
			t.Fatal(err)
		}
		if got := (*bom.Metadata.Component.Hashes)[0].Value; got != sum(content) {
			t.Errorf("it is the bill of %s", got)
		}
	})
}
