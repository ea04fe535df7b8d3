package disk

import (
	"encoding/binary"
	"fmt"
	"io"
	"path"
	"strings"
	"time"
)

// A File is a file of a FAT32 file system; its Path has no leading slash. The
// directories above it come by themselves.
type File struct {
	Path string
	Data []byte
}

// Volume is what a file system is called and when it was made.
type Volume struct {
	Label string
	ID    uint32
	Made  time.Time
}

// The parts of a FAT32 file system that do not depend on its size.
const (
	reserved    = 32 // sectors before the first FAT
	fats        = 2
	fsInfo      = 1 // sector
	backupBoot  = 6 // sector
	rootCluster = 2
	endOfChain  = 0x0fffffff
	// With fewer clusters a reader takes it for FAT16. The margin is for readers
	// that do not agree about the last few.
	minClusters = 65525 + 16
	maxPerChain = 8 // sectors
)

// geometry is where things lie, in sectors.
type geometry struct {
	sectors    int64 // of the whole
	perCluster int64
	perFAT     int64
	clusters   int64
}

// geometryOf picks the largest clusters that still leave enough of them to be
// FAT32: the fewer links a file has, the less the firmware reads.
func geometryOf(size int64) (geometry, error) {
	g := geometry{sectors: size / SectorSize}
	for g.perCluster = maxPerChain; g.perCluster > 0; g.perCluster /= 2 {
		// Every cluster costs its sectors and two entries of four bytes.
		room := g.sectors - reserved
		clusters := room * SectorSize / (g.perCluster*SectorSize + fats*4)
		g.perFAT = ((clusters+2)*4 + SectorSize - 1) / SectorSize
		g.clusters = (room - fats*g.perFAT) / g.perCluster
		if g.clusters >= minClusters {
			return g, nil
		}
	}
	return g, fmt.Errorf("%d bytes are too few for FAT32", size)
}

func (g geometry) clusterSize() int64 { return g.perCluster * SectorSize }

func (g geometry) offset(cluster uint32) int64 {
	return (reserved + fats*g.perFAT + int64(cluster-rootCluster)*g.perCluster) * SectorSize
}

// fat is a file system in the making.
type fat struct {
	geometry
	w      io.WriterAt
	volume Volume
	chains []uint32 // the FAT
}

// FAT32 writes a file system of size bytes that holds the files, each in one
// piece. What lies under it must be zeros.
func FAT32(w io.WriterAt, size int64, v Volume, files []File) error {
	g, err := geometryOf(size)
	if err != nil {
		return err
	}
	f := &fat{geometry: g, w: w, volume: v, chains: []uint32{0x0ffffff8, endOfChain}}
	root := &directory{}
	for _, file := range files {
		if err := root.add(strings.Split(path.Clean(file.Path), "/"), file.Data); err != nil {
			return fmt.Errorf("%s: %w", file.Path, err)
		}
	}
	if err := f.place(root); err != nil {
		return err
	}
	if err := f.writeDirectory(root, nil); err != nil {
		return err
	}
	if err := f.writeChains(); err != nil {
		return err
	}
	return f.writeBoot()
}

// take chains enough free clusters in a row for size bytes. No bytes take no
// cluster, and the answer is 0.
func (f *fat) take(size int64) (uint32, error) {
	n := (size + f.clusterSize() - 1) / f.clusterSize()
	if n == 0 {
		return 0, nil
	}
	first := len(f.chains)
	if int64(first)+n > f.clusters+rootCluster {
		return 0, fmt.Errorf("the files do not fit in %d bytes", f.sectors*SectorSize)
	}
	for i := 1; i < int(n); i++ {
		f.chains = append(f.chains, uint32(first+i))
	}
	f.chains = append(f.chains, endOfChain)
	return uint32(first), nil
}

func (f *fat) writeChains() error {
	table := make([]byte, f.perFAT*SectorSize)
	for i, next := range f.chains {
		binary.LittleEndian.PutUint32(table[4*i:], next)
	}
	for i := range int64(fats) {
		if _, err := f.w.WriteAt(table, (reserved+i*f.perFAT)*SectorSize); err != nil {
			return err
		}
	}
	return nil
}

// writeBoot writes the boot sector and the sector of free clusters, and the
// copies of both.
func (f *fat) writeBoot() error {
	le := binary.LittleEndian
	var boot, info [SectorSize]byte
	copy(boot[0:], "\xeb\x58\x90PORTARIA")
	le.PutUint16(boot[11:], SectorSize)
	boot[13] = byte(f.perCluster)
	le.PutUint16(boot[14:], reserved)
	boot[16] = fats
	boot[21] = 0xf8 // a fixed disk
	le.PutUint16(boot[24:], 32)
	le.PutUint16(boot[26:], 64)
	le.PutUint32(boot[32:], uint32(f.sectors))
	le.PutUint32(boot[36:], uint32(f.perFAT))
	le.PutUint32(boot[44:], rootCluster)
	le.PutUint16(boot[48:], fsInfo)
	le.PutUint16(boot[50:], backupBoot)
	boot[64] = 0x80 // the first disk
	boot[66] = 0x29 // id, label and type follow
	le.PutUint32(boot[67:], f.volume.ID)
	copy(boot[71:], fmt.Sprintf("%-11.11s", f.volume.Label))
	copy(boot[82:], "FAT32   ")
	copy(boot[510:], "\x55\xaa")

	copy(info[0:], "RRaA")
	copy(info[484:], "rrAa")
	le.PutUint32(info[488:], uint32(f.clusters+rootCluster-int64(len(f.chains))))
	le.PutUint32(info[492:], uint32(len(f.chains)-1))
	copy(info[510:], "\x55\xaa")

	for _, base := range []int64{0, backupBoot} {
		if _, err := f.w.WriteAt(boot[:], base*SectorSize); err != nil {
			return err
		}
		if _, err := f.w.WriteAt(info[:], (base+fsInfo)*SectorSize); err != nil {
			return err
		}
	}
	return nil
}
