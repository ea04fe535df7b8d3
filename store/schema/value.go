package schema

import (
	"cmp"
	"strings"
)

// Kind is what a Value is.
type Kind uint8

// The kinds. Null is the zero Value.
const (
	NullKind Kind = iota
	IntKind
	TextKind
	BlobKind
)

// Value is one cell of a table. Values of one kind compare with ==.
type Value struct {
	kind Kind
	n    int64
	s    string
}

// Null is the missing value.
var Null = Value{}

// Int returns an integer.
func Int(n int64) Value { return Value{kind: IntKind, n: n} }

// Text returns a text.
func Text(s string) Value { return Value{kind: TextKind, s: s} }

// Blob returns bytes, held as a string so that they cannot change.
func Blob(s string) Value { return Value{kind: BlobKind, s: s} }

// Kind tells what v is.
func (v Value) Kind() Kind { return v.kind }

// IsNull tells whether v is the missing value.
func (v Value) IsNull() bool { return v.kind == NullKind }

// Int is the integer, 0 for any other kind. In an unsigned column it holds the
// bits of a uint64.
func (v Value) Int() int64 { return v.n }

// Str is the text or the bytes, empty for any other kind.
func (v Value) Str() string { return v.s }

// Compare orders a and b as the terminal's database does: null, then
// integers, then texts by their bytes, then blobs. Unsigned columns compare
// their integers as uint64.
func Compare(a, b Value, unsigned bool) int {
	switch {
	case a.kind != b.kind:
		return cmp.Compare(a.kind, b.kind)
	case a.kind == IntKind && unsigned:
		return cmp.Compare(uint64(a.n), uint64(b.n))
	case a.kind == IntKind:
		return cmp.Compare(a.n, b.n)
	}
	return strings.Compare(a.s, b.s)
}
