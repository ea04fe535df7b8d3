package main

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// card is a disk: what it has for certain, and what is pending since the last
// sync. A sync of a file makes its content certain, one of a folder the names in
// it.
type card struct {
	files map[int]*content
	names map[string]int // certain names to files
	moves []event        // pending changes of names, in order
	data  []event        // pending changes of contents, in order
}

// content is that of a file; what lies between the bytes and the size is zero.
type content struct {
	bytes []byte
	size  int64
}

func newCard() *card {
	return &card{files: make(map[int]*content), names: map[string]int{".": folderNode}}
}

// take adds an event to what is pending, or makes certain what it syncs.
func (c *card) take(e event) {
	switch e.kind {
	case write, resize:
		c.data = append(c.data, e)
	case link, rename, unlink:
		c.moves = append(c.moves, e)
	case syncFile:
		c.data = slices.DeleteFunc(c.data, func(p event) bool {
			if p.node == e.node {
				c.file(p.node).apply(p, nil)
			}
			return p.node == e.node
		})
	case syncFolder:
		c.moves = slices.DeleteFunc(c.moves, func(p event) bool {
			if filepath.Dir(p.name) == e.name {
				move(c.names, p)
			}
			return filepath.Dir(p.name) == e.name
		})
	}
}

func (c *card) file(node int) *content {
	f := c.files[node]
	if f == nil {
		f = new(content)
		c.files[node] = f
	}
	return f
}

// move does what e does to names.
func move(names map[string]int, e event) {
	switch e.kind {
	case link:
		names[e.name] = e.node
	case rename:
		if node, ok := names[e.name]; ok {
			names[e.to] = node
			delete(names, e.name)
		}
	case unlink:
		delete(names, e.name)
	}
}

// sector is what a disk writes wholly or not at all.
const sector = 512

// apply does what e does to the content: of a write only the sectors that
// arrived names, or all when it is nil.
func (f *content) apply(e event, arrived func(sector int) bool) {
	if e.kind == resize {
		f.size = e.off
		if int64(len(f.bytes)) > e.off {
			f.bytes = f.bytes[:e.off]
		}
		return
	}
	end := e.off + int64(len(e.data))
	for n := 0; n*sector < len(e.data); n++ {
		if arrived != nil && !arrived(n) {
			continue
		}
		from, to := n*sector, min((n+1)*sector, len(e.data))
		f.put(e.off+int64(from), e.data[from:to])
	}
	f.size = max(f.size, end)
}

func (f *content) put(off int64, data []byte) {
	if end := off + int64(len(data)); end > int64(len(f.bytes)) {
		f.bytes = append(f.bytes, make([]byte, end-int64(len(f.bytes)))...)
	}
	copy(f.bytes[off:], data)
}

// state is what a cut leaves: of the pending changes of names the first few, and
// of those of contents any, each with all or some of its sectors.
type state struct {
	moves int
	data  []int // 0: did not arrive, whole: all of it, else a seed of which sectors did
}

const whole = 1

// lay writes the state into dir, which is empty.
func (c *card) lay(dir string, s state) error {
	names := maps.Clone(c.names)
	for _, e := range c.moves[:s.moves] {
		move(names, e)
	}
	files := make(map[int]*content)
	for name, node := range names {
		if node != folderNode && reachable(names, name) {
			f := c.file(node)
			files[node] = &content{slices.Clone(f.bytes), f.size}
		}
	}
	for i, e := range c.data {
		if f := files[e.node]; f != nil && s.data[i] != 0 {
			f.apply(e, sectors(s.data[i]))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if !reachable(names, name) {
			continue
		}
		path := filepath.Join(dir, name)
		if names[name] == folderNode {
			if err := os.MkdirAll(path, 0o700); err != nil {
				return err
			}
			continue
		}
		f := files[names[name]]
		if err := os.WriteFile(path, f.bytes, 0o600); err != nil {
			return err
		}
		if err := os.Truncate(path, f.size); err != nil {
			return err
		}
	}
	return nil
}

// reachable reports whether the folder of name is there.
func reachable(names map[string]int, name string) bool {
	for dir := filepath.Dir(name); ; dir = filepath.Dir(dir) {
		if _, ok := names[dir]; !ok {
			return false
		}
		if dir == "." {
			return true
		}
	}
}
