// Package backup is the file that a backup of a terminal is: one page that says
// what it is, and the data as package store keeps them. Every byte of it is
// under one SHA-256, so that a file that is cut short, flipped or somebody
// else's is refused before anything is touched. It opens no database and knows
// no terminal.
package backup

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// HeaderSize is where the data begin.
const HeaderSize = 4096

// magic is the first line of every backup; the number is the layout's.
const (
	magicWord = "portaria backup "
	magic     = magicWord + "1\n"
)

// What may be wrong with a file; test with errors.Is.
var (
	ErrNotBackup = errors.New("this is no backup of a terminal")
	ErrNewer     = errors.New("the backup was made by a newer version")
	ErrDamaged   = errors.New("the backup is damaged")
)

// Header says what a backup is.
type Header struct {
	Version string `json:"version"` // of the program that made it
	Schema  int    `json:"schema"`  // of the data
	Model   string `json:"model"`   // of the terminal, empty where it is not known
	Serial  string `json:"serial"`
	Created int64  `json:"created"` // seconds of Unix time, by the terminal's clock
	Size    int64  `json:"size"`    // of the data
}

// Sum is the SHA-256 of everything.
type Sum [sha256.Size]byte

func (s Sum) String() string { return hex.EncodeToString(s[:]) }

// text is the part of the header that the sum covers: all that says something.
func (h Header) text() ([]byte, error) {
	members, err := json.Marshal(h)
	if err != nil {
		return nil, err
	}
	return append(append([]byte(magic), members...), '\n'), nil
}

// Seal returns the page that goes before data, which are h.Size bytes.
func Seal(h Header, data io.Reader) (page []byte, sum Sum, err error) {
	text, err := h.text()
	if err != nil {
		return nil, sum, err
	}
	if sum, err = sumOf(text, data, h.Size); err != nil {
		return nil, sum, err
	}
	page = append(append(text, sum.String()...), '\n')
	if len(page) > HeaderSize {
		return nil, sum, fmt.Errorf("a header of %d bytes", len(page))
	}
	return append(page, bytes.Repeat([]byte{'\n'}, HeaderSize-len(page))...), sum, nil
}

// Read reads the page that a file begins with. That the sum is right, Verify
// tells.
func Read(page []byte) (h Header, sum Sum, err error) {
	if len(page) != HeaderSize || !bytes.HasPrefix(page, []byte(magicWord)) {
		return h, sum, ErrNotBackup
	}
	if !bytes.HasPrefix(page, []byte(magic)) {
		return h, sum, ErrNewer
	}
	members, rest, _ := bytes.Cut(page[len(magic):], []byte{'\n'})
	digits, padding, _ := bytes.Cut(rest, []byte{'\n'})
	n, err := hex.Decode(sum[:], digits[:min(len(digits), hex.EncodedLen(len(sum)))])
	if err != nil || n != len(sum) || len(bytes.Trim(padding, "\n")) > 0 {
		return h, sum, fmt.Errorf("%w: its header", ErrDamaged)
	}
	if err := json.Unmarshal(members, &h); err != nil {
		return h, sum, fmt.Errorf("%w: its header: %w", ErrDamaged, err)
	}
	// What is read must be what was written, down to the last blank.
	text, err := h.text()
	if err != nil || !bytes.HasPrefix(page, append(append(text, sum.String()...), '\n')) {
		return h, sum, fmt.Errorf("%w: its header", ErrDamaged)
	}
	if h.Size <= 0 || h.Schema <= 0 {
		return h, sum, fmt.Errorf("%w: its header", ErrDamaged)
	}
	return h, sum, nil
}

// Verify compares data with what the page says of them.
func Verify(page []byte, data io.Reader) (Header, error) {
	h, want, err := Read(page)
	if err != nil {
		return h, err
	}
	text, err := h.text()
	if err != nil {
		return h, err
	}
	got, err := sumOf(text, data, h.Size)
	if err != nil {
		return h, err
	}
	if got != want {
		return h, fmt.Errorf("%w: it is not what was written when it was made", ErrDamaged)
	}
	return h, nil
}

// sumOf is the sum over text and size bytes of data, which end there.
func sumOf(text []byte, data io.Reader, size int64) (sum Sum, err error) {
	hash := sha256.New()
	hash.Write(text)
	n, err := io.Copy(hash, data)
	if err != nil {
		return sum, err
	}
	if n != size {
		return sum, fmt.Errorf("%w: %d bytes of data, and its header says %d", ErrDamaged, n, size)
	}
	return Sum(hash.Sum(nil)), nil
}
