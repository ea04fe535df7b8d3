package main

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"image"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"portaria/store"
	"portaria/terminal"
	"portaria/terminal/certificate"
	"portaria/terminal/device"
)

// serveCmd is what the flags of serve say.
type serveCmd struct {
	flags *flag.FlagSet

	listen, data, readyFile, users               string
	model, login, password                       string
	photoBox, photoOversize, faces, unknownUsers string
	logLevel, logFormat                          string
	systems, switches, netexToken                string
	serial, board                                string
	tls, tlsCert, tlsKey                         string
	ephemeral, terminal                          bool
	sessionIdle                                  time.Duration
	capacity                                     int64
}

// Where serve listens unless it is told: a simulator is for this machine, a
// terminal for its network.
const (
	simulatorAddress = "127.0.0.1:8080"
	terminalAddress  = ":80"
	secureAddress    = ":443"
)

func defineServe(flags *flag.FlagSet) func(streams) error {
	c := serveCmd{flags: flags}
	flags.StringVar(&c.listen, "listen", simulatorAddress, "Where to listen, `HOST:PORT`; port 0 takes a free one. The default is reached from this machine only. With --terminal it is "+terminalAddress+", or "+secureAddress+" with TLS, on every network.")
	flags.StringVar(&c.data, "data", defaultData, "The folder `DIR` where the terminal keeps its things.")
	flags.BoolVar(&c.ephemeral, "ephemeral", false, "Keep everything in memory and forget it at the end.")
	flags.StringVar(&c.readyFile, "ready-file", "", "Write url and pid into `FILE`, as JSON, once the terminal answers.")
	flags.BoolVar(&c.terminal, "terminal", false, "Be a terminal on a network rather than a simulator: nothing but login and change_login is served until the factory password is changed.")
	flags.StringVar(&c.board, "board", "", "The unix `SOCKET` of the board that the terminal runs on.")
	flags.StringVar(&c.serial, "serial", "", "The `SERIAL` of a new data folder, in the product's form, or a board's own, which is made into one. Left out: one that all simulators of the model have.")
	flags.StringVar(&c.tls, "tls", "", "Speak TLS and nothing else; `HOW` is self for a certificate that the terminal makes and keeps in its data folder. The start tells its fingerprint, for --pin.")
	flags.StringVar(&c.tlsCert, "tls-cert", "", "Speak TLS with the certificate in `FILE`, PEM, and those that vouch for it. It is read again when it changes.")
	flags.StringVar(&c.tlsKey, "tls-key", "", "The `FILE` with its key, PEM.")
	flags.StringVar(&c.model, "model", device.DefaultModel, "The product `NAME` to be: "+strings.Join(device.Models(), ", ")+".")
	flags.StringVar(&c.login, "login", device.FactoryLogin, "The `LOGIN` of a new data folder.")
	flags.StringVar(&c.password, "password", device.FactoryPassword, "The `PASSWORD` of a new data folder.")
	flags.StringVar(&c.users, "users", "", "Users to add at the start, `IDS` such as 1-100,205.")
	flags.StringVar(&c.photoBox, "photo-box", "", "Fit larger photos into `WxH` pixels. Left out: as the model, 1024x1024 on a classic one.")
	flags.StringVar(&c.photoOversize, "photo-oversize", "refuse", "What to do with a photo over the model's largest size, `HOW`: refuse or fit.")
	flags.StringVar(&c.faces, "faces", "lenient", "How a facial model judges faces, `HOW`: strict (every documented limit), lenient (one face has to be there), off (any picture passes) or scripted (a JPEG comment decides).")
	flags.StringVar(&c.unknownUsers, "unknown-users", "model", "Photos of unknown users, `HOW`: accept, refuse, or model for what the model does.")
	flags.StringVar(&c.systems, "systems", strings.Join(terminal.Systems(), ","), "The identity systems to answer as, `NAMES`, or none.")
	flags.StringVar(&c.switches, "switches", "", "What is a guess about these systems, `NAME=VALUE,…`, such as ibm.unknown_user=default.")
	flags.StringVar(&c.netexToken, "netex-token", "", "The `TOKEN` that callers of Netex must show. Left out: a random one, told at the start.")
	flags.DurationVar(&c.sessionIdle, "session-idle", device.DefaultSessionIdle, "How long, `TIME`, a session lives unused.")
	flags.Int64Var(&c.capacity, "capacity", 0, "Most `BYTES` the data may take. Left out: the disk's room; on a 32-bit system 1 GiB.")
	flags.StringVar(&c.logLevel, "log-level", "info", "How much to tell, `LEVEL`: debug, info, warn or error.")
	flags.StringVar(&c.logFormat, "log-format", "text", "How to tell it, `FORMAT`: text or json.")
	return c.run
}

// leastCapacity has room for the factory's rows and a few photos.
const leastCapacity = 1 << 20

// drainTime is how long calls in progress may take after SIGTERM.
const drainTime = 20 * time.Second

