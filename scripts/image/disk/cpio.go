package disk

import (
	"bytes"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
)

// A Node is a file, a directory, a device or a link of an archive. The directories
// above it come by themselves.
type Node struct {
	Path string // without a leading slash
	Mode uint32 // type and permissions as in stat(2)
	Data []byte
	// Major and Minor number a device.
	Major, Minor uint32
}

// Types of a Node, to be or-ed with its permissions.
const (
	TypeMask      = 0o170000
	TypeFile      = 0o100000
	TypeDirectory = 0o040000
	TypeDevice    = 0o020000 // of characters
	TypeLink      = 0o120000 // the data are where it leads
)

// CPIO writes the nodes as a "newc" archive, the form in which Linux takes its
// first root. Everything belongs to root and was changed at mtime (seconds
// since 1970).
func CPIO(w io.Writer, mtime int64, nodes []Node) error {
	nodes = withParents(nodes)
	for i, n := range nodes {
		if err := cpioEntry(w, i+1, mtime, n); err != nil {
			return fmt.Errorf("%s: %w", n.Path, err)
		}
	}
	return cpioEntry(w, 0, 0, Node{Path: "TRAILER!!!"})
}

// withParents returns the nodes and the directories that they lie in, sorted,
// so that a directory precedes what it holds.
func withParents(nodes []Node) []Node {
	all := map[string]Node{}
	for _, n := range nodes {
		for dir := path.Dir(n.Path); dir != "."; dir = path.Dir(dir) {
			if _, ok := all[dir]; !ok {
				all[dir] = Node{Path: dir, Mode: TypeDirectory | 0o755}
			}
		}
		all[n.Path] = n
	}
	sorted := make([]Node, 0, len(all))
	for _, n := range all {
		sorted = append(sorted, n)
	}
	slices.SortFunc(sorted, func(a, b Node) int { return strings.Compare(a.Path, b.Path) })
	return sorted
}

func cpioEntry(w io.Writer, ino int, mtime int64, n Node) error {
	var b bytes.Buffer
	links := 1
	if n.Mode&TypeMask == TypeDirectory {
		links = 2
	}
	fmt.Fprintf(&b, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%s\x00",
		ino, n.Mode, 0, 0, links, mtime, len(n.Data), 0, 0, n.Major, n.Minor, len(n.Path)+1, 0, n.Path)
	pad(&b)
	b.Write(n.Data)
	pad(&b)
	_, err := w.Write(b.Bytes())
	return err
}

func pad(b *bytes.Buffer) {
	for b.Len()%4 != 0 {
		b.WriteByte(0)
	}
}
