//go:build linux

package main

import (
	"context"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"golang.org/x/sys/unix"

	"portaria/scripts/image/card"
	"portaria/scripts/image/init/lan"
	"portaria/scripts/image/init/supervise"
)

// machine is the board while it runs.
type machine struct {
	console  *console
	log      *slog.Logger
	children *children
	end      chan ending // the first one wins
	fault    error       // why there is no data; nil when there is

	disk     disk
	network  *lan.Network
	terminal *supervise.Program
}

func newMachine() *machine {
	return &machine{end: make(chan ending, 1)}
}

// live is the whole life of the machine.
func (m *machine) live() {
	defer m.guard()
	kernel := mountKernel()
	attachConsole()
	m.console = newConsole()
	m.log = m.console.logger()
	m.children = newChildren()
	m.listenToKernel()
	if kernel != nil {
		m.log.Error("the kernel's file systems", "error", kernel)
	}
	tuneKernel(m.log)

	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	m.network = &lan.Network{Links: lan.Kernel{}, Client: lan.DHCP{HostName: hostName}, Log: m.log}
	if err := (lan.Kernel{}).Loopback(); err != nil {
		m.log.Error("the loopback interface", "error", err)
	}
	m.run(func() { m.network.Run(ctx) })

	m.fault = m.openData(ctx)
	if m.fault != nil {
		m.log.Error("the terminal is not started", "error", m.fault)
	}
	if err := sealRoot(); err != nil {
		m.log.Warn("the root stays writable", "error", err)
	}
	stopped := make(chan struct{})
	if m.fault == nil {
		m.terminal = &supervise.Program{Name: "terminal", Log: m.log, Start: func() (supervise.Process, error) {
			return m.children.startTerminal(os.Environ(), io.Writer(m.console))
		}}
		m.run(func() { defer close(stopped); m.terminal.Run(ctx) })
	} else {
		close(stopped)
	}

	how := <-m.end
	m.log.Info("the machine stops", "how", how.name)
	cancel()
	<-stopped
	m.leave(how)
}

// openData finds the card and mounts its data for the terminal.
func (m *machine) openData(ctx context.Context) error {
	d, err := findCard(ctx)
	if err != nil {
		return err
	}
	m.disk = d
	if err := mountData(d.partitionPath(card.Data)); err != nil {
		return err
	}
	return readyTerminalDir()
}

func hostName() string {
	name, _ := os.Hostname()
	return name
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

// listenToKernel hears Ctrl-Alt-Del and signals from the shell of a debugger.
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
