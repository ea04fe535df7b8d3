// Package disk writes what a memory card consists of: a partition table, FAT32
// and ext4 file systems and a cpio archive for the kernel to unpack. Everything
// is laid down in one pass and is a function of the arguments alone, so the same
// arguments give the same bytes. It reads no file systems and changes none.
package disk

import (
	"encoding/binary"
	"fmt"
	"io"
)

// SectorSize is the unit that partitions and FAT count in.
const SectorSize = 512

// The partition types that a Raspberry Pi's boot ROM and Linux know.
const (
	TypeFAT32 = 0x0c
	TypeLinux = 0x83
)

// A Partition is an entry of the partition table. Start and Size are in bytes.
type Partition struct {
	Type        byte
	Start, Size int64
}

// MBR writes a partition table of up to four partitions. The id is the disk
// signature.
func MBR(w io.WriterAt, id uint32, parts []Partition) error {
	const table, entry = 446, 16
	if len(parts) > 4 {
		return fmt.Errorf("%d partitions: a partition table holds 4", len(parts))
	}
	var sector [SectorSize]byte
	binary.LittleEndian.PutUint32(sector[440:], id)
	for i, p := range parts {
		if p.Start%SectorSize != 0 || p.Size%SectorSize != 0 || (p.Start+p.Size)/SectorSize > 1<<32-1 {
			return fmt.Errorf("partition %d: %d bytes at %d: not whole sectors within 2 TiB", i+1, p.Size, p.Start)
		}
		e := sector[table+i*entry:]
		// Cylinders, heads and sectors stopped meaning anything long ago: all
		// ones is the customary way to say "look at the sector numbers".
		copy(e[1:4], "\xfe\xff\xff")
		e[4] = p.Type
		copy(e[5:8], "\xfe\xff\xff")
		binary.LittleEndian.PutUint32(e[8:], uint32(p.Start/SectorSize))
		binary.LittleEndian.PutUint32(e[12:], uint32(p.Size/SectorSize))
	}
	sector[510], sector[511] = 0x55, 0xaa
	_, err := w.WriteAt(sector[:], 0)
	return err
}
