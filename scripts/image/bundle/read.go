package bundle

import (
	"bufio"
	"compress/flate"
	"compress/gzip"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
)

// Reader gives the image of a bundle. Its last Read, the one that returns
// io.EOF, has checked all of it; what was read before that is not to be
// trusted yet.
type Reader struct {
	Head Head

	source *bufio.Reader // the bundle
	packed *io.LimitedReader
	ahead  *bufio.Reader // what was read of packed for zip
	sum    hash.Hash     // of what was unpacked
	psum   hash.Hash     // of what was packed
	zip    *gzip.Reader
	left   int64 // of the image
	end    error // what every further Read returns
}

// Open reads the head of a bundle and fails unless one of keys has signed it.
func Open(r io.Reader, keys []ed25519.PublicKey) (*Reader, error) {
	source := bufio.NewReaderSize(r, MaxHead)
	var head []byte
	for {
		line, err := source.ReadSlice('\n')
		head = append(head, line...)
		length, formErr := HeadLength(head)
		switch {
		case formErr != nil:
			return nil, formErr
		case errors.Is(err, io.EOF):
			return nil, fmt.Errorf("%w: it ends within its head", ErrForm)
		case err != nil:
			return nil, err
		case length == 0:
			continue
		}
		parsed, err := ParseHead(head, keys)
		if err != nil {
			return nil, err
		}
		return newReader(source, parsed), nil
	}
}

// NewReader gives the image of a bundle whose head has been read and checked
// before; r is what follows the head.
func NewReader(r io.Reader, head Head) *Reader {
	return newReader(bufio.NewReader(r), head)
}

func newReader(source *bufio.Reader, head Head) *Reader {
	return &Reader{
		Head: head, source: source, left: head.Size,
		packed: &io.LimitedReader{R: source, N: head.PackedSize},
		sum:    sha256.New(), psum: sha256.New(),
	}
}

// Read implements io.Reader. It never gives more than the header promised.
func (r *Reader) Read(p []byte) (int, error) {
	if r.end != nil {
		return 0, r.end
	}
	n, err := r.read(p)
	r.end = err
	return n, err
}

func (r *Reader) read(p []byte) (int, error) {
	if r.zip == nil {
		r.ahead = bufio.NewReader(io.TeeReader(r.packed, r.psum))
		zip, err := gzip.NewReader(r.ahead)
		if err != nil {
			return 0, damaged(err)
		}
		zip.Multistream(false)
		r.zip = zip
	}
	if r.left == 0 {
		return 0, r.finish()
	}
	if int64(len(p)) > r.left {
		p = p[:r.left]
	}
	n, err := r.zip.Read(p)
	r.sum.Write(p[:n])
	r.left -= int64(n)
	if errors.Is(err, io.EOF) {
		err = nil
		if r.left > 0 {
			err = fmt.Errorf("%w: the image is shorter than the header says", ErrContent)
		}
	}
	if err != nil && !errors.Is(err, ErrContent) {
		err = damaged(err)
	}
	return n, err
}

// finish checks what can be checked only at the end, and returns io.EOF.
func (r *Reader) finish() error {
	switch n, err := io.Copy(io.Discard, io.LimitReader(r.zip, 1)); {
	case err != nil:
		return damaged(err)
	case n > 0:
		return fmt.Errorf("%w: the image is longer than the header says", ErrContent)
	}
	if r.ahead.Buffered() > 0 || r.packed.N > 0 {
		return fmt.Errorf("%w: the packed image has another length than the header says", ErrContent)
	}
	if hex.EncodeToString(r.psum.Sum(nil)) != r.Head.PackedSHA256 || hex.EncodeToString(r.sum.Sum(nil)) != r.Head.SHA256 {
		return fmt.Errorf("%w: it is not what was signed", ErrContent)
	}
	if _, err := r.source.ReadByte(); err != io.EOF {
		if err != nil {
			return err
		}
		return fmt.Errorf("%w: something follows its end", ErrContent)
	}
	return io.EOF
}

// damaged names the damage; an error of the source itself stays as it is.
func damaged(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: it ends too early", ErrContent)
	}
	if errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) || isFlate(err) {
		return fmt.Errorf("%w: %w", ErrContent, err)
	}
	return err
}

func isFlate(err error) bool {
	var corrupt flate.CorruptInputError
	return errors.As(err, &corrupt)
}
