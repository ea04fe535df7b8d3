package jsondoc_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"portaria/terminal/dialect/jsondoc"
)

func mustParse(t *testing.T, text string) jsondoc.Value {
	t.Helper()
	v, err := jsondoc.Parse([]byte(text))
	if err != nil {
		t.Fatalf("Parse(%s): %v", text, err)
	}
	return v
}

func TestValue(t *testing.T) {
	t.Parallel()
	v := mustParse(t, ` {"int": 9223372036854775807, "big":9223372036854775808, "real":1.0, "exp":1e2, "yes":true,
		"nil":null, "text":"a\/b\u00e9\ud83d\ude00\n\"\\", "list":[1,[2,"]"],{"x":"}"}], "e\u0064":7, "int":2, "neg":-1} `)

	t.Run("integers keep all 64 bits and never pass through a float", func(t *testing.T) {
		t.Parallel()
		if n, ok := v.Member("int").Int(); !ok || n != 9223372036854775807 {
			t.Errorf("int = %d, %v; want 9223372036854775807, true", n, ok)
		}
		for _, name := range []string{"big", "real", "exp", "yes", "text", "absent"} {
			if n, ok := v.Member(name).Int(); ok {
				t.Errorf("%s read as the integer %d", name, n)
			}
		}
	})
	t.Run("integers without a sign have 64 bits of their own", func(t *testing.T) {
		t.Parallel()
		for name, want := range map[string]uint64{"int": 9223372036854775807, "big": 9223372036854775808} {
			if n, ok := v.Member(name).Uint(); !ok || n != want {
				t.Errorf("%s = %d, %v; want %d, true", name, n, ok, want)
			}
		}
		for _, name := range []string{"neg", "real", "exp", "yes", "text", "absent"} {
			if n, ok := v.Member(name).Uint(); ok {
				t.Errorf("%s read as the integer %d", name, n)
			}
		}
	})
	t.Run("every kind is named as the device names it", func(t *testing.T) {
		t.Parallel()
		got := map[string]string{}
		for name, member := range v.Members() {
			got[name] = member.Kind().String()
		}
		want := map[string]string{
			"int": "int", "big": "int", "real": "double", "exp": "double", "yes": "boolean",
			"nil": "null", "text": "string", "list": "array", "ed": "int", "neg": "int",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("kinds (-want +got):\n%s", diff)
		}
		if got := v.Member("absent").Kind().String(); got != "undefined" {
			t.Errorf("absent member is %q, want undefined", got)
		}
	})
	t.Run("escapes are resolved, in names too", func(t *testing.T) {
		t.Parallel()
		if got, _ := v.Member("text").Str(); got != "a/bé😀\n\"\\" {
			t.Errorf("text = %q", got)
		}
		if n, ok := v.Member("ed").Int(); !ok || n != 7 {
			t.Errorf("ed = %d, %v; want 7", n, ok)
		}
	})
	t.Run("arrays are walked in order over nested brackets", func(t *testing.T) {
		t.Parallel()
		var got []string
		for item := range v.Member("list").Items() {
			got = append(got, string(item.Raw()))
		}
		if diff := cmp.Diff([]string{`1`, `[2,"]"]`, `{"x":"}"}`}, got); diff != "" {
			t.Errorf("items (-want +got):\n%s", diff)
		}
	})
	t.Run("a value that is no object has no members and no array has no items", func(t *testing.T) {
		t.Parallel()
		for range mustParse(t, `[1]`).Members() {
			t.Error("an array has members")
		}
		for range mustParse(t, `{"a":1}`).Items() {
			t.Error("an object has items")
		}
	})
}

