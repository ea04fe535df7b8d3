package boot

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"portaria/scripts/image/card"
)

// Emulator is the program that plays the board.
const Emulator = "qemu-system-aarch64"

// A Machine is a board under power.
type Machine struct {
	// Slot is what the firmware started, and Trial whether as one.
	Slot  card.Slot
	Trial bool
	// Address is where the terminal's port 80 is reached.
	Address string

	card    *Card
	cmd     *exec.Cmd
	dir     string
	ended   chan struct{} // closed when the emulator is gone
	failure error         // of the emulator; valid when ended is closed

	mu      sync.Mutex // guards console and heard
	console bytes.Buffer
	heard   chan struct{} // closed and made anew when the console says something
}

// Board is the emulated board's hardware. The zero value is the usual one.
type Board struct {
	// Pi3 is the emulator's Raspberry Pi 3, with the board's own card reader,
	// serial line and network on USB, and no watchdog; slow. Otherwise it is a board that no
	// factory makes, with a watchdog.
	Pi3 bool
	// MemoryMiB of a Zero 2 W if 0; a Pi 3 always has its own.
	MemoryMiB int
	// Clock is the time that a clock with a battery shows; the zero value is
	// a board without one.
	Clock time.Time
	// Address is where the terminal's port 80 is to be reached; empty: at a free
	// port of the loopback interface.
	Address string
	// Console hears the serial line, too. Nil: nobody.
	Console io.Writer
	// LAN is the network that the board is plugged into. Nil: one on which
	// nothing but the terminal's port 80 can be reached, at Address.
	LAN *LAN
	// Arguments are more of the emulator's own.
	Arguments []string
	// Kernel are more arguments of the kernel.
	Kernel []string
}

// Start puts the board under power. What it needs lies in dir.
func Start(ctx context.Context, c *Card, b Board, dir string) (*Machine, error) {
	m := &Machine{card: c, dir: dir, ended: make(chan struct{}), heard: make(chan struct{})}
	m.Trial, c.Trial = c.Trial, false
	var err error
	if m.Slot, err = c.slot(m.Trial); err != nil {
		return nil, fmt.Errorf("the firmware finds nothing to start: %w", err)
	}
	console := "ttyAMA0"
	if b.Pi3 {
		console = "ttyS0,115200"
	}
	cmdline, err := m.load(console)
	if err != nil {
		return nil, fmt.Errorf("the firmware cannot start slot %v: %w", m.Slot, err)
	}
	if m.Address = b.Address; m.Address == "" {
		if m.Address, err = freeAddress(); err != nil {
			return nil, err
		}
	}
	m.cmd = exec.CommandContext(ctx, Emulator, m.arguments(b, cmdline)...)
	m.cmd.Stdout = m
	if b.Console != nil {
		m.cmd.Stdout = io.MultiWriter(m, b.Console)
	}
	var complaint bytes.Buffer
	m.cmd.Stderr = &complaint
	m.cmd.SysProcAttr = tied()
	if err := m.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(m.ended)
		if err := m.cmd.Wait(); err != nil {
			m.failure = fmt.Errorf("%s: %w: %s", Emulator, err, bytes.TrimSpace(complaint.Bytes()))
		}
	}()
	return m, nil
}

// load takes out of the slot what the firmware would put into memory, and
// returns the command line.
func (m *Machine) load(console string) (cmdline string, err error) {
	for _, name := range []string{card.Kernel, card.Initramfs, pi3Description} {
		b, err := m.card.ReadFile(int(m.Slot), name)
		if err != nil {
			return "", err
		}
		if err := os.WriteFile(filepath.Join(m.dir, name), b, 0o600); err != nil {
			return "", err
		}
	}
	b, err := m.card.ReadFile(int(m.Slot), card.Cmdline)
	if err != nil {
		return "", err
	}
	words := strings.Fields(string(b))
	for i, w := range words {
		// The firmware knows which port serial0 is.
		if strings.HasPrefix(w, "console=serial0") {
			words[i] = "console=" + console
		}
	}
	words = append(words, "bootloader.partition="+strconv.Itoa(int(m.Slot)))
	if m.Trial {
		words = append(words, "bootloader.tryboot=1")
	}
	return strings.Join(words, " "), nil
}

