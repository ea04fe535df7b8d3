//go:build linux

package main

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"portaria/scripts/image/card"
	"portaria/scripts/image/init/health"
	"portaria/scripts/image/init/lan"
	"portaria/scripts/image/init/mdns"
	"portaria/scripts/image/init/settings"
	"portaria/scripts/image/init/supervise"
	"portaria/scripts/image/init/timekeeping"
	"portaria/scripts/image/init/update"
)

// machine is the board while it runs.
type machine struct {
	console  *console
	log      *slog.Logger
	children *children
	watchdog watchdog
	end      chan ending  // the first one wins
	leaving  atomic.Int64 // when the machine began to stop, in nanoseconds since began; 0: it runs
	began    time.Time

	info     card.Info
	serial   string
	settings settings.Settings
	disk     disk
	slots    slots
	fault    error // why there is no data; nil when there is

	network  *lan.Network
	keeper   *timekeeping.Keeper
	terminal *supervise.Program
	probe    health.Probe
	watch    health.Watch
	update   *update.Receiver
	notes    update.Notes

	responder atomic.Pointer[mdns.Responder] // once the terminal can be found
	output    logFile
}

func newMachine() *machine {
	return &machine{
		end: make(chan ending, 1), began: time.Now(),
		probe: health.HTTP(readyFile), notes: update.Notes{Path: boardDir + "/trial.json"},
		output: logFile{path: logDir + "/terminal.log"},
	}
}

// live is the whole life of the machine.
func (m *machine) live() {
	defer m.guard()
	m.wake()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	m.run(func() { m.watchdog.guardMachine(context.Background(), m.well, m.hung) })

	m.fault = m.ready(ctx)
	m.startNetwork(ctx)
	m.startUpdates()
	if m.fault != nil {
		m.log.Error("the terminal is not started", "error", m.fault)
	}
	stopped := make(chan struct{})
	m.run(func() {
		defer close(stopped)
		if m.fault != nil {
			m.servePage(ctx)
			return
		}
		m.terminal.Run(ctx)
	})
	m.run(func() { m.watchTerminal(ctx) })
	m.run(func() { m.serveBoard(context.Background()) }) // until the end: the terminal may ask while it stops
	m.run(func() { m.beFound(ctx) })
	timed := make(chan struct{})
	m.run(func() { defer close(timed); m.keeper.Run(ctx) })
	if m.fault == nil {
		m.run(func() {
			if err := m.disk.grow(m.log); err != nil {
				m.log.Error("the data does not take the rest of the card", "error", err)
			}
		})
	}
	if m.slots.onTrial() {
		m.run(func() { m.judge(ctx) })
	}

	how := <-m.end
	m.leaving.Store(int64(time.Since(m.began)))
	m.log.Info("the machine stops", "how", how.name)
	cancel()
	<-stopped
	<-timed
	m.leave(how)
}

// wake readies what everything else needs: the kernel's file systems, a
// console to tell on, and the watchdog.
func (m *machine) wake() {
	kernel := mountKernel()
	attachConsole()
	m.console = newConsole()
	m.log = m.console.logger()
	if kernel != nil {
		m.log.Error("the kernel's file systems", "error", kernel)
	}
	m.children = newChildren()
	m.listenToKernel()
	tuneKernel(m.log)
	m.watchdog = openWatchdog(m.log)
	if err := (lan.Kernel{}).Loopback(); err != nil {
		m.log.Error("the loopback interface", "error", err)
	}
	var err error
	if m.info, err = system(); err != nil {
		m.log.Error("the system does not say what it is", "error", err)
	}
	m.log.Info("portaria", "version", m.info.Version)
}

// ready finds the card, reads what the owner set, and mounts the data. The
// error says why there is no data; everything else has a way to do without.
func (m *machine) ready(ctx context.Context) error {
	var fault error
	if m.disk, fault = findCard(ctx); fault == nil {
		m.settings = m.disk.readSettings(m.log)
		m.slots = m.disk.readSlots(m.log)
		fault = mountData(m.disk.partitionPath(card.Data))
	}
	m.serial = serial()
	name := m.settings.HostName
	if name == "" {
		name = nameFrom(m.serial)
	}
	if err := takeName(name); err != nil {
		m.log.Error("the host name", "error", err)
	}
	if fault == nil {
		fault = os.MkdirAll(boardDir, 0o700)
	}
	for _, dir := range []string{runDir, logDir} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			m.log.Error("memory for what runs", "error", err)
		}
	}
	// The terminal says there that it is ready.
	if err := os.Chown(runDir, terminalID, terminalID); err != nil {
		m.log.Error("memory for what runs", "error", err)
	}
	m.keeper = m.newKeeper()
	if fault == nil {
		fault = readyTerminalDir()
	}
	if err := linkResolver(); err != nil {
		m.log.Error("the resolver", "error", err)
	}
	if err := sealRoot(); err != nil {
		m.log.Warn("the root stays writable", "error", err)
	}
	m.terminal = &supervise.Program{Name: "terminal", Log: m.log, Start: m.startTerminal}
	return fault
}

// well tells whether the watchdog may be fed.
func (m *machine) well() bool {
	if since := m.leaving.Load(); since != 0 {
		return time.Since(m.began)-time.Duration(since) < leaveTime
	}
	return !m.watch.Hangs(time.Now())
}

// hung leaves the machine to the watchdog, which is fed no more: whatever
// hangs may hang an orderly end, too. A board without a watchdog, or with one
// that does not bite, is started anew by PID 1.
func (m *machine) hung() {
	m.log.Error("the terminal or the end of the machine hangs; the machine starts anew")
	go unix.Sync()
	if m.watchdog.present() {
		time.Sleep(2 * watchdogSeconds * time.Second)
	}
	m.leave(reboot)
}

// watchEvery is how often the terminal is asked for a sign of life.
const watchEvery = 5 * time.Second

// watchTerminal tells the watch what there is to know.
func (m *machine) watchTerminal(ctx context.Context) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for ctx.Err() == nil {
		state := m.terminal.State()
		if !state.Running {
			m.watch.Runs(time.Time{})
		} else {
			m.watch.Runs(state.Since)
			if _, err := m.probe(ctx); err == nil {
				m.watch.Answered(time.Now())
			}
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

// run runs a part of the machine on its own. A panic there ends the machine
// in an orderly way.
func (m *machine) run(part func()) {
	go func() {
		defer m.guard()
		part()
	}()
}

// guard turns a panic into a reboot: without PID 1 the kernel would stop.
func (m *machine) guard() {
	fault := recover()
	if fault == nil {
		return
	}
	if m.log != nil {
		m.log.Error("PID 1 panicked", "panic", fault, "stack", string(debug.Stack()))
	}
	m.leave(reboot)
}

// listenToKernel hears Ctrl-Alt-Del, the power key of some boards, and signals.
func (m *machine) listenToKernel() {
	_ = unix.Reboot(unix.LINUX_REBOOT_CMD_CAD_OFF) // Ctrl-Alt-Del is SIGINT from now on
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGPWR)
	m.run(func() {
		for s := range signals {
			if s == syscall.SIGINT {
				m.stop(reboot)
			} else {
				m.stop(powerOff)
			}
		}
	})
}

// stop asks for the machine's end.
func (m *machine) stop(how ending) {
	select {
	case m.end <- how:
	default: // it ends already
	}
}
