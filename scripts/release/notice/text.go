package notice

import (
	"fmt"
	"strings"
)

// Text is every licence after the other, word for word.
func Text(components []Component) []byte {
	var text strings.Builder
	fmt.Fprintf(&text, "portaria is under the licence %s; its text is in the file LICENSE.\nIt holds the work of others, under these licences:\n", Project)
	for _, c := range components {
		fmt.Fprintf(&text, "\n%s\n%s %s: %s\n%[1]s\n\n%[5]s", strings.Repeat("=", 72), c.Name, c.Version, c.SPDX, c.Text)
	}
	return []byte(text.String())
}

// Copyright is the same in the machine-readable form of a Debian package.
// Debian keeps the Apache licence's text once, for everybody.
func Copyright(components []Component) []byte {
	var text strings.Builder
	text.WriteString(`Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: portaria

Files: *
Copyright: portaria's authors
License: Apache-2.0
 On Debian systems, the Apache License, version 2.0, is in
 /usr/share/common-licenses/Apache-2.0.
`)
	for _, c := range components {
		// A licence's name must be its text's alone, and no two of these texts
		// are alike: each names its own authors.
		name := c.SPDX
		if !strings.Contains(name, " ") {
			name += "-" + strings.NewReplacer("/", "-", "_", "-").Replace(c.Name)
		} else {
			name = strings.NewReplacer(" AND ", "-and-").Replace(name)
		}
		fmt.Fprintf(&text, "\nFiles: %s\nCopyright: as the text below says\nLicense: %s\nComment: %s %s is part of the binary, under %s.\n",
			pathOf(c), name, c.Name, c.Version, c.SPDX)
		text.WriteString("\nLicense: " + name + "\n")
		for line := range strings.Lines(withoutApache(c.Text)) {
			if line = strings.TrimRight(line, " \t\r\n"); line == "" {
				line = "."
			}
			text.WriteString(" " + line + "\n")
		}
	}
	return []byte(text.String())
}

// withoutApache refers to Debian's copy of the Apache licence where a text
// holds all of it.
func withoutApache(text string) string {
	const end = "limitations under the License.\n"
	title := strings.Index(text, "Apache License\n")
	if title < 0 {
		return text
	}
	length := strings.Index(text[title:], end)
	if length < 0 {
		return text
	}
	start := strings.LastIndex(text[:title], "\n") + 1
	return text[:start] + "The Apache License, version 2.0: /usr/share/common-licenses/Apache-2.0.\n" + text[title+length+len(end):]
}

// pathOf is a path for a part that has none in the package: it is inside the
// binary.
func pathOf(c Component) string { return "vendor/" + c.Name + "/*" }
