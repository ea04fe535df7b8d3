package store

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
)

// A stored photo is a header and the JPEG:
//
//	0  version of this layout, 1 or 2
//	1  zero
//	4  length of the JPEG
//	8  CRC-32C of everything else
//	12 SHA-256 of the JPEG
//	44 JPEG, or in version 2 when it was changed
//	52 JPEG, in version 2
//
// The CRC is checked on every read, and costs next to nothing where the
// processor has an instruction for it; the SHA-256 is checked on the first read
// after the file was opened, because some boards have none for that one.
const (
	recordVersion = 2
	recordHeader  = 52
	oldVersion    = 1
	oldHeader     = 44
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func encodePhoto(p Photo) []byte {
	v := make([]byte, recordHeader+len(p.JPEG))
	v[0] = recordVersion
	binary.BigEndian.PutUint32(v[4:], uint32(len(p.JPEG)))
	sum := sha256.Sum256(p.JPEG)
	copy(v[12:], sum[:])
	binary.BigEndian.PutUint64(v[44:], uint64(p.Changed))
	copy(v[recordHeader:], p.JPEG)
	binary.BigEndian.PutUint32(v[8:], checksum(v[:recordHeader], p.JPEG))
	return v
}

// splitHeader returns the header that first, the first piece of a record, begins
// with, and the length of the JPEG; nil when it is no such thing.
func splitHeader(first []byte) (header []byte, length int) {
	if len(first) < oldHeader || first[1]|first[2]|first[3] != 0 {
		return nil, 0
	}
	size := oldHeader
	switch first[0] {
	case oldVersion:
	case recordVersion:
		size = recordHeader
	default:
		return nil, 0
	}
	n := binary.BigEndian.Uint32(first[4:])
	if len(first) < size || n > MaxPhoto {
		return nil, 0
	}
	return first[:size:size], int(n)
}

// changedOf is when the photo under a header was changed, 0 where it does not
// say.
func changedOf(header []byte) int64 {
	if len(header) < recordHeader {
		return 0
	}
	return int64(binary.BigEndian.Uint64(header[44:]))
}

// checksum is the CRC of a header, its own field left out, and a JPEG.
func checksum(header, jpeg []byte) uint32 {
	crc := crc32.Update(0, castagnoli, header[:8])
	crc = crc32.Update(crc, castagnoli, header[12:])
	return crc32.Update(crc, castagnoli, jpeg)
}

// Photo returns the photo of user, ErrNotFound, or ErrDamaged for bytes that are
// not what was stored. The caller owns the bytes.
func (s *Store) Photo(user int64) (Photo, error) {
	jpeg, info, header, err := s.read(nil, user)
	if err != nil {
		return Photo{}, err
	}
	p := Photo{User: info.User, Timestamp: info.Timestamp, Changed: changedOf(header), JPEG: jpeg}
	copy(p.SHA256[:], header[12:oldHeader])
	return p, nil
}

// AppendPhoto appends the photo of user to dst, which spares an allocation when
// dst has room. On an error, which is as Photo's, dst is returned as it was.
func (s *Store) AppendPhoto(dst []byte, user int64) ([]byte, PhotoInfo, error) {
	jpeg, info, _, err := s.read(dst, user)
	return jpeg, info, err
}

// read is examine for a reader: damage is counted and logged.
func (s *Store) read(dst []byte, user int64) ([]byte, PhotoInfo, []byte, error) {
	out, info, header, err := s.examine(dst, user)
	if errors.Is(err, ErrDamaged) {
		s.damaged.Add(1)
		s.complain(user, err)
	}
	return out, info, header, err
}

// examine copies the photo out first and checks the copy, so that the
// transaction is closed before the slow part.
func (s *Store) examine(dst []byte, user int64) ([]byte, PhotoInfo, []byte, error) {
	var (
		out    = dst
		info   PhotoInfo
		copied [recordHeader]byte
		header []byte
		root   uint64
		seen   *seen
	)
	err := s.View(func(tx *Tx) (err error) {
		var head []byte
		out, info, head, root, err = tx.appendPhoto(dst, user)
		header = copied[:copy(copied[:], head)]
		seen = tx.seen
		return err
	})
	if err == nil {
		jpeg := out[len(dst):]
		crc := checksum(header, jpeg)
		token := tokenOf(info, root, crc)
		switch {
		case crc != binary.BigEndian.Uint32(header[8:]):
			err = fmt.Errorf("CRC: %w", ErrDamaged)
		case seen.has(token):
		case sha256.Sum256(jpeg) != [32]byte(header[12:oldHeader]):
			err = fmt.Errorf("SHA-256: %w", ErrDamaged)
		default:
			seen.add(token)
		}
	}
	if err != nil {
		return dst, PhotoInfo{}, header, fmt.Errorf("photo of user %d: %w", user, err)
	}
	return out, info, header, nil
}

// seen remembers which photos had their SHA-256 checked since the file was
// opened. What it remembers is the content checked and where it lay, so a
// changed photo is a new one to it and nothing has to be forgotten. Its size is
// fixed: a photo pushed out is merely checked again.
type seen struct {
	once  sync.Once
	slots []atomic.Uint64
}

// A photo may be in any of the seenWays slots of its set: with one slot for each
// token, of 10,000 photos one in seven would push another out again and again.
// The table takes 2 MiB, and only what is used of it is ever touched.
const (
	seenWays = 4
	seenSets = 1 << 16
)

// set holds the slots that token may be in.
func (s *seen) set(token uint64) []atomic.Uint64 {
	s.once.Do(func() { s.slots = make([]atomic.Uint64, seenWays*seenSets) })
	first := token % seenSets * seenWays
	return s.slots[first : first+seenWays]
}

func (s *seen) has(token uint64) bool {
	set := s.set(token)
	for i := range set {
		if set[i].Load() == token {
			return true
		}
	}
	return false
}

func (s *seen) add(token uint64) {
	set := s.set(token)
	for i := range set {
		if set[i].CompareAndSwap(0, token) {
			return
		}
	}
	set[token>>32%seenWays].Store(token)
}

// tokenOf mixes what identifies a checked photo; it is never the zero of an
// empty slot.
func tokenOf(info PhotoInfo, root uint64, crc uint32) uint64 {
	h := uint64(crc)
	for _, v := range []uint64{uint64(info.User), uint64(info.Timestamp), root} {
		h = (h ^ v) * 0x9e3779b97f4a7c15
		h ^= h >> 32
	}
	return h | 1<<63
}

// complaints are the users whose damaged photo was logged: once each is enough.
type complaints struct {
	mu    sync.Mutex // guards users
	users map[int64]struct{}
}

// complaintsMax bounds what a ruined file can put into memory and into the log.
const complaintsMax = 1000

// forget begins anew, with other data.
func (c *complaints) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.users = nil
}

// list returns the users, in order.
func (c *complaints) list() []int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Sorted(maps.Keys(c.users))
}

// mended takes a user off the list.
func (c *complaints) mended(user int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.users, user)
}

// DamagedPhotos lists the users whose photo was found damaged by a reader and
// still is, in order, up to a thousand. Nobody looks for damage: Check does.
func (s *Store) DamagedPhotos() []int64 {
	var list []int64
	var buf []byte
	for _, user := range s.complained.list() {
		var err error
		if buf, _, _, err = s.examine(buf[:0], user); errors.Is(err, ErrDamaged) {
			list = append(list, user)
			continue
		}
		if err == nil || errors.Is(err, ErrNotFound) {
			s.complained.mended(user)
		}
	}
	return list
}

func (s *Store) complain(user int64, err error) {
	if s.complained.first(user) {
		s.opts.Log.Error("a photo is damaged and is not served; store it again", "user", user, "err", err)
	}
}

func (c *complaints) first(user int64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, known := c.users[user]; known || len(c.users) >= complaintsMax {
		return false
	}
	if c.users == nil {
		c.users = map[int64]struct{}{}
	}
	c.users[user] = struct{}{}
	return true
}
