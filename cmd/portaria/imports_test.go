package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// room says what a package may import: of ours, and of the fenced libraries.
// The standard library is free, but for the picture codecs.
type room struct {
	ours   []string
	fences []string
}

// The libraries that live behind a fence, and what belongs to each.
var fences = map[string][]string{
	"bbolt":    {"go.etcd.io/bbolt"},
	"imaging":  {"github.com/disintegration/imaging"},
	"codecs":   {"image/jpeg", "image/png", "image/gif", "golang.org/x/image"},
	"fasthttp": {"github.com/valyala/fasthttp"},
	"windows":  {"golang.org/x/sys"},
	"txtar":    {"golang.org/x/tools/txtar"},
	"net/http": {"net/http"},
}

// rooms is the architecture: arrows point down only.
var rooms = map[string]room{
	"store/schema":     {},
	"store/query":      {ours: []string{"store/schema"}},
	"store":            {ours: []string{"store/schema", "store/query"}, fences: []string{"bbolt", "windows"}},
	"store/storetest":  {ours: []string{"store", "store/schema"}},
	"imaging/jpeg":     {},
	"imaging":          {ours: []string{"imaging/jpeg"}, fences: []string{"imaging", "codecs"}},
	"imaging/face":     {},
	"terminal/clock":   {},
	"testdata":         {},
	"terminal/device":  {ours: []string{"store", "store/query", "store/schema", "imaging", "imaging/face", "terminal/clock"}},
	"terminal/dialect": {ours: []string{"terminal/clock", "terminal/dialect/jsondoc"}, fences: []string{"fasthttp", "net/http"}},

	"terminal/certificate":     {ours: []string{"terminal/clock"}},
	"terminal/dialect/jsondoc": {},
	"terminal/dialect/fcgi":    {ours: []string{"store", "store/query", "store/schema", "terminal/device", "terminal/dialect", "terminal/dialect/jsondoc"}, fences: []string{"net/http"}},
	"terminal/dialect/securid": {ours: []string{"terminal/device", "terminal/dialect", "terminal/dialect/jsondoc"}, fences: []string{"net/http"}},
	"terminal/dialect/bpm":     {ours: []string{"imaging", "terminal/clock", "terminal/device", "terminal/dialect", "terminal/dialect/jsondoc"}, fences: []string{"net/http"}},
	"terminal/dialect/netex":   {ours: []string{"imaging", "terminal/device", "terminal/dialect", "terminal/dialect/jsondoc"}, fences: []string{"net/http"}},

	"terminal":              {ours: []string{"store", "terminal/certificate", "terminal/clock", "terminal/device", "terminal/dialect", "terminal/dialect/bpm", "terminal/dialect/fcgi", "terminal/dialect/netex", "terminal/dialect/securid"}, fences: []string{"fasthttp"}},
	"terminal/vector":       {ours: []string{"terminal/clock"}, fences: []string{"txtar", "net/http"}},
	"terminal/terminaltest": {ours: []string{"terminal", "terminal/certificate", "terminal/clock", "terminal/device"}, fences: []string{"fasthttp", "net/http"}},

	"terminal/transfer": {ours: []string{"imaging", "terminal/clock", "terminal/dialect/jsondoc"}, fences: []string{"net/http"}},

	"cmd/portaria": {
		ours:   []string{"store", "terminal", "terminal/certificate", "terminal/clock", "terminal/device", "terminal/dialect/jsondoc", "terminal/transfer", "terminal/vector", "testdata"},
		fences: []string{"net/http"},
	},
	"scripts/bench":      {ours: []string{"store", "terminal/dialect/jsondoc", "terminal/terminaltest"}, fences: []string{"fasthttp", "net/http"}},
	"scripts/photos":     {fences: []string{"codecs"}},
	"scripts/photobench": {ours: []string{"imaging"}, fences: []string{"imaging", "codecs"}},
	"scripts/faces":      {},
}

const module = "portaria/"

// TestImports holds every package to its room. A package that has none is a
// decision that nobody took.
func TestImports(t *testing.T) {
	t.Parallel()
	list := exec.Command("go", "list", "-json=ImportPath,Imports", "./...", "./testdata")
	list.Dir = "../.."
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	seen := 0
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		seen++
		name := strings.TrimPrefix(p.ImportPath, module)
		r, ok := rooms[name]
		if !ok {
			t.Errorf("%s has no room in the map", name)
			continue
		}
		for _, path := range p.Imports {
			if problem := r.check(path); problem != "" {
				t.Errorf("%s imports %s: %s", name, path, problem)
			}
		}
	}
	if seen != len(rooms) {
		t.Errorf("%d packages for %d rooms", seen, len(rooms))
	}
}

func (r room) check(path string) string {
	if ours, ok := strings.CutPrefix(path, module); ok {
		if !slices.Contains(r.ours, ours) {
			return "not below it"
		}
		return ""
	}
	for fence, libraries := range fences {
		for _, library := range libraries {
			if (path == library || strings.HasPrefix(path, library+"/")) && !slices.Contains(r.fences, fence) {
				return "behind the fence of " + fence
			}
		}
	}
	if strings.Contains(strings.Split(path, "/")[0], ".") && !slices.ContainsFunc(r.fences, func(f string) bool {
		return slices.ContainsFunc(fences[f], func(l string) bool { return strings.HasPrefix(path, l) })
	}) {
		return "a library that no fence names"
	}
	return ""
}

// TestFloors holds the libraries that take hostile input to versions without
// known holes.
func TestFloors(t *testing.T) {
	t.Parallel()
	list := exec.Command("go", "list", "-m", "-f", "{{.Path}} {{.Version}}", "all")
	list.Dir = "../.."
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	floors := map[string][2]int{
		"golang.org/x/image":          {0, 43},
		"github.com/valyala/fasthttp": {1, 74},
		"go.etcd.io/bbolt":            {1, 5},
	}
	found := 0
	for line := range strings.Lines(string(out)) {
		path, version, _ := strings.Cut(strings.TrimSpace(line), " ")
		floor, ok := floors[path]
		if !ok {
			continue
		}
		found++
		var major, minor int
		if _, err := fmt.Sscanf(version, "v%d.%d", &major, &minor); err != nil {
			t.Errorf("%s has the version %q", path, version)
		}
		if major < floor[0] || major == floor[0] && minor < floor[1] {
			t.Errorf("%s %s is below v%d.%d", path, version, floor[0], floor[1])
		}
	}
	if found != len(floors) {
		t.Errorf("%d of %d libraries found", found, len(floors))
	}
}
