package query

import (
	"encoding/binary"
	"math/rand/v2"
	"reflect"
	"testing"

	"portaria/store/schema"
)

func TestFormat(t *testing.T) {
	t.Parallel()
	id := Column{"users", "id"}
	name := Column{"users", "name"}
	one := Compare{id, Equal, schema.Int(1)}
	two := Compare{id, Equal, schema.Int(2)}
	for _, test := range []struct {
		e    Expr
		want string
	}{
		{nil, ""},
		{And{}, ""},
		{And{Or{}, nil}, ""},
		{And{one}, "users.id = 1"},
		{Or{And{one, two}, two}, "users.id = 1 AND users.id = 2 OR users.id = 2"},
		{And{Or{one, two}, two}, "(users.id = 1 OR users.id = 2) AND users.id = 2"},
		{And{Or{one}, And{two, nil}}, "users.id = 1 AND users.id = 2"},
		{In{id, true, []schema.Value{schema.Int(-1), schema.Null}}, "users.id NOT IN (-1, NULL)"},
		{Compare{name, NotLike, schema.Text("it's\n")}, "users.name NOT LIKE CAST(X'697427730A' AS TEXT)"},
		{Compare{name, Like, schema.Text("it's")}, "users.name LIKE 'it''s'"},
		{Compare{Column{Name: "COUNT(*)"}, Greater, schema.Blob("\x00")}, `"COUNT(*)" > X'00'`},
		{IsNull{Column{"users", `a"b`}, true}, `users."a""b" IS NOT NULL`},
	} {
		if got := Format(test.e); got != test.want {
			t.Errorf("Format(%#v)\n got %s\nwant %s", test.e, got, test.want)
		}
	}
}

func TestNormal(t *testing.T) {
	t.Parallel()
	a, b, c := IsNull{Column: Column{"t", "a"}}, IsNull{Column: Column{"t", "b"}}, IsNull{Column: Column{"t", "c"}}
	for _, test := range []struct{ e, want Expr }{
		{nil, nil},
		{And{}, nil},
		{Or{}, nil},
		{Or{And{}, nil}, nil},
		{And{a}, a},
		{Or{And{Or{a}}}, a},
		{And{a, And{b, And{c}}}, And{a, b, c}},
		{And{a, Or{And{b, c}}}, And{a, b, c}},
		{Or{And{a, b}, Or{c}}, Or{And{a, b}, c}},
		{And{c, nil, Or{b, Or{}, a}}, And{c, Or{b, a}}},
		{In{Values: []schema.Value{}}, In{}},
	} {
		if got := Normal(test.e); !reflect.DeepEqual(got, test.want) {
			t.Errorf("Normal(%#v)\n got %#v\nwant %#v", test.e, got, test.want)
		}
	}
	t.Run("the tree that is given stays as it is", func(t *testing.T) {
		t.Parallel()
		e := And{nil, And{a, b}, Or{c}}
		Normal(e)
		if want := (And{nil, And{a, b}, Or{c}}); !reflect.DeepEqual(e, want) {
			t.Errorf("it became %#v", e)
		}
	})
}

// source makes a tree of any bytes; no bytes left are zeros.
type source []byte

func (s *source) below(n int) int {
	if len(*s) == 0 {
		return 0
	}
	b := (*s)[0]
	*s = (*s)[1:]
	return int(b) % n
}

func (s *source) text() string {
	n := min(s.below(24), len(*s))
	text := string((*s)[:n])
	*s = (*s)[n:]
	return text
}

func (s *source) name() string {
	names := []string{"users", "id", "COUNT(*)", "", "and", `"`, "_1", "1"}
	if i := s.below(len(names) + 1); i < len(names) {
		return names[i]
	}
	return s.text()
}

func (s *source) column() Column { return Column{s.name(), s.name()} }

func (s *source) value() schema.Value {
	switch s.below(5) {
	case 0:
		return schema.Int(int64(s.below(256)) - 128)
	case 1:
		var n [8]byte
		copy(n[:], s.text())
		return schema.Int(int64(binary.LittleEndian.Uint64(n[:])))
	case 2:
		return schema.Text(s.text())
	case 3:
		return schema.Blob(s.text())
	}
	return schema.Null
}

func (s *source) expr(depth int) Expr {
	kinds := 6
	if depth == 0 {
		kinds = 4
	}
	switch s.below(kinds) {
	case 0:
		return Compare{s.column(), Op(s.below(int(NotLike) + 1)), s.value()}
	case 1:
		return IsNull{s.column(), s.below(2) == 1}
	case 2:
		in := In{s.column(), s.below(2) == 1, []schema.Value{}}
		for range s.below(4) {
			in.Values = append(in.Values, s.value())
		}
		return in
	case 3:
		return nil
	case 4:
		and := And{}
		for range s.below(4) {
			and = append(and, s.expr(depth-1))
		}
		return and
	}
	or := Or{}
	for range s.below(4) {
		or = append(or, s.expr(depth-1))
	}
	return or
}

func checkRoundTrip(t *testing.T, data []byte) {
	t.Helper()
	s := source(data)
	e := s.expr(6)
	text := Format(e)
	got, err := Parse(text)
	if err != nil {
		t.Fatalf("Parse(%q): %v\nfor %#v", text, err, e)
	}
	want := Normal(e)
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("Parse(%q)\n got %#v\nwant %#v", text, got, want)
	}
	if !reflect.DeepEqual(Normal(want), want) {
		t.Fatalf("Normal is not done after %#v", want)
	}
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		data := make([]byte, random.IntN(200))
		for i := range data {
			data[i] = byte(random.Uint32())
		}
		checkRoundTrip(t, data)
	}
}

// FuzzExpr checks that the text of any tree is read as the canonical tree.
func FuzzExpr(f *testing.F) {
	f.Add([]byte("\x04\x03\x05\x02\x00\x00\x01\x00\x00\x05\x01\x00\x01\x01\x02\x00\x01\x00\x03"))
	f.Add([]byte("\x00\x00\x01\x06\x02\x05%a'\xff\n"))
	f.Fuzz(func(t *testing.T, data []byte) { checkRoundTrip(t, data) })
}
