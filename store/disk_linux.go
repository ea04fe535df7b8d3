package store

import (
	"errors"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// readThrough reads the first page of a file from the disk, and asks for what has
// been written to it to be there: with nothing unwritten that writes nothing, and
// is refused by a file system that has stopped to write and by a disk that is
// gone. Where there is no way past the system's memory, it reads from there.
func readThrough(path string) error {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_DIRECT, 0)
	if errors.Is(err, syscall.EINVAL) {
		f, err = os.Open(path)
	}
	if err != nil {
		return err
	}
	defer f.Close()
	// The disk wants a buffer that begins at a multiple of its sectors.
	buf := make([]byte, 2*pageSize)
	skip := -int(uintptr(unsafe.Pointer(&buf[0]))) & (pageSize - 1)
	if _, err := f.ReadAt(buf[skip:skip+pageSize], 0); err != nil {
		return err
	}
	return unix.Fdatasync(int(f.Fd()))
}

// readOnly tells whether the file system of a folder takes no writes.
func readOnly(dir string) (bool, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return false, err
	}
	return int64(st.Flags)&unix.ST_RDONLY != 0, nil
}
