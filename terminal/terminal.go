// Package terminal is an access-control terminal in software: it opens the
// data folder, wires device and dialects and serves them. It decides nothing
// itself. A program that wants a terminal inside it calls Open and Serve; a
// test takes package terminaltest.
package terminal

import (
	"context"
	"errors"
	"fmt"
	"image"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/valyala/fasthttp"

	"portaria/store"
	"portaria/terminal/certificate"
	"portaria/terminal/clock"
	"portaria/terminal/device"
	"portaria/terminal/dialect"
	"portaria/terminal/dialect/keeper"
)

// The bounds of a request on the wire and of the connections together.
const (
	readTime       = 15 * time.Second
	writeTime      = 30 * time.Second
	idleTime       = time.Minute
	headerBytes    = 16 << 10
	answerBytes    = 64 << 10 // an ordinary photo goes out in one write
	maxConnections = 512
)

// Config says what terminal to open. The zero value is an iDAccess with the
// factory account that keeps its things in memory only if Ephemeral is set;
// otherwise Data is required.
type Config struct {
	Data      string // the data folder
	Ephemeral bool   // keep everything in memory and forget it at Close
	Capacity  int64  // most bytes the data may take; 0: as store.DefaultCapacity

	Model           string      // one of device.Models; "": device.DefaultModel
	Login, Password string      // the account of a new data folder; "": the factory account
	CheckAccount    bool        // warn when an older data folder has another account
	PhotoBox        image.Point // larger photos are fitted into it; zero: as the model
	PhotoOversize   string      // "refuse" or "fit" what is over the model's largest size; "": refuse
	Faces           string      // "strict", "lenient", "off" or "scripted"; "": lenient
	UnknownUsers    string      // "accept" or "refuse" photos of unknown users; "": as the model

	// Terminal makes it a terminal on a network rather than a simulator.
	Terminal bool
	Serial   string // of a new data folder; "": the model's, see device.SerialOf
	Board    string // unix socket of the board that the terminal runs on; "": none

	// TLS is "self" for a certificate of the terminal's own, kept in the data
	// folder; "": TLS with TLSCert and TLSKey if they are given, which are PEM
	// files, and plain HTTP otherwise.
	TLS             string
	TLSCert, TLSKey string

	SessionIdle    time.Duration // 0: device.DefaultSessionIdle
	PasswordCost   int           // 0: device.DefaultPasswordCost
	NoFailureDelay bool          // answer failed logins at once
	Decoders       int           // photos decoded at a time; 0: one per processor

	// Systems are the identity systems that the terminal answers as: some of
	// Systems(), or NoSystem. Nil: all of them.
	Systems []string
	// Switches decide what is not known of them, by name: see switches.
	Switches   map[string]string
	NetexToken string // what callers of Netex must show; "": a random one, see Terminal.NetexToken

	// NoDate leaves the Date header out. The web server keeps the date with a
	// goroutine that never ends, which a testing/synctest bubble would wait for.
	NoDate bool

	Version string // of the program, as the terminal's own pages tell it

	Clock   clock.Clock             // nil: the host's
	Log     *slog.Logger            // nil: silence
	Inspect func(path string) error // as store.Options
	// CheckFile checks a copy of the data, as keeper.Options. Nil: in this process.
	CheckFile func(ctx context.Context, path string, progress func(done, total int)) (store.Report, error)
}

// Terminal is one open terminal. Many may be open in one process, each on a
// data folder of its own.
type Terminal struct {
	device *device.Device
	store  *store.Store
	server *fasthttp.Server
	keeper *keeper.API
	log    *slog.Logger
	token  string // of Netex
	// certificate is what is shown over TLS; nil: connections are plain.
	certificate *certificate.Source

	mu       sync.Mutex // guards all below
	listener *listener  // nil until Serve
	closed   bool

	ended      chan struct{}  // closed by Close
	background sync.WaitGroup // what ends then
}

