// Package fat finds files in the first folder of a FAT32 file system and says
// where on the medium they are. It only reads; that lets the running system
// look at the card's settings, and change one sector in its place, without
// mounting what a PC or the firmware may have left half written.
package fat

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"unicode/utf16"
)

// ErrForm says that a medium holds no FAT32 file system, or a broken one.
var ErrForm = errors.New("not a sound FAT32 file system")

// FS is a FAT32 file system.
type FS struct {
	medium     io.ReaderAt
	sector     int64 // bytes
	cluster    int64 // bytes
	tableAt    int64
	dataAt     int64
	root       uint32
	clusters   uint32
	tableBytes int64
}

// Open reads what the first sector says.
func Open(medium io.ReaderAt) (*FS, error) {
	var b [512]byte
	if _, err := medium.ReadAt(b[:], 0); err != nil {
		return nil, err
	}
	var (
		sector    = int64(binary.LittleEndian.Uint16(b[11:]))
		perCl     = int64(b[13])
		reserved  = int64(binary.LittleEndian.Uint16(b[14:]))
		tables    = int64(b[16])
		total     = int64(binary.LittleEndian.Uint32(b[32:]))
		perTable  = int64(binary.LittleEndian.Uint32(b[36:]))
		smallRoot = binary.LittleEndian.Uint16(b[17:])
	)
	if b[510] != 0x55 || b[511] != 0xaa || sector != 512 || perCl == 0 || perCl&(perCl-1) != 0 ||
		reserved == 0 || tables == 0 || perTable == 0 || smallRoot != 0 {
		return nil, ErrForm
	}
	f := &FS{
		medium: medium, sector: sector, cluster: sector * perCl,
		tableAt: reserved * sector, tableBytes: perTable * sector,
		dataAt: (reserved + tables*perTable) * sector,
		root:   binary.LittleEndian.Uint32(b[44:]),
	}
	clusters := (total*sector - f.dataAt) / f.cluster
	if clusters <= 0 || clusters > f.tableBytes/4 {
		return nil, ErrForm
	}
	f.clusters = uint32(clusters)
	return f, nil
}

// File is a file that was found.
type File struct {
	Name string
	Size int64

	fs    *FS
	first uint32
}

// Find returns the file of a name, whose case does not matter, in the first
// folder, or an error that is fs.ErrNotExist.
func (f *FS) Find(name string) (File, error) {
	var long longName
	for cluster, n := f.root, uint32(0); ; n++ {
		if n > f.clusters {
			return File{}, ErrForm // it runs in a circle
		}
		block := make([]byte, f.cluster)
		at, err := f.offset(cluster)
		if err != nil {
			return File{}, err
		}
		if _, err := f.medium.ReadAt(block, at); err != nil {
			return File{}, err
		}
		for e := block; len(e) >= entrySize; e = e[entrySize:] {
			if e[0] == 0 {
				return File{}, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
			}
			got, ok := long.next(e[:entrySize])
			if ok && strings.EqualFold(got, name) && e[11]&attrFolder == 0 {
				return File{
					Name: got, fs: f, Size: int64(binary.LittleEndian.Uint32(e[28:])),
					first: uint32(binary.LittleEndian.Uint16(e[20:]))<<16 | uint32(binary.LittleEndian.Uint16(e[26:])),
				}, nil
			}
		}
		next, last, err := f.after(cluster)
		if err != nil {
			return File{}, err
		}
		if last {
			return File{}, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
		}
		cluster = next
	}
}

// offset is where a cluster begins.
func (f *FS) offset(cluster uint32) (int64, error) {
	if cluster < 2 || cluster-2 >= f.clusters {
		return 0, ErrForm
	}
	return f.dataAt + int64(cluster-2)*f.cluster, nil
}

