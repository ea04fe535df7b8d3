package imaging

import "encoding/binary"

// Comment returns the first comment in front of the picture of a JPEG, or "" when there is none or upload is no JPEG. It
// shares no memory with upload.
func Comment(upload []byte) string {
	const soi, sos, com = 0xd8, 0xda, 0xfe
	if len(upload) < 2 || upload[0] != 0xff || upload[1] != soi {
		return ""
	}
	for rest := upload[2:]; len(rest) >= 4 && rest[0] == 0xff; {
		length := 2 + int(binary.BigEndian.Uint16(rest[2:]))
		switch {
		case rest[1] == sos || length < 4 || length > len(rest):
			return ""
		case rest[1] == com:
			return string(rest[4:length])
		}
		rest = rest[length:]
	}
	return ""
}
