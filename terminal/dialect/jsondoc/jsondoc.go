// Package jsondoc reads JSON as the dialects need it: strictly, without a
// copy, integers exact to 64 bits, and with the kind of every value known so
// that a refusal can name it. A document is checked once, in one pass, and
// then walked in place: a hostile body costs no memory beyond itself.
package jsondoc

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// MaxDepth is how deep arrays and objects may nest.
const MaxDepth = 256

// ErrSyntax is what Parse returns for anything that is not one JSON document.
var ErrSyntax = errors.New("malformed JSON")

// Kind is what a value is, in the words of the terminal's error texts.
type Kind uint8

// The kinds. Undefined is the zero Value: a member that is not there.
const (
	Undefined Kind = iota
	Null
	Boolean
	Int  // a number without fraction and exponent
	Real // any other number
	String
	Array
	Object
)

var kindNames = [...]string{"undefined", "null", "boolean", "int", "double", "string", "array", "object"}

func (k Kind) String() string { return kindNames[k] }

// Value is one value of a checked document. It aliases the document's bytes.
type Value struct {
	raw []byte // from the value's first byte to its last
}

// Parse checks that b is exactly one JSON document (RFC 8259, UTF-8) and
// returns its root. An empty or blank b is ErrSyntax too.
func Parse(b []byte) (Value, error) {
	start := blanks(b, 0)
	end, err := checkValue(b, start, 0)
	if err != nil {
		return Value{}, err
	}
	if rest := blanks(b, end); rest != len(b) {
		return Value{}, syntaxError(rest)
	}
	return Value{b[start:end]}, nil
}

func syntaxError(at int) error { return fmt.Errorf("%w at byte %d", ErrSyntax, at) }

// Kind tells what v is.
func (v Value) Kind() Kind {
	if len(v.raw) == 0 {
		return Undefined
	}
	switch v.raw[0] {
	case 'n':
		return Null
	case 't', 'f':
		return Boolean
	case '"':
		return String
	case '[':
		return Array
	case '{':
		return Object
	}
	if bytes.ContainsAny(v.raw, ".eE") {
		return Real
	}
	return Int
}

// Raw returns the text of v as it stands in the document.
func (v Value) Raw() []byte { return v.raw }

// Int returns the value of an integer, and false for any other kind and for
// an integer outside 64 bits.
func (v Value) Int() (int64, bool) {
	if v.Kind() != Int {
		return 0, false
	}
	n, err := strconv.ParseInt(string(v.raw), 10, 64)
	return n, err == nil
}

// Uint returns the value of an integer that is not negative, and false for any
// other kind and for an integer outside 64 bits.
func (v Value) Uint() (uint64, bool) {
	if v.Kind() != Int {
		return 0, false
	}
	n, err := strconv.ParseUint(string(v.raw), 10, 64)
	return n, err == nil
}

// Bool returns the value of a boolean, and false for any other kind.
func (v Value) Bool() (value, ok bool) {
	if v.Kind() != Boolean {
		return false, false
	}
	return v.raw[0] == 't', true
}

// Str returns the text of a string, and false for any other kind. A lone
// surrogate becomes U+FFFD.
func (v Value) Str() (string, bool) {
	if v.Kind() != String {
		return "", false
	}
	return string(unescape(v.raw[1 : len(v.raw)-1])), true
}

// Member returns the first member of an object with that name, or the
// undefined Value: the device's parser takes the first of two, too.
func (v Value) Member(name string) Value {
	for n, member := range v.rawMembers() {
		if string(n) == name || (bytes.IndexByte(n, '\\') >= 0 && string(unescape(n)) == name) {
			return member
		}
	}
	return Value{}
}

// Members walks an object in document order; any other kind has none.
func (v Value) Members() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		for name, member := range v.Pairs() {
			if !yield(string(name), member) {
				return
			}
		}
	}
}

// Pairs is Members without a copy of the names, which alias the document.
func (v Value) Pairs() iter.Seq2[[]byte, Value] {
	return func(yield func([]byte, Value) bool) {
		for name, member := range v.rawMembers() {
			if !yield(unescape(name), member) {
				return
			}
		}
	}
}

func (v Value) rawMembers() iter.Seq2[[]byte, Value] {
	return func(yield func([]byte, Value) bool) {
		if v.Kind() != Object {
			return
		}
		for i := blanks(v.raw, 1); v.raw[i] != '}'; i = blanks(v.raw, i) {
			if v.raw[i] == ',' {
				i = blanks(v.raw, i+1)
			}
			end := skipString(v.raw, i)
			name := v.raw[i+1 : end-1]
			i = blanks(v.raw, blanks(v.raw, end)+1)
			end = skipValue(v.raw, i)
			if !yield(name, Value{v.raw[i:end]}) {
				return
			}
			i = end
		}
	}
}

// Items walks an array in order; any other kind has none.
func (v Value) Items() iter.Seq[Value] {
	return func(yield func(Value) bool) {
		if v.Kind() != Array {
			return
		}
		for i := blanks(v.raw, 1); v.raw[i] != ']'; i = blanks(v.raw, i) {
			if v.raw[i] == ',' {
				i = blanks(v.raw, i+1)
			}
			end := skipValue(v.raw, i)
			if !yield(Value{v.raw[i:end]}) {
				return
			}
			i = end
		}
	}
}

// skipValue returns where the value that starts at i ends. The document has
// been checked, so brackets balance and strings close.
func skipValue(b []byte, i int) int {
	switch b[i] {
	case '"':
		return skipString(b, i)
	case '[', '{':
		for depth := 0; ; {
			switch b[i] {
			case '"':
				i = skipString(b, i)
				continue
			case '[', '{':
				depth++
			case ']', '}':
				if depth--; depth == 0 {
					return i + 1
				}
			}
			i++
		}
	}
	for i < len(b) && b[i] != ',' && b[i] != ']' && b[i] != '}' && !isBlank(b[i]) {
		i++
	}
	return i
}

func skipString(b []byte, i int) int {
	for i++; ; i++ {
		i += bytes.IndexByte(b[i:], '"')
		slashes := 0
		for b[i-1-slashes] == '\\' {
			slashes++
		}
		if slashes%2 == 0 {
			return i + 1
		}
	}
}

// unescape returns the text of a checked string, in place when it holds no
// escape.
func unescape(s []byte) []byte {
	next := bytes.IndexByte(s, '\\')
	if next < 0 {
		return s
	}
	text := make([]byte, 0, len(s))
	for {
		text = append(text, s[:next]...)
		switch c := s[next+1]; c {
		case 'b':
			text = append(text, '\b')
		case 'f':
			text = append(text, '\f')
		case 'n':
			text = append(text, '\n')
		case 'r':
			text = append(text, '\r')
		case 't':
			text = append(text, '\t')
		case 'u':
			r := hex4(s[next+2:])
			if utf16.IsSurrogate(r) {
				low := rune(-1)
				if after := s[next+6:]; len(after) >= 6 && after[0] == '\\' && after[1] == 'u' {
					low = hex4(after[2:])
				}
				if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
					next += 6
				}
			}
			text = utf8.AppendRune(text, r)
			next += 4
		default:
			text = append(text, c)
		}
		s = s[next+2:]
		if next = bytes.IndexByte(s, '\\'); next < 0 {
			return append(text, s...)
		}
	}
}

func hex4(s []byte) rune {
	var r rune
	for _, c := range s[:4] {
		r = r<<4 | rune(hexDigit(c))
	}
	return r
}
