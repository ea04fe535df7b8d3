package main

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// event is one thing that the workload asked of the system.
type event struct {
	kind eventKind
	node int    // which file, of write, resize, sync and link
	name string // of link, rename, unlink, and the folder of syncFolder
	to   string // of rename
	off  int64  // of write; the new size of resize
	data []byte // of write
	acks int    // of ack: how many steps are done
}

type eventKind int

const (
	write eventKind = iota
	resize
	syncFile
	syncFolder
	link // a file or, with node folderNode, a folder gets a name
	rename
	unlink
	ack
)

const folderNode = -1

// calls are the system calls that are recorded.
const calls = "openat,close,write,pwrite64,ftruncate,truncate,fdatasync,fsync,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat"

// record runs command under strace and returns what it did below root.
func record(root string, command ...string) ([]event, error) {
	out := filepath.Join(root, "..", filepath.Base(root)+".trace")
	defer func() { _ = os.Remove(out) }()
	strace := exec.Command("strace", append([]string{"-f", "-xx", "-s", "16777216", "-e", "signal=none", "-e", "trace=" + calls, "-o", out, "--"}, command...)...)
	if said, err := strace.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%s: %w: %s", strace, err, said)
	}
	f, err := os.Open(out)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r := recorder{root: root + "/", names: make(map[string]int), open: make(map[int]opened), begun: make(map[string]string)}
	lines := bufio.NewReaderSize(f, 1<<20)
	for {
		line, err := lines.ReadString('\n')
		if errors.Is(err, io.EOF) {
			return r.events, nil
		}
		if err != nil {
			return nil, err
		}
		if err := r.line(strings.TrimSuffix(line, "\n")); err != nil {
			return nil, fmt.Errorf("%w: %.200s", err, line)
		}
	}
}

// opened is what a descriptor stands for.
type opened struct {
	node int
	path string
}

// recorder reads the output of strace.
type recorder struct {
	root   string
	names  map[string]int // of files, below root
	nodes  int
	open   map[int]opened
	begun  map[string]string // process to the call that another interrupted
	events []event
}

// line reads one line: "PID call(arguments) = result". A call that others ran
// beside is in two parts.
func (r *recorder) line(line string) error {
	pid, text, _ := strings.Cut(line, " ")
	text = strings.TrimLeft(text, " ")
	if strings.HasPrefix(text, "+++") || strings.HasPrefix(text, "---") {
		return nil
	}
	if first, ok := strings.CutSuffix(text, " <unfinished ...>"); ok {
		r.begun[pid] = first
		return nil
	}
	if strings.HasPrefix(text, "<...") {
		_, rest, ok := strings.Cut(text, "resumed>")
		if !ok {
			return errors.New("no call")
		}
		text = r.begun[pid] + rest
	}
	i := strings.LastIndex(text, " = ")
	name, _, ok := strings.Cut(text, "(")
	if i < 0 || !ok {
		return errors.New("no call")
	}
	result, err := strconv.Atoi(strings.Fields(text[i+3:])[0])
	if err != nil || result < 0 {
		return nil // it failed, or never returned, and did nothing
	}
	arguments := strings.TrimSpace(text[len(name)+1 : i])
	return r.call(name, strings.Split(strings.TrimSuffix(arguments, ")"), ", "), result)
}

// call notes one call that succeeded.
func (r *recorder) call(name string, args []string, result int) error {
	if strings.HasSuffix(name, "at") || name == "renameat2" {
		args = withoutFolders(name, args)
	}
	switch name {
	case "openat":
		return r.opens(args, result)
	case "rename", "renameat", "renameat2":
		from, to := r.path(args[0]), r.path(args[1])
		if from == "" || to == "" {
			return nil
		}
		r.add(event{kind: rename, name: from, to: to})
		r.names[to] = r.names[from]
		delete(r.names, from)
	case "unlink", "unlinkat":
		if path := r.path(args[0]); path != "" {
			r.add(event{kind: unlink, name: path})
			delete(r.names, path)
		}
	case "mkdir", "mkdirat":
		if path := r.path(args[0]); path != "" {
			r.add(event{kind: link, node: folderNode, name: path})
		}
	case "truncate":
		if path := r.path(args[0]); path != "" {
			n, err := strconv.ParseInt(args[1], 10, 64)
			r.add(event{kind: resize, node: r.names[path], off: n})
			return err
		}
	default:
		return r.onFile(name, args)
	}
	return nil
}

// onFile notes a call on a descriptor.
func (r *recorder) onFile(name string, args []string) error {
	fd, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	if name == "write" && fd == 1 {
		return r.said(args[1])
	}
	f, ours := r.open[fd]
	if !ours {
		return nil
	}
	switch name {
	case "close":
		delete(r.open, fd)
	case "pwrite64":
		data, err := unhex(args[1])
		if err != nil {
			return err
		}
		off, err := strconv.ParseInt(args[3], 10, 64)
		r.add(event{kind: write, node: f.node, off: off, data: data})
		return err
	case "ftruncate":
		n, err := strconv.ParseInt(args[1], 10, 64)
		r.add(event{kind: resize, node: f.node, off: n})
		return err
	case "fsync", "fdatasync":
		if f.node == folderNode {
			r.add(event{kind: syncFolder, name: f.path})
			return nil
		}
		r.add(event{kind: syncFile, node: f.node})
	default:
		return errors.New("a call that is not understood")
	}
	return nil
}

func (r *recorder) add(e event) { r.events = append(r.events, e) }

// said reads an acknowledgement.
func (r *recorder) said(arg string) error {
	text, err := unhex(arg)
	if err != nil {
		return err
	}
	for line := range bytes.Lines(text) {
		var word string
		var n int
		if _, err := fmt.Sscan(string(line), &word, &n); err != nil || word != ackWord {
			return fmt.Errorf("the workload says %q", line)
		}
		r.add(event{kind: ack, acks: n})
	}
	return nil
}

// opens notes a descriptor, and a name that opening it made.
func (r *recorder) opens(args []string, fd int) error {
	delete(r.open, fd)
	path := r.path(args[0])
	if path == "" {
		return nil
	}
	node, known := r.names[path]
	switch {
	case known:
	case strings.Contains(args[1], "O_CREAT"):
		node = r.nodes
		r.nodes++
		r.names[path] = node
		r.add(event{kind: link, node: node, name: path})
	default:
		node = folderNode
	}
	if strings.Contains(args[1], "O_TRUNC") {
		r.add(event{kind: resize, node: node})
	}
	r.open[fd] = opened{node, path}
	return nil
}

// path is the argument as a name below root, "" for anything else. Root itself
// is ".".
func (r *recorder) path(arg string) string {
	text, err := unhex(arg)
	if err != nil {
		return ""
	}
	full := filepath.Clean(string(text))
	if full+"/" == r.root {
		return "."
	}
	below, ok := strings.CutPrefix(full, r.root)
	if !ok {
		return ""
	}
	return below
}

// withoutFolders leaves out the descriptors of folders that names are relative
// to; the workload's are absolute.
func withoutFolders(name string, args []string) []string {
	if strings.HasPrefix(name, "rename") {
		return []string{args[1], args[3]}
	}
	return args[1:]
}

// unhex reads a string as strace -xx writes it.
func unhex(arg string) ([]byte, error) {
	text := strings.Trim(arg, `"`)
	if strings.HasSuffix(arg, "...") {
		return nil, errors.New("strace cut a string short")
	}
	return hex.DecodeString(strings.ReplaceAll(text, `\x`, ""))
}
