package jsondoc

import (
	"encoding/binary"
	"unicode/utf8"
)

// AppendString appends s as a JSON string. The slash stays bare and runes
// stay runes, as the device writes them; invalid UTF-8 becomes U+FFFD.
func AppendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for {
		n := plainLen(s)
		dst = append(dst, s[:n]...)
		if s = s[n:]; s == "" {
			return append(dst, '"')
		}
		if s[0] >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s)
			dst = utf8.AppendRune(dst, r)
			s = s[size:]
			continue
		}
		dst = appendEscape(dst, s[0])
		s = s[1:]
	}
}

// plainLen is how many bytes at the start of s stand for themselves. Names
// and hashes are nearly all of them, so they are passed by the word.
func plainLen(s string) int {
	i := 0
	for i+8 <= len(s) && special(binary.LittleEndian.Uint64([]byte(s[i:i+8]))) == 0 {
		i += 8
	}
	for i < len(s) && s[i] >= 0x20 && s[i] < utf8.RuneSelf && s[i] != '"' && s[i] != '\\' {
		i++
	}
	return i
}

// appendEscape appends an ASCII character that cannot stand for itself.
func appendEscape(dst []byte, c byte) []byte {
	const hex = "0123456789abcdef"
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	return append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
}