// run serves until SIGINT or SIGTERM.
func (c *serveCmd) run(s streams) error {
	log, err := c.logger(s)
	if err != nil {
		return &exitError{2, err}
	}
	config, err := c.config(log)
	if err != nil {
		return &exitError{2, err}
	}
	users, err := parseIDs(c.users)
	if err != nil {
		return &exitError{2, err}
	}
	stop, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	tuneMemory()
	ln, err := net.Listen("tcp", c.address())
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("%w; start it with the right to low ports, which systemd calls CAP_NET_BIND_SERVICE, or take another --listen, such as :8080", err)
	}
	if err != nil {
		return fmt.Errorf("%w; take another --listen, such as 127.0.0.1:0 for any free port", err)
	}
	defer ln.Close()
	c.forgetReady()
	t, err := terminal.Open(config)
	switch {
	case errors.Is(err, store.ErrInUse):
		return fmt.Errorf("%w; stop the other terminal, or take another --data", err)
	case errors.Is(err, store.ErrFull):
		return fmt.Errorf("%w; make room on the disk, or give a larger --capacity", err)
	case errors.Is(err, syscall.EROFS):
		return explain(err)
	case err != nil:
		return err
	}
	switch err := t.Device().SetUsers(users...); {
	case errors.Is(err, store.ErrDamaged):
		log.Error("the users of --users could not be added", "err", err)
	case err != nil:
		return errors.Join(err, t.Close(context.Background()))
	}
	return c.serve(stop, t, ln, log, s)
}

// serve answers on ln until stop ends, which it may have done already.
func (c *serveCmd) serve(stop context.Context, t *terminal.Terminal, ln net.Listener, log *slog.Logger, s streams) error {
	served := make(chan error, 1)
	go func() { served <- t.Serve(ln) }()

	err := c.announce(stop, t, ln, log, s)
	if err != nil && stop.Err() == nil {
		return errors.Join(err, t.Close(context.Background()))
	}
	leave := func() {}
	if err == nil {
		alive := func(ctx context.Context) error {
			url, trust := ownAddress(t, ln) // each time: the certificate may be another by now
			return waitReady(ctx, url, trust)
		}
		leave = supervisorOf(os.Getenv, os.Getpid()).attend(alive, log)
	}
	var failed error
	select {
	case failed = <-served:
	case <-stop.Done():
		log.Info("stopping: calls in progress may finish")
	}
	leave()
	ctx, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	c.forgetReady()
	return errors.Join(failed, t.Close(ctx))
}

// announce says that the terminal answers, once it does.
func (c *serveCmd) announce(stop context.Context, t *terminal.Terminal, ln net.Listener, log *slog.Logger, s streams) error {
	url, trust := ownAddress(t, ln)
	if err := waitReady(stop, url, trust); err != nil {
		return fmt.Errorf("the terminal does not answer at %s: %w", url, err)
	}
	profile := t.Device().Profile()
	fmt.Fprintf(s.out, "%s at %s\n", profile.Product, url)
	pin := ""
	if fingerprint, secure := t.Certificate(); secure {
		pin = fingerprint.String()
		fmt.Fprintf(s.out, "Certificate SHA-256: %s\n", pin)
	}
	if token := t.NetexToken(); token != "" && c.netexToken == "" {
		fmt.Fprintf(s.out, "X-Cloud-Auth-Token: %s\n", token)
	}
	log.Info("serving", "url", url, "model", profile.Name, "version", fullVersion(), "data", c.dataName())
	return c.writeReadyFile(url, pin)
}

func (c *serveCmd) dataName() string {
	if c.ephemeral {
		return "in memory"
	}
	return c.data
}

func (c *serveCmd) logger(s streams) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.logLevel)); err != nil {
		return nil, fmt.Errorf("--log-level %q is not known; take debug, info, warn or error", c.logLevel)
	}
	options := &slog.HandlerOptions{Level: level}
	switch c.logFormat {
	case "text":
		return slog.New(slog.NewTextHandler(s.err, options)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(s.err, options)), nil
	}
	return nil, fmt.Errorf("--log-format %q is not known; take text or json", c.logFormat)
}

