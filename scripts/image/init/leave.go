//go:build linux

package main

import (
	"fmt"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"portaria/scripts/image/card"
	"portaria/scripts/image/init/supervise"
)

// ending is a way for the machine to end.
type ending struct {
	name     string // also what the console is told, for whoever plays the firmware
	command  uintptr
	argument string // for the firmware
}

var (
	reboot   = ending{`reboot ""`, unix.LINUX_REBOOT_CMD_RESTART, ""}
	powerOff = ending{"poweroff", unix.LINUX_REBOOT_CMD_POWER_OFF, ""}
	trial    = ending{fmt.Sprintf("reboot %q", card.TryReboot), unix.LINUX_REBOOT_CMD_RESTART2, card.TryReboot}
)

// leaveTime is how long the machine may take to stop in order before the
// watchdog is fed no more.
const leaveTime = supervise.StopTime + 20*time.Second

// leave ends the machine. What can go wrong here is told and passed over:
// the data has been acknowledged on the medium long before.
func (m *machine) leave(how ending) {
	_ = syscall.Kill(-1, syscall.SIGKILL) // whoever still holds a file
	if how == powerOff {
		m.watchdog.disarm()
	}
	if err := releaseData(); err != nil && m.log != nil {
		m.log.Error("the data", "error", err)
	}
	unix.Sync()
	if m.console != nil {
		m.console.last("portaria-init: " + how.name)
	}
	if err := restart(how); err != nil && m.console != nil {
		m.console.last("portaria-init: " + err.Error())
	}
	// A kernel that cannot do that can at least start anew.
	_ = unix.Reboot(unix.LINUX_REBOOT_CMD_RESTART)
	for {
		time.Sleep(time.Hour)
	}
}

// restart is the system call, which returns only when it fails.
func restart(how ending) error {
	argument, err := unix.BytePtrFromString(how.argument)
	if err != nil {
		return err
	}
	_, _, errno := unix.Syscall6(unix.SYS_REBOOT, unix.LINUX_REBOOT_MAGIC1, unix.LINUX_REBOOT_MAGIC2,
		how.command, uintptr(unsafe.Pointer(argument)), 0, 0)
	return errno
}
