//go:build linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"

	"portaria/scripts/image/card"
)

// device is a card, or one of its partitions, as a block device.
type device struct {
	*os.File
}

func openDevice(path string, flags int) (device, error) {
	f, err := os.OpenFile(path, flags, 0)
	return device{f}, err
}

// size is the device's length in bytes.
func (d device) size() (int64, error) {
	var n uint64
	if err := ioctl(d.Fd(), unix.BLKGETSIZE64, unsafe.Pointer(&n)); err != nil {
		return 0, &os.PathError{Op: "size", Path: d.Name(), Err: err}
	}
	return int64(n), nil
}

// Sync writes everything out and forgets what was read: the next read is from
// the medium.
func (d device) Sync() error {
	if err := d.File.Sync(); err != nil {
		return err
	}
	return ioctl(d.Fd(), unix.BLKFLSBUF, nil)
}

// WriteSector writes one sector, and nothing around it, past every cache, and
// reads it again.
func (d device) WriteSector(sector *[card.SectorSize]byte, at int64) error {
	if at%card.SectorSize != 0 {
		return fmt.Errorf("%d is not where a sector begins", at)
	}
	direct, err := os.OpenFile(d.Name(), os.O_RDWR|unix.O_DIRECT|unix.O_SYNC, 0)
	if errors.Is(err, unix.EINVAL) { // there is no way past the cache; Sync empties it
		direct, err = os.OpenFile(d.Name(), os.O_RDWR|unix.O_SYNC, 0)
	}
	if err != nil {
		return err
	}
	defer direct.Close()
	// Past the caches, the kernel wants memory that begins at a page.
	page, err := unix.Mmap(-1, 0, os.Getpagesize(), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		return err
	}
	defer func() { _ = unix.Munmap(page) }()
	copy(page, sector[:])
	if _, err := direct.WriteAt(page[:card.SectorSize], at); err != nil {
		return err
	}
	if err := direct.Sync(); err != nil {
		return err
	}
	clear(page)
	if _, err := direct.ReadAt(page[:card.SectorSize], at); err != nil {
		return err
	}
	if !bytes.Equal(page[:card.SectorSize], sector[:]) {
		return errors.New("a sector is not read as it was written; the card may be worn out")
	}
	return d.Sync()
}

func ioctl(fd uintptr, request uint, argument unsafe.Pointer) error {
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, fd, uintptr(request), uintptr(argument)); errno != 0 {
		return errno
	}
	return nil
}
