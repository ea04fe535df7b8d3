package disk

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"time"
)

// An Ext4 says what an ext4 file system is called.
type Ext4 struct {
	Label string
	UUID  [16]byte
	Made  time.Time
}

// Sizes of the file systems that Write makes: one group of blocks, which is all
// that 128 MiB take. Linux adds the others, all like the first, when it grows
// the file system.
const (
	blockSize       = 4096
	blocksPerGroup  = 8 * blockSize // as many as a bitmap of one block has bits
	inodeSize       = 256
	inodesPerGroup  = 4096 // one for 32 KiB
	descriptorSize  = 32
	journalBlocks   = 1024 // the least that Linux takes
	reservedGDT     = 31   // with the one in use: 512 GiB until Linux has to think of something else
	reservedInodes  = 10
	sectorsPerBlock = blockSize / SectorSize
)

// Inodes that have a purpose.
const (
	inodeRoot      = 2
	inodeResize    = 7
	inodeJournal   = 8
	inodeLostFound = 11
)

// Where the parts of the group are, in blocks. The first block holds the
// superblock; the rest follows.
const (
	blockGDT         = 1
	blockReserved    = blockGDT + 1
	blockBlockBitmap = blockReserved + reservedGDT
	blockInodeBitmap = blockBlockBitmap + 1
	blockInodeTable  = blockInodeBitmap + 1
	blockRoot        = blockInodeTable + inodesPerGroup*inodeSize/blockSize
	blockLostFound   = blockRoot + 1 // of four blocks, so that repair need not find any
	blockResize      = blockLostFound + lostFoundBlocks
	blockJournal     = blockResize + 1
	blockFirstFree   = blockJournal + journalBlocks
	lostFoundBlocks  = 4
)

// Write writes an empty file system of size bytes. What lies under it must be
// zeros. Its metadata carry checksums.
func (e Ext4) Write(w io.WriterAt, size int64) error {
	blocks := size / blockSize
	if blocks <= blockFirstFree || blocks > blocksPerGroup {
		return fmt.Errorf("ext4 of %d bytes: want more than %d and at most %d", size, blockFirstFree*blockSize, blocksPerGroup*blockSize)
	}
	x := ext4{Ext4: e, w: w, blocks: uint32(blocks), seed: crc32c(^uint32(0), e.UUID[:])}
	x.writeDirectory(blockRoot, 1, inodeRoot, []string{".", "..", "lost+found"}, []uint32{inodeRoot, inodeRoot, inodeLostFound})
	x.writeDirectory(blockLostFound, lostFoundBlocks, inodeLostFound, []string{".", ".."}, []uint32{inodeLostFound, inodeRoot})
	x.writeInodes()
	x.writeResize()
	x.writeJournal()
	x.writeGroup()
	x.writeSuperblock()
	return x.err
}

// ext4 is a file system in the making. The first error stays.
type ext4 struct {
	Ext4
	w      io.WriterAt
	blocks uint32
	seed   uint32 // every checksum begins with the UUID
	err    error
}

func (x *ext4) write(b []byte, offset int64) {
	if x.err == nil {
		_, x.err = x.w.WriteAt(b, offset)
	}
}

// crc32c is the checksum as ext4 takes it: without the last inversion, so that
// one can go on from it.
func crc32c(crc uint32, b []byte) uint32 {
	return ^crc32.Update(^crc, castagnoli, b)
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func (x *ext4) sum(numbers []uint32, b []byte) uint32 {
	crc := x.seed
	for _, n := range numbers {
		crc = crc32c(crc, binary.LittleEndian.AppendUint32(nil, n))
	}
	return crc32c(crc, b)
}

// writeDirectory writes a directory's blocks: the first has the names, the
// others have room for some. Each ends with its checksum.
func (x *ext4) writeDirectory(block, count int64, ino uint32, names []string, inodes []uint32) {
	const tail, typeDirectory, typeChecksum = 12, 2, 0xde
	le := binary.LittleEndian
	for i := range count {
		b := make([]byte, blockSize)
		at := 0
		if i > 0 {
			names, inodes = []string{""}, []uint32{0}
		}
		for j, name := range names {
			length := 8 + (len(name)+3)/4*4
			if j == len(names)-1 {
				length = blockSize - tail - at
			}
			le.PutUint32(b[at:], inodes[j])
			le.PutUint16(b[at+4:], uint16(length))
			b[at+6] = byte(len(name))
			if inodes[j] != 0 {
				b[at+7] = typeDirectory
			}
			copy(b[at+8:], name)
			at += length
		}
		le.PutUint16(b[at+4:], tail)
		b[at+7] = typeChecksum
		le.PutUint32(b[at+8:], x.sum([]uint32{ino, 0}, b[:at]))
		x.write(b, (block+i)*blockSize)
	}
}

// writeJournal writes the superblock of an empty journal, which counts from its
// high end.
func (x *ext4) writeJournal() {
	be := binary.BigEndian
	b := make([]byte, blockSize)
	be.PutUint32(b[0:], 0xc03b3998)
	be.PutUint32(b[4:], 4) // a superblock of the second version
	be.PutUint32(b[12:], blockSize)
	be.PutUint32(b[16:], journalBlocks)
	be.PutUint32(b[20:], 1) // the first block of the log
	be.PutUint32(b[24:], 1) // the first transaction
	copy(b[48:], x.UUID[:])
	be.PutUint32(b[64:], 1) // one user
	x.write(b, blockJournal*blockSize)
}

// writeResize writes the list of blocks into which the table of groups can
// grow. No group but the first has a copy of them yet.
func (x *ext4) writeResize() {
	b := make([]byte, blockSize)
	for i := range reservedGDT {
		binary.LittleEndian.PutUint32(b[4*(blockReserved-blockGDT+i):], uint32(blockReserved+i))
	}
	x.write(b, blockResize*blockSize)
}

// writeGroup writes the bitmaps of what is taken, and the group's descriptor.
func (x *ext4) writeGroup() {
	le := binary.LittleEndian
	blockBitmap := bitmap(blockFirstFree, int(x.blocks), blocksPerGroup)
	inodeBitmap := bitmap(inodeLostFound, inodesPerGroup, inodesPerGroup)
	x.write(blockBitmap, blockBlockBitmap*blockSize)
	x.write(inodeBitmap, blockInodeBitmap*blockSize)

	const tableIsZeroed = 4
	d := make([]byte, descriptorSize)
	le.PutUint32(d[0:], blockBlockBitmap)
	le.PutUint32(d[4:], blockInodeBitmap)
	le.PutUint32(d[8:], blockInodeTable)
	le.PutUint16(d[12:], uint16(x.blocks-blockFirstFree))
	le.PutUint16(d[14:], inodesPerGroup-inodeLostFound)
	le.PutUint16(d[16:], 2) // directories
	le.PutUint16(d[18:], tableIsZeroed)
	le.PutUint16(d[24:], uint16(x.sum(nil, blockBitmap)))
	le.PutUint16(d[26:], uint16(x.sum(nil, inodeBitmap[:inodesPerGroup/8])))
	le.PutUint16(d[28:], inodesPerGroup-inodeLostFound) // never used
	le.PutUint16(d[30:], uint16(x.sum([]uint32{0}, d)))
	x.write(d, blockGDT*blockSize)
}

// bitmap returns a block with the bits below taken set, and those from end to limit, which
// do not exist, and all that lie beyond the limit.
func bitmap(taken, end, limit int) []byte {
	b := make([]byte, blockSize)
	for i := range 8 * blockSize {
		if i < taken || i >= end || i >= limit {
			b[i/8] |= 1 << (i % 8)
		}
	}
	return b
}
