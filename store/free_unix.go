//go:build linux || darwin

package store

import "golang.org/x/sys/unix"

// Free tells how many bytes of a folder's disk this program may still take.
func Free(dir string) (int64, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return 0, err
	}
	return int64(st.Bavail) * int64(st.Bsize), nil
}
