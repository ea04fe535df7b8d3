package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"slices"

	bolt "go.etcd.io/bbolt"
)

// Photo is one user's picture, as it was given.
type Photo struct {
	User, Timestamp int64
	Changed         int64 // a mark of the caller's, which no list tells
	JPEG            []byte
	SHA256          [32]byte // of JPEG; given by reading
}

// PhotoInfo is what a list tells of a photo.
type PhotoInfo struct {
	User, Timestamp int64
}

// A photo is stored in pieces of at most pieceSize bytes. Each piece is alone in
// a nested bucket of the photos bucket, and so alone in its pages: bbolt would
// rewrite its neighbours with it. The name of the bucket is the user id, the
// timestamp and the number of the piece, so that lists never touch a page of a
// photo; inside, the value has the same key again, so that a pointer gone astray
// is noticed. Why pieces: DESIGN.md.
const (
	pieceKeySize = 17
	piecePages   = 4
	pieceSize    = piecePages*pageSize - pageHeaderSize - leafElementSize - pieceKeySize
)

// idKey encodes an id so that byte order is numeric order, negative ids first.
func idKey(id int64) []byte {
	return binary.BigEndian.AppendUint64(make([]byte, 0, pieceKeySize), uint64(id)^1<<63)
}

func idOf(key []byte) int64 { return int64(binary.BigEndian.Uint64(key) ^ 1<<63) }

func pieceKey(user, timestamp int64, piece int) []byte {
	return append(binary.BigEndian.AppendUint64(idKey(user), uint64(timestamp)), byte(piece))
}

func infoOf(key []byte) PhotoInfo {
	return PhotoInfo{User: idOf(key), Timestamp: int64(binary.BigEndian.Uint64(key[8:]))}
}

// SetPhoto stores a photo without a mark, as PutPhoto does.
func (tx *Tx) SetPhoto(user, timestamp int64, jpeg []byte) error {
	return tx.PutPhoto(Photo{User: user, Timestamp: timestamp, JPEG: jpeg})
}

// PutPhoto stores p in place of any other photo of the user. Its JPEG must stay
// unchanged until Update returns. ErrTooLarge: more than MaxPhoto bytes.
func (tx *Tx) PutPhoto(p Photo) error {
	if len(p.JPEG) > MaxPhoto {
		return fmt.Errorf("photo of user %d, %d bytes: %w", p.User, len(p.JPEG), ErrTooLarge)
	}
	if err := tx.DeletePhoto(p.User); err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	tx.dirty, tx.grows = true, true
	photos := tx.bolt.Bucket(bucketPhotos)
	piece := 0
	for part := range slices.Chunk(encodePhoto(p), pieceSize) {
		key := pieceKey(p.User, p.Timestamp, piece)
		b, err := photos.CreateBucket(key)
		if err != nil {
			return err
		}
		if err := b.Put(key, part); err != nil {
			return err
		}
		piece++
	}
	return nil
}

// DeletePhoto removes the photo of user, or returns ErrNotFound.
func (tx *Tx) DeletePhoto(user int64) error {
	key := tx.firstPiece(user)
	if key == nil {
		return fmt.Errorf("photo of user %d: %w", user, ErrNotFound)
	}
	tx.dirty = true
	photos := tx.bolt.Bucket(bucketPhotos)
	for ; key != nil; key = tx.firstPiece(user) {
		remove := photos.DeleteBucket
		if !tx.releasable(photos, key) {
			remove = tx.putAside
		}
		if err := remove(key); err != nil {
			return err
		}
	}
	return nil
}

