// Package build makes what is flashed onto a Raspberry Pi out of the terminal's
// source, the init's and the pinned modules of kernel and firmware. The result
// is a function of these, of the version and of its time: two builds give the same
// bytes. It needs Go and nothing else, and no network once the modules are there.
package build

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"portaria/scripts/image/card"
	"portaria/scripts/image/disk"
)

// Options say what to build. The zero value is what is shipped, but for the
// key, without which a card takes no updates.
type Options struct {
	Info card.Info
	// UpdateKeys are the public keys of those who may sign updates, one a line.
	UpdateKeys []byte
	// Terminal is a program to put in the terminal's place; empty for the real
	// one.
	Terminal string
	// Tags are the build tags of the terminal.
	Tags string
	// Arm is the GOARM of a 32-bit terminal; 0 for arm64.
	Arm int
	Log *slog.Logger
}

// Describe returns the version and the time of the sources: git's, unless
// version says another and SOURCE_DATE_EPOCH another time.
func Describe(ctx context.Context, version string) (card.Info, error) {
	root, err := sources(ctx)
	if err != nil {
		return card.Info{}, err
	}
	git := func(args ...string) (string, error) {
		out, err := exec.CommandContext(ctx, "git", append([]string{"-C", root}, args...)...).Output()
		return strings.TrimSpace(string(out)), err
	}
	if version == "" {
		if version, err = git("describe", "--tags", "--always", "--dirty"); err != nil {
			return card.Info{}, fmt.Errorf("git describe: %w; say the version with -version", err)
		}
	}
	epoch := os.Getenv("SOURCE_DATE_EPOCH")
	if epoch == "" {
		if epoch, err = git("log", "-1", "--format=%ct"); err != nil {
			return card.Info{}, fmt.Errorf("git log: %w; say the time of the sources with SOURCE_DATE_EPOCH", err)
		}
	}
	built, err := strconv.ParseInt(epoch, 10, 64)
	if err != nil || built <= 0 {
		return card.Info{}, fmt.Errorf("SOURCE_DATE_EPOCH=%q: want seconds since 1970", epoch)
	}
	return card.Info{Version: version, Built: built}, nil
}

// An Output takes an image: a file that is as long as the image and has nothing in
// it yet.
type Output interface {
	io.WriterAt
	Truncate(size int64) error
}

// Image writes a whole card: slot A is the one that starts, B holds the same,
// and the data partition is empty.
func Image(ctx context.Context, o Options, w Output) error {
	files, err := slotFiles(ctx, o)
	if err != nil {
		return err
	}
	if err := w.Truncate(card.ImageSize); err != nil {
		return err
	}
	parts := []disk.Partition{
		{Type: disk.TypeFAT32, Start: card.BootExtent.Start, Size: card.BootExtent.Size},
		{Type: disk.TypeFAT32, Start: card.SlotAExtent.Start, Size: card.SlotAExtent.Size},
		{Type: disk.TypeFAT32, Start: card.SlotBExtent.Start, Size: card.SlotBExtent.Size},
		{Type: disk.TypeLinux, Start: card.DataExtent.Start, Size: card.DataExtent.Size},
	}
	if err := disk.MBR(w, o.id("card"), parts); err != nil {
		return err
	}
	boot, err := bootFiles(ctx)
	if err != nil {
		return err
	}
	o.Log.Info("the boot partition", "files", len(boot))
	err = disk.FAT32(at(w, card.BootExtent), card.BootSize, o.volume(card.BootLabel), boot)
	if err != nil {
		return fmt.Errorf("the boot partition: %w", err)
	}
	o.Log.Info("the slots", "files", len(files))
	for _, slot := range []card.Extent{card.SlotAExtent, card.SlotBExtent} {
		if err := o.slot(at(w, slot), files); err != nil {
			return err
		}
	}
	o.Log.Info("the data partition")
	data := disk.Ext4{Label: card.DataLabel, UUID: o.uuid(), Made: o.made()}
	if err := data.Write(at(w, card.DataExtent), card.DataSize); err != nil {
		return fmt.Errorf("the data partition: %w", err)
	}
	return nil
}

// Slot writes what a slot holds, which is also what an update brings.
func Slot(ctx context.Context, o Options, w Output) error {
	files, err := slotFiles(ctx, o)
	if err != nil {
		return err
	}
	if err := w.Truncate(card.SlotSize); err != nil {
		return err
	}
	return o.slot(w, files)
}

func (o Options) slot(w io.WriterAt, files []disk.File) error {
	if err := disk.FAT32(w, card.SlotSize, o.volume(card.SlotLabel), files); err != nil {
		return fmt.Errorf("a slot: %w", err)
	}
	return nil
}

func (o Options) made() time.Time { return time.Unix(o.Info.Built, 0) }

func (o Options) volume(label string) disk.Volume {
	return disk.Volume{Label: label, ID: o.id(label), Made: o.made()}
}

// digest is the same for the same system, so that nothing has to be drawn by lot.
func (o Options) digest(of string) [sha256.Size]byte {
	return sha256.Sum256(fmt.Appendf(nil, "portaria %s %s %d", of, o.Info.Version, o.Info.Built))
}

func (o Options) id(of string) uint32 {
	sum := o.digest(of)
	return binary.LittleEndian.Uint32(sum[:])
}

// uuid has the shape of a random one.
func (o Options) uuid() (u [16]byte) {
	sum := o.digest("data")
	copy(u[:], sum[:])
	u[6] = u[6]&0x0f | 0x40
	u[8] = u[8]&0x3f | 0x80
	return u
}

// at returns the part of w that e is.
func at(w io.WriterAt, e card.Extent) io.WriterAt { return io.NewOffsetWriter(w, e.Start) }
