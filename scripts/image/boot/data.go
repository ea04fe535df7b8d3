package boot

import (
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"

	"portaria/scripts/image/card"
)

// dataExtent is where the partition table says that the data are.
func dataExtent(f io.ReaderAt) (card.Extent, error) {
	const entry = 446 + 16*(card.Data-1)
	var sector [card.SectorSize]byte
	if _, err := f.ReadAt(sector[:], 0); err != nil {
		return card.Extent{}, err
	}
	le := binary.LittleEndian
	return card.Extent{
		Start: int64(le.Uint32(sector[entry+8:])) * card.SectorSize,
		Size:  int64(le.Uint32(sector[entry+12:])) * card.SectorSize,
	}, nil
}

// DataSize returns how large the file system of the data is.
func (c *Card) DataSize() (int64, error) {
	f, err := os.Open(c.Path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	e, err := dataExtent(f)
	if err != nil {
		return 0, err
	}
	const superblock, magic = 1024, 0xef53
	var b [64]byte
	if _, err := f.ReadAt(b[:], e.Start+superblock); err != nil {
		return 0, err
	}
	le := binary.LittleEndian
	if le.Uint16(b[56:]) != magic {
		return 0, errors.New("the data are not ext4")
	}
	return int64(le.Uint32(b[4:])) << (10 + le.Uint32(b[24:])), nil
}

// DataCopy writes the data partition into a file of its own in dir, without
// what is all zeros, and returns its name.
func (c *Card) DataCopy(dir string) (string, error) {
	f, err := os.Open(c.Path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	e, err := dataExtent(f)
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "data.img")
	return path, sparse(io.NewSectionReader(f, e.Start, e.Size), path)
}
