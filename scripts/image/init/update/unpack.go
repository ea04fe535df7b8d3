package update

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"portaria/scripts/image/bundle"
	"portaria/scripts/image/card"
)

var errAbandoned = errors.New("abandoned")

// unpacking writes a slot while the pieces come.
type unpacking struct {
	in   *io.PipeWriter
	done chan struct{} // closed at the end
	err  error         // the outcome, once done
}

func unpack(head bundle.Head, slot Slot) *unpacking {
	r, w := io.Pipe()
	u := &unpacking{in: w, done: make(chan struct{})}
	go func() {
		err := writeSlot(slot, bundle.NewReader(r, head))
		if closeErr := slot.Close(); err == nil && closeErr != nil {
			err = fmt.Errorf("%w: %w", ErrSlot, closeErr)
		}
		// Whoever still writes learns what went wrong.
		_ = r.CloseWithError(err)
		u.err = err
		close(u.done)
	}()
	return u
}

func (u *unpacking) write(piece []byte) error {
	if len(piece) == 0 {
		return nil
	}
	_, err := u.in.Write(piece)
	return err
}

func (u *unpacking) finish() error {
	_ = u.in.Close()
	<-u.done
	return u.err
}

func (u *unpacking) abandon() {
	_ = u.in.CloseWithError(errAbandoned)
	<-u.done
}

// block is how much is written at once, and syncEvery how much may wait for
// the card: behind it waits what the terminal has to write.
const (
	block     = 1 << 20
	syncEvery = 8 << 20
)

// writeSlot writes the image and reads it again. The first sector, without
// which the slot is no file system, is empty until everything else is on the
// medium.
func writeSlot(slot Slot, image *bundle.Reader) error {
	var first, empty [card.SectorSize]byte
	if _, err := slot.WriteAt(empty[:], 0); err != nil {
		return fmt.Errorf("%w: %w", ErrSlot, err)
	}
	if err := slot.Sync(); err != nil {
		return fmt.Errorf("%w: %w", ErrSlot, err)
	}
	buffer, there := make([]byte, block), make([]byte, block)
	for at := int64(0); ; {
		n, err := io.ReadFull(image, buffer)
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return err
		}
		piece := buffer[:n]
		if at == 0 {
			copy(first[:], piece)
			clear(piece[:min(n, card.SectorSize)])
		}
		if writeErr := writeChanged(slot, piece, there[:n], at); writeErr != nil {
			return fmt.Errorf("%w: %w", ErrSlot, writeErr)
		}
		at += int64(n)
		if err != nil {
			break
		}
		if at%syncEvery == 0 {
			if err := slot.Sync(); err != nil {
				return fmt.Errorf("%w: %w", ErrSlot, err)
			}
		}
	}
	if err := slot.Sync(); err != nil {
		return fmt.Errorf("%w: %w", ErrSlot, err)
	}
	if _, err := slot.WriteAt(first[:], 0); err != nil {
		return fmt.Errorf("%w: %w", ErrSlot, err)
	}
	if err := slot.Sync(); err != nil {
		return fmt.Errorf("%w: %w", ErrSlot, err)
	}
	return readBack(slot, image.Head)
}

// writeChanged writes a piece unless it is there already: cards wear out by
// being written.
func writeChanged(slot Slot, piece, there []byte, at int64) error {
	if n, err := slot.ReadAt(there, at); err == nil && n == len(piece) && bytes.Equal(piece, there) {
		return nil
	}
	_, err := slot.WriteAt(piece, at)
	return err
}

// readBack compares what is on the medium with what was signed.
func readBack(slot Slot, head bundle.Head) error {
	sum := sha256.New()
	if _, err := io.CopyBuffer(sum, io.NewSectionReader(slot, 0, head.Size), make([]byte, block)); err != nil {
		return fmt.Errorf("%w: it cannot be read again: %w", ErrSlot, err)
	}
	if hex.EncodeToString(sum.Sum(nil)) != head.SHA256 {
		return fmt.Errorf("%w: what is read is not what was written", ErrSlot)
	}
	return nil
}
