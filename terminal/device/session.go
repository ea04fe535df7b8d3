package device

import (
	"crypto/rand"
	"crypto/sha256"
	"sync"
	"time"

	"portaria/terminal/clock"
)

// DefaultSessionIdle is how long a session lives without being used. The
// device's own figure is not documented (access-api §2.6); an hour is a guess.
const DefaultSessionIdle = time.Hour

// MaxSessions bounds the memory of the sessions. A login is never refused:
// clients log in every two seconds and seldom log out, so beyond the bound
// the session that has been idle longest ends instead.
const MaxSessions = 65_536

const (
	tokenAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	tokenLength   = 24 // 142 bits
)

// sessions holds who is logged in. A token is kept as its hash only, so a
// lookup leaks nothing by its time and a dump of the memory holds no token.
type sessions struct {
	clock clock.Clock
	idle  time.Duration

	mu   sync.Mutex // guards all below
	byID map[sessionID]*session
	era  uint64 // how often all sessions were ended at once
	// The sessions in the order of their last use, which is also the order
	// in which they expire.
	oldest, newest *session
}

type sessionID [sha256.Size]byte

type session struct {
	id           sessionID
	used         time.Time // a mark of the clock
	older, newer *session
}

func newSessions(c clock.Clock, idle time.Duration) *sessions {
	return &sessions{clock: c, idle: idle, byID: make(map[sessionID]*session)}
}

// now is the era that openIn wants to know.
func (s *sessions) now() (era uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.era
}

// open starts a session and returns its token.
func (s *sessions) open() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.add()
}

// openIn does what open does, unless all sessions have been ended since era
// was now: who was admitted before that is not admitted any more.
func (s *sessions) openIn(era uint64) (token string, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.era != era {
		return "", false
	}
	return s.add(), true
}

// add starts a session; mu is held.
func (s *sessions) add() (token string) {
	token = newToken()
	entry := &session{id: sha256.Sum256([]byte(token))}
	now := s.clock.Mark()
	s.expire(now)
	if len(s.byID) >= MaxSessions {
		s.drop(s.oldest)
	}
	s.byID[entry.id] = entry
	s.use(entry, now)
	return token
}

// valid tells whether token is a session's, and keeps that session alive.
func (s *sessions) valid(token string) bool {
	id := sha256.Sum256([]byte(token))

	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock.Mark()
	s.expire(now)
	entry := s.byID[id]
	if entry == nil {
		return false
	}
	s.unlink(entry)
	s.use(entry, now)
	return true
}

// end ends the session of token, if there is one.
func (s *sessions) end(token string) {
	id := sha256.Sum256([]byte(token))

	s.mu.Lock()
	defer s.mu.Unlock()
	if entry := s.byID[id]; entry != nil {
		s.drop(entry)
	}
}

// endAll ends every session.
func (s *sessions) endAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.era++
	clear(s.byID)
	s.oldest, s.newest = nil, nil
}

func (s *sessions) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expire(s.clock.Mark())
	return len(s.byID)
}

// expire ends what has been idle for too long; mu is held.
func (s *sessions) expire(now time.Time) {
	for s.oldest != nil && now.Sub(s.oldest.used) >= s.idle {
		s.drop(s.oldest)
	}
}

// use makes entry, which is not linked, the newest; mu is held.
func (s *sessions) use(entry *session, now time.Time) {
	entry.used = now
	entry.older, entry.newer = s.newest, nil
	if s.newest != nil {
		s.newest.newer = entry
	} else {
		s.oldest = entry
	}
	s.newest = entry
}

func (s *sessions) unlink(entry *session) {
	if entry.older != nil {
		entry.older.newer = entry.newer
	} else {
		s.oldest = entry.newer
	}
	if entry.newer != nil {
		entry.newer.older = entry.older
	} else {
		s.newest = entry.older
	}
}

func (s *sessions) drop(entry *session) {
	s.unlink(entry)
	delete(s.byID, entry.id)
}

// newToken draws 24 letters and digits, each equally likely.
func newToken() string {
	const fair = 256 - 256%len(tokenAlphabet)
	token := make([]byte, 0, tokenLength)
	var random [2 * tokenLength]byte
	for len(token) < tokenLength {
		rand.Read(random[:]) // never fails: the process ends when the system has no randomness
		for _, r := range random {
			if int(r) < fair && len(token) < tokenLength {
				token = append(token, tokenAlphabet[int(r)%len(tokenAlphabet)])
			}
		}
	}
	return string(token)
}
