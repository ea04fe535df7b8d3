package store

import (
	"errors"
	"os"
	"syscall"

	"golang.org/x/sys/windows"
)

func lockExclusively(f *os.File) error {
	const flags = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	err := windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, &windows.Overlapped{})
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return ErrInUse
	}
	return err
}

// unlock closes a locked file; f may be nil.
func unlock(f *os.File) error {
	if f == nil {
		return nil
	}
	return f.Close()
}

// syncFolder does nothing: Windows offers no sync of a folder, NTFS journals its
// names.
func syncFolder(string) error { return nil }

// fullErrors are the ways of a system to say that there is no room: on the disk,
// in a quota, in the address space.
var fullErrors = []syscall.Errno{
	windows.ERROR_DISK_FULL, windows.ERROR_HANDLE_DISK_FULL, windows.ERROR_DISK_QUOTA_EXCEEDED,
	windows.ERROR_NOT_ENOUGH_MEMORY, windows.ERROR_COMMITMENT_LIMIT,
}
