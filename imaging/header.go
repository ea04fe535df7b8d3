package imaging

import (
	"bytes"
	"fmt"
	"image"
)

// format is one of the two that are accepted.
type format uint8

const (
	formatJPEG format = iota + 1
	formatPNG
)

// The first bytes that admit an upload to a decoder. They are the allow-list: image.Decode is never asked, because every
// package in the binary may have registered a decoder with it. Behind that of a JPEG every decoder skips stray bytes.
const (
	magicJPEG = "\xff\xd8"
	magicPNG  = "\x89PNG\r\n\x1a\n"
)

// header is what a walk over the structure of an upload tells, before anything is decoded.
type header struct {
	format      format
	size        image.Point // as coded, before turning
	orientation orientation
	grey        bool  // the coded picture has no colour planes
	scans       int   // JPEG only
	cost        int64 // bytes that decoding allocates

	// JPEG only.
	conforming bool     // coded the way the terminal keeps it, whatever its size
	clean      bool     // nothing but picture: pieces joined are the upload
	junk       bool     // bytes between the segments that belong to none
	pieces     [][]byte // what stripping leaves
}

// readHeader walks over upload. It allocates no picture and returns ErrFormat for anything that is not a JPEG or PNG.
func readHeader(upload []byte) (header, error) {
	switch {
	case bytes.HasPrefix(upload, []byte(magicJPEG)):
		return readJPEG(upload)
	case bytes.HasPrefix(upload, []byte(magicPNG)):
		return readPNG(upload)
	}
	return header{}, fmt.Errorf("%w: starts with % x", ErrFormat, upload[:min(len(upload), 8)])
}

// affordable returns ErrTooCostly for a header that claims more than is worth decoding, ErrFormat for an empty picture.
func (h header) affordable() error {
	w, ht := h.size.X, h.size.Y
	switch {
	case w < 1 || ht < 1:
		return fmt.Errorf("%w: %dx%d pixels", ErrFormat, w, ht)
	case w > MaxSide || ht > MaxSide || int64(w)*int64(ht) > MaxPixels:
		return fmt.Errorf("%w: %dx%d pixels", ErrTooCostly, w, ht)
	case h.cost > MaxDecoded:
		return fmt.Errorf("%w: %dx%d pixels need %d bytes", ErrTooCostly, w, ht, h.cost)
	case h.scans > MaxScans:
		return fmt.Errorf("%w: %d scans", ErrTooCostly, h.scans)
	}
	return nil
}

// uprightSize returns the size of the picture as a person sees it.
func (h header) uprightSize() image.Point { return h.orientation.swap(h.size) }

// kept returns the bytes that stay of a conforming upload.
func (h header) kept(upload []byte) ([]byte, Treatment) {
	if h.clean {
		return upload, Untouched
	}
	return bytes.Join(h.pieces, nil), Stripped
}
