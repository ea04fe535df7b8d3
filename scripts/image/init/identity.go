//go:build linux

package main

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"portaria/scripts/image/card"
	"portaria/scripts/image/init/health"
	"portaria/scripts/image/init/lan"
)

// Where the firmware leaves word.
const (
	serialNode    = "/proc/device-tree/serial-number"
	partitionNode = "/proc/device-tree/chosen/bootloader/partition"
	tryBootNode   = "/proc/device-tree/chosen/bootloader/tryboot"
)

// system is what the root says of itself. A root that says nothing was not
// made by the builder; it takes any update.
func system() (card.Info, error) {
	var info card.Info
	b, err := os.ReadFile(card.RootInfo)
	if err != nil {
		return info, err
	}
	if err := json.Unmarshal(b, &info); err != nil {
		return info, fmt.Errorf("%s: %w", card.RootInfo, err)
	}
	return info, nil
}

// serialForm is what a board's serial number looks like.
var serialForm = regexp.MustCompile(`^[0-9A-Za-z]{6,32}$`)

// serial is the board's serial number, or the hardware address of its first
// interface, for which it waits a little; "" when there is neither.
func serial() string {
	if b, err := os.ReadFile(serialNode); err == nil {
		if s := strings.TrimRight(string(b), "\x00\n"); serialForm.MatchString(s) {
			return s
		}
	}
	for range 40 {
		if links, err := (lan.Kernel{}).Links(); err == nil && len(links) > 0 {
			first := slices.MinFunc(links, func(a, b lan.Link) int { return a.Index - b.Index })
			return strings.ReplaceAll(first.MAC.String(), ":", "")
		}
		time.Sleep(50 * time.Millisecond)
	}
	return ""
}

// nameFrom is the host name of a board that was given none.
func nameFrom(serial string) string {
	if serial == "" {
		return "portaria"
	}
	return "portaria-" + strings.ToLower(serial[max(0, len(serial)-6):])
}

// runningSlot is the slot that the firmware started, as it says in the device
// tree or on the kernel's command line.
func runningSlot() (card.Slot, bool) {
	n, ok := firmware(partitionNode, "bootloader.partition")
	slot := card.Slot(n)
	return slot, ok && (slot == card.SlotA || slot == card.SlotB)
}

// triedByFirmware tells whether the firmware says that this start is a trial.
func triedByFirmware() bool {
	n, ok := firmware(tryBootNode, "bootloader.tryboot")
	return ok && n == 1
}

// trialTime is how long a trial may take: as long as the watch lets it, or as
// portaria.trial=SECONDS on the kernel's command line says, which is shorter.
func trialTime() time.Duration {
	seconds, ok := firmware("", "portaria.trial")
	if asked := time.Duration(seconds) * time.Second; ok && asked < health.Within {
		return asked
	}
	return health.Within
}

func firmware(node, argument string) (uint32, bool) {
	if b, err := os.ReadFile(node); err == nil && len(b) == 4 {
		return binary.BigEndian.Uint32(b), true
	}
	line, err := os.ReadFile("/proc/cmdline")
	if err != nil {
		return 0, false
	}
	for _, field := range strings.Fields(string(line)) {
		if value, ok := strings.CutPrefix(field, argument+"="); ok {
			n, err := strconv.ParseUint(value, 10, 32)
			return uint32(n), err == nil
		}
	}
	return 0, false
}

// takeName gives the machine its name, also for its own resolver.
func takeName(name string) error {
	if err := os.WriteFile("/proc/sys/kernel/hostname", []byte(name), 0); err != nil {
		return err
	}
	hosts := fmt.Sprintf("127.0.0.1 localhost %s\n::1 localhost\n", name)
	if err := os.MkdirAll("/etc", 0o755); err != nil {
		return err
	}
	return os.WriteFile("/etc/hosts", []byte(hosts), 0o644)
}

// addresses are the addresses of an interface that others can use.
func addresses(name string) []string {
	ifi, err := net.InterfaceByName(name)
	if err != nil {
		return nil
	}
	all, err := ifi.Addrs()
	if err != nil {
		return nil
	}
	var list []string
	for _, a := range all {
		list = append(list, a.String())
	}
	return list
}

// ethernet are the names of the interfaces.
func ethernet() []string {
	links, err := (lan.Kernel{}).Links()
	if err != nil {
		return nil
	}
	var names []string
	for _, l := range links {
		names = append(names, filepath.Base(l.Name))
	}
	return names
}