func (c *serveCmd) config(log *slog.Logger) (terminal.Config, error) {
	if err := c.checkEmpty(); err != nil {
		return terminal.Config{}, err
	}
	if err := c.checkReadyFile(); err != nil {
		return terminal.Config{}, err
	}
	box, err := parseBox(c.photoBox)
	if err != nil {
		return terminal.Config{}, err
	}
	if c.sessionIdle <= 0 {
		return terminal.Config{}, fmt.Errorf("--session-idle %v is no time; take one such as 1h or 10m", c.sessionIdle)
	}
	if c.terminal && c.users != "" {
		return terminal.Config{}, errors.New("--users is for a simulator; leave it out, or serve without --terminal")
	}
	if c.capacity < 0 {
		return terminal.Config{}, fmt.Errorf("--capacity %d is less than nothing; leave it out for no limit", c.capacity)
	}
	if c.capacity > 0 && c.capacity < leastCapacity {
		return terminal.Config{}, fmt.Errorf("--capacity %d holds not even the tables; give at least %d, or leave it out for no limit", c.capacity, leastCapacity)
	}
	config := terminal.Config{
		Data: c.data, Ephemeral: c.ephemeral, Capacity: c.capacity,
		Model: c.model, Login: c.login, Password: c.password,
		PhotoBox: box, PhotoOversize: c.photoOversize, Faces: c.faces,
		SessionIdle: c.sessionIdle, Log: log, Inspect: inspectInChild, CheckFile: checkInChild, Version: fullVersion(),
		Terminal: c.terminal, Board: c.board, Serial: c.serial,
		TLS: c.tls, TLSCert: c.tlsCert, TLSKey: c.tlsKey,
	}
	config.CheckAccount = c.given("login") || c.given("password")
	config.Systems = strings.Split(c.systems, ",")
	config.NetexToken = c.netexToken
	if config.Switches, err = parseSwitches(c.switches); err != nil {
		return config, err
	}
	if c.unknownUsers != "model" {
		config.UnknownUsers = c.unknownUsers
	}
	return config, config.Check()
}

// checkEmpty refuses nothing as a value where it would not mean nothing: a
// terminal on a random port of every network, with the factory password.
func (c *serveCmd) checkEmpty() error {
	for _, name := range []string{"listen", "model", "login", "password", "photo-oversize", "faces", "unknown-users"} {
		if c.flags.Lookup(name).Value.String() == "" {
			return fmt.Errorf("--%s is empty; give it a value, or leave it and %s out", name, variableOf(name))
		}
	}
	return nil
}

// given tells whether the command line or the environment sets a flag.
func (c *serveCmd) given(name string) bool {
	found := false
	c.flags.Visit(func(f *flag.Flag) { found = found || f.Name == name })
	return found
}

// address is where to listen.
func (c *serveCmd) address() string {
	if c.given("listen") {
		return c.listen
	}
	return usualAddress(c.terminal, c.tls != "" || c.tlsCert != "")
}

// usualAddress is where to listen when nobody says.
func usualAddress(terminal, secure bool) string {
	switch {
	case !terminal:
		return simulatorAddress
	case secure:
		return secureAddress
	}
	return terminalAddress
}

// parseSwitches reads NAME=VALUE,….
func parseSwitches(text string) (map[string]string, error) {
	switches := make(map[string]string)
	for part := range strings.SplitSeq(text, ",") {
		if part == "" {
			continue
		}
		name, value, ok := strings.Cut(part, "=")
		if !ok {
			return nil, fmt.Errorf("--switches %q has no value; write NAME=VALUE", part)
		}
		switches[strings.TrimSpace(name)] = strings.TrimSpace(value)
	}
	return switches, nil
}

// parseBox reads WIDTHxHEIGHT.
func parseBox(text string) (image.Point, error) {
	if text == "" {
		return image.Point{}, nil
	}
	w, h, ok := strings.Cut(text, "x")
	width, errW := strconv.Atoi(w)
	height, errH := strconv.Atoi(h)
	if !ok || errW != nil || errH != nil || width < 1 || height < 1 {
		return image.Point{}, fmt.Errorf("--photo-box %q is no size; take one such as 1024x1024", text)
	}
	return image.Pt(width, height), nil
}

// maxUsers bounds --users, where a slip of the finger is a billion.
const maxUsers = 1_000_000

// parseIDs reads a list of ids and ranges of ids.
func parseIDs(text string) ([]device.User, error) {
	var users []device.User
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		first, last, isRange := strings.Cut(part, "-")
		from, err := strconv.ParseInt(first, 10, 64)
		to := from
		if isRange && err == nil {
			to, err = strconv.ParseInt(last, 10, 64)
		}
		if err != nil || from < 1 || to < from || to-from >= maxUsers {
			return nil, fmt.Errorf("--users %q: %q is no id and no range of ids; write 1-100,205", text, part)
		}
		for id := from; id <= to; id++ {
			users = append(users, device.User{ID: id, Name: "User " + strconv.FormatInt(id, 10)})
		}
	}
	return users, nil
}

// ownAddress is where a client on this machine finds the terminal, and the
// certificate that it finds there.
func ownAddress(t *terminal.Terminal, ln net.Listener) (url string, trust *tls.Config) {
	fingerprint, secure := t.Certificate()
	if !secure {
		return "http://" + reachable(ln.Addr()), certificate.Trust(nil)
	}
	return "https://" + reachable(ln.Addr()), certificate.Trust([]certificate.Fingerprint{fingerprint})
}

// reachable is the address that a client on this machine can use.
func reachable(addr net.Addr) string {
	tcp, ok := addr.(*net.TCPAddr)
	if !ok {
		return addr.String()
	}
	return net.JoinHostPort(reachableHost(tcp.IP.String()), strconv.Itoa(tcp.Port))
}

// reachableHost is where a client on this machine finds what listens on host.
func reachableHost(host string) string {
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		return "127.0.0.1"
	}
	return host
}
