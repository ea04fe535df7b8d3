package bundle

import (
	"bytes"
	"compress/gzip"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"

	"portaria/scripts/image/card"
)

// Write writes the bundle of a slot's image, signed with key. The same image,
// info and key give the same bytes.
func Write(w io.Writer, key ed25519.PrivateKey, info card.Info, image io.Reader) error {
	var packed bytes.Buffer
	raw := sha256.New()
	pack, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return err
	}
	size, err := io.Copy(io.MultiWriter(pack, raw), image)
	if err != nil {
		return err
	}
	if err := pack.Close(); err != nil {
		return err
	}
	sum := sha256.Sum256(packed.Bytes())
	h := Header{
		Info: info, Board: Board,
		Size: size, SHA256: hex.EncodeToString(raw.Sum(nil)),
		PackedSize: int64(packed.Len()), PackedSHA256: hex.EncodeToString(sum[:]),
	}
	if err := h.check(); err != nil {
		return fmt.Errorf("this cannot be made an update: %w", err)
	}
	line, err := h.line()
	if err != nil {
		return err
	}
	head := append([]byte(magic), line...)
	signature := ed25519.Sign(key, head)
	head = append(head, base64.StdEncoding.EncodeToString(signature)+"\n"...)
	if _, err := w.Write(head); err != nil {
		return err
	}
	_, err = w.Write(packed.Bytes())
	return err
}
