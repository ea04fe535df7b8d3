// Package bundle is the form of an update: a signed header that says what
// follows, and the packed image of one slot. Whoever reads one knows from the
// first lines, before a byte of the image is unpacked, who made it and how
// large it is, and learns at the end that all of it is what was signed. It
// knows no card and no network.
package bundle

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"

	"portaria/scripts/image/card"
)

// magic is the first line of every bundle. A bundle of another form would
// have another number.
const magic = "portaria update 1\n"

// Board is what the slot of a bundle runs on.
const Board = "arm64"

// MaxHead is the most that the three lines before the image may take.
const MaxHead = 4096

// What is wrong with a bundle.
var (
	ErrForm      = errors.New("not an update of portaria")
	ErrSignature = errors.New("the update is not signed by a key that this system trusts")
	ErrBoard     = errors.New("the update is for another kind of board")
	ErrContent   = errors.New("the update is damaged")
)

// Header is what is signed.
type Header struct {
	card.Info
	Board        string `json:"board"`
	Size         int64  `json:"size"`          // of the slot's image
	SHA256       string `json:"sha256"`        // of the slot's image, hexadecimal
	PackedSize   int64  `json:"packed_size"`   // of the image as it follows, by gzip
	PackedSHA256 string `json:"packed_sha256"` // of the image as it follows
}

// versionForm is what a version may look like: it is shown to people and
// written into notes.
var versionForm = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z.+~_-]{0,63}$`)

// line is the header as it is signed and written.
func (h Header) line() ([]byte, error) {
	line, err := json.Marshal(h)
	if err != nil {
		return nil, err
	}
	return append(line, '\n'), nil
}

// check tells whether a header can be true at all.
func (h Header) check() error {
	switch {
	case !versionForm.MatchString(h.Version):
		return fmt.Errorf("%w: the version %q cannot be one", ErrForm, h.Version)
	case h.Built <= 0:
		return fmt.Errorf("%w: the time %d cannot be that of a build", ErrForm, h.Built)
	case h.Size <= 0 || h.Size > card.SlotSize || h.Size%card.SectorSize != 0:
		return fmt.Errorf("%w: %d bytes are no slot's image", ErrForm, h.Size)
	case h.PackedSize <= 0 || h.PackedSize > h.Size+h.Size/1000+1024:
		return fmt.Errorf("%w: %d bytes are too many for its image", ErrForm, h.PackedSize)
	case h.Board != Board:
		return fmt.Errorf("%w: %q, and this is %q", ErrBoard, h.Board, Board)
	}
	for _, sum := range []string{h.SHA256, h.PackedSHA256} {
		if b, err := hex.DecodeString(sum); err != nil || len(b) != 32 {
			return fmt.Errorf("%w: %q is no SHA-256", ErrForm, sum)
		}
	}
	return nil
}

// Head is the beginning of a bundle: the three lines before the image.
type Head struct {
	Header
	Length int64 // of the three lines
}

// Total is the length of the whole bundle.
func (h Head) Total() int64 { return h.Length + h.PackedSize }

// HeadLength is how long the head at the beginning of b is, or 0 when more of
// the bundle is needed to know. It fails as soon as b cannot become a bundle.
func HeadLength(b []byte) (int, error) {
	if n := min(len(b), len(magic)); string(b[:n]) != magic[:n] {
		return 0, ErrForm
	}
	at := 0
	for range 3 {
		i := bytes.IndexByte(b[at:], '\n')
		if i < 0 {
			if len(b) >= MaxHead {
				return 0, fmt.Errorf("%w: its head has no end", ErrForm)
			}
			return 0, nil
		}
		at += i + 1
	}
	if at > MaxHead {
		return 0, fmt.Errorf("%w: its head is too long", ErrForm)
	}
	return at, nil
}

// ParseHead reads the three lines and believes them if one of the keys has
// signed them. Nothing in them is looked at before.
func ParseHead(b []byte, keys []ed25519.PublicKey) (Head, error) {
	length, err := HeadLength(b)
	if err != nil {
		return Head{}, err
	}
	if length == 0 || length != len(b) {
		return Head{}, fmt.Errorf("%w: its head is not whole", ErrForm)
	}
	// The signature's line, without its end, is all that is not signed.
	signed := b[:bytes.LastIndexByte(b[:length-1], '\n')+1]
	signature, err := base64.StdEncoding.Strict().DecodeString(string(b[len(signed) : length-1]))
	if err != nil || len(signature) != ed25519.SignatureSize {
		return Head{}, fmt.Errorf("%w: its third line is no signature", ErrForm)
	}
	if !signedByAny(signed, signature, keys) {
		return Head{}, ErrSignature
	}
	var h Header
	line := signed[len(magic):]
	if err := json.Unmarshal(line, &h); err != nil {
		return Head{}, fmt.Errorf("%w: %w", ErrForm, err)
	}
	// One header, one spelling: no unknown or doubled fields, no spaces.
	if again, err := h.line(); err != nil || !bytes.Equal(again, line) {
		return Head{}, fmt.Errorf("%w: its header is not spelled as this system spells it", ErrForm)
	}
	if err := h.check(); err != nil {
		return Head{}, err
	}
	return Head{Header: h, Length: int64(length)}, nil
}

func signedByAny(message, signature []byte, keys []ed25519.PublicKey) bool {
	for _, key := range keys {
		if ed25519.Verify(key, message, signature) {
			return true
		}
	}
	return false
}