func (m *Machine) arguments(b Board, cmdline string) []string {
	if b.MemoryMiB == 0 {
		b.MemoryMiB = 512
	}
	if b.Clock.IsZero() {
		b.Clock = time.Unix(0, 0)
	}
	cmdline = strings.Join(append([]string{cmdline}, b.Kernel...), " ")
	// Nothing in the guest reaches further than this process.
	network := []string{
		"-netdev", "user,id=lan,restrict=on,hostfwd=tcp:" + m.Address + "-:80", "-device", "virtio-net-pci,netdev=lan,romfile=",
	}
	if b.LAN != nil {
		network = b.LAN.arguments()
	}
	if b.Pi3 {
		return m.pi3Arguments(b, cmdline)
	}
	return slices.Concat([]string{
		"-M", "virt", "-cpu", "cortex-a72", "-smp", "2", "-m", strconv.Itoa(b.MemoryMiB),
		"-nographic", "-monitor", "none", "-serial", "stdio", "-no-reboot",
		"-kernel", filepath.Join(m.dir, card.Kernel), "-initrd", filepath.Join(m.dir, card.Initramfs), "-append", cmdline,
		"-rtc", "base=" + b.Clock.UTC().Format("2006-01-02T15:04:05"),
		"-drive", "if=none,id=card,format=raw,file=" + m.card.Path, "-device", "virtio-blk-pci,drive=card",
		"-device", "i6300esb", "-watchdog-action", "reset",
	}, network, b.Arguments)
}

// freeAddress returns an address that nobody listens on just now.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp4", net.JoinHostPort(loopback().String(), "0"))
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// loopback is an address of this machine for itself, where there are several one
// that no other process uses: a port found free there is still free when the
// emulator takes it.
func loopback() net.IP {
	if pid := os.Getpid(); runtime.GOOS == "linux" {
		return net.IPv4(127, byte(64+pid>>16&63), byte(pid>>8), byte(pid)).To4()
	}
	return net.IPv4(127, 0, 0, 1).To4()
}

// Write takes what the board says on its serial line.
func (m *Machine) Write(p []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.console.Write(p)
	close(m.heard)
	m.heard = make(chan struct{})
	return len(p), nil
}

// Console returns everything said on the serial line so far.
func (m *Machine) Console() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.console.String()
}

// WaitConsole waits until the serial line has said text.
func (m *Machine) WaitConsole(ctx context.Context, text string) error {
	for {
		m.mu.Lock()
		said, heard := strings.Contains(m.console.String(), text), m.heard
		m.mu.Unlock()
		if said {
			return nil
		}
		select {
		case <-heard:
		case <-m.ended:
			return fmt.Errorf("the machine stopped before it said %q", text)
		case <-ctx.Done():
			return fmt.Errorf("the machine did not say %q: %w", text, ctx.Err())
		}
	}
}

// Kill cuts the power, and returns when there is none left.
func (m *Machine) Kill() {
	_ = m.cmd.Process.Kill() // gone already is as good
	<-m.ended
}

// An End is how a machine stopped.
type End string

// The ends that a machine comes to by itself. Reset is none of its own will: the
// watchdog's, or the kernel's after a panic.
const (
	PowerOff End = "poweroff"
	Reboot   End = `reboot ""`
	TryBoot  End = `reboot "` + card.TryReboot + `"`
	Reset    End = "reset"
)

// WaitEnd waits until the machine stops by itself. The firmware remembers when
// that was for a trial.
func (m *Machine) WaitEnd(ctx context.Context) (End, error) {
	select {
	case <-m.ended:
	case <-ctx.Done():
		return "", fmt.Errorf("the machine did not stop: %w", ctx.Err())
	}
	if m.failure != nil {
		return "", m.failure
	}
	end := lastWords(m.Console())
	m.card.Trial = end == TryBoot
	return end, nil
}

// Running tells whether there is power, and the machine has not stopped.
func (m *Machine) Running() bool {
	select {
	case <-m.ended:
		return false
	default:
		return true
	}
}

// lastWords reads from what the init said last how the machine meant to stop.
func lastWords(console string) End {
	lines := strings.Split(strings.ReplaceAll(console, "\r", ""), "\n")
	for _, end := range []End{PowerOff, Reboot, TryBoot} {
		for _, line := range lines {
			if line == "portaria-init: "+string(end) {
				return end
			}
		}
	}
	return Reset
}
