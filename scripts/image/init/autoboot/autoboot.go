// Package autoboot reads and changes the file that tells the firmware which
// slot to start. The change is one digit for another in one sector that is
// written in its place: the card writes a sector or does not, so that a power
// cut leaves the old file or the new one and nothing of the file system moves.
package autoboot

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"portaria/scripts/image/card"
	"portaria/scripts/image/init/fat"
)

// ErrForm says that the file is not as portaria's card has it. It is left
// alone then: somebody has changed it by hand and knows why.
var ErrForm = errors.New(card.Autoboot + " is not as the image has it; write it again as the card's README says")

// Medium is the boot partition. WriteSector writes one sector at an offset
// and returns when it is on the medium.
type Medium interface {
	io.ReaderAt
	WriteSector(sector *[card.SectorSize]byte, at int64) error
}

// text is the file with the slots in their places.
func text(always, once card.Slot) string {
	return fmt.Sprintf("[all]\ntryboot_a_b=1\nboot_partition=%d\n[tryboot]\nboot_partition=%d\n", always, once)
}

// Text is the file for a card that starts a slot, and the other one on trial.
func Text(s card.Slot) string { return text(s, s.Other()) }

// Slot is the one that the firmware starts unless it is told to try the other.
func Slot(m Medium) (card.Slot, error) {
	_, _, slot, err := find(m)
	return slot, err
}

// Keep makes slot the one that the firmware starts. Kept again, it writes
// nothing.
func Keep(m Medium, slot card.Slot) error {
	if slot != card.SlotA && slot != card.SlotB {
		return fmt.Errorf("slot %d: there is none", slot)
	}
	sector, at, now, err := find(m)
	if err != nil || now == slot {
		return err
	}
	copy(sector[:], Text(slot))
	if err := m.WriteSector(sector, at); err != nil {
		return err
	}
	_, _, now, err = find(m)
	if err == nil && now != slot {
		err = fmt.Errorf("%s was written but did not change; the card may be worn out", card.Autoboot)
	}
	return err
}

// find reads the sector of the file, where it is, and what it says.
func find(m Medium) (*[card.SectorSize]byte, int64, card.Slot, error) {
	files, err := fat.Open(m)
	if err != nil {
		return nil, 0, 0, err
	}
	file, err := files.Find(card.Autoboot)
	if err != nil {
		return nil, 0, 0, err
	}
	at, err := file.Offset()
	if err != nil {
		return nil, 0, 0, err
	}
	if file.Size != int64(len(Text(card.SlotA))) {
		return nil, 0, 0, ErrForm
	}
	var sector [card.SectorSize]byte
	if _, err := m.ReadAt(sector[:], at); err != nil {
		return nil, 0, 0, err
	}
	for _, slot := range []card.Slot{card.SlotA, card.SlotB} {
		if bytes.Equal(sector[:file.Size], []byte(Text(slot))) {
			return &sector, at, slot, nil
		}
	}
	return nil, 0, 0, ErrForm
}
