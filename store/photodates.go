package store

import bolt "go.etcd.io/bbolt"

// photoDates tells the timestamps of photos. It is asked in ascending order
// mostly, and then does not look for what it has just passed.
type photoDates struct {
	tx     *Tx
	cursor *bolt.Cursor
	asked  int64 // the cursor stands at the first photo from here on
	key    []byte
}

func (p *photoDates) of(user int64) (timestamp int64, ok bool) {
	if p.cursor == nil {
		p.cursor = p.tx.bolt.Bucket(bucketPhotos).Cursor()
		p.key, _ = p.cursor.Seek(idKey(user))
	} else if user < p.asked || len(p.key) == pieceKeySize && idOf(p.key) < user {
		p.key, _ = p.cursor.Seek(idKey(user))
	}
	p.asked = user
	if len(p.key) != pieceKeySize || idOf(p.key) != user {
		return 0, false
	}
	return infoOf(p.key).Timestamp, true
}
