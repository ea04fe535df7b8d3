package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
)

// This file reads bbolt's pages from the file itself, without a map and with
// every number checked, to find out whether bbolt may be let at them: bbolt
// trusts what it maps, and a file cut short or a tree that contains itself ends
// the process in a way nobody can recover from.

// Sizes and marks of bbolt's format, version 2.
const (
	pageHeaderSize    = 16
	leafElementSize   = 16
	branchElementSize = 16
	bucketSize        = 16

	flagBranch   = 0x01
	flagLeaf     = 0x02
	flagFreelist = 0x10
	flagBucket   = 0x01 // of a leaf element

	metaMagic   = 0xED0CDAED
	metaVersion = 2
	metaSize    = 64
)

// order is the machine's: bbolt writes its structures as they lie in memory.
var order = binary.NativeEndian

// meta is what a meta page says.
type meta struct {
	root, freelist uint64
	pages          uint64 // every page of the file has a smaller number
	txid           uint64
}

// pageFile is a bbolt file read page by page.
type pageFile struct {
	r    io.ReaderAt
	size int64
	meta
}

// openPages reads the valid meta page with the highest transaction, as bbolt
// does, and checks that the file is as long as it says.
func openPages(r io.ReaderAt, size int64) (*pageFile, error) {
	f := &pageFile{r: r, size: size}
	var errs []error
	for n := range int64(2) {
		m, err := readMeta(r, n)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if f.pages == 0 || m.txid > f.txid {
			f.meta = m
		}
	}
	if len(errs) == 2 {
		return nil, fmt.Errorf("%w: no valid meta page: %w", ErrDamaged, errors.Join(errs...))
	}
	if f.pages < 4 || f.pages > uint64(size)/pageSize {
		return nil, fmt.Errorf("%w: %d pages in use, but %d bytes in the file", ErrDamaged, f.pages, size)
	}
	return f, nil
}

func readMeta(r io.ReaderAt, n int64) (meta, error) {
	buf := make([]byte, pageHeaderSize+metaSize)
	if _, err := r.ReadAt(buf, n*pageSize); err != nil {
		return meta{}, fmt.Errorf("meta page %d: %w", n, err)
	}
	m := buf[pageHeaderSize:]
	sum := fnv.New64a()
	sum.Write(m[:metaSize-8])
	switch {
	case order.Uint32(m) != metaMagic, order.Uint32(m[4:]) != metaVersion, order.Uint32(m[8:]) != pageSize:
		return meta{}, fmt.Errorf("meta page %d: not of this format", n)
	case order.Uint64(m[56:]) != sum.Sum64():
		return meta{}, fmt.Errorf("meta page %d: checksum", n)
	}
	return meta{
		root:     order.Uint64(m[16:]),
		freelist: order.Uint64(m[32:]),
		pages:    order.Uint64(m[40:]),
		txid:     order.Uint64(m[48:]),
	}, nil
}

// page is one page, with the overflow that belongs to it when it was asked for.
type page struct {
	id       uint64
	flags    uint16
	count    int
	overflow uint64
	span     uint64 // bytes the page covers with its overflow
	data     []byte // of these, the ones that were read
}

// page reads the page with number id; whole also reads its overflow.
func (f *pageFile) page(id uint64, whole bool) (page, error) {
	if id < 2 || id >= f.pages {
		return page{}, fmt.Errorf("page %d: outside the file", id)
	}
	p := page{id: id, data: make([]byte, pageSize)}
	if _, err := f.r.ReadAt(p.data, int64(id)*pageSize); err != nil {
		return page{}, fmt.Errorf("page %d: %w", id, err)
	}
	p.flags = order.Uint16(p.data[8:])
	p.count = int(order.Uint16(p.data[10:]))
	p.overflow = uint64(order.Uint32(p.data[12:]))
	p.span = (p.overflow + 1) * pageSize
	if own := order.Uint64(p.data); own != id {
		return page{}, fmt.Errorf("page %d: says it is page %d", id, own)
	}
	if id+p.overflow >= f.pages {
		return page{}, fmt.Errorf("page %d: overflow of %d pages leaves the file", id, p.overflow)
	}
	if whole && p.overflow > 0 {
		p.data = make([]byte, (p.overflow+1)*pageSize)
		if _, err := f.r.ReadAt(p.data, int64(id)*pageSize); err != nil {
			return page{}, fmt.Errorf("page %d: %w", id, err)
		}
	}
	return p, nil
}

// child returns element i of a branch page: the key it begins with, as far as it
// was read, and the page it points to.
func (p page) child(i int) (key []byte, id uint64, err error) {
	at := uint64(pageHeaderSize + i*branchElementSize)
	have := uint64(len(p.data))
	if at+branchElementSize > have {
		return nil, 0, fmt.Errorf("page %d: element %d lies outside", p.id, i)
	}
	start := at + uint64(order.Uint32(p.data[at:]))
	end := start + uint64(order.Uint32(p.data[at+4:]))
	if start == end || end > p.span {
		return nil, 0, fmt.Errorf("page %d: key %d lies outside", p.id, i)
	}
	return p.data[min(start, have):min(end, have)], order.Uint64(p.data[at+8:]), nil
}

// element is one element of a leaf page.
type element struct {
	bucket     bool
	key, value []byte // value only as far as it was read
}