func TestBase64(t *testing.T) {
	t.Parallel()
	want := []byte{0xff, 0xd8, 0xff, 0x3f, 0xbf, 1, 2}
	std := base64.StdEncoding.EncodeToString(want)
	for name, text := range map[string]string{
		"padded":            std,
		"unpadded":          strings.TrimRight(std, "="),
		"slashes escaped":   strings.ReplaceAll(std, "/", `\/`),
		"broken into lines": std[:4] + `\r\n` + std[4:],
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, ok := mustParse(t, `"`+text+`"`).Base64()
			if !ok || !bytes.Equal(got, want) {
				t.Errorf("Base64(%s) = %x, %v; want %x", text, got, ok, want)
			}
		})
	}
	t.Run("of any length, as the standard library reads it", func(t *testing.T) {
		t.Parallel()
		random := rand.New(rand.NewPCG(1, 2))
		for length := range 300 {
			want := make([]byte, length)
			for i := range want {
				want[i] = byte(random.Uint32())
			}
			for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding} {
				text := encoding.EncodeToString(want)
				if got, ok := mustParse(t, `"`+text+`"`).Base64(); !ok || !bytes.Equal(got, want) {
					t.Fatalf("Base64(%q) = %x, %v; want %x", text, got, ok, want)
				}
				if length > 20 {
					broken := text[:length/2] + "!" + text[length/2+1:]
					if got, ok := mustParse(t, `"`+broken+`"`).Base64(); ok {
						t.Fatalf("Base64(%q) = %x, want a refusal", broken, got)
					}
				}
			}
		}
	})
	for _, text := range []string{`"!"`, `"QQ=x"`, `"Q"`, `1`, `null`} {
		if got, ok := mustParse(t, text).Base64(); ok {
			t.Errorf("Base64(%s) = %x, want a refusal", text, got)
		}
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	t.Run("what is not one document is refused", func(t *testing.T) {
		t.Parallel()
		for _, text := range []string{
			"", " ", "{", "[1,]", `{"a":1,}`, `{"a" 1}`, `{a:1}`, "01", "-", "1.", "1e", "+1", "nul", "true false", "1 2",
			"\"\x01\"", "\"\xff\"", `"\x"`, `"\u12g4"`, `"\u12"`, `"`, `["`, "\ufeff{}", "'a'", "{}\x00",
			strings.Repeat("[", jsondoc.MaxDepth+2) + strings.Repeat("]", jsondoc.MaxDepth+2),
			strings.Repeat("[", 1_000_000), strings.Repeat(`[{"":`, 250_000),
		} {
			if _, err := jsondoc.Parse([]byte(text)); err == nil {
				t.Errorf("Parse(%.40q) accepted it", text)
			}
		}
	})
	t.Run("the public suite is answered as it asks", func(t *testing.T) {
		t.Parallel()
		files, err := filepath.Glob("../../../../shared/corpora/jsontestsuite/test_parsing__*.json")
		if err != nil {
			t.Fatal(err)
		}
		if len(files) == 0 {
			t.Skip("the corpus is not beside the project")
		}
		counted := 0
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			_, err = jsondoc.Parse(text)
			switch base := strings.TrimPrefix(filepath.Base(file), "test_parsing__"); {
			case strings.HasPrefix(base, "y_"):
				counted++
				if err != nil {
					t.Errorf("%s: %v, want accepted", base, err)
				}
			case strings.HasPrefix(base, "n_"):
				counted++
				if err == nil {
					t.Errorf("%s accepted, want refused", base)
				}
			}
		}
		if counted < 200 {
			t.Errorf("%d cases ran, want at least 200", counted)
		}
	})
}

func TestAppendString(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "plain", `"\`, "a/b<&>", "\x00\x1f\n\r\t", "é😀", "bad\xff", "\u2028", "eight ch\"and\\more", "0123456\x7f", "áéíóúãõç with ascii after"} {
		got := jsondoc.AppendString(nil, s)
		var back string
		if err := json.Unmarshal(got, &back); err != nil {
			t.Errorf("AppendString(%q) = %s: %v", s, got, err)
		}
		if want := strings.ToValidUTF8(s, "\ufffd"); back != want {
			t.Errorf("AppendString(%q) reads back as %q, want %q", s, back, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{`{"user_ids":[1,2,"3"],"all":true}`, `[]`, `"\u0041\/"`, `-0.1e+9`, `{"a":{"b":[null]}}`, `{"`, "\"\xed\xa0\x80\""} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		v, err := jsondoc.Parse(text)
		if std := json.Valid(text); err == nil && !std {
			t.Fatalf("Parse accepted %q, encoding/json does not", text)
		}
		if err != nil {
			return
		}
		walk(t, v)
		if v.Kind() == jsondoc.String {
			var want string
			if err := json.Unmarshal(text, &want); err != nil {
				t.Fatal(err)
			}
			if got, _ := v.Str(); got != want {
				t.Fatalf("Str of %q = %q, encoding/json reads %q", text, got, want)
			}
		}
	})
}

// walk visits every value, so that a document which passed Parse is known to
// be walkable to its last byte.
func walk(t *testing.T, v jsondoc.Value) {
	if _, err := jsondoc.Parse(v.Raw()); err != nil {
		t.Fatalf("part %q of a valid document: %v", v.Raw(), err)
	}
	for _, member := range v.Members() {
		walk(t, member)
	}
	for item := range v.Items() {
		walk(t, item)
	}
	v.Str()
	v.Base64()
	v.Int()
}
