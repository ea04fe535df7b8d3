// Package partition knows the card's partition table: it tells portaria's
// card from any other disk, and lengthens the last partition to the end of
// the card. It changes nothing else of the table and needs no kernel.
package partition

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"portaria/scripts/image/card"
)

// ErrForeign says that a disk is not portaria's card.
var ErrForeign = errors.New("not a card of portaria")

// Of the master boot record: where its entries are, and what is in them.
const (
	entriesAt    = 446
	entrySize    = 16
	entryType    = 4
	entryStart   = 8
	entrySectors = 12

	typeFAT32 = 0x0c
	typeLinux = 0x83
)

// Table is the first sector of a card of portaria.
type Table [card.SectorSize]byte

// Read reads the table of a disk, or fails with ErrForeign: the partitions
// have to be where the image has them. Only the last one may be longer.
func Read(disk io.ReaderAt) (*Table, error) {
	var t Table
	if _, err := disk.ReadAt(t[:], 0); err != nil {
		return nil, err
	}
	if t[510] != 0x55 || t[511] != 0xaa {
		return nil, fmt.Errorf("%w: no partition table", ErrForeign)
	}
	for number, want := range map[int]struct {
		card.Extent
		kind byte
	}{
		card.Boot:       {card.BootExtent, typeFAT32},
		int(card.SlotA): {card.SlotAExtent, typeFAT32},
		int(card.SlotB): {card.SlotBExtent, typeFAT32},
		card.Data:       {card.DataExtent, typeLinux},
	} {
		got, kind := t.Extent(number), t.entry(number)[entryType]
		longer := number == card.Data && got.Size > want.Size
		if kind != want.kind || got.Start != want.Start || got.Size != want.Size && !longer {
			return nil, fmt.Errorf("%w: partition %d is another", ErrForeign, number)
		}
	}
	return &t, nil
}

func (t *Table) entry(number int) []byte {
	at := entriesAt + (number-1)*entrySize
	return t[at : at+entrySize]
}

// Extent is where a partition lies.
func (t *Table) Extent(number int) card.Extent {
	e := t.entry(number)
	return card.Extent{
		Start: int64(binary.LittleEndian.Uint32(e[entryStart:])) * card.SectorSize,
		Size:  int64(binary.LittleEndian.Uint32(e[entrySectors:])) * card.SectorSize,
	}
}

// grain is what the end of the card is rounded down to: cards erase in
// blocks of some MiB.
const grain = 4 << 20

// Grow lengthens the data partition, in the table only, to the end of a disk
// of diskSize bytes, and tells whether there was anything to lengthen. It
// never shortens it.
func (t *Table) Grow(diskSize int64) bool {
	e := t.entry(card.Data)
	start := binary.LittleEndian.Uint32(e[entryStart:])
	sectors := (diskSize/grain*grain)/card.SectorSize - int64(start)
	sectors = min(sectors, math.MaxUint32) // what a master boot record can say
	if sectors <= int64(binary.LittleEndian.Uint32(e[entrySectors:])) {
		return false
	}
	binary.LittleEndian.PutUint32(e[entrySectors:], uint32(sectors))
	return true
}
