//go:build !linux

package store

import "os"

// forgetCached makes the file durable; the system offers no way to the rest.
func forgetCached(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}
