package partition_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"portaria/scripts/image/card"
	"portaria/scripts/image/init/partition"
)

// sector is the first sector of a new card.
func sector() []byte {
	s := make([]byte, card.SectorSize)
	s[510], s[511] = 0x55, 0xaa
	for i, p := range []struct {
		card.Extent
		kind byte
	}{
		{card.BootExtent, 0x0c}, {card.SlotAExtent, 0x0c}, {card.SlotBExtent, 0x0c}, {card.DataExtent, 0x83},
	} {
		e := s[446+16*i:]
		e[4] = p.kind
		binary.LittleEndian.PutUint32(e[8:], uint32(p.Start/card.SectorSize))
		binary.LittleEndian.PutUint32(e[12:], uint32(p.Size/card.SectorSize))
	}
	return s
}

func TestRead(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(s []byte){
		"no signature":                     func(s []byte) { s[511] = 0 },
		"a slot somewhere else":            func(s []byte) { s[446+16+8]++ },
		"a shorter slot":                   func(s []byte) { s[446+16+12]-- },
		"a data partition of another kind": func(s []byte) { s[446+48+4] = 0x07 },
		"a shorter data partition":         func(s []byte) { binary.LittleEndian.PutUint32(s[446+48+12:], 8) },
		"nothing at all":                   func(s []byte) { clear(s) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := sector()
			change(s)
			if _, err := partition.Read(bytes.NewReader(s)); !errors.Is(err, partition.ErrForeign) {
				t.Errorf("Read: %v, want ErrForeign", err)
			}
		})
	}
	t.Run("portaria's own card", func(t *testing.T) {
		t.Parallel()
		table, err := partition.Read(bytes.NewReader(sector()))
		if err != nil {
			t.Fatal(err)
		}
		if got := table.Extent(int(card.SlotB)); got != card.SlotBExtent {
			t.Errorf("slot B is at %+v, want %+v", got, card.SlotBExtent)
		}
	})
}

func TestGrow(t *testing.T) {
	t.Parallel()
	const gibibyte = int64(1) << 30
	for name, c := range map[string]struct {
		disk, end int64 // 0: not grown
	}{
		"a card as long as the image":      {card.ImageSize, 0},
		"a card of odd length":             {32*gibibyte + 1234*512, 32 * gibibyte},
		"a card shorter than the image":    {card.ImageSize - 1<<20, 0},
		"a card longer than the table can": {5 << 40, card.DataExtent.Start + 0xffffffff*512},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			table, err := partition.Read(bytes.NewReader(sector()))
			if err != nil {
				t.Fatal(err)
			}
			if got := table.Grow(c.disk); got != (c.end != 0) {
				t.Fatalf("Grow(%d) = %v", c.disk, got)
			}
			extent := table.Extent(card.Data)
			want := card.DataExtent
			if c.end != 0 {
				want.Size = c.end - want.Start
			}
			if extent != want {
				t.Errorf("data is %+v, want %+v", extent, want)
			}
			if table.Grow(c.disk) {
				t.Error("it grows a second time")
			}
			again, err := partition.Read(bytes.NewReader(table[:]))
			if err != nil || *again != *table {
				t.Errorf("the grown table is not read again: %v", err)
			}
		})
	}
}
