package store

import "os"

// lockFolder takes the lock of a data folder for the life of the returned file.
// It is not bbolt's own lock, because that one goes with a file that swaps
// replace.
func lockFolder(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := lockExclusively(f); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
