package query

import (
	"strings"
	"unicode/utf8"
)

// Pattern is what a LIKE compares with: % stands for any text, _ for any one
// character, and ASCII letters for themselves in either case. Nothing escapes
// them. It means what it means to the terminal's database, SQLite, down to
// bytes that are no UTF-8 and to the NUL that ends pattern and text.
type Pattern struct {
	text  string   // the pattern
	parts []string // what stands between its %, in small letters; nil: has a _ or odd characters
	ascii bool     // the parts are ASCII
}

// NewPattern returns the pattern that text is.
func NewPattern(text string) *Pattern {
	p := &Pattern{text: untilNUL(text), ascii: true}
	if strings.Contains(p.text, "_") || !utf8.ValidString(p.text) || strings.ContainsRune(p.text, utf8.RuneError) {
		return p
	}
	small := make([]byte, len(p.text))
	for i := range small {
		small[i] = fold[p.text[i]]
		p.ascii = p.ascii && small[i] < utf8.RuneSelf
	}
	p.parts = strings.Split(string(small), "%")
	return p
}

// Match tells whether s is like p. Its work is bounded by the product of the
// lengths of the two.
func (p *Pattern) Match(s string) bool {
	s = untilNUL(s)
	if p.parts == nil || !p.ascii && !utf8.ValidString(s) {
		return p.matchCharacters(s)
	}
	// Characters have one coding each here, so bytes are compared.
	first, more := p.parts[0], p.parts[1:]
	if !hasPrefixFold(s, first) {
		return false
	}
	s = s[len(first):]
	if len(more) == 0 {
		return s == ""
	}
	between, last := more[:len(more)-1], more[len(more)-1]
	if len(s) < len(last) || !hasPrefixFold(s[len(s)-len(last):], last) {
		return false
	}
	s = s[:len(s)-len(last)]
	for _, part := range between {
		i := indexFold(s, part)
		if i < 0 {
			return false
		}
		s = s[i+len(part):]
	}
	return true
}

// matchCharacters compares character by character. When one does not fit, the
// last % takes one more: an earlier % could only leave it less to choose from.
func (p *Pattern) matchCharacters(s string) bool {
	at, in := 0, 0              // places in s and in the pattern
	resumeAt, resumeIn := 0, -1 // behind the last %, if there was one
	for at < len(s) {
		if in < len(p.text) {
			want, wide := character(p.text[in:])
			if want == '%' {
				in++
				resumeAt, resumeIn = at, in
				continue
			}
			got, n := character(s[at:])
			if want == got || want == '_' || want < utf8.RuneSelf && got < utf8.RuneSelf && fold[want] == fold[got] {
				at += n
				in += wide
				continue
			}
		}
		if resumeIn < 0 {
			return false
		}
		_, n := character(s[resumeAt:])
		resumeAt += n
		at, in = resumeAt, resumeIn
	}
	return strings.Trim(p.text[in:], "%") == ""
}

// character reads the first character of s and its length, as SQLite does:
// a byte that begins one takes every continuation byte behind it, one that
// should not stand alone is the character of that number, and overlong ASCII
// and surrogates are all U+FFFD.
func character(s string) (c uint32, n int) {
	c = uint32(s[0])
	if c < 0xC0 {
		return c, 1
	}
	switch {
	case c < 0xE0:
		c &= 0x1F
	case c < 0xF0:
		c &= 0x0F
	case c < 0xF8:
		c &= 0x07
	case c < 0xFC:
		c &= 0x03
	case c < 0xFE:
		c &= 0x01
	default:
		c = 0
	}
	for n = 1; n < len(s) && s[n]&0xC0 == 0x80; n++ {
		c = c<<6 | uint32(s[n]&0x3F)
	}
	if c < utf8.RuneSelf || c&^0x7FF == 0xD800 {
		c = utf8.RuneError
	}
	return c, n
}

func untilNUL(s string) string {
	if i := strings.IndexByte(s, 0); i >= 0 {
		return s[:i]
	}
	return s
}

// fold makes capital ASCII letters small.
var fold = func() (fold [256]byte) {
	for i := range fold {
		fold[i] = byte(i)
	}
	for c := byte('A'); c <= 'Z'; c++ {
		fold[c] = c + 'a' - 'A'
	}
	return fold
}()

// hasPrefixFold tells whether s begins with small, which is in small letters.
func hasPrefixFold(s, small string) bool {
	if len(s) < len(small) {
		return false
	}
	for i := range len(small) {
		if fold[s[i]] != small[i] {
			return false
		}
	}
	return true
}

// indexFold is where small, which is in small letters, is first in s, or -1.
func indexFold(s, small string) int {
	if small == "" {
		return 0
	}
	for i := 0; i <= len(s)-len(small); i++ {
		if fold[s[i]] == small[0] && hasPrefixFold(s[i+1:], small[1:]) {
			return i
		}
	}
	return -1
}
