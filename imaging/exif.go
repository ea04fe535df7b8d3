package imaging

import (
	"encoding/binary"
	"image"
)

// orientation is the EXIF way to say how a coded picture is to be turned: 1 is upright, 2 to 8 are the other turns and
// mirrors in the order of the standard.
type orientation uint8

// swap returns size with its sides exchanged where the turn lays the picture on its side.
func (o orientation) swap(size image.Point) image.Point {
	if o >= 5 {
		return image.Pt(size.Y, size.X)
	}
	return size
}

// The one tag that is read, and the types it is written in: SHORT by the standard, the others by senders in the field.
const (
	tagOrientation = 0x0112
	typeByte       = 1
	typeShort      = 3
	typeLong       = 4
)

// readOrientation returns the orientation in the first directory of a TIFF structure. A structure that is broken, or has
// none between 1 and 8, gives false: bad metadata is no reason to refuse a photo.
func readOrientation(tiff []byte) (orientation, bool) {
	if len(tiff) < 8 {
		return 0, false
	}
	var order binary.ByteOrder
	switch string(tiff[:4]) {
	case "II*\x00":
		order = binary.LittleEndian
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return 0, false
	}
	at := int64(order.Uint32(tiff[4:])) // 64 bits, so that no offset overflows on a 32-bit terminal
	if at < 8 || at+2 > int64(len(tiff)) {
		return 0, false
	}
	entries := tiff[at+2:]
	for range order.Uint16(tiff[at:]) {
		if len(entries) < 12 {
			break
		}
		if order.Uint16(entries) == tagOrientation {
			return orientationValue(order, entries[2:12])
		}
		entries = entries[12:]
	}
	return 0, false
}

// orientationValue reads type, count and value of the entry.
func orientationValue(order binary.ByteOrder, entry []byte) (orientation, bool) {
	var v uint32
	switch order.Uint16(entry) {
	case typeByte:
		v = uint32(entry[6])
	case typeShort:
		v = uint32(order.Uint16(entry[6:]))
	case typeLong:
		v = order.Uint32(entry[6:])
	}
	if v < 1 || v > 8 || order.Uint32(entry[2:]) != 1 {
		return 0, false
	}
	return orientation(v), true
}
