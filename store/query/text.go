package query

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"portaria/store/schema"
)

var operators = [...]string{
	Equal:        "=",
	NotEqual:     "!=",
	Less:         "<",
	LessEqual:    "<=",
	Greater:      ">",
	GreaterEqual: ">=",
	Like:         "LIKE",
	NotLike:      "NOT LIKE",
}

func (op Op) String() string { return operators[op] }

// Format returns the canonical text of e, which is SQL and which Parse reads:
//
//	users.id = 10 AND (users.name LIKE '%a%' OR cards.value IN (1, 2))
//
// Trees with the same Normal have the same text. That of nil is empty.
func Format(e Expr) string { return string(appendExpr(nil, Normal(e))) }

// appendExpr appends the text of a canonical tree.
func appendExpr(b []byte, e Expr) []byte {
	switch e := e.(type) {
	case nil:
		return b
	case And:
		return appendParts(b, e, " AND ")
	case Or:
		return appendParts(b, e, " OR ")
	case Compare:
		b = append(appendColumn(b, e.Column), ' ')
		b = append(append(b, e.Op.String()...), ' ')
		return appendValue(b, e.Value)
	case In:
		b = append(appendColumn(b, e.Column), not(e.Not, " IN", " NOT IN")...)
		return appendValues(append(b, ' '), e.Values)
	case IsNull:
		return append(appendColumn(b, e.Column), not(e.Not, " IS NULL", " IS NOT NULL")...)
	}
	panic(fmt.Sprintf("query: no condition is a %T", e))
}

func not(not bool, plain, negated string) string {
	if not {
		return negated
	}
	return plain
}

// appendParts needs no parentheses but around an Or: in a canonical tree that
// is always inside an And, which binds tighter.
func appendParts(b []byte, parts []Expr, connector string) []byte {
	for i, part := range parts {
		if i > 0 {
			b = append(b, connector...)
		}
		if _, ok := part.(Or); ok {
			b = append(appendExpr(append(b, '('), part), ')')
		} else {
			b = appendExpr(b, part)
		}
	}
	return b
}

func appendColumn(b []byte, c Column) []byte {
	if c.Table != "" {
		b = append(appendName(b, c.Table), '.')
	}
	return appendName(b, c.Name)
}

func appendName(b []byte, name string) []byte {
	if plainName(name) == len(name) && name != "" {
		return append(b, name...)
	}
	return appendQuoted(b, name, '"')
}

// plainName is how many of the first bytes of s make a name that needs no
// quotes.
func plainName(s string) int {
	for i := range len(s) {
		switch c := s[i]; {
		case c == '_', 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z':
		case i > 0 && '0' <= c && c <= '9':
		default:
			return i
		}
	}
	return len(s)
}

func appendQuoted(b []byte, s string, quote byte) []byte {
	b = append(b, quote)
	for i := range len(s) {
		if s[i] == quote {
			b = append(b, quote)
		}
		b = append(b, s[i])
	}
	return append(b, quote)
}

func appendValues(b []byte, values []schema.Value) []byte {
	b = append(b, '(')
	for i, v := range values {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = appendValue(b, v)
	}
	return append(b, ')')
}

func appendValue(b []byte, v schema.Value) []byte {
	switch v.Kind() {
	case schema.IntKind:
		return strconv.AppendInt(b, v.Int(), 10)
	case schema.BlobKind:
		return fmt.Appendf(b, "X'%X'", v.Str())
	case schema.TextKind:
		// SQL has no escapes. What would not survive a line of a log is
		// written as its bytes.
		if s := v.Str(); !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl) {
			return fmt.Appendf(b, "CAST(X'%X' AS TEXT)", s)
		}
		return appendQuoted(b, v.Str(), '\'')
	}
	return append(b, "NULL"...)
}