// element returns element i of a leaf page.
func (p page) element(i int) (element, error) {
	at := uint64(pageHeaderSize + i*leafElementSize)
	if at+leafElementSize > uint64(len(p.data)) {
		return element{}, fmt.Errorf("page %d: element %d lies outside", p.id, i)
	}
	flags := order.Uint32(p.data[at:])
	key := at + uint64(order.Uint32(p.data[at+4:]))
	value := key + uint64(order.Uint32(p.data[at+8:]))
	end := value + uint64(order.Uint32(p.data[at+12:]))
	if value == key || end > p.span {
		return element{}, fmt.Errorf("page %d: element %d lies outside", p.id, i)
	}
	have := uint64(len(p.data))
	return element{
		bucket: flags&flagBucket != 0,
		key:    p.data[min(key, have):min(value, have)],
		value:  p.data[min(value, have):min(end, have)],
	}, nil
}

// bucketRoot returns the root page of the bucket stored in value; 0 means that
// the bucket lies inside the value.
func bucketRoot(value []byte) (uint64, error) {
	if len(value) < bucketSize {
		return 0, errors.New("a bucket is cut short")
	}
	return order.Uint64(value), nil
}

// freeIDs reads the free list: ascending, without doubles, inside the file.
func (f *pageFile) freeIDs() ([]uint64, error) {
	p, err := f.page(f.freelist, true)
	if err != nil {
		return nil, fmt.Errorf("free list: %w", err)
	}
	ids, n := p.data[pageHeaderSize:], uint64(p.count)
	if n == 0xFFFF {
		n, ids = order.Uint64(ids), ids[8:]
	}
	if p.flags != flagFreelist || n > uint64(len(ids))/8 {
		return nil, fmt.Errorf("free list: page %d is none", p.id)
	}
	list := make([]uint64, n)
	last := uint64(1)
	for i := range list {
		id := order.Uint64(ids[i*8:])
		if id <= last || id >= f.pages {
			return nil, fmt.Errorf("free list: page %d after page %d", id, last)
		}
		list[i], last = id, id
	}
	return list, nil
}

// inspectPages refuses a file that could end the process, or lose other data,
// when it is used. It reads a number of pages that hardly depends on the number
// of photos; what costs only an answer is left to be met by the reader. used is
// how many bytes of the file are in use.
func inspectPages(path string) (used int64, err error) {
	file, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return 0, err
	}
	f, err := openPages(file, info.Size())
	if err != nil {
		return 0, err
	}
	free, err := f.freeIDs()
	if err != nil {
		return 0, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	w := branchWalk{file: f, met: map[uint64]bool{}}
	if err := w.root(); err != nil {
		return 0, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	for _, id := range free {
		if w.met[id] {
			return 0, fmt.Errorf("%w: page %d is in use and in the free list", ErrDamaged, id)
		}
	}
	return int64(f.pages) * pageSize, nil
}

// branchWalk visits the pages above the leaves.
type branchWalk struct {
	file   *pageFile
	met    map[uint64]bool
	leaves []uint64 // what the lowest branches point to
}

// root walks the trees of all buckets. Endless recursion in bbolt needs a branch
// page that leads back to itself.
func (w *branchWalk) root() error {
	if err := w.names(w.file.root); err != nil {
		return err
	}
	for _, id := range w.leaves {
		if w.met[id] {
			return fmt.Errorf("page %d: a tree contains itself", id)
		}
	}
	return nil
}

// names walks the pages that hold the names of the buckets, without which
// nothing works.
func (w *branchWalk) names(id uint64) error {
	if w.met[id] {
		return fmt.Errorf("page %d: a tree contains itself", id)
	}
	w.met[id] = true
	p, err := w.file.page(id, true)
	if err != nil {
		return err
	}
	for i := range p.count {
		switch p.flags {
		case flagBranch:
			_, child, err := p.child(i)
			if err != nil {
				return err
			}
			if err := w.names(child); err != nil {
				return err
			}
		case flagLeaf:
			if err := w.named(p, i); err != nil {
				return err
			}
		default:
			return fmt.Errorf("page %d: flags %x", p.id, p.flags)
		}
	}
	return nil
}

// named walks the tree of the bucket that element i of p names.
func (w *branchWalk) named(p page, i int) error {
	e, err := p.element(i)
	if err != nil {
		return err
	}
	if !e.bucket {
		return fmt.Errorf("page %d: element %d is no bucket", p.id, i)
	}
	root, err := bucketRoot(e.value)
	if err != nil || root == 0 {
		return err
	}
	return w.tree(root)
}

// tree walks the branch pages below id. A page that cannot be read ends the walk
// there: bbolt will stop at it too. Keys out of order it would not notice; it
// would then leave pointers behind to pages it gave back.
func (w *branchWalk) tree(id uint64) error {
	if w.met[id] {
		return fmt.Errorf("page %d: a tree contains itself", id)
	}
	p, err := w.file.page(id, true)
	if err != nil || p.flags != flagBranch {
		return nil //nolint:nilerr // left to be met by the reader
	}
	w.met[id] = true
	var children []uint64
	var last []byte
	for i := range p.count {
		key, child, err := p.child(i)
		if err != nil || bytes.Compare(last, key) >= 0 {
			return fmt.Errorf("page %d: key %d is out of order", id, i)
		}
		children, last = append(children, child), key
	}
	if w.aboveLeaves(children) {
		w.leaves = append(w.leaves, children...)
		return nil
	}
	for _, child := range children {
		if err := w.tree(child); err != nil {
			return err
		}
	}
	return nil
}

// aboveLeaves reports whether the children are leaves, by the first that can be
// read: a tree of bbolt has the same depth everywhere.
func (w *branchWalk) aboveLeaves(children []uint64) bool {
	for _, child := range children {
		if p, err := w.file.page(child, false); err == nil {
			return p.flags == flagLeaf
		}
	}
	return true
}
