package update

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"portaria/scripts/image/card"
)

// Note is what one system leaves on the data partition for the other.
type Note struct {
	Version string    `json:"version"` // of the update
	Slot    card.Slot `json:"slot"`    // that it is in
	Reason  string    `json:"reason"`  // why it did not stay; "" while that is not known
}

// noReason stands for the reason of a trial that could not tell any more.
const noReason = "the updated system did not start, or was reset before it had proved healthy"

// Notes keeps the note in a file.
type Notes struct {
	Path string
}

// Leave writes the note and returns when it is on the medium.
func (n Notes) Leave(note Note) error {
	b, err := json.Marshal(note)
	if err != nil {
		return err
	}
	return WriteFile(n.Path, append(b, '\n'))
}

// Remove removes the note, if there is one.
func (n Notes) Remove() error {
	if err := os.Remove(n.Path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Read reads the note; it is not ok when there is none that makes sense.
func (n Notes) Read() (note Note, ok bool) {
	b, err := os.ReadFile(n.Path)
	if err != nil || json.Unmarshal(b, &note) != nil {
		return Note{}, false
	}
	return note, note.Slot == card.SlotA || note.Slot == card.SlotB
}

// After is the status of the update that the note tells of, once the machine
// has started again in a slot that is kept.
func (n Notes) After(running card.Slot) Status {
	note, ok := n.Read()
	switch {
	case !ok:
		return Status{State: None}
	case note.Slot == running:
		// The trial went well and the note outlived it by a power cut.
		_ = n.Remove()
		return Status{State: None}
	case note.Reason == "":
		note.Reason = noReason
	}
	return Status{State: Failed, Version: note.Version, Error: note.Reason}
}

// WriteFile puts content in the place of a file: a power cut leaves the old
// file or the new one.
func WriteFile(path string, content []byte) error {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }() // of no effect once it has its name
	_, err = f.Write(content)
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
