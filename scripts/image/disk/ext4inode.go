package disk

import "encoding/binary"

// An inode is what writeInodes has to know of one.
type inode struct {
	number uint32
	mode   uint16
	links  uint16
	size   int64
	blocks uint32 // that it occupies
	flags  uint32
	first  uint32     // block of the only extent, of length blocks
	direct [15]uint32 // instead of an extent
}

const flagExtents = 0x80000

func (x *ext4) writeInodes() {
	// The resize inode pretends to be as large as a doubly indirect block can
	// make it, and holds that block.
	const addresses = blockSize / 4
	resize := inode{
		number: inodeResize, mode: TypeFile | 0o600, links: 1, blocks: 1 + reservedGDT,
		size: (12 + addresses + addresses*addresses) * blockSize,
	}
	const doublyIndirect = 13
	resize.direct[doublyIndirect] = blockResize

	inodes := []inode{
		{number: inodeRoot, mode: TypeDirectory | 0o755, links: 3, size: blockSize, blocks: 1, flags: flagExtents, first: blockRoot},
		resize,
		{number: inodeJournal, mode: TypeFile | 0o600, links: 1, size: journalBlocks * blockSize, blocks: journalBlocks, flags: flagExtents, first: blockJournal},
		{number: inodeLostFound, mode: TypeDirectory | 0o700, links: 2, size: lostFoundBlocks * blockSize, blocks: lostFoundBlocks, flags: flagExtents, first: blockLostFound},
	}
	table := make([]byte, reservedInodesSize)
	// The others of the reserved have nothing but a checksum.
	for n := uint32(1); n <= reservedInodes; n++ {
		x.sign(table[(n-1)*inodeSize:][:inodeSize], n)
	}
	for _, i := range inodes {
		b := table[(i.number-1)*inodeSize:][:inodeSize]
		clear(b)
		x.encode(b, i)
		x.sign(b, i.number)
	}
	x.write(table, blockInodeTable*blockSize)
}

const reservedInodesSize = inodeLostFound * inodeSize

func (x *ext4) encode(b []byte, i inode) {
	const extraSize = 32
	le := binary.LittleEndian
	made := uint32(x.Made.Unix())
	le.PutUint16(b[0:], i.mode)
	le.PutUint32(b[4:], uint32(i.size))
	for _, at := range []int{8, 12, 16, 144} { // read, changed, written, born
		le.PutUint32(b[at:], made)
	}
	le.PutUint16(b[26:], i.links)
	le.PutUint32(b[28:], i.blocks*sectorsPerBlock)
	le.PutUint32(b[32:], i.flags)
	le.PutUint32(b[108:], uint32(i.size>>32))
	le.PutUint16(b[128:], extraSize)
	if i.flags&flagExtents == 0 {
		for n, block := range i.direct {
			le.PutUint32(b[40+4*n:], block)
		}
		return
	}
	le.PutUint16(b[40:], 0xf30a)
	le.PutUint16(b[42:], 1) // extents
	le.PutUint16(b[44:], 4) // of at most
	le.PutUint16(b[56:], uint16(i.blocks))
	le.PutUint32(b[60:], i.first)
}

// sign puts the checksum into its two places. Inodes that say nothing of their
// extra part have only the first.
func (x *ext4) sign(b []byte, number uint32) {
	le := binary.LittleEndian
	crc := x.sum([]uint32{number, 0}, b)
	le.PutUint16(b[124:], uint16(crc))
	if le.Uint16(b[128:]) != 0 {
		le.PutUint16(b[130:], uint16(crc>>16))
	}
}

// What the file system can do. Linux refuses to mount it when it does not know
// an incompatible feature. Fast commits are not among them: bbolt's pages have been seen to
// suffer from theirs.
const (
	compatJournal    = 0x4
	compatAttributes = 0x8
	compatResize     = 0x10
	compatIndex      = 0x20

	incompatTypes   = 0x2
	incompatExtents = 0x40
	incompatFlex    = 0x200

	roSparse    = 0x1
	roLarge     = 0x2
	roHuge      = 0x8
	roLinks     = 0x20
	roExtra     = 0x40
	roChecksums = 0x400
)

func (x *ext4) writeSuperblock() {
	const place, length = 1024, 1024
	le := binary.LittleEndian
	made := uint32(x.Made.Unix())
	b := make([]byte, length)
	le.PutUint32(b[0:], inodesPerGroup)
	le.PutUint32(b[4:], x.blocks)
	le.PutUint32(b[12:], x.blocks-blockFirstFree)
	le.PutUint32(b[16:], inodesPerGroup-inodeLostFound)
	le.PutUint32(b[24:], 2) // a block is 1024<<2 bytes
	le.PutUint32(b[28:], 2)
	le.PutUint32(b[32:], blocksPerGroup)
	le.PutUint32(b[36:], blocksPerGroup)
	le.PutUint32(b[40:], inodesPerGroup)
	le.PutUint32(b[48:], made)
	le.PutUint16(b[54:], 0xffff) // mounts until a check: never
	le.PutUint16(b[56:], 0xef53)
	le.PutUint16(b[58:], 1) // unmounted in good order
	le.PutUint16(b[60:], 1) // on errors: go on
	le.PutUint32(b[64:], made)
	le.PutUint32(b[76:], 1) // the revision with features
	le.PutUint32(b[84:], reservedInodes+1)
	le.PutUint16(b[88:], inodeSize)
	le.PutUint32(b[92:], compatJournal|compatAttributes|compatResize|compatIndex)
	le.PutUint32(b[96:], incompatTypes|incompatExtents|incompatFlex)
	le.PutUint32(b[100:], roSparse|roLarge|roHuge|roLinks|roExtra|roChecksums)
	copy(b[104:], x.UUID[:])
	copy(b[120:136], x.Label)
	le.PutUint16(b[206:], reservedGDT)
	le.PutUint32(b[224:], inodeJournal)
	copy(b[236:], x.UUID[:]) // seed of the hashes in directories
	b[252] = 1               // which are half an MD4
	le.PutUint32(b[264:], made)
	le.PutUint16(b[348:], 32) // bytes that new inodes have
	le.PutUint16(b[350:], 32) // and all should have
	le.PutUint32(b[352:], 2)  // the hash takes bytes as unsigned
	b[372] = 4                // 1<<4 groups keep their bitmaps together
	b[373] = 1                // crc32c
	le.PutUint32(b[1020:], crc32c(^uint32(0), b[:1020]))
	x.write(b, place)
}
