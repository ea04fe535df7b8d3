package imaging

import (
	"encoding/binary"
	"iter"
)

// Comments yields the comments in front of the picture of a JPEG, in their order. They share no memory with upload. There
// are none in what is no JPEG.
func Comments(upload []byte) iter.Seq[string] {
	return func(yield func(string) bool) {
		if len(upload) < 2 || upload[0] != 0xff || upload[1] != markSOI {
			return
		}
		for rest := upload[2:]; len(rest) >= 4 && rest[0] == 0xff; {
			if rest[1] == 0xff {
				rest = rest[1:] // a fill byte
				continue
			}
			length := 2 + int(binary.BigEndian.Uint16(rest[2:]))
			if rest[1] == markSOS || length < 4 || length > len(rest) {
				return
			}
			if rest[1] == markCOM && !yield(string(rest[4:length])) {
				return
			}
			rest = rest[length:]
		}
	}
}
