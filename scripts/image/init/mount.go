//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Where things are in the running machine.
const (
	dataDir     = "/data"
	terminalDir = "/data/portaria" // the terminal's own
	boardDir    = "/data/board"    // what PID 1 remembers
	runDir      = "/run/portaria"
)

// mountKernel mounts what the kernel offers, and memory for /tmp and /run.
func mountKernel() error {
	for _, m := range []struct {
		source, target, kind string
		flags                uintptr
		data                 string
	}{
		{"devtmpfs", "/dev", "devtmpfs", unix.MS_NOSUID | unix.MS_NOEXEC, "mode=0755"},
		{"proc", "/proc", "proc", unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC, ""},
		{"sysfs", "/sys", "sysfs", unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC, ""},
		{"tmpfs", "/tmp", "tmpfs", unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC, "mode=1777,size=25%"},
		{"tmpfs", "/run", "tmpfs", unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC, "mode=0755,size=10%"},
	} {
		if err := os.MkdirAll(m.target, 0o755); err != nil {
			return err
		}
		// The kernel may have mounted /dev by itself.
		if err := unix.Mount(m.source, m.target, m.kind, m.flags, m.data); err != nil && !errors.Is(err, unix.EBUSY) {
			return fmt.Errorf("mount %s: %w", m.target, err)
		}
	}
	return nil
}

// mountData mounts the data partition. Its journal is replayed by the kernel.
// After an error in its structure it is only read from: a terminal that
// reads on is better than one that makes the damage worse.
func mountData(device string) error {
	if err := os.MkdirAll(dataDir, 0o755); err != nil {
		return err
	}
	const flags = unix.MS_NOATIME | unix.MS_NODEV | unix.MS_NOSUID | unix.MS_NOEXEC
	if err := unix.Mount(device, dataDir, "ext4", flags, "data=ordered,errors=remount-ro"); err != nil {
		return fmt.Errorf("mount %s on %s: %w", device, dataDir, err)
	}
	return nil
}

// sealRoot makes the root read-only. From here on only /data, /run and /tmp
// can be written to.
func sealRoot() error {
	if err := unix.Mount("", "/", "", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		return fmt.Errorf("make / read-only: %w", err)
	}
	return nil
}

// releaseData writes out and unmounts the data. Whoever was killed just now
// may hold a file for a moment still.
func releaseData() error {
	unix.Sync()
	for range 40 {
		err := unix.Unmount(dataDir, 0)
		if !errors.Is(err, unix.EBUSY) {
			return nil // gone, or never mounted
		}
		time.Sleep(50 * time.Millisecond)
	}
	if err := unix.Mount("", dataDir, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		return fmt.Errorf("unmount %s: %w", dataDir, err)
	}
	return nil
}