// Open opens the data folder and returns a terminal that serves nobody yet.
func Open(c Config) (*Terminal, error) {
	if err := errors.Join(c.checkMode(), c.checkTLS()); err != nil {
		return nil, err
	}
	profile, err := c.profile()
	if err != nil {
		return nil, err
	}
	serial, err := device.SerialOf(profile, c.Serial)
	if err != nil {
		return nil, err
	}
	faces, err := c.faces()
	if err != nil {
		return nil, err
	}
	systems, err := c.switches()
	if err != nil {
		return nil, err
	}
	if !c.Ephemeral && c.Data == "" {
		return nil, errors.New("no data folder; name one, or ask for an ephemeral terminal")
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Clock == nil {
		c.Clock = clock.System{}
	}
	s, err := store.Open(store.Options{
		Dir: c.Data, Ephemeral: c.Ephemeral, Capacity: c.Capacity, Inspect: c.Inspect, Log: c.Log,
	})
	if err != nil {
		return nil, fmt.Errorf("open data: %w", err)
	}
	of := device.Config{
		Store: s, Clock: c.Clock, Log: c.Log, Profile: profile, Serial: serial,
		Login: c.Login, Password: c.Password, PasswordCost: c.PasswordCost, CheckAccount: c.CheckAccount,
		OwnPassword: c.Terminal, ClockUnset: c.Board != "", SessionIdle: c.SessionIdle, NoFailureDelay: c.NoFailureDelay,
		Faces: faces, Decoders: c.Decoders,
	}
	d, err := device.New(of)
	if errors.Is(err, store.ErrDamaged) {
		// A terminal that ended here would end at every start.
		if err = s.SetAside(err); err == nil {
			d, err = device.New(of)
		}
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	t := &Terminal{device: d, store: s, log: c.Log, ended: make(chan struct{})}
	if t.certificate, err = c.openCertificate(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	t.server = newServer(c.Log)
	t.server.NoDefaultDate = c.NoDate
	var dialects []dialect.Dialect
	t.keeper = c.keeper(d)
	dialects, t.token = c.dialects(d, systems, t.keeper)
	front := dialect.NewFront(c.Clock, c.Log, dialects...)
	front.Gate(d.Owned)
	front.Install(t.server)
	if c.Board != "" {
		t.background.Go(func() { t.awaitClock(c.Board) })
	}
	return t, nil
}

// keeper is the terminal's own pages.
func (c Config) keeper(d *device.Device) *keeper.API {
	o := keeper.Options{Version: c.Version, Dir: c.Data, Board: c.Board, Check: c.CheckFile, Clock: c.Clock, Log: c.Log}
	if c.Ephemeral {
		o.Dir = ""
	}
	return keeper.New(d, o)
}

// Check tells whether the values are ones that Open understands, without
// opening anything.
func (c Config) Check() error {
	profile, err := c.profile()
	if err == nil {
		_, err = device.SerialOf(profile, c.Serial)
	}
	if err == nil {
		_, err = c.faces()
	}
	if err == nil {
		_, err = c.switches()
	}
	if err == nil {
		err = c.checkTLS()
	}
	if err == nil {
		err = c.checkMode()
	}
	return err
}

func (c Config) profile() (device.Profile, error) {
	p, err := device.ProfileOf(c.Model)
	if err != nil {
		return p, err
	}
	if c.PhotoBox != (image.Point{}) {
		if c.PhotoBox.X < 1 || c.PhotoBox.Y < 1 {
			return p, fmt.Errorf("photo box %dx%d is empty; take one such as 1024x1024", c.PhotoBox.X, c.PhotoBox.Y)
		}
		p.Photo.Box = c.PhotoBox
	}
	if err := oneOf("photo oversize", c.PhotoOversize, "", "refuse", "fit"); err != nil {
		return p, err
	}
	p.Photo.Fit = c.PhotoOversize == "fit"
	if c.UnknownUsers != "" {
		p.Photo.NeedsUser = c.UnknownUsers == "refuse"
	}
	return p, oneOf("unknown users", c.UnknownUsers, "", "accept", "refuse")
}

func (c Config) faces() (device.FaceChecker, error) {
	switch c.Faces {
	case "strict":
		return device.MeasuredFaces{Strict: true}, nil
	case "off":
		return device.AnyFace{}, nil
	case "scripted":
		return device.ScriptedFaces{}, nil
	}
	return device.MeasuredFaces{}, oneOf("faces", c.Faces, "", "strict", "lenient", "off", "scripted")
}

// oneOf refuses a value that is not among those allowed.
func oneOf(name, value string, allowed ...string) error {
	if slices.Contains(allowed, value) {
		return nil
	}
	return fmt.Errorf("%s %q is not known; take one of %s", name, value, strings.Join(slices.DeleteFunc(allowed, func(s string) bool { return s == "" }), ", "))
}

func newServer(log *slog.Logger) *fasthttp.Server {
	return &fasthttp.Server{
		Concurrency:                  maxConnections,
		ReadTimeout:                  readTime,
		WriteTimeout:                 writeTime,
		IdleTimeout:                  idleTime,
		ReadBufferSize:               headerBytes,
		WriteBufferSize:              answerBytes,
		MaxRequestBodySize:           dialect.SmallBody - 1,
		DisablePreParseMultipartForm: true,
		NoDefaultServerHeader:        true,
		NoDefaultContentType:         true,
		CloseOnShutdown:              true,
		SecureErrorLogMessage:        true,
		Logger:                       serverLog{log},
	}
}

// serverLog hears what fasthttp has to say about connections. It speaks of
// bad clients, and quotes them: below debug nobody needs it.
type serverLog struct{ log *slog.Logger }

func (l serverLog) Printf(format string, args ...any) {
	if l.log.Enabled(context.Background(), slog.LevelDebug) {
		l.log.Debug("connection", "says", fmt.Sprintf(format, args...))
	}
}

// NetexToken is what callers of Netex must show, empty where it is not served.
func (t *Terminal) NetexToken() string { return t.token }

// Device is the terminal's inside, for a program that has it in its hands.
func (t *Terminal) Device() *device.Device { return t.device }

// Serve answers on ln until Close. It serves one listener in its life.
func (t *Terminal) Serve(ln net.Listener) error {
	l, err := t.take(ln)
	if l == nil {
		return errors.Join(err, ln.Close())
	}
	return t.server.Serve(l)
}

// take makes ln the one that is served. A terminal that was closed before it
// came to that takes none, which is no error.
func (t *Terminal) take(ln net.Listener) (*listener, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.listener != nil {
		return nil, errors.New("terminal: serving already")
	}
	if t.closed {
		return nil, nil
	}
	t.listener = newListener(ln, t.tls())
	return t.listener, nil
}

// Close stops listening, lets the calls in progress finish while ctx lasts,
// cuts off those that have not, and closes the data. Every photo that was
// acknowledged is safe with or without it.
func (t *Terminal) Close(ctx context.Context) error {
	t.mu.Lock()
	if !t.closed {
		close(t.ended)
	}
	t.closed = true
	l := t.listener
	t.mu.Unlock()
	if l == nil {
		t.background.Wait()
		t.keeper.Close()
		return t.store.Close()
	}
	// The web server closes the listeners that it knows, but one that has just
	// been handed to it is not yet among them.
	closed := l.Close()
	drained := t.server.ShutdownWithContext(ctx)
	if drained != nil && ctx.Err() != nil {
		// Anybody who begins a request and never ends it can bring this about.
		t.log.Warn("calls in progress have been cut off: they did not end in time")
		drained = nil
	}
	l.cut()
	t.background.Wait()
	t.keeper.Close()
	return errors.Join(closed, drained, t.store.Close())
}
