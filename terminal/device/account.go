package device

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"time"

	"portaria/store"
	"portaria/terminal/clock"
)

// DefaultPasswordCost is how many rounds of PBKDF2-HMAC-SHA256 a stored
// password takes: about a second on the slowest board.
const DefaultPasswordCost = 100_000

// The factory account (access-api §2.1).
const (
	FactoryLogin    = "admin"
	FactoryPassword = "admin"
)

// Failed logins from one address are answered at once until there have been
// freeFailures of them within failureWindow; from then on each answer waits
// twice as long as the one before. Nothing else is held back: the right
// password is answered at once from any address at any time, so nobody can
// lock an owner out.
const (
	freeFailures       = 10
	failureWindow      = time.Minute
	firstFailureDelay  = 250 * time.Millisecond
	longestDelay       = 8 * time.Second
	maxSourcesTracked  = 4096
	maxDelayedFailures = 32 // beyond them a failure is answered at once: the hash alone is brake enough
)

// account is who may log in.
type account struct {
	store *store.Store
	clock clock.Clock
	cost  int
	delay bool
	// update and now are the device's, for what is written down.
	update func(payload int, fn func(*store.Tx) error) error
	now    func() int64

	// hashing admits one password to the slow hash at a time, so that a
	// flood of guesses takes one core at most.
	hashing chan struct{}
	asking  turns // of those whose password has to be hashed, by source
	delayed chan struct{}
	key     [sha256.Size]byte // of recent, new with every process

	changing sync.Mutex // held while the account on the disk and stored may differ

	mu     sync.Mutex // guards all below
	stored store.Account
	// recent is the keyed hash of the credentials that last passed the slow
	// hash. Clients log in every few seconds, and only the first has to wait.
	recent []byte
	// common says whether the password is everybody's; nil while nobody has
	// found out.
	common   *bool
	failures map[string]failure
}

type failure struct {
	count int
	last  time.Time // a mark of the clock
}

// open reads the account, or stores the given one where there is none yet. It
// tells whether the account is new.
func (a *account) open(login, password string) (created bool, err error) {
	a.hashing = make(chan struct{}, 1)
	a.delayed = make(chan struct{}, maxDelayedFailures)
	a.failures = make(map[string]failure)
	rand.Read(a.key[:])

	err = a.store.View(func(tx *store.Tx) error {
		a.stored, err = tx.Account()
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return true, a.change(login, password)
	}
	if err != nil {
		return false, fmt.Errorf("account: %w", err)
	}
	return false, nil
}

// check tells whether login and password, which come from source, are the
// account's. A wrong login costs the same work as a wrong password.
func (a *account) check(login, password, source string) bool {
	credentials := a.fingerprint(login, password)
	if _, ok := a.remembers(credentials); ok {
		return true
	}
	defer a.asking.take(source)()
	stored, ok := a.remembers(credentials) // somebody before may have passed
	if ok {
		return true
	}
	sameHash := a.matches(password, stored)
	given, want := sha256.Sum256([]byte(login)), sha256.Sum256([]byte(stored.Login))
	if sameHash&subtle.ConstantTimeCompare(given[:], want[:]) != 1 {
		return false
	}

	a.mu.Lock()
	defer a.mu.Unlock()
	if subtle.ConstantTimeCompare(a.stored.Hash, stored.Hash) == 1 {
		a.recent, a.common = credentials, new(isCommon(password))
	}
	return true
}

// remembers tells whether credentials are those that last passed, and what is
// stored to compare others with.
func (a *account) remembers(credentials []byte) (stored store.Account, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.stored, a.recent != nil && hmac.Equal(a.recent, credentials)
}

// matches tells, with 1 or 0 and after the slow hash, whether password is that
// of stored.
func (a *account) matches(password string, stored store.Account) int {
	a.hashing <- struct{}{}
	hash := slowHash(password, stored.Salt, stored.Iterations)
	<-a.hashing
	return subtle.ConstantTimeCompare(hash, stored.Hash)
}

// change replaces the account.
func (a *account) change(login, password string) error {
	next := store.Account{Login: login, Salt: make([]byte, 16), Iterations: a.cost}
	rand.Read(next.Salt)
	next.Hash = slowHash(password, next.Salt, next.Iterations)
	a.changing.Lock()
	defer a.changing.Unlock()
	err := a.update(0, func(tx *store.Tx) error {
		if err := tx.SetAccount(next); err != nil {
			return err
		}
		_, err := tx.Append(store.Entry{Time: a.now(), Kind: "login changed"})
		return err
	})
	if err != nil {
		return fmt.Errorf("account: %w", err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.stored, a.recent, a.common = next, nil, new(isCommon(password))
	return nil
}

// fail counts a failed login from source and waits as long as it has earned.
func (a *account) fail(source string) {
	wait := a.penalty(source)
	if wait == 0 || !a.delay {
		return
	}
	select {
	case a.delayed <- struct{}{}:
		a.clock.Sleep(wait)
		<-a.delayed
	default:
	}
}

func (a *account) penalty(source string) time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.clock.Mark()
	f := a.failures[source]
	if now.Sub(f.last) >= failureWindow {
		f.count = 0
	}
	if len(a.failures) >= maxSourcesTracked {
		a.forgetFailures(now)
	}
	f.count, f.last = f.count+1, now
	a.failures[source] = f
	if f.count <= freeFailures {
		return 0
	}
	return min(longestDelay, firstFailureDelay<<min(f.count-freeFailures-1, 16))
}

// forgetFailures makes room: what is past its window goes, and when that is
// nothing, any one entry. mu is held.
func (a *account) forgetFailures(now time.Time) {
	for source, f := range a.failures {
		if now.Sub(f.last) >= failureWindow {
			delete(a.failures, source)
		}
	}
	for source := range a.failures {
		if len(a.failures) < maxSourcesTracked {
			return
		}
		delete(a.failures, source)
	}
}

func (a *account) fingerprint(login, password string) []byte {
	mac := hmac.New(sha256.New, a.key[:])
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(len(login))))
	mac.Write([]byte(login))
	mac.Write([]byte(password))
	return mac.Sum(nil)
}

func slowHash(password string, salt []byte, rounds int) []byte {
	hash, err := pbkdf2.Key(sha256.New, password, salt, max(rounds, 1), sha256.Size)
	if err != nil {
		// Only a FIPS build refuses, and for a salt shorter than this one.
		panic(err)
	}
	return hash
}
