//go:build unix

package store

import (
	"errors"
	"os"
	"syscall"
)

func lockExclusively(f *os.File) error {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return ErrInUse
	}
	return err
}

// unlock closes a locked file; f may be nil. Closing alone would not unlock it
// while the file is still mapped, or while a child between fork and exec has it.
func unlock(f *os.File) error {
	if f == nil {
		return nil
	}
	return errors.Join(syscall.Flock(int(f.Fd()), syscall.LOCK_UN), f.Close())
}

// syncFolder makes the names in a folder durable.
func syncFolder(dir string) error {
	if !synced {
		return nil
	}
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

// fullErrors are the ways of a system to say that there is no room: on the disk,
// in a quota, under a limit on the size of files, in the address space.
var fullErrors = []syscall.Errno{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG, syscall.ENOMEM}
