package query

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"portaria/store/schema"
)

// What Parse reads at most.
const (
	maxText  = 1 << 20 // bytes
	maxDepth = 100     // parentheses in parentheses
)

// SyntaxError is a text that is no condition.
type SyntaxError struct {
	Offset  int // of the first byte that does not fit
	Problem string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%s at position %d", e.Problem, e.Offset+1)
}

// Parse reads the language that Format writes, with keywords in any case, any
// blanks, == for = and <> for !=. The tree is canonical, as from Normal; that
// of an empty text is nil. Every error is a *SyntaxError.
func Parse(text string) (Expr, error) {
	if len(text) > maxText {
		return nil, &SyntaxError{maxText, "the text is too long"}
	}
	p := parser{text: text}
	p.blanks()
	if p.pos == len(text) {
		return nil, nil
	}
	e, err := p.or()
	if err != nil {
		return nil, err
	}
	if p.pos < len(text) {
		return nil, p.want("AND, OR or the end")
	}
	return Normal(e), nil
}

// parser is a place in a text. What reads something also takes the blanks
// behind it.
type parser struct {
	text  string
	pos   int
	depth int
}

func (p *parser) want(what string) error { return &SyntaxError{p.pos, "want " + what} }

func (p *parser) blanks() {
	rest := strings.TrimLeft(p.text[p.pos:], " \t\n\f\r")
	p.pos = len(p.text) - len(rest)
}

// symbol takes s if it is next.
func (p *parser) symbol(s string) bool {
	if !strings.HasPrefix(p.text[p.pos:], s) {
		return false
	}
	p.pos += len(s)
	p.blanks()
	return true
}

// word takes a keyword if it is next.
func (p *parser) word(keyword string) bool {
	rest := p.text[p.pos:]
	n := plainName(rest)
	if !strings.EqualFold(rest[:n], keyword) {
		return false
	}
	p.pos += n
	p.blanks()
	return true
}

func (p *parser) or() (Expr, error) {
	parts, err := p.parts("OR", p.and)
	return Or(parts), err
}

func (p *parser) and() (Expr, error) {
	parts, err := p.parts("AND", p.part)
	return And(parts), err
}

func (p *parser) parts(connector string, read func() (Expr, error)) ([]Expr, error) {
	var parts []Expr
	for {
		part, err := read()
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
		if !p.word(connector) {
			return parts, nil
		}
	}
}

func (p *parser) part() (Expr, error) {
	start := p.pos
	if !p.symbol("(") {
		return p.condition()
	}
	if p.depth == maxDepth {
		return nil, &SyntaxError{start, "too many parentheses"}
	}
	p.depth++
	e, err := p.or()
	p.depth--
	if err == nil && !p.symbol(")") {
		err = p.want("AND, OR or )")
	}
	return e, err
}

func (p *parser) condition() (Expr, error) {
	c, err := p.column()
	if err != nil {
		return nil, err
	}
	if p.word("IS") {
		negated := p.word("NOT")
		if !p.word("NULL") {
			return nil, p.want("NULL")
		}
		return IsNull{c, negated}, nil
	}
	negated := p.word("NOT")
	if p.word("IN") {
		values, err := p.values()
		return In{c, negated, values}, err
	}
	op, ok := p.operator(negated)
	if !ok {
		return nil, p.want("an operator")
	}
	v, err := p.value()
	return Compare{c, op, v}, err
}

// signs are the operators that are no words, the longer before those that
// they begin with.
var signs = []struct {
	sign string
	op   Op
}{
	{"==", Equal},
	{"=", Equal},
	{"!=", NotEqual},
	{"<>", NotEqual},
	{"<=", LessEqual},
	{"<", Less},
	{">=", GreaterEqual},
	{">", Greater},
}

func (p *parser) operator(negated bool) (Op, bool) {
	if p.word("LIKE") {
		if negated {
			return NotLike, true
		}
		return Like, true
	}
	for _, s := range signs {
		if !negated && p.symbol(s.sign) {
			return s.op, true
		}
	}
	return 0, false
}

