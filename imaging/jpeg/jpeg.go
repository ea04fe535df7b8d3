// Package jpeg decodes a JPEG straight into planes of an eighth to eight eighths of its size, resamples, turns and
// encodes planes again. It is what makes a photo of a telephone cheap on the board of a terminal.
//
// It accepts what image/jpeg accepts and refuses what image/jpeg refuses, but for the cases in DESIGN.md. It computes in
// integers only, so that every processor gives the same bytes. It knows no EXIF, no box and no quality of its own, reads
// no clock and starts no goroutine.
package jpeg

import (
	"errors"
	"image"
)

// Sentinels of Decode and Check; compare with errors.Is. The error of an ended context is handed on as it is.
var (
	ErrFormat      = errors.New("invalid JPEG")
	ErrUnsupported = errors.New("JPEG left to another decoder") // says nothing about the file: ask a slower decoder
	ErrLimit       = errors.New("JPEG over a limit")
)

// Limits bound what a file may claim. A limit that is zero does not bound.
type Limits struct {
	Pixels int64 // width times height
	Memory int64 // bytes of planes, coefficients and one scan
	Scans  int
}

// Plane is one component of a picture, as a window of samples. The decoded window may end inside a sample: Width and Height
// are then fractions.
type Plane struct {
	Pix           []byte
	Stride        int
	Width, Height Extent
}

// Extent is a length in samples as a fraction, so that resampling does not shift what it scales. Its zero value is no
// length.
type Extent struct{ Num, Den int }

// Samples returns the number of samples that e touches.
func (e Extent) Samples() int { return (e.Num + e.Den - 1) / e.Den }

// whole returns n samples.
func whole(n int) Extent { return Extent{n, 1} }

// same reports whether e and f are the same length.
func (e Extent) same(f Extent) bool { return e.Num*f.Den == f.Num*e.Den }

// Picture is what Decode returns. Its planes belong to the Decoder and live until it decodes again.
type Picture struct {
	Size   image.Point // as coded
	RGB    bool        // the planes are red, green and blue, else luma and two of chroma
	Planes []Plane     // one or three
}

// Markers of ITU-T T.81, table B.1.
const (
	markSOF0  = 0xc0 // baseline
	markSOF1  = 0xc1 // extended sequential
	markSOF2  = 0xc2 // progressive
	markDHT   = 0xc4
	markRST0  = 0xd0
	markRST7  = 0xd7
	markSOI   = 0xd8
	markEOI   = 0xd9
	markSOS   = 0xda
	markDQT   = 0xdb
	markDRI   = 0xdd
	markAPP0  = 0xe0
	markAPP14 = 0xee
	markAPP15 = 0xef
	markCOM   = 0xfe
)

// zigzag is the order of the coefficients of a block, ITU-T T.81 figure A.6: 8*row + column.
var zigzag = [64]uint8{
	0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5,
	12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
	35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51,
	58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
}

// grown returns s with length n, from the same array if that is large enough. Its contents are whatever they were.
func grown[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}
