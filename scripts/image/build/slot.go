package build

import (
	"context"
	"embed"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"portaria/scripts/image/card"
	"portaria/scripts/image/disk"
)

// files are what the firmware and the card's owner read, in the words they read.
//
//go:embed files
var files embed.FS

// text returns one of them.
func text(name string) ([]byte, error) { return files.ReadFile(path.Join("files", name)) }

// firmwareFiles start a Pi up to 4; a Pi 5 has its own in its EEPROM. The ones with x, cd and db in
// their names are for cameras, for saving memory and for the firmware's authors.
var firmwareFiles = []string{"start.elf", "fixup.dat", "start4.elf", "fixup4.dat"}

// bootCode is what the boot ROM of a Pi up to 3 and of a Zero 2 W looks for, on
// the first partition only.
const bootCode = "bootcode.bin"

// bootFiles are the files of the boot partition.
func bootFiles(ctx context.Context) ([]disk.File, error) {
	firmware, err := moduleDir(ctx, firmwareModule)
	if err != nil {
		return nil, err
	}
	code, err := os.ReadFile(filepath.Join(firmware, bootCode))
	if err != nil {
		return nil, err
	}
	out := []disk.File{{Path: bootCode, Data: code}}
	for _, name := range []string{card.Autoboot, card.Settings, "README.txt", card.Config} {
		b, err := text("boot/" + name)
		if err != nil {
			return nil, err
		}
		out = append(out, disk.File{Path: name, Data: b})
	}
	return out, nil
}

// slotFiles are the files of a slot, the first ones being those that the firmware looks for first.
func slotFiles(ctx context.Context, o Options) ([]disk.File, error) {
	kernel, err := moduleDir(ctx, kernelModule)
	if err != nil {
		return nil, err
	}
	firmware, err := moduleDir(ctx, firmwareModule)
	if err != nil {
		return nil, err
	}
	programs, err := o.compile(ctx)
	if err != nil {
		return nil, err
	}
	o.Log.Info("packing the root")
	root, err := o.initramfs(programs)
	if err != nil {
		return nil, err
	}
	out := []disk.File{{Path: card.Initramfs, Data: root}, {Path: card.SlotInfo, Data: o.info()}}
	for _, name := range []string{card.Config, card.Cmdline} {
		b, err := text("slot/" + name)
		if err != nil {
			return nil, err
		}
		out = append(out, disk.File{Path: name, Data: b})
	}
	for _, name := range firmwareFiles {
		b, err := os.ReadFile(filepath.Join(firmware, name))
		if err != nil {
			return nil, err
		}
		out = append(out, disk.File{Path: name, Data: b})
	}
	board, err := boardFiles(kernel)
	if err != nil {
		return nil, err
	}
	licences, err := o.licences(ctx, kernel, firmware)
	if err != nil {
		return nil, err
	}
	out = slices.Concat(out, board, licences)
	slices.SortStableFunc(out, func(a, b disk.File) int { return strings.Compare(a.Path, b.Path) })
	return out, nil
}

// boardFiles are the kernel and the descriptions of the boards and of what can be
// plugged into them.
func boardFiles(kernel string) ([]disk.File, error) {
	var out []disk.File
	for _, pattern := range []string{card.Kernel, "*.dtb", "overlays/*"} {
		found, err := filepath.Glob(filepath.Join(kernel, pattern))
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			return nil, fmt.Errorf("%s has no %s: is it another kernel?", kernel, pattern)
		}
		for _, name := range found {
			b, err := os.ReadFile(name)
			if err != nil {
				return nil, err
			}
			rel, err := filepath.Rel(kernel, name)
			if err != nil {
				return nil, err
			}
			out = append(out, disk.File{Path: filepath.ToSlash(rel), Data: b})
		}
	}
	return out, nil
}
