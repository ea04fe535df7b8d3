//go:build linux

package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// writeMeter counts what is written: by everybody to the disk that holds a
// folder, or by this process where that disk has no counter.
type writeMeter struct {
	counter string // of the disk, in sysfs; empty: none
}

func newWriteMeter(dir string) writeMeter {
	var st syscall.Stat_t
	if syscall.Stat(dir, &st) != nil {
		return writeMeter{}
	}
	// The kernel's own encoding of a device number: twelve bits of the major
	// lie between the two halves of the minor.
	dev := uint64(st.Dev)
	major, minor := dev>>8&0xfff|dev>>32&^0xfff, dev&0xff|dev>>12&^0xff
	m := writeMeter{fmt.Sprintf("/sys/dev/block/%d:%d/stat", major, minor)}
	if _, err := m.bytes(); err != nil {
		return writeMeter{}
	}
	return m
}

// bytes returns the counter, after everything that the system still held back
// was written out.
func (m writeMeter) bytes() (int64, error) {
	if m.counter == "" {
		return writtenBySelf()
	}
	syscall.Sync()
	const sector, sectorsWritten = 512, 6
	text, err := os.ReadFile(m.counter)
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(text))
	if len(fields) <= sectorsWritten {
		return 0, fmt.Errorf("%s: no count of sectors in %q", m.counter, text)
	}
	n, err := strconv.ParseInt(fields[sectorsWritten], 10, 64)
	return n * sector, err
}

func writtenBySelf() (int64, error) {
	text, err := os.ReadFile("/proc/self/io")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, "wchar: "); ok {
			return strconv.ParseInt(strings.TrimSpace(value), 10, 64)
		}
	}
	return 0, fmt.Errorf("/proc/self/io has no wchar in %q", text)
}

// rest counts for a second what is written while nothing is measured.
func (m writeMeter) rest() (int64, error) {
	before, err := m.bytes()
	if err != nil {
		return 0, err
	}
	time.Sleep(time.Second)
	after, err := m.bytes()
	return after - before, err
}

func (m writeMeter) note(rest int64) string {
	if m.counter == "" {
		return "bytes written: NOT of a device, which cannot be read here (overlay, tmpfs?), but those handed to write(2); take --dir on a disk"
	}
	return fmt.Sprintf("bytes written: sectors of the whole disk (%s), whoever writes them; in a second of rest before, others wrote %s", m.counter, megabytes(float64(rest)))
}
