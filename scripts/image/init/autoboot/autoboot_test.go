package autoboot_test

import (
	"bytes"
	"errors"
	"io/fs"
	"strings"
	"testing"

	"portaria/scripts/image/card"
	"portaria/scripts/image/disk"
	"portaria/scripts/image/init/autoboot"
)

// medium is a boot partition in memory.
type medium struct {
	bytes  []byte
	writes int
	broken error // what writing fails with
	deaf   bool  // takes what is written and keeps nothing
}

func (m *medium) ReadAt(p []byte, at int64) (int, error) {
	return bytes.NewReader(m.bytes).ReadAt(p, at)
}

func (m *medium) WriteAt(p []byte, at int64) (int, error) { return copy(m.bytes[at:], p), nil }

func (m *medium) WriteSector(sector *[card.SectorSize]byte, at int64) error {
	m.writes++
	if m.broken == nil && !m.deaf {
		copy(m.bytes[at:], sector[:])
	}
	return m.broken
}

func boot(t *testing.T, text string) *medium {
	t.Helper()
	m := &medium{bytes: make([]byte, card.BootSize)}
	files := []disk.File{
		{Path: "bootcode.bin", Data: make([]byte, 60_000)},
		{Path: "autoboot.txt.old", Data: []byte("no")},
		{Path: card.Autoboot, Data: []byte(text)},
		{Path: "portaria.env", Data: []byte("HOSTNAME=door\n")},
	}
	if err := disk.FAT32(m, card.BootSize, disk.Volume{Label: card.BootLabel}, files); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestKeep(t *testing.T) {
	t.Parallel()
	m := boot(t, autoboot.Text(card.SlotA))
	before := bytes.Clone(m.bytes)
	if got, err := autoboot.Slot(m); err != nil || got != card.SlotA {
		t.Fatalf("Slot of a new card = %v, %v; want A", got, err)
	}
	if err := autoboot.Keep(m, card.SlotB); err != nil {
		t.Fatal(err)
	}
	if got, err := autoboot.Slot(m); err != nil || got != card.SlotB {
		t.Errorf("Slot = %v, %v; want B", got, err)
	}
	changed := make(map[int]bool)
	for i := range before {
		if before[i] != m.bytes[i] {
			changed[i/card.SectorSize] = true
		}
	}
	if m.writes != 1 || len(changed) != 1 {
		t.Errorf("%d writes changed %d sectors, want one write and one sector", m.writes, len(changed))
	}
	if err := autoboot.Keep(m, card.SlotB); err != nil || m.writes != 1 {
		t.Errorf("kept again: %v, %d writes; want nothing written", err, m.writes)
	}
	if err := autoboot.Keep(m, card.SlotA); err != nil || !bytes.Equal(m.bytes, before) {
		t.Errorf("back to A: %v; the partition is not as before", err)
	}
}

func TestKeepRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text string
		want error
	}{
		"another order":     {"[all]\nboot_partition=2\ntryboot_a_b=1\n[tryboot]\nboot_partition=3\n", autoboot.ErrForm},
		"both slots alike":  {"[all]\ntryboot_a_b=1\nboot_partition=2\n[tryboot]\nboot_partition=2\n", autoboot.ErrForm},
		"no room for it":    {"[all]\n", autoboot.ErrForm},
		"a long file":       {autoboot.Text(card.SlotA) + strings.Repeat("# a remark\n", 100), autoboot.ErrForm},
		"a file by Windows": {"[all]\r\ntryboot_a_b=1\r\nboot_partition=2\r\n[tryboot]\r\nboot_partition=3\r\n", autoboot.ErrForm},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := boot(t, c.text)
			if err := autoboot.Keep(m, card.SlotB); !errors.Is(err, c.want) || m.writes != 0 {
				t.Errorf("%v, %d writes; want %v and none", err, m.writes, c.want)
			}
		})
	}
	t.Run("no file", func(t *testing.T) {
		t.Parallel()
		m := &medium{bytes: make([]byte, card.BootSize)}
		if err := disk.FAT32(m, card.BootSize, disk.Volume{Label: card.BootLabel}, nil); err != nil {
			t.Fatal(err)
		}
		if err := autoboot.Keep(m, card.SlotB); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%v, want fs.ErrNotExist", err)
		}
	})
	t.Run("a slot that there is not", func(t *testing.T) {
		t.Parallel()
		m := boot(t, autoboot.Text(card.SlotA))
		if err := autoboot.Keep(m, card.Slot(1)); err == nil || m.writes != 0 {
			t.Errorf("%v, %d writes; want an error and none", err, m.writes)
		}
	})
}

func TestKeepOnABadCard(t *testing.T) {
	t.Parallel()
	m := boot(t, autoboot.Text(card.SlotA))
	m.broken = fs.ErrInvalid
	if err := autoboot.Keep(m, card.SlotB); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("%v, want what the card says", err)
	}
	m.broken, m.deaf = nil, true
	if err := autoboot.Keep(m, card.SlotB); err == nil {
		t.Error("a card that keeps nothing was believed")
	}
}
