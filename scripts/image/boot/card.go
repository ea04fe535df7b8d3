// Package boot starts the image of a card under an emulator, for tests and for people without a board. It
// plays the firmware of a Raspberry Pi, which the emulator does not have: it
// takes the slot from autoboot.txt, the kernel, the root and the command line
// from the slot, and remembers that the last reboot asked for a trial. What
// the programs of the image do is the image's own.
package boot

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/diskfs/go-diskfs/backend/file"
	"github.com/diskfs/go-diskfs/filesystem/fat32"

	"portaria/scripts/image/card"
)

// A Card is an SD card in its board: a file, and what the firmware remembers
// from one start to the next.
type Card struct {
	Path string
	// Trial is set when the last thing that happened was a reboot into a
	// trial. The next start uses it up.
	Trial bool
}

// Copy makes a card of an image, without the parts that are all zeros.
func Copy(image, path string) (*Card, error) {
	in, err := os.Open(image)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	return &Card{Path: path}, sparse(in, path)
}

// sparse writes what in holds into a file, without the parts that are all
// zeros.
func sparse(in io.Reader, path string) error {
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	defer out.Close()
	buf, zeros := make([]byte, 1<<16), make([]byte, 1<<16)
	for offset := int64(0); ; {
		n, err := in.Read(buf)
		if n > 0 && !bytes.Equal(buf[:n], zeros[:n]) {
			if _, err := out.WriteAt(buf[:n], offset); err != nil {
				return err
			}
		}
		offset += int64(n)
		if err == io.EOF {
			return errors.Join(out.Truncate(offset), out.Close())
		}
		if err != nil {
			return err
		}
	}
}

// Grow gives the card size bytes: a larger one, to which the image was written.
func (c *Card) Grow(size int64) error { return os.Truncate(c.Path, size) }

// extents of the partitions that are FAT32.
var extents = map[int]card.Extent{
	card.Boot:       card.BootExtent,
	int(card.SlotA): card.SlotAExtent,
	int(card.SlotB): card.SlotBExtent,
}

// ReadFile returns a file of one of the card's FAT32 partitions. The machine
// must be off.
func (c *Card) ReadFile(partition int, name string) ([]byte, error) {
	e, ok := extents[partition]
	if !ok {
		return nil, fmt.Errorf("partition %d is not FAT32", partition)
	}
	b, err := file.OpenFromPath(c.Path, true)
	if err != nil {
		return nil, err
	}
	defer func() { _ = b.Close() }()
	fs, err := fat32.Read(b, e.Size, e.Start, card.SectorSize)
	if err != nil {
		return nil, fmt.Errorf("partition %d: %w", partition, err)
	}
	f, err := fs.OpenFile("/"+name, os.O_RDONLY)
	if err != nil {
		return nil, fmt.Errorf("partition %d: %w", partition, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	// In one piece: the library reads past the end of a file otherwise.
	content := make([]byte, info.Size())
	_, err = io.ReadFull(f, content)
	return content, err
}

// Default returns the slot that autoboot.txt names outside of a trial.
func (c *Card) Default() (card.Slot, error) { return c.slot(false) }

// slot reads autoboot.txt as the firmware does.
func (c *Card) slot(trial bool) (card.Slot, error) {
	b, err := c.ReadFile(card.Boot, card.Autoboot)
	if err != nil {
		return 0, err
	}
	if len(b) > card.SectorSize {
		return 0, fmt.Errorf("%s has %d bytes, of which the firmware reads %d", card.Autoboot, len(b), card.SectorSize)
	}
	return autoboot(b, trial)
}

func autoboot(b []byte, trial bool) (card.Slot, error) {
	settings := map[string]string{}
	applies := true
	for lines := bufio.NewScanner(bytes.NewReader(b)); lines.Scan(); {
		line := strings.TrimSpace(lines.Text())
		name, value, setting := strings.Cut(line, "=")
		switch {
		case line == "[all]":
			applies = true
		case line == "[tryboot]":
			applies = trial
		case strings.HasPrefix(line, "["):
			applies = false
		case setting && applies:
			settings[name] = value
		}
	}
	if trial && settings["tryboot_a_b"] != "1" {
		return 0, errors.New("a trial without tryboot_a_b=1 is of a tryboot.txt, which no slot has")
	}
	n, err := strconv.Atoi(settings["boot_partition"])
	if err != nil {
		return 0, fmt.Errorf("boot_partition: %w", err)
	}
	if s := card.Slot(n); s == card.SlotA || s == card.SlotB {
		return s, nil
	}
	return 0, fmt.Errorf("boot_partition=%d is no slot", n)
}
