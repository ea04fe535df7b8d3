//go:build linux

package main

import (
	"errors"
	"fmt"
	"math/bits"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"
	"time"
	"unsafe"
)

// processors is a set of them, as the kernel writes it.
type processors [16]uint64

// allowedProcessors are those that this process may use; none when the kernel
// does not tell.
func allowedProcessors() processors {
	var set processors
	_, _, errno := syscall.RawSyscall(syscall.SYS_SCHED_GETAFFINITY, 0, unsafe.Sizeof(set), uintptr(unsafe.Pointer(&set)))
	if errno != 0 {
		return processors{}
	}
	return set
}

func (p processors) count() int {
	n := 0
	for _, word := range p {
		n += bits.OnesCount64(word)
	}
	return n
}

// split gives the first processor to the server and the last to the load.
func (p processors) split() (server, load processors, ok bool) {
	if p.count() < 2 {
		return p, p, false
	}
	for i, word := range p {
		if word == 0 {
			continue
		}
		if server == (processors{}) {
			server[i] = word & -word
		}
		load = processors{}
		load[i] = 1 << (bits.Len64(word) - 1)
	}
	return server, load, true
}

// bind lets thread run only on p; thread 0 is the caller's.
func bind(thread int, p processors) error {
	_, _, errno := syscall.RawSyscall(syscall.SYS_SCHED_SETAFFINITY, uintptr(thread), unsafe.Sizeof(p), uintptr(unsafe.Pointer(&p)))
	if errno != 0 {
		return fmt.Errorf("bind to a processor: %w", errno)
	}
	return nil
}

// bindSelf moves every thread of this process; threads to come are born where
// their makers are.
func bindSelf(p processors) error {
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return err
	}
	for _, t := range threads {
		id, err := strconv.Atoi(t.Name())
		if err != nil {
			return err
		}
		if err := bind(id, p); err != nil && !errors.Is(err, syscall.ESRCH) { // it may have ended meanwhile
			return err
		}
	}
	return nil
}

// startOn starts cmd on p: a child inherits where the thread that made it may
// run, and a Go program takes as many processors as it finds there.
func startOn(p processors, cmd *exec.Cmd) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	here := allowedProcessors()
	if err := bind(0, p); err != nil {
		return err
	}
	err := cmd.Start()
	if back := bind(0, here); err == nil {
		err = back
	}
	return err
}

// cpuTime is what a process has used of the processors, all its threads, user
// and system. The kernel's clock of a process counts nanoseconds;
// /proc/PID/stat counts ticks of ten milliseconds.
func cpuTime(pid int) (time.Duration, error) {
	const schedulerClock = 2 // CPUCLOCK_SCHED
	clock := int32(^pid)<<3 | schedulerClock
	var ts syscall.Timespec
	_, _, errno := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, uintptr(clock), uintptr(unsafe.Pointer(&ts)), 0)
	if errno != 0 {
		return 0, fmt.Errorf("CPU clock of process %d: %w", pid, errno)
	}
	return time.Duration(ts.Nano()), nil
}
