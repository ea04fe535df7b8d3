package imaging

import (
	"encoding/binary"
	"fmt"
	"image"
	"iter"
)

// Colour types of a PNG.
const (
	pngGrey      = 0
	pngPalette   = 3
	pngGreyAlpha = 4
)

// readPNG walks over the chunks of a PNG. Their checksums are left to the decoder.
func readPNG(data []byte) (header, error) {
	h := header{format: formatPNG, orientation: 1}
	rest := data[len(magicPNG):]
	if len(rest) < 25 || string(rest[4:8]) != "IHDR" || binary.BigEndian.Uint32(rest) != 13 {
		return header{}, fmt.Errorf("%w: PNG without IHDR", ErrFormat)
	}
	ihdr := rest[8:21]
	width, height := binary.BigEndian.Uint32(ihdr), binary.BigEndian.Uint32(ihdr[4:])
	if width > MaxSide || height > MaxSide {
		// Here and not with the other bounds, because a side of 2^31 and more is no int on a 32-bit terminal.
		return header{}, fmt.Errorf("%w: %dx%d pixels", ErrTooCostly, width, height)
	}
	h.size = image.Pt(int(width), int(height))
	h.grey = ihdr[9] == pngGrey || ihdr[9] == pngGreyAlpha
	transparent := false
	for kind, body := range chunks(rest) {
		switch kind {
		case "tRNS":
			transparent = true
		case "eXIf":
			if o, ok := readOrientation(body); ok {
				h.orientation = o
			}
		}
	}
	h.cost = pngCost(h.size, ihdr, transparent)
	return h, nil
}

// chunks yields the type and body of each chunk up to IEND. It stops early where the data is cut short: the decoder says
// so in its own words.
func chunks(rest []byte) iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		for len(rest) >= 12 && string(rest[4:8]) != "IEND" {
			n := int64(binary.BigEndian.Uint32(rest))
			if n > int64(len(rest)-12) || !yield(string(rest[4:8]), rest[8:8+n]) {
				return
			}
			rest = rest[12+n:]
		}
	}
}

// pngCost estimates the bytes that decoding allocates: the picture as image/png hands it out, twice while an interlaced
// one is put together, and the eight-bit picture made from an unusual one.
func pngCost(size image.Point, ihdr []byte, transparent bool) int64 {
	depth, kind, interlaced := ihdr[8], ihdr[9], ihdr[12] != 0
	var decoded, converted int64
	switch {
	case kind == pngPalette:
		decoded, converted = 1, 4
	case kind == pngGrey && !transparent:
		decoded = 1
	default:
		decoded = 4
	}
	if depth == 16 {
		decoded, converted = 2*decoded, decoded
	}
	if interlaced {
		decoded *= 2
	}
	return (decoded + converted) * int64(size.X) * int64(size.Y)
}
