//go:build unix

package store

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// syncDevice writes out what the system still holds back, so that it is not
// counted against the next measurement.
func syncDevice() { unix.Sync() }

// sectors returns how many sectors of 512 bytes the disk that holds dir has
// written, for everybody; 0 where the system does not tell.
func sectors(dir string) int64 {
	info, err := os.Stat(dir)
	if err != nil {
		return 0
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0
	}
	dev := uint64(st.Dev)
	data, err := os.ReadFile(fmt.Sprintf("/sys/dev/block/%d:%d/stat", unix.Major(dev), unix.Minor(dev)))
	fields := strings.Fields(string(data))
	if err != nil || len(fields) < 7 {
		return 0
	}
	n, _ := strconv.ParseInt(fields[6], 10, 64)
	return n
}
