package jsondoc

import (
	"encoding/binary"
	"unicode/utf8"
)

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func blanks(b []byte, i int) int {
	for i < len(b) && isBlank(b[i]) {
		i++
	}
	return i
}

// checkValue returns where the value that starts at i ends.
func checkValue(b []byte, i, depth int) (int, error) {
	if i >= len(b) || depth > MaxDepth {
		return 0, syntaxError(i)
	}
	switch b[i] {
	case '{':
		return checkObject(b, i, depth)
	case '[':
		return checkArray(b, i, depth)
	case '"':
		return checkString(b, i)
	case 't':
		return checkWord(b, i, "true")
	case 'f':
		return checkWord(b, i, "false")
	case 'n':
		return checkWord(b, i, "null")
	}
	return checkNumber(b, i)
}

func checkWord(b []byte, i int, word string) (int, error) {
	if len(b)-i < len(word) || string(b[i:i+len(word)]) != word {
		return 0, syntaxError(i)
	}
	return i + len(word), nil
}

func checkObject(b []byte, i, depth int) (int, error) {
	i = blanks(b, i+1)
	if i < len(b) && b[i] == '}' {
		return i + 1, nil
	}
	for {
		if i >= len(b) || b[i] != '"' {
			return 0, syntaxError(i)
		}
		end, err := checkString(b, i)
		if err != nil {
			return 0, err
		}
		if i = blanks(b, end); i >= len(b) || b[i] != ':' {
			return 0, syntaxError(i)
		}
		if end, err = checkValue(b, blanks(b, i+1), depth+1); err != nil {
			return 0, err
		}
		if i = blanks(b, end); i >= len(b) {
			return 0, syntaxError(i)
		}
		switch b[i] {
		case '}':
			return i + 1, nil
		case ',':
			i = blanks(b, i+1)
		default:
			return 0, syntaxError(i)
		}
	}
}

func checkArray(b []byte, i, depth int) (int, error) {
	i = blanks(b, i+1)
	if i < len(b) && b[i] == ']' {
		return i + 1, nil
	}
	for {
		end, err := checkValue(b, i, depth+1)
		if err != nil {
			return 0, err
		}
		if i = blanks(b, end); i >= len(b) {
			return 0, syntaxError(i)
		}
		switch b[i] {
		case ']':
			return i + 1, nil
		case ',':
			i = blanks(b, i+1)
		default:
			return 0, syntaxError(i)
		}
	}
}

func checkNumber(b []byte, i int) (int, error) {
	if b[i] == '-' {
		i++
	}
	switch {
	case i >= len(b) || !isDigit(b[i]):
		return 0, syntaxError(i)
	case b[i] == '0':
		i++
	default:
		i = digits(b, i)
	}
	if i < len(b) && b[i] == '.' {
		start := i + 1
		if i = digits(b, start); i == start {
			return 0, syntaxError(i)
		}
	}
	if i < len(b) && (b[i] == 'e' || b[i] == 'E') {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		start := i
		if i = digits(b, start); i == start {
			return 0, syntaxError(i)
		}
	}
	return i, nil
}

func digits(b []byte, i int) int {
	for i < len(b) && isDigit(b[i]) {
		i++
	}
	return i
}

// checkString returns where the string that starts at i ends. A bulk upload
// is nearly all string, so plain ASCII is passed by the word.
func checkString(b []byte, i int) (int, error) {
	i++
	for {
		for i+32 <= len(b) && plain(b[i:i+32]) {
			i += 32
		}
		for i+8 <= len(b) && special(binary.LittleEndian.Uint64(b[i:])) == 0 {
			i += 8
		}
		if i >= len(b) {
			return 0, syntaxError(i)
		}
		switch c := b[i]; {
		case c == '"':
			return i + 1, nil
		case c < 0x20:
			return 0, syntaxError(i)
		case c == '\\':
			n := escapeLen(b[i:])
			if n == 0 {
				return 0, syntaxError(i)
			}
			i += n
		case c < utf8.RuneSelf:
			i++
		default:
			r, n := utf8.DecodeRune(b[i:])
			if r == utf8.RuneError && n == 1 {
				return 0, syntaxError(i)
			}
			i += n
		}
	}
}

// plain tells that none of the 32 bytes needs a look.
func plain(b []byte) bool {
	_ = b[31]
	return special(binary.LittleEndian.Uint64(b))|special(binary.LittleEndian.Uint64(b[8:]))|
		special(binary.LittleEndian.Uint64(b[16:]))|special(binary.LittleEndian.Uint64(b[24:])) == 0
}

// special is 0 when none of the eight bytes is a control character, a quote, a
// backslash or part of a multi-byte rune. A byte may be taken for one when it
// stands above one, which changes nothing: the word has a special byte then.
func special(x uint64) uint64 {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	return (x | (x - ones*0x20) | ((x ^ ones*'"') - ones) | ((x ^ ones*'\\') - ones)) & highs
}

// escapeLen is the length of the escape that s starts with, 0 when it is none.
func escapeLen(s []byte) int {
	if len(s) < 2 {
		return 0
	}
	switch s[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if len(s) < 6 {
			return 0
		}
		for _, c := range s[2:6] {
			if hexDigit(c) > 15 {
				return 0
			}
		}
		return 6
	}
	return 0
}

// hexDigit is the value of a hexadecimal digit, 255 for any other byte.
func hexDigit(c byte) byte {
	switch {
	case isDigit(c):
		return c - '0'
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10
	}
	return 255
}
