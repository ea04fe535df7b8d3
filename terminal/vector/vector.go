// Package vector reads and runs the wire vectors: one exchange with a
// terminal per file, with what must be there before, what is sent to the byte,
// and what must come back. They run against a terminal inside the process,
// over a socket, and against any other terminal, a real one too.
package vector

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/tools/txtar"
)

// Minimum is how many vectors a run must have found: fewer means that the
// folder moved away unseen.
const Minimum = 250

// Vector is one exchange, or a few that belong together.
type Vector struct {
	Name   string   // the file's, without its ending
	Intent string   // one sentence
	Source string   // where the behaviour is known from
	Models []string // products it holds for; nil: all
	Faces  []string // how faces are judged; nil: anyhow
	// Harm says what it does beyond its own users; it does not run against a
	// terminal that somebody else owns unless that is asked for.
	Harm  string
	Given []Given

	chunked   bool // bodies travel in chunks
	exchanges []exchange
}

// exchange is one request and what must come back.
type exchange struct {
	request  string
	quoted   bool // request is Go string literals, line by line
	response response
}

// Given is a fact that must hold before the exchange.
type Given struct {
	// What is session, user (there is one), nouser (there is none), photo (the
	// user has it), clean (the vector may leave a photo of the user behind),
	// object (there is a row like Row in Table) or absent (there is none).
	What      string
	User      int64
	Photo     string
	Timestamp int64
	Table     string
	Row       string // a JSON object
}

func (g Given) String() string {
	if g.Table != "" {
		return g.What + " " + g.Table + " " + g.Row
	}
	return g.What + " " + strconv.FormatInt(g.User, 10)
}

// response is what must come back.
type response struct {
	status  int
	headers []header
	absent  []string
	body    string
	hasBody bool
	as      string // what the body is compared as: "json", "xml", or "" for what it is
}

type header struct{ name, value string }

// Load reads every vector below dir.
func Load(files fs.FS, dir string) ([]Vector, error) { return LoadAtLeast(files, dir, Minimum) }

// LoadAtLeast is Load for a folder that has fewer than Minimum.
func LoadAtLeast(files fs.FS, dir string, least int) ([]Vector, error) {
	var vectors []Vector
	err := fs.WalkDir(files, dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Ext(name) != ".txtar" {
			return err
		}
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		v, err := parse(text)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		v.Name = strings.TrimSuffix(path.Base(name), ".txtar")
		vectors = append(vectors, v)
		return nil
	})
	if err == nil && len(vectors) < least {
		err = fmt.Errorf("%d vectors in %s, want at least %d", len(vectors), dir, least)
	}
	return vectors, err
}

// For tells whether the vector holds for a product.
func (v Vector) For(model string) bool {
	return v.Models == nil || slices.Contains(v.Models, model)
}

// ForFaces tells whether the vector holds for a terminal that judges faces so:
// see terminal.Config.
func (v Vector) ForFaces(faces string) bool {
	return v.Faces == nil || slices.Contains(v.Faces, faces)
}

func parse(text []byte) (Vector, error) {
	var v Vector
	archive := txtar.Parse(text)
	if err := v.parseHead(string(archive.Comment)); err != nil {
		return v, err
	}
	answered := true
	for _, file := range archive.Files {
		switch file.Name {
		case "request", "request.quoted":
			if !answered {
				return v, errors.New("a request without a response")
			}
			answered = false
			v.exchanges = append(v.exchanges, exchange{request: string(file.Data), quoted: file.Name == "request.quoted"})
		case "response", "response.json", "response.xml":
			if answered {
				return v, errors.New("a response without a request")
			}
			answered = true
			var err error
			response := &v.exchanges[len(v.exchanges)-1].response
			if *response, err = parseResponse(string(file.Data)); err != nil {
				return v, err
			}
			_, response.as, _ = strings.Cut(file.Name, ".")
		default:
			return v, fmt.Errorf("unknown section %q", file.Name)
		}
	}
	if v.Intent == "" || v.Source == "" || len(v.exchanges) == 0 || !answered {
		return v, errors.New("a vector has an intent, a source, a request and a response")
	}
	return v, nil
}

func (v *Vector) parseHead(head string) error {
	for line := range strings.Lines(head) {
		line = strings.TrimSpace(line)
		key, value, isField := strings.Cut(line, ": ")
		switch {
		case line == "":
		case !isField || strings.Contains(key, " "):
			v.Intent = strings.TrimSpace(v.Intent + " " + line)
		case key == "source":
			v.Source = value
		case key == "models":
			v.Models = strings.Fields(value)
		case key == "faces":
			v.Faces = strings.Fields(value)
		case key == "harm":
			v.Harm = value
		case key == "body" && value == "chunked":
			v.chunked = true
		case key == "given":
			given, err := parseGiven(value)
			if err != nil {
				return err
			}
			v.Given = append(v.Given, given)
		default:
			return fmt.Errorf("unknown field %q", line)
		}
	}
	return nil
}

func parseGiven(text string) (Given, error) {
	words := append(strings.Fields(text), "", "", "", "")[:4]
	var err error
	switch words[0] {
	case "object", "absent":
		g := Given{What: words[0], Table: words[1]}
		_, rest, _ := strings.Cut(text, g.Table)
		if g.Row = strings.TrimSpace(rest); !json.Valid([]byte(g.Row)) {
			err = fmt.Errorf("given %q has no row", text)
		}
		return g, err
	}
	g := Given{What: words[0], Photo: words[2]}
	switch g.What {
	case "session":
		return g, nil
	case "user", "nouser", "photo", "clean":
		if g.User, err = strconv.ParseInt(words[1], 10, 64); err != nil {
			return g, err
		}
		if words[3] != "" {
			g.Timestamp, err = strconv.ParseInt(words[3], 10, 64)
		}
		return g, err
	}
	return g, fmt.Errorf("unknown given %q", text)
}

func parseResponse(text string) (response, error) {
	var r response
	head, body, hasBody := strings.Cut(text, "\n\n")
	if hasBody {
		r.body, r.hasBody = strings.TrimSuffix(body, "\n"), true
	}
	lines := strings.Split(strings.TrimSpace(head), "\n")
	var err error
	if r.status, err = strconv.Atoi(lines[0]); err != nil {
		return r, err
	}
	for _, line := range lines[1:] {
		name, value, _ := strings.Cut(line, ":")
		if absent, ok := strings.CutPrefix(name, "!"); ok {
			r.absent = append(r.absent, absent)
			continue
		}
		r.headers = append(r.headers, header{name, strings.TrimSpace(value)})
	}
	return r, nil
}
