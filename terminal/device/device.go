// Package device is what the terminal does, in no vendor's words: who is
// logged in, whose photo is kept, what a photo must be. It introduces store
// and imaging to each other. It knows no HTTP, no JSON and no error text; a
// dialect asks KindOf and says it in its own.
package device

import (
	"cmp"
	"errors"
	"log/slog"
	"runtime"
	"sync"
	"time"

	"portaria/store"
	"portaria/store/schema"
	"portaria/terminal/clock"
)

// Config is what a Device is made of. Store is required, every other zero
// value is a default.
type Config struct {
	Store   *store.Store
	Clock   clock.Clock // nil: the host's
	Log     *slog.Logger
	Profile Profile // zero: DefaultModel
	Serial  string  // of a store that has none yet; "": as SerialOf

	// Login and Password are the account of a store that has none yet.
	// Empty: the factory account.
	Login, Password string
	// OwnPassword insists that the factory password be changed: see Owned.
	OwnPassword    bool
	CheckAccount   bool          // warn when the store's account is another
	PasswordCost   int           // rounds of the password hash; 0: DefaultPasswordCost
	SessionIdle    time.Duration // 0: DefaultSessionIdle
	ClockUnset     bool          // the clock may be wrong until ClockSet is called
	NoFailureDelay bool          // answer failed logins at once, however many

	Faces    FaceChecker // nil: MeasuredFaces{}
	Decoders int         // photos decoded at a time; 0: one per processor
}

// Device is one terminal. It is safe for concurrent use.
type Device struct {
	profile  Profile
	serial   string // of data that have none
	store    *store.Store
	clock    clock.Clock
	log      *slog.Logger
	sessions *sessions
	account  *account
	insists  bool      // on a password of the owner's
	unowned  sync.Once // says in the log that there is none
	faces    FaceChecker
	decoders chan struct{} // holds a token for each photo being decoded
	notices  notices
	prints   prints

	dates  dates
	stamps stamps
	pngs   pngs

	viewing sync.Mutex     // guards all below
	viewed  *schema.Schema // what tables was made of
	tables  *schema.Schema // of this product
}

// New returns the device that keeps its things in c.Store, which stays the
// caller's to close.
func New(c Config) (*Device, error) {
	if c.Store == nil {
		return nil, errors.New("device: no store")
	}
	if c.Clock == nil {
		c.Clock = clock.System{}
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Faces == nil {
		c.Faces = MeasuredFaces{}
	}
	if c.Profile.Name == "" {
		c.Profile = profiles[0]
	}
	d := &Device{
		profile:  c.Profile,
		serial:   cmp.Or(c.Serial, hardwareOf[c.Profile.Name].serial),
		store:    c.Store,
		clock:    c.Clock,
		dates:    dates{clock: c.Clock},
		log:      c.Log,
		faces:    c.Faces,
		insists:  c.OwnPassword,
		sessions: newSessions(c.Clock, cmp.Or(c.SessionIdle, DefaultSessionIdle)),
		decoders: make(chan struct{}, cmp.Or(c.Decoders, runtime.GOMAXPROCS(0))),
		account: &account{
			store: c.Store,
			clock: c.Clock,
			cost:  cmp.Or(c.PasswordCost, DefaultPasswordCost),
			delay: !c.NoFailureDelay,
		},
	}
	d.account.update, d.account.now = d.update, d.written
	if err := d.dates.open(c.Store, c.ClockUnset); err != nil {
		d.log.Warn("the time of the last log entry cannot be read; log times may go back", "err", err)
	}
	d.stamps.after(d.dates.last)
	login, password := cmp.Or(c.Login, FactoryLogin), cmp.Or(c.Password, FactoryPassword)
	created, err := d.account.open(login, password)
	if err != nil {
		return nil, err
	}
	if err := d.stock(d.serial); err != nil {
		return nil, err
	}
	if created {
		_ = d.Owned() // known already, and worth a line in the log
	}
	if c.CheckAccount && !created && !d.account.check(login, password, "") {
		d.log.Warn("the data folder has an account of its own; the given login and password are not it",
			"do", "log in with the account that was set last, or take a new data folder")
	}
	return d, nil
}

// Profile tells which product the device is.
func (d *Device) Profile() Profile { return d.profile }

// Now is the device's time, in UTC.
func (d *Device) Now() time.Time { return d.clock.Now() }

// Mark is a moment to measure ages from, as clock.Clock.Mark.
func (d *Device) Mark() time.Time { return d.clock.Mark() }

// Login opens a session and returns its token, or ErrCredentials, late when
// source has failed often. Source is the client's address.
func (d *Device) Login(login, password, source string) (token string, err error) {
	for {
		era := d.sessions.now()
		if err := d.CheckLogin(login, password, source); err != nil {
			return "", err
		}
		if token, ok := d.sessions.openIn(era); ok {
			return token, nil
		}
		// The account was changed meanwhile, perhaps because somebody knows it.
	}
}

// CheckLogin tells whether login and password are the device's own account,
// and answers late when source has failed often: nil, or ErrCredentials.
func (d *Device) CheckLogin(login, password, source string) error {
	if d.account.check(login, password, source) {
		return nil
	}
	d.log.Info("login refused", "from", source)
	d.account.fail(source)
	return ErrCredentials
}

// OpenSession opens a session without credentials, for a test that has the
// device in its hands anyway.
func (d *Device) OpenSession() (token string) { return d.sessions.open() }

// SessionIsValid tells whether token is a live session's, and keeps it alive.
func (d *Device) SessionIsValid(token string) bool { return d.sessions.valid(token) }

// Sessions tells how many sessions are open.
func (d *Device) Sessions() int { return d.sessions.count() }

// Logout ends the session of token. An unknown token is no error.
func (d *Device) Logout(token string) { d.sessions.end(token) }

// ChangeLogin replaces the account and ends every session. ErrPassword: the
// device insists on a password of the owner's, and this is none, or the old one.
func (d *Device) ChangeLogin(login, password string) error {
	if err := d.checkNewPassword(password); err != nil {
		return err
	}
	if err := d.account.change(login, password); err != nil {
		return err
	}
	d.sessions.endAll()
	return nil
}