// releasable reports whether the pages of a piece can be given back. bbolt frees
// what a page claims to cover, so a page that is not what it should be would
// free, and let be overwritten, the photos of others.
func (tx *Tx) releasable(photos *bolt.Bucket, key []byte) (ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	b := photos.Bucket(key)
	v := b.Get(key)
	if len(v) == 0 {
		return false
	}
	if b.Root() == 0 {
		return true // inside the page of its name, or not yet written
	}
	page, err := tx.bolt.Page(int(b.Root()))
	if err != nil || page == nil {
		return false
	}
	covered := (page.OverflowCount + 1) * pageSize
	used := pageHeaderSize + leafElementSize + len(key) + len(v)
	return page.Type == "leaf" && page.Count == 1 && used <= covered && covered < used+pageSize &&
		page.OverflowCount < piecePages
}

// putAside moves a piece out of the way without touching its pages. They are
// lost to the file until Compact.
func (tx *Tx) putAside(key []byte) error {
	aside, err := tx.bolt.CreateBucketIfNotExists(bucketAside)
	if err != nil {
		return err
	}
	n, err := aside.NextSequence()
	if err != nil {
		return err
	}
	shelf, err := aside.CreateBucket(binary.BigEndian.AppendUint64(nil, n))
	if err != nil {
		return err
	}
	return tx.bolt.Bucket(bucketPhotos).MoveBucket(key, shelf)
}

// PhotoInfo returns what a list tells of the photo of user, or ErrNotFound.
func (tx *Tx) PhotoInfo(user int64) (PhotoInfo, error) {
	key := tx.firstPiece(user)
	if key == nil {
		return PhotoInfo{}, fmt.Errorf("photo of user %d: %w", user, ErrNotFound)
	}
	return infoOf(key), nil
}

// Photos lists the photos in ascending order of user, negative ids first. The
// photos must not be changed meanwhile.
func (tx *Tx) Photos() iter.Seq[PhotoInfo] {
	return func(yield func(PhotoInfo) bool) {
		c := tx.bolt.Bucket(bucketPhotos).Cursor()
		var last []byte
		for k, _ := c.First(); k != nil; k, _ = c.Next() {
			if len(k) != pieceKeySize || last != nil && bytes.HasPrefix(k, last[:pieceKeySize-1]) {
				continue
			}
			if last = k; !yield(infoOf(k)) {
				return
			}
		}
	}
}

// firstPiece returns the key of the first piece of the photo of user, or nil; it
// is valid until the photos change.
func (tx *Tx) firstPiece(user int64) []byte {
	prefix := idKey(user)
	k, _ := tx.bolt.Bucket(bucketPhotos).Cursor().Seek(prefix)
	if len(k) != pieceKeySize || !bytes.HasPrefix(k, prefix) {
		return nil
	}
	return k
}

// appendPhoto appends the record of the photo of user to dst, its header taken
// off. root is where it begins.
func (tx *Tx) appendPhoto(dst []byte, user int64) (out []byte, info PhotoInfo, header []byte, root uint64, err error) {
	photos := tx.bolt.Bucket(bucketPhotos)
	prefix := idKey(user)
	c := photos.Cursor()
	key, _ := c.Seek(prefix)
	if !bytes.HasPrefix(key, prefix) {
		return dst, info, nil, 0, ErrNotFound
	}
	if len(key) == pieceKeySize {
		info = infoOf(key)
	}
	want := 0
	out = dst
	for piece := 0; bytes.HasPrefix(key, prefix); piece++ {
		b := photos.Bucket(key)
		if !bytes.Equal(key, pieceKey(user, info.Timestamp, piece)) || b == nil {
			return dst, info, nil, 0, fmt.Errorf("piece %d: %w", piece, ErrDamaged)
		}
		part := b.Get(key)
		if piece == 0 {
			if header, want = splitHeader(part); header == nil {
				return dst, info, nil, 0, fmt.Errorf("header: %w", ErrDamaged)
			}
			part, root = part[len(header):], uint64(b.Root())
			out = slices.Grow(out, want)
		}
		if want -= len(part); want < 0 {
			break
		}
		out = append(out, part...)
		key, _ = c.Next()
	}
	if want != 0 {
		return dst, info, nil, 0, fmt.Errorf("length: %w", ErrDamaged)
	}
	return out, info, header, root, nil
}
