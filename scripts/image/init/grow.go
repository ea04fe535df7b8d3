//go:build linux

package main

import (
	"encoding/binary"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"

	"portaria/scripts/image/card"
	"portaria/scripts/image/init/partition"
)

// grow lengthens the data partition, and the file system in it, to the end of
// the card. It is three steps, each of which looks at the state of the card and
// not at the step before: cut off anywhere, the next start goes on. /data has
// to be mounted.
func (d disk) grow(log *slog.Logger) error {
	extent, err := d.growTable(log)
	if err != nil {
		return fmt.Errorf("the partition table: %w", err)
	}
	if err := d.growKernel(extent); err != nil {
		return fmt.Errorf("the kernel's partition: %w", err)
	}
	if err := d.growFiles(extent, log); err != nil {
		return fmt.Errorf("the file system: %w", err)
	}
	return nil
}

// growTable rewrites the table's one sector.
func (d disk) growTable(log *slog.Logger) (card.Extent, error) {
	dev, err := openDevice(d.path(), os.O_RDWR)
	if err != nil {
		return card.Extent{}, err
	}
	defer dev.Close()
	size, err := dev.size()
	if err != nil {
		return card.Extent{}, err
	}
	table, err := partition.Read(dev)
	if err != nil {
		return card.Extent{}, err
	}
	if table.Grow(size) {
		sector := [card.SectorSize]byte(*table)
		if err := dev.WriteSector(&sector, 0); err != nil {
			return card.Extent{}, err
		}
		log.Info("the data partition takes the rest of the card", "MiB", table.Extent(card.Data).Size>>20)
	}
	return table.Extent(card.Data), nil
}

// growKernel tells the kernel, which read the table at the start.
func (d disk) growKernel(extent card.Extent) error {
	b, err := os.ReadFile(filepath.Join("/sys/class/block", d.partition(card.Data), "size"))
	if err != nil {
		return err
	}
	sectors, err := strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64)
	if err != nil || sectors*card.SectorSize >= extent.Size {
		return err
	}
	dev, err := openDevice(d.path(), os.O_RDWR)
	if err != nil {
		return err
	}
	defer dev.Close()
	part := unix.BlkpgPartition{Start: extent.Start, Length: extent.Size, Pno: card.Data}
	argument := unix.BlkpgIoctlArg{
		Op: unix.BLKPG_RESIZE_PARTITION, Datalen: int32(unsafe.Sizeof(part)), Data: (*byte)(unsafe.Pointer(&part)),
	}
	return ioctl(dev.Fd(), unix.BLKPG, unsafe.Pointer(&argument))
}

// Of ext4's first description of itself.
const (
	superblockAt   = 1024
	blocksAt       = 4
	blockSizeAt    = 24
	blocksHighAt   = 336
	incompatibleAt = 96
	sixtyFourBit   = 0x80
)

// growFiles has ext4 take the partition's new blocks while it is in use. The
// kernel does it group by group through its journal.
func (d disk) growFiles(extent card.Extent, log *slog.Logger) error {
	dev, err := openDevice(d.partitionPath(card.Data), os.O_RDONLY)
	if err != nil {
		return err
	}
	defer dev.Close()
	var super [1024]byte
	if _, err := dev.ReadAt(super[:], superblockAt); err != nil {
		return err
	}
	blockSize := int64(1024) << (binary.LittleEndian.Uint32(super[blockSizeAt:]) & 0xf)
	blocks := int64(binary.LittleEndian.Uint32(super[blocksAt:]))
	if binary.LittleEndian.Uint32(super[incompatibleAt:])&sixtyFourBit != 0 {
		blocks |= int64(binary.LittleEndian.Uint32(super[blocksHighAt:])) << 32
	}
	want := uint64(extent.Size / blockSize)
	if int64(want) <= blocks {
		return nil
	}
	root, err := os.Open(dataDir)
	if err != nil {
		return err
	}
	defer root.Close()
	// _IOW('f', 16, __u64), as in the kernel's fs/ext4/ext4.h.
	const resize = 0x40086610
	if err := ioctl(root.Fd(), resize, unsafe.Pointer(&want)); err != nil {
		return err
	}
	log.Info("the data's file system has grown", "from MiB", blocks*blockSize>>20, "to MiB", extent.Size>>20)
	return nil
}