// after is the cluster that follows one in its chain.
func (f *FS) after(cluster uint32) (next uint32, last bool, err error) {
	var b [4]byte
	if int64(cluster)*4+4 > f.tableBytes {
		return 0, false, ErrForm
	}
	if _, err := f.medium.ReadAt(b[:], f.tableAt+int64(cluster)*4); err != nil {
		return 0, false, err
	}
	next = binary.LittleEndian.Uint32(b[:]) & 0x0fffffff
	return next, next >= 0x0ffffff8, nil
}

// Offset is where on the medium the first byte of the file is. All of a file
// that fits a sector is there.
func (f File) Offset() (int64, error) {
	return f.fs.offset(f.first)
}

// Content reads the file, unless it is longer than limit.
func (f File) Content(limit int64) ([]byte, error) {
	if f.Size > limit {
		return nil, fmt.Errorf("%s: %d bytes are more than the %d it may have", f.Name, f.Size, limit)
	}
	content := make([]byte, 0, f.Size)
	for cluster := f.first; int64(len(content)) < f.Size; {
		at, err := f.fs.offset(cluster)
		if err != nil {
			return nil, err
		}
		piece := make([]byte, min(f.fs.cluster, f.Size-int64(len(content))))
		if _, err := f.fs.medium.ReadAt(piece, at); err != nil {
			return nil, err
		}
		content = append(content, piece...)
		if int64(len(content)) == f.Size {
			break
		}
		next, last, err := f.fs.after(cluster)
		if err != nil {
			return nil, err
		}
		if last {
			return nil, ErrForm
		}
		cluster = next
	}
	return content, nil
}

// Of a folder's entries.
const (
	entrySize  = 32
	attrFolder = 0x10
	attrVolume = 0x08
	attrLong   = 0x0f
	deleted    = 0xe5
	lastLong   = 0x40
	lowerBase  = 0x08
	lowerExt   = 0x10
)

// longName gathers a long name, whose pieces come last piece first, before
// the entry that they belong to.
type longName struct {
	pieces [][]uint16
	sum    byte
	left   int // pieces that are missing; 0 when it is whole
}

// next takes the next entry and returns the name of it, if it is a file's or
// a folder's.
func (l *longName) next(e []byte) (string, bool) {
	if e[0] == deleted {
		*l = longName{}
		return "", false
	}
	if e[11] == attrLong {
		order := int(e[0] &^ lastLong)
		if e[0]&lastLong != 0 {
			*l = longName{sum: e[13], left: order}
		}
		if order == 0 || order != l.left || e[13] != l.sum {
			*l = longName{}
			return "", false
		}
		l.left--
		l.pieces = append(l.pieces, longPiece(e))
		return "", false
	}
	long := *l
	*l = longName{}
	if e[11]&attrVolume != 0 {
		return "", false
	}
	if len(long.pieces) > 0 && long.left == 0 && long.sum == checksum(e[:11]) {
		var units []uint16
		for i := len(long.pieces) - 1; i >= 0; i-- {
			units = append(units, long.pieces[i]...)
		}
		return string(utf16.Decode(units)), true
	}
	return shortName(e), true
}

func longPiece(e []byte) []uint16 {
	var units []uint16
	for _, span := range [][2]int{{1, 11}, {14, 26}, {28, 32}} {
		for i := span[0]; i < span[1]; i += 2 {
			u := binary.LittleEndian.Uint16(e[i:])
			if u == 0 || u == 0xffff {
				return units
			}
			units = append(units, u)
		}
	}
	return units
}

func shortName(e []byte) string {
	base, ext := strings.TrimRight(string(e[:8]), " "), strings.TrimRight(string(e[8:11]), " ")
	if e[12]&lowerBase != 0 {
		base = strings.ToLower(base)
	}
	if e[12]&lowerExt != 0 {
		ext = strings.ToLower(ext)
	}
	if ext == "" {
		return base
	}
	return base + "." + ext
}

func checksum(short []byte) byte {
	var sum byte
	for _, b := range short {
		sum = sum<<7 | sum>>1
		sum += b
	}
	return sum
}
