//go:build linux

package main

import (
	"context"
	"log/slog"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Of the hardware that starts the machine anew when nobody feeds it. The
// Raspberry Pi's can be asked for 15 seconds at most.
const (
	watchdogDevice  = "/dev/watchdog"
	watchdogSeconds = 15
	feedEvery       = 3 * time.Second
)

// watchdog is that hardware; the zero one is a board that has none.
type watchdog struct {
	f *os.File
}

// openWatchdog starts the hardware's clock.
func openWatchdog(log *slog.Logger) watchdog {
	f, err := os.OpenFile(watchdogDevice, os.O_WRONLY, 0)
	if err != nil {
		log.Warn("there is no watchdog; a machine that hangs stays so", "error", err)
		return watchdog{}
	}
	if err := unix.IoctlSetPointerInt(int(f.Fd()), unix.WDIOC_SETTIMEOUT, watchdogSeconds); err != nil {
		log.Warn("the watchdog keeps its own time", "error", err)
	}
	return watchdog{f}
}

func (w watchdog) present() bool { return w.f != nil }

// feed says that all is well.
func (w watchdog) feed() {
	if w.f != nil {
		_ = unix.IoctlWatchdogKeepalive(int(w.f.Fd()))
	}
}

// disarm stops the hardware's clock, for a machine that is to stay off.
func (w watchdog) disarm() {
	if w.f == nil {
		return
	}
	_, _ = w.f.Write([]byte("V")) // the word for it in the kernel's watchdog interface
	w.f.Close()
}

// guardMachine feeds the watchdog for as long as well says so, and after that
// calls hung, once, and feeds no more.
func (w watchdog) guardMachine(ctx context.Context, well func() bool, hung func()) {
	tick := time.NewTicker(feedEvery)
	defer tick.Stop()
	for well() {
		w.feed()
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
	hung()
}
