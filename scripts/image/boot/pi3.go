package boot

import (
	"path/filepath"
	"slices"

	"portaria/scripts/image/card"
)

// pi3Description is what the firmware of a Raspberry Pi 3 B gives the kernel.
const pi3Description = "bcm2710-rpi-3-b.dtb"

// pi3Arguments are those of the emulator's Raspberry Pi 3. It has no firmware
// either, and lacks parts that the kernel would look for.
func (m *Machine) pi3Arguments(b Board, cmdline string) []string {
	// The USB host's driver uses registers that are not there, and opening the
	// watchdog resets the board.
	cmdline += " 8250.nr_uarts=1 dwc_otg.lpm_enable=0 dwc_otg.fiq_enable=0 dwc_otg.fiq_fsm_enable=0 initcall_blacklist=bcm2835_wdt_driver_init"
	return slices.Concat([]string{
		"-M", "raspi3b", "-smp", "4", "-m", "1024",
		"-nographic", "-monitor", "none", "-serial", "null", "-serial", "stdio", "-no-reboot",
		"-kernel", filepath.Join(m.dir, card.Kernel), "-initrd", filepath.Join(m.dir, card.Initramfs),
		"-dtb", filepath.Join(m.dir, pi3Description), "-append", cmdline,
		"-drive", "if=sd,format=raw,file=" + m.card.Path,
		// A locally administered address would not be called eth0.
		"-netdev", "user,id=lan,restrict=on,hostfwd=tcp:" + m.Address + "-:80", "-device", "usb-net,netdev=lan,mac=50:54:00:12:34:57",
	}, b.Arguments)
}
