package store

import (
	"encoding/binary"
	"fmt"
	"unsafe"

	"portaria/store/schema"
)

// A stored row is its cells, one for each slot of the table as it was when the
// row was written. A cell begins with a tag:
//
//	0       null
//	1–8     an integer of so many bytes, big-endian, its sign extended
//	9, 10   the integers 0 and 1
//	11, 12  a text, a blob: its length as uvarint, its bytes
//	16–255  a text of tag−16 bytes
//
// The id of the row is the key it is stored under; its slot holds a null.
const (
	tagNull      = 0
	tagZero      = 9
	tagOne       = 10
	tagText      = 11
	tagBlob      = 12
	tagShortText = 16
	maxShortText = 255 - tagShortText
)

// appendCell appends one cell.
func appendCell(dst []byte, v schema.Value) []byte {
	switch v.Kind() {
	case schema.IntKind:
		return appendInt(dst, v.Int())
	case schema.TextKind:
		if n := len(v.Str()); n <= maxShortText {
			return append(append(dst, byte(tagShortText+n)), v.Str()...)
		}
		dst = binary.AppendUvarint(append(dst, tagText), uint64(len(v.Str())))
		return append(dst, v.Str()...)
	case schema.BlobKind:
		dst = binary.AppendUvarint(append(dst, tagBlob), uint64(len(v.Str())))
		return append(dst, v.Str()...)
	}
	return append(dst, tagNull)
}

func appendInt(dst []byte, n int64) []byte {
	switch n {
	case 0:
		return append(dst, tagZero)
	case 1:
		return append(dst, tagOne)
	}
	size := 1
	for ; size < 8 && n>>(8*size-1) != 0 && n>>(8*size-1) != -1; size++ {
	}
	dst = append(dst, byte(size))
	for i := size - 1; i >= 0; i-- {
		dst = append(dst, byte(n>>(8*i)))
	}
	return dst
}

// encodeRow returns the stored form of a row, its cells by slot.
func encodeRow(cells []schema.Value) []byte {
	size := len(cells)
	for _, v := range cells {
		size += 9 + len(v.Str())
	}
	dst := make([]byte, 0, size)
	for _, v := range cells {
		dst = appendCell(dst, v)
	}
	return dst
}

// span returns where the content of the first cell of row begins and ends; the
// tag comes before. ok is false when there is no whole cell.
func span(row []byte) (begin, end int, ok bool) {
	if len(row) == 0 {
		return 0, 0, false
	}
	switch tag := row[0]; {
	case tag == tagNull || tag == tagZero || tag == tagOne:
		return 1, 1, true
	case tag <= 8:
		end = 1 + int(tag)
		return 1, end, end <= len(row)
	case tag >= tagShortText:
		end = 1 + int(tag) - tagShortText
		return 1, end, end <= len(row)
	case tag == tagText || tag == tagBlob:
		n, width := binary.Uvarint(row[1:])
		if width <= 0 || n > uint64(len(row)) {
			return 0, 0, false
		}
		begin = 1 + width
		end = begin + int(n)
		return begin, end, end <= len(row)
	}
	return 0, 0, false
}

// valueOf reads the cell with that tag and content. Texts and blobs alias the
// content: they are valid as long as the transaction.
func valueOf(tag byte, content []byte) schema.Value {
	switch {
	case tag == tagNull:
		return schema.Null
	case tag == tagZero:
		return schema.Int(0)
	case tag == tagOne:
		return schema.Int(1)
	case tag <= 8:
		n := int64(int8(content[0]))
		for _, b := range content[1:] {
			n = n<<8 | int64(b)
		}
		return schema.Int(n)
	case tag == tagBlob:
		return schema.Blob(unsafe.String(unsafe.SliceData(content), len(content)))
	}
	return schema.Text(unsafe.String(unsafe.SliceData(content), len(content)))
}

var errCells = fmt.Errorf("row: %w", ErrDamaged)

// decodeRow reads the cells of a row into dst, by slot, and returns how many
// the row has: the others are as they were.
func decodeRow(dst []schema.Value, row []byte) (int, error) {
	n := 0
	for ; len(row) > 0 && n < len(dst); n++ {
		begin, end, ok := span(row)
		if !ok {
			return n, errCells
		}
		dst[n] = valueOf(row[0], row[begin:end])
		row = row[end:]
	}
	return n, nil
}

// cellAt reads the cell of one slot. found is false when the row was written
// before the slot was given.
func cellAt(row []byte, slot int) (v schema.Value, found bool, err error) {
	for ; len(row) > 0; slot-- {
		begin, end, ok := span(row)
		if !ok {
			return v, false, errCells
		}
		if slot == 0 {
			return valueOf(row[0], row[begin:end]), true, nil
		}
		row = row[end:]
	}
	return v, false, nil
}
