package store

import (
	"os"

	"golang.org/x/sys/unix"
)

// forgetCached makes the next reader of the file see what is on the disk: after a
// failed sync the system keeps the pages it could not write, marked as written.
func forgetCached(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if synced {
		if err := f.Sync(); err != nil {
			return err
		}
	}
	return unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED)
}
