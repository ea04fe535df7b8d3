package securid

import (
	"container/list"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"sync"
	"time"

	"portaria/terminal/device"
)

// maxTokens bounds the memory of the tokens. A login is never refused: beyond
// the bound the token that has been idle longest ends instead.
const maxTokens = 16_384

// token is what a token stands for.
type token struct {
	login string // of the user who logged in
	app   bool   // of a trusted application instead
}

// tokens are the tokens that live, in memory only. One is kept as its hash, so
// a lookup leaks nothing by its time and a dump of the memory holds no token.
type tokens struct {
	device               *device.Device
	inactivity, lifespan time.Duration

	mu     sync.Mutex // guards all below
	byHash map[tokenHash]*list.Element
	used   *list.List // of *entry, in the order of their last use
	// witness is a session of the device that nobody is told of. It ends when
	// the account is changed, and every token under it is dead then.
	witness string
}

type tokenHash [sha256.Size]byte

type entry struct {
	token
	hash         tokenHash
	opened, used time.Time // marks
	witness      string
}

func newTokens(d *device.Device, inactivity, lifespan time.Duration) *tokens {
	return &tokens{device: d, inactivity: inactivity, lifespan: lifespan, byHash: make(map[tokenHash]*list.Element), used: list.New()}
}

// watch returns the witness for a login that is going to be checked.
func (t *tokens) watch() string {
	t.mu.Lock()
	witness := t.witness
	t.mu.Unlock()
	if t.device.SessionIsValid(witness) {
		return witness
	}
	witness = t.device.OpenSession()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.witness = witness
	return witness
}

// open starts a token and returns its text.
func (t *tokens) open(k token, witness string) string {
	now := t.device.Mark()
	text := newToken(k, t.device.Now())
	e := &entry{token: k, hash: sha256.Sum256([]byte(text)), opened: now, used: now, witness: witness}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.expire(now)
	if t.used.Len() >= maxTokens {
		t.drop(t.used.Front())
	}
	t.byHash[e.hash] = t.used.PushBack(e)
	return text
}

// use finds the token that text is and keeps it alive, as far as its lifespan
// goes.
func (t *tokens) use(text string) (token, bool) {
	e := t.find(text)
	if e == nil {
		return token{}, false
	}
	if !t.device.SessionIsValid(e.witness) {
		t.end(text)
		return token{}, false
	}
	return e.token, true
}

// find returns what is known of a token that has time left, or nil.
func (t *tokens) find(text string) *entry {
	hash := sha256.Sum256([]byte(text))
	now := t.device.Mark()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.expire(now)
	at := t.byHash[hash]
	if at == nil {
		return nil
	}
	e := at.Value.(*entry)
	if now.Sub(e.opened) >= t.lifespan {
		t.drop(at)
		return nil
	}
	e.used = now
	t.used.MoveToBack(at)
	return e
}

// end ends the token that text is, if it is one.
func (t *tokens) end(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if at := t.byHash[sha256.Sum256([]byte(text))]; at != nil {
		t.drop(at)
	}
}

// expire ends what has been idle for too long; mu is held.
func (t *tokens) expire(now time.Time) {
	for at := t.used.Front(); at != nil && now.Sub(at.Value.(*entry).used) >= t.inactivity; at = t.used.Front() {
		t.drop(at)
	}
}

// drop forgets one token; mu is held.
func (t *tokens) drop(at *list.Element) {
	delete(t.byHash, at.Value.(*entry).hash)
	t.used.Remove(at)
}

// newToken draws a token that looks like the product's: a prefix, a number, a
// unique id with the time in it and a fraction (identity-apis §1.3). All but
// the time is random, 160 bits of it.
func newToken(k token, now time.Time) string {
	prefix := "ws"
	if k.app {
		prefix = "ta"
	}
	var r [24]byte
	rand.Read(r[:]) // never fails: the process ends when the system has no randomness
	return fmt.Sprintf("%s%x:%x:%x:%x0.%016d", prefix, r[:9], int32(binary.BigEndian.Uint32(r[9:])), now.UnixMilli(),
		int16(binary.BigEndian.Uint16(r[13:])), binary.BigEndian.Uint64(r[15:])%1e16)
}
