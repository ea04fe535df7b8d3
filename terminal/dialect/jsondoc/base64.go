package jsondoc

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
)

// Base64 returns the bytes that a string holds in base64, standard alphabet,
// padded or not, line breaks ignored. It is false for any other kind or text.
func (v Value) Base64() ([]byte, bool) {
	if v.Kind() != String {
		return nil, false
	}
	text := v.raw[1 : len(v.raw)-1]
	decoded := make([]byte, 0, base64.StdEncoding.DecodedLen(len(text))+8)
	// The fast loop stops at the first character that is not plain base64, at a
	// multiple of four: an escape, a line break, the padding.
	decoded, rest := appendQuads(decoded, text)
	if bytes.IndexByte(rest, '\\') >= 0 {
		decoded, rest = appendQuads(decoded, unescape(rest))
	}
	if end, err := base64.StdEncoding.AppendDecode(decoded, rest); err == nil {
		return end, true
	}
	if end, err := base64.RawStdEncoding.AppendDecode(decoded, rest); err == nil {
		return end, true
	}
	return nil, false
}

// quads holds, for each place in a group of four characters, the bits that a
// character stands for, or notBase64.
var quads = func() (tables [4][256]uint32) {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	for place := range tables {
		for c := range tables[place] {
			tables[place][c] = notBase64
		}
		for bits, c := range []byte(alphabet) {
			tables[place][c] = uint32(bits) << (18 - 6*place)
		}
	}
	return tables
}()

const notBase64 = 1 << 31

// appendQuads decodes eight characters at a time, twice as fast as the standard
// library, as long as there are eight of the alphabet and dst has room. It
// returns what is left of text.
func appendQuads(dst, text []byte) (decoded, rest []byte) {
	out := dst[len(dst):cap(dst)]
	written := 0
	for len(text) >= 8 && len(out) >= 8 {
		s := text[:8]
		a := quads[0][s[0]] | quads[1][s[1]] | quads[2][s[2]] | quads[3][s[3]]
		b := quads[0][s[4]] | quads[1][s[5]] | quads[2][s[6]] | quads[3][s[7]]
		if (a|b)&notBase64 != 0 {
			break
		}
		// Six bytes and two that the next step overwrites.
		binary.BigEndian.PutUint64(out, uint64(a)<<40|uint64(b)<<16)
		text, out = text[8:], out[6:]
		written += 6
	}
	return dst[:len(dst)+written], text
}
