package store

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"iter"

	bolt "go.etcd.io/bbolt"
)

const (
	// logEntries is how many entries the log keeps; older chunks are dropped.
	logEntries = 10_000

	// tailBytes is the most the tail may hold: bbolt keeps a bucket inside its
	// parent's page up to a quarter page, of which 33 bytes are its overhead.
	tailBytes = pageSize/4 - 64

	// maxKind leaves room for an entry of any kind in the tail, even if each of
	// its bytes has to be escaped.
	maxKind = 64

	// maxLogged is the most bytes that an entry may tell of a row. In JSON a
	// row may take six times its bytes.
	maxLogged = 6*MaxRow + 4096
)

// keyTail is the one key of the tail; its value is the newest entries, one line
// of JSON each.
var keyTail = []byte("t")

// Entry is one line of the log. Seq is given by Append; Kind is a short word.
type Entry struct {
	Seq  uint64 `json:"q"`
	Time int64  `json:"t"`
	Kind string `json:"k"`
	User int64  `json:"u,omitempty"`

	// Of a row that changed: its table, and its columns as they became, or as
	// they were when it was deleted.
	Table string          `json:"o,omitempty"`
	Row   json.RawMessage `json:"r,omitempty"`
}

// Append adds e to the log and returns its sequence number, which is never given
// twice. ErrTooLarge: a Kind of more than 64 bytes, a Row of more than MaxRow.
//
// The newest entries lie in the tail, which costs a commit no page of its own.
// When it is full, it goes into the log as one chunk under its first number.
func (tx *Tx) Append(e Entry) (uint64, error) {
	if len(e.Kind) > maxKind || len(e.Row) > maxLogged {
		return 0, fmt.Errorf("log entry of kind %.16q…: %w", e.Kind, ErrTooLarge)
	}
	tx.dirty = true
	tail := tx.bolt.Bucket(bucketTail)
	seq, err := tail.NextSequence()
	if err != nil {
		return 0, err
	}
	e.Seq = seq
	line, err := json.Marshal(e)
	if err != nil {
		return 0, err
	}
	line = append(line, '\n')
	lines := tail.Get(keyTail)
	if len(lines)+len(line) <= tailBytes {
		return seq, tail.Put(keyTail, append(lines[:len(lines):len(lines)], line...))
	}
	if len(lines) > 0 {
		if err := tx.moveTail(lines, seq); err != nil {
			return 0, err
		}
	}
	if len(line) > tailBytes {
		// Too large for the tail: a chunk of its own.
		if err := tx.moveTail(line, seq+1); err != nil {
			return 0, err
		}
		line = nil
	}
	return seq, tail.Put(keyTail, line)
}

// moveTail stores lines, the entries before next, as a chunk, and drops the
// oldest chunks that are no longer needed.
func (tx *Tx) moveTail(lines []byte, next uint64) error {
	log := tx.bolt.Bucket(bucketLog)
	// Chunks only come at the end, so full pages may stay full.
	log.FillPercent = 1
	first := next - uint64(bytes.Count(lines, []byte{'\n'}))
	if err := log.Put(binary.BigEndian.AppendUint64(nil, first), bytes.Clone(lines)); err != nil {
		return err
	}
	for {
		c := log.Cursor()
		oldest, _ := c.First()
		second, _ := c.Next()
		if len(second) != 8 || next-binary.BigEndian.Uint64(second) < logEntries {
			return nil
		}
		if err := log.Delete(oldest); err != nil {
			return err
		}
	}
}

// Entries lists the kept entries with a Seq above after, oldest first. The log
// must not be changed meanwhile. A line that cannot be read is passed over.
func (tx *Tx) Entries(after uint64) iter.Seq[Entry] {
	return func(yield func(Entry) bool) {
		tail := tx.bolt.Bucket(bucketTail)
		c := tx.bolt.Bucket(bucketLog).Cursor()
		for _, chunk := seekChunk(c, after); chunk != nil; _, chunk = c.Next() {
			if !yieldLines(chunk, after, yield) {
				return
			}
		}
		yieldLines(tail.Get(keyTail), after, yield)
	}
}

// seekChunk moves c to the chunk that holds the entry following after.
func seekChunk(c *bolt.Cursor, after uint64) (key, chunk []byte) {
	if after == ^uint64(0) {
		return nil, nil
	}
	want := binary.BigEndian.AppendUint64(nil, after+1)
	key, chunk = c.Seek(want)
	if bytes.Equal(key, want) {
		return key, chunk
	}
	if key == nil {
		return c.Last()
	}
	if k, v := c.Prev(); k != nil {
		return k, v
	}
	return c.First()
}

func yieldLines(lines []byte, after uint64, yield func(Entry) bool) bool {
	for line := range bytes.Lines(lines) {
		var e Entry
		if json.Unmarshal(line, &e) != nil || e.Seq <= after {
			continue
		}
		if !yield(e) {
			return false
		}
	}
	return true
}
