package bpm

import (
	"crypto/rand"
	"crypto/sha256"
	"sync"
	"time"

	"portaria/terminal/device"
)

// sessionTime is how long a token lives [guess]: the product's default.
const sessionTime = 2 * time.Hour

// sharedTime is how long everybody who comes with the same login is given the
// same token, as the product's cache does. Clients that forget their cookies
// therefore start no session with each call, and there are never more tokens
// than sessionTime has minutes.
const sharedTime = time.Minute

// sessions holds who may come by cookie. A session rides on one of the
// terminal's own: it ends with that one when the account is changed, or when it
// is not used for as long as those may be.
type sessions struct {
	device *device.Device

	mu     sync.Mutex // guards all below
	byID   map[sessionID]session
	latest session // the one that is shared
	token  string  // its token
}

// sessionID is the hash of a token, so that a dump of the memory holds no more
// than the latest of them.
type sessionID [sha256.Size]byte

type session struct {
	login    string
	terminal string // token of the terminal's session
	server   string // names the server's side of it; nobody asks for it
	xsrf     string
	begun    time.Time // a mark
}

func newSessions(d *device.Device) *sessions {
	return &sessions{device: d, byID: make(map[sessionID]session)}
}

// open returns a session for who has proven to be login, and its token.
func (s *sessions) open(login, password, client string) (token string, _ session, err error) {
	now := s.device.Mark()
	if token, latest, ok := s.shared(login, now); ok {
		return token, latest, nil
	}
	next := session{login: login, server: "0000" + rand.Text() + ":-1", xsrf: rand.Text(), begun: now}
	if next.terminal, err = s.device.Login(login, password, client); err != nil {
		return "", session{}, err
	}
	token = rand.Text() + rand.Text()

	s.mu.Lock()
	defer s.mu.Unlock()
	for id, old := range s.byID {
		if !old.lives(now) {
			delete(s.byID, id)
		}
	}
	s.byID[sha256.Sum256([]byte(token))] = next
	s.latest, s.token = next, token
	return token, next, nil
}

// shared returns the latest session, if it is for login and young.
func (s *sessions) shared(login string, now time.Time) (string, session, bool) {
	s.mu.Lock()
	token, latest := s.token, s.latest
	s.mu.Unlock()
	age := now.Sub(latest.begun)
	young := age >= 0 && age < sharedTime
	return token, latest, young && latest.login == login && s.device.SessionIsValid(latest.terminal)
}

// find returns the session of a token.
func (s *sessions) find(token string) (session, bool) {
	if token == "" {
		return session{}, false
	}
	s.mu.Lock()
	found, ok := s.byID[sha256.Sum256([]byte(token))]
	s.mu.Unlock()
	if !ok || !found.lives(s.device.Mark()) || !s.device.SessionIsValid(found.terminal) {
		return session{}, false
	}
	return found, true
}

func (s session) lives(now time.Time) bool { return now.Sub(s.begun) < sessionTime }
