package securid

import (
	"bytes"
	"encoding/base64"
	"fmt"
)

// sixBits is what a byte of base64 stands for, or one of the two below.
var sixBits = func() (table [256]int8) {
	for i := range table {
		table[i] = noBits
	}
	for i, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") {
		table[c] = int8(i)
	}
	table['='] = padding
	return table
}()

const (
	noBits  = -1
	padding = -2
)

// decodeStrictly decodes as the product's platform does (identity-apis §1.5):
// no line break, no blank; padding may be missing, bits to spare may be set. Its
// errors are base64Errors.
func decodeStrictly(text []byte) ([]byte, error) {
	if len(text) == 1 {
		return nil, base64Error(textOneByte)
	}
	out := make([]byte, 0, base64.StdEncoding.DecodedLen(len(text)+3))
	var unit uint32
	have := 0 // characters in unit
	i := 0
	for i < len(text) {
		c := text[i]
		i++
		bits := sixBits[c]
		if bits == noBits {
			// The platform takes the byte for a number with a sign.
			return nil, base64Error(fmt.Sprintf(textBadCharacter, int8(c)))
		}
		if bits == padding {
			if have == 0 {
				return nil, base64Error(textWrongEnding)
			}
			if have == 2 {
				if i == len(text) || text[i] != '=' {
					return nil, base64Error(textWrongEnding)
				}
				i++
			}
			break
		}
		unit = unit<<6 | uint32(bits)
		if have++; have == 4 {
			out = append(out, byte(unit>>16), byte(unit>>8), byte(unit))
			unit, have = 0, 0
		}
	}
	switch have {
	case 1:
		return nil, base64Error(textDangling)
	case 2:
		out = append(out, byte(unit>>4))
	case 3:
		out = append(out, byte(unit>>10), byte(unit>>2))
	}
	if i < len(text) {
		return nil, base64Error(fmt.Sprintf(textAfterEnd, i))
	}
	return out, nil
}

var pngSignature = []byte("\x89PNG\r\n\x1a\n")

// decodeLeniently also takes line breaks, data URLs and bare bytes.
func decodeLeniently(text []byte) ([]byte, error) {
	if bytes.HasPrefix(text, pngSignature) {
		return text, nil
	}
	if bytes.HasPrefix(text, []byte("data:")) {
		if _, after, ok := bytes.Cut(text, []byte(";base64,")); ok {
			text = after
		}
	}
	return decodeStrictly(bytes.Join(bytes.Fields(text), nil))
}
