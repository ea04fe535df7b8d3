// Package card is the layout of portaria's SD card: which partition holds what,
// and what the files that the board's firmware, the builder and the init agree
// on are called. It reads and writes nothing.
package card

// SectorSize is the card's unit of address.
const SectorSize = 512

// A Slot is one of the two systems on the card, numbered as the firmware
// numbers the partition that it lives in.
type Slot int

// The two slots.
const (
	SlotA Slot = 2
	SlotB Slot = 3
)

// Other returns the slot that s is not.
func (s Slot) Other() Slot {
	if s == SlotA {
		return SlotB
	}
	return SlotA
}

// String returns the slot's letter.
func (s Slot) String() string {
	switch s {
	case SlotA:
		return "A"
	case SlotB:
		return "B"
	}
	return "?"
}

// Partition numbers beside the slots'.
const (
	Boot = 1 // FAT32: which slot to start, and what the owner sets from a PC
	Data = 4 // ext4: everything that the terminal keeps
)

// An Extent is where a partition lies, in bytes from the card's beginning.
type Extent struct {
	Start, Size int64
}

const mebibyte = 1 << 20

// BootSize, SlotSize and DataSize are the partitions' sizes in the image. The
// data partition grows to the end of the card at its first boot.
const (
	BootSize = 64 * mebibyte
	SlotSize = 160 * mebibyte
	DataSize = 124 * mebibyte
)

// The partitions of the image, which is 512 MiB long: a power of two, because
// emulated card readers take no other size.
var (
	BootExtent  = Extent{Start: 4 * mebibyte, Size: BootSize}
	SlotAExtent = Extent{Start: 68 * mebibyte, Size: SlotSize}
	SlotBExtent = Extent{Start: 228 * mebibyte, Size: SlotSize}
	DataExtent  = Extent{Start: 388 * mebibyte, Size: DataSize}
)

// ImageSize is the length of the image in bytes.
const ImageSize = 512 * mebibyte

// Volume labels.
const (
	BootLabel = "PORTARIA"
	SlotLabel = "SLOT" // of both: a slot's bytes do not say which slot it is
	DataLabel = "DATA"
)

// Files of the boot partition.
const (
	Autoboot = "autoboot.txt" // the firmware reads which slot to start
	Settings = "portaria.env" // PORTARIA_* and HOSTNAME, from the card's owner
)

// Files of a slot.
const (
	Config    = "config.txt"
	Cmdline   = "cmdline.txt"
	Kernel    = "vmlinuz"
	Initramfs = "initrd.gz"
	SlotInfo  = "slot.json" // a JSON Info
	Licences  = "LICENSES"  // a directory
)

// Files of the root, which is the slot's initramfs.
const (
	Init       = "/init"
	Terminal   = "/bin/portaria"
	UpdateKeys = "/etc/portaria/update.pub" // who may sign updates; absent: nobody
	RootInfo   = "/etc/portaria/slot.json"  // the same Info as in the slot
)

// Info says which system a slot holds. Built is in seconds since 1970: the
// time below which no clock of this system may run, and older than which no
// update may be.
type Info struct {
	Version string `json:"version"`
	Built   int64  `json:"built"`
}

// DataDir is where the data partition is mounted.
const DataDir = "/data"

// TryReboot is the argument of the reboot system call that makes the firmware
// start, once, the slot of autoboot.txt's [tryboot].
const TryReboot = "0 tryboot"