func (p *parser) column() (Column, error) {
	name, err := p.name("a column or (")
	if err != nil || !p.symbol(".") {
		return Column{Name: name}, err
	}
	table := name
	name, err = p.name("a column")
	return Column{table, name}, err
}

func (p *parser) name(what string) (string, error) {
	if strings.HasPrefix(p.text[p.pos:], `"`) {
		return p.quoted('"')
	}
	n := plainName(p.text[p.pos:])
	if n == 0 {
		return "", p.want(what)
	}
	name := p.text[p.pos : p.pos+n]
	p.pos += n
	p.blanks()
	return name, nil
}

// quoted reads what stands between two quotes, where two quotes mean one.
func (p *parser) quoted(quote byte) (string, error) {
	start := p.pos + 1
	for end := start; end < len(p.text); end++ {
		if p.text[end] != quote {
			continue
		}
		if end+1 < len(p.text) && p.text[end+1] == quote {
			end++
			continue
		}
		p.pos = end + 1
		p.blanks()
		q := string(quote)
		return strings.ReplaceAll(p.text[start:end], q+q, q), nil
	}
	return "", &SyntaxError{len(p.text), "the quote of position " + strconv.Itoa(start) + " does not end"}
}

func (p *parser) values() ([]schema.Value, error) {
	if !p.symbol("(") {
		return nil, p.want("(")
	}
	if p.symbol(")") {
		return nil, nil
	}
	var values []schema.Value
	for {
		v, err := p.value()
		if err != nil {
			return nil, err
		}
		values = append(values, v)
		switch {
		case p.symbol(")"):
			return values, nil
		case !p.symbol(","):
			return nil, p.want(", or )")
		}
	}
}

func (p *parser) value() (schema.Value, error) {
	rest := p.text[p.pos:]
	switch {
	case strings.HasPrefix(rest, "'"):
		s, err := p.quoted('\'')
		return schema.Text(s), err
	case strings.HasPrefix(rest, "X'"), strings.HasPrefix(rest, "x'"):
		s, err := p.bytes()
		return schema.Blob(s), err
	case p.word("CAST"):
		s, err := p.cast()
		return schema.Text(s), err
	case p.word("NULL"):
		return schema.Null, nil
	}
	return p.integer()
}

func (p *parser) bytes() (string, error) {
	start := p.pos
	p.pos++
	digits, err := p.quoted('\'')
	if err != nil {
		return "", err
	}
	s, err := hex.DecodeString(digits)
	if err != nil {
		return "", &SyntaxError{start, "the bytes are not hexadecimal"}
	}
	return string(s), nil
}

// cast reads the rest of CAST(X'…' AS TEXT).
func (p *parser) cast() (string, error) {
	if !p.symbol("(") {
		return "", p.want("(")
	}
	if rest := p.text[p.pos:]; !strings.HasPrefix(rest, "X'") && !strings.HasPrefix(rest, "x'") {
		return "", p.want("X'")
	}
	s, err := p.bytes()
	if err != nil {
		return "", err
	}
	if !p.word("AS") || !p.word("TEXT") || !p.symbol(")") {
		return "", p.want("AS TEXT)")
	}
	return s, nil
}

func (p *parser) integer() (schema.Value, error) {
	end := p.pos
	if strings.HasPrefix(p.text[end:], "-") {
		end++
	}
	for end < len(p.text) && '0' <= p.text[end] && p.text[end] <= '9' {
		end++
	}
	n, err := strconv.ParseInt(p.text[p.pos:end], 10, 64)
	if err != nil {
		return schema.Null, p.want("a value")
	}
	if plainName(p.text[end:]) > 0 {
		return schema.Null, &SyntaxError{end, "want no letter in a number"}
	}
	p.pos = end
	p.blanks()
	return schema.Int(n), nil
}
