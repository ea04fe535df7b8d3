package query

import (
	"bufio"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// line is one condition of testdata/query.
type line struct{ file, text, want string }

func lines(t testing.TB) []line {
	t.Helper()
	files, err := filepath.Glob("../../testdata/query/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	var all []line
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		for scanner := bufio.NewScanner(f); scanner.Scan(); {
			if scanner.Text() == "" || strings.HasPrefix(scanner.Text(), "#") {
				continue
			}
			text, want, ok := strings.Cut(scanner.Text(), " => ")
			if !ok {
				t.Fatalf("%s: no => in %q", file, scanner.Text())
			}
			all = append(all, line{filepath.Base(file), text, want})
		}
	}
	if len(all) < 50 {
		t.Fatalf("only %d conditions found; where are the others?", len(all))
	}
	return all
}

func TestParse(t *testing.T) {
	t.Parallel()
	for _, l := range lines(t) {
		e, err := Parse(l.text)
		if l.want == "error" {
			if err == nil {
				t.Errorf("%s: Parse(%q) is %s, want an error", l.file, l.text, Format(e))
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: Parse(%q): %v", l.file, l.text, err)
			continue
		}
		if got := Format(e); got != l.want {
			t.Errorf("%s: Parse(%q)\n got %s\nwant %s", l.file, l.text, got, l.want)
		}
	}
}

func TestSyntaxError(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text   string
		offset int
	}{
		{"users", 5},
		{"users.id = 1 AND ", 17},
		{"users.id ? 1", 9},
		{"users.id = 12x", 13},
		{"users.id = 'abc", 15},
		{"users.id = 1 AND (users.id = 2 ", 31},
		{"users.id = X'zz'", 11},
	} {
		_, err := Parse(test.text)
		var syntax *SyntaxError
		if !errors.As(err, &syntax) || syntax.Offset != test.offset {
			t.Errorf("Parse(%q): %v, want an error at offset %d", test.text, err, test.offset)
		}
	}
}

func TestParseBounds(t *testing.T) {
	t.Parallel()
	nested := func(depth int) string {
		return strings.Repeat("(", depth) + "a.b = 1" + strings.Repeat(")", depth)
	}
	long := func(bytes int) string {
		const around = "a.b = ''"
		return "a.b = '" + strings.Repeat("x", bytes-len(around)) + "'"
	}
	for _, test := range []struct {
		name, text string
		ok         bool
	}{
		{"the deepest parentheses", nested(maxDepth), true},
		{"parentheses that are too deep", nested(maxDepth + 1), false},
		{"parentheses without end", strings.Repeat("(", maxText), false},
		{"the longest text", long(maxText), true},
		{"a text that is too long", long(maxText + 1), false},
	} {
		if _, err := Parse(test.text); (err == nil) != test.ok {
			t.Errorf("%s: error %v", test.name, err)
		}
	}
}

// FuzzParse checks that any text is refused, or has a canonical text that
// means the same and is its own canonical text.
func FuzzParse(f *testing.F) {
	for _, l := range lines(f) {
		f.Add(l.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := Parse(text)
		if err != nil {
			var syntax *SyntaxError
			if !errors.As(err, &syntax) || syntax.Offset > len(text) {
				t.Fatalf("Parse(%q): %v", text, err)
			}
			return
		}
		if !reflect.DeepEqual(e, Normal(e)) {
			t.Fatalf("Parse(%q) is not canonical: %#v", text, e)
		}
		canonical := Format(e)
		if len(canonical) > maxText {
			return
		}
		again, err := Parse(canonical)
		if err != nil {
			t.Fatalf("Parse(%q), which Format wrote: %v", canonical, err)
		}
		if !reflect.DeepEqual(again, e) {
			t.Fatalf("%q is %#v\nits text %q is %#v", text, e, canonical, again)
		}
		if s := Format(again); s != canonical {
			t.Fatalf("%q\nbecomes %q", canonical, s)
		}
	})
}
