package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"portaria/terminal/certificate"
	"portaria/terminal/clock"
	"portaria/terminal/device"
)

// defaultURL is where serve listens unless it is told otherwise.
const defaultURL = "http://" + simulatorAddress

// How long a terminal may take for a connection, and for an answer unless more is
// known of it.
const (
	dialTime   = 10 * time.Second
	answerTime = 2 * time.Minute
)

// maxAnswer bounds an answer: a piece of a backup is the largest.
const maxAnswer = 8 << 20

// reach is what the flags say of a terminal that a command looks after.
type reach struct {
	flags                *flag.FlagSet
	url, login, password string
	pin                  string
	insecure             bool
}

func reachFlags(flags *flag.FlagSet) *reach {
	r := &reach{flags: flags}
	flags.StringVar(&r.url, "url", defaultURL, "The terminal's `URL`.")
	flags.StringVar(&r.login, "login", device.FactoryLogin, "The `LOGIN` there.")
	flags.StringVar(&r.password, "password", device.FactoryPassword, "The `PASSWORD` there; better in the environment, where others do not see it.")
	flags.StringVar(&r.pin, "pin", "", pinHelp)
	flags.BoolVar(&r.insecure, "insecure", false, insecureHelp)
	return r
}

// given tells whether the command line or the environment sets a flag.
func given(flags *flag.FlagSet, name string) bool {
	found := false
	flags.Visit(func(f *flag.Flag) { found = found || f.Name == name })
	return found
}

// newClient is how every command that looks after a terminal speaks to it. A
// session goes to nobody but the address that was given.
func (r *reach) newClient() (*http.Client, error) {
	trust, err := trustOf(r.pin)
	if err != nil {
		return nil, err
	}
	if r.insecure {
		trust = &tls.Config{InsecureSkipVerify: true}
	}
	dialer := &net.Dialer{Timeout: dialTime}
	return &http.Client{
		Transport: &http.Transport{
			DialContext:     dialer.DialContext,
			Proxy:           http.ProxyFromEnvironment,
			TLSNextProto:    map[string]func(string, *tls.Conn) http.RoundTripper{},
			TLSClientConfig: trust,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, nil
}

// remote logs in as the flags say when it first has to.
func (r *reach) remote() (*owner, error) {
	base, ok := webAddress(strings.TrimRight(r.url, "/"))
	if !ok {
		return nil, refuse("--url %q is no address of a terminal; take one such as http://192.168.0.129", r.url)
	}
	client, err := r.newClient()
	if err != nil {
		return nil, err
	}
	return &owner{base: base.String(), login: r.login, password: r.password, client: client, clock: clock.System{}}, nil
}

// owner is somebody who looks after a terminal from afar, through its pages
// below /portaria/.
type owner struct {
	base, login, password string
	client                *http.Client
	clock                 clock.Clock
	session               string
	logins                int // how often a session was opened
}

// close leaves no connection behind.
func (o *owner) close() { o.client.CloseIdleConnections() }

// answered is an answer that is a refusal.
type answered struct {
	status   int
	text     string
	received *int64 // where to go on, where the answer says so
}

func (e *answered) Error() string { return e.text }

// statusOf is the status of a refusal, 0 when err is none.
func statusOf(err error) int {
	if refused, ok := errors.AsType[*answered](err); ok {
		return refused.status
	}
	return 0
}

// errUnreached is a terminal that gave no answer.
var errUnreached = errors.New("the terminal does not answer")

// ask calls a page and reads its answer into into, which may be nil, a *[]byte
// for what is no JSON, or what JSON is read into. A session that has ended is
// replaced once.
func (o *owner) ask(ctx context.Context, method, page string, query url.Values, body []byte, into any) error {
	fresh := o.session == ""
	if fresh {
		if err := o.open(ctx); err != nil {
			return err
		}
	}
	err := o.askOnce(ctx, method, page, query, body, into)
	if statusOf(err) == http.StatusUnauthorized && !fresh {
		if err := o.open(ctx); err != nil {
			return err
		}
		err = o.askOnce(ctx, method, page, query, body, into)
	}
	return err
}

func (o *owner) askOnce(ctx context.Context, method, page string, query url.Values, body []byte, into any) error {
	with := url.Values{"session": {o.session}}
	for name, values := range query {
		with[name] = values
	}
	status, text, err := o.send(ctx, method, "/portaria/"+page+"?"+with.Encode(), body)
	if err != nil {
		return err
	}
	if status < 200 || status > 299 {
		return o.refusal(status, text)
	}
	if raw, ok := into.(*[]byte); ok {
		*raw = text
		return nil
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("%s: the answer of %s is not understood; is this portaria as old as the terminal's?", o.base, page)
	}
	return nil
}

// refusal reads why a page refuses.
func (o *owner) refusal(status int, text []byte) error {
	var told struct {
		Error    string
		Received *int64
	}
	if json.Unmarshal(text, &told) != nil || told.Error == "" {
		if status == http.StatusNotFound {
			return fmt.Errorf("%s has no such page: it is no portaria, or an older one", o.base)
		}
		return &answered{status: status, text: fmt.Sprintf("%s answers %d", o.base, status)}
	}
	return &answered{status: status, text: told.Error, received: told.Received}
}

// open logs in.
func (o *owner) open(ctx context.Context) error {
	body, err := json.Marshal(map[string]string{"login": o.login, "password": o.password})
	if err != nil {
		return err
	}
	status, text, err := o.send(ctx, http.MethodPost, "/login.fcgi", body)
	if err != nil {
		return err
	}
	var login struct{ Session string }
	switch {
	case status == http.StatusUnauthorized:
		return fmt.Errorf("%s: wrong login or password; give --login and --password, or %s and %s in the environment",
			o.base, variableOf("login"), variableOf("password"))
	case status != http.StatusOK || json.Unmarshal(text, &login) != nil || login.Session == "":
		return fmt.Errorf("%s does not answer as a terminal (%d to the login); look at --url", o.base, status)
	}
	o.session = login.Session
	o.logins++
	return nil
}

// send sends one request. The session is in its address, which is therefore in
// no error.
func (o *owner) send(ctx context.Context, method, path string, body []byte) (status int, text []byte, err error) {
	if _, limited := ctx.Deadline(); !limited {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, answerTime)
		defer cancel()
	}
	request, err := http.NewRequestWithContext(ctx, method, o.base+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	if len(body) > 0 {
		request.Header.Set("Content-Type", "application/json")
	}
	answer, err := o.client.Do(request)
	if err != nil {
		return 0, nil, o.unreached(err)
	}
	defer answer.Body.Close()
	text, err = io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil {
		return 0, nil, o.unreached(err)
	}
	return answer.StatusCode, text, nil
}

func (o *owner) unreached(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err
	}
	if errors.Is(err, context.Canceled) {
		return errors.New("interrupted")
	}
	if fingerprint, ok := certificate.Refused(err); ok {
		return fmt.Errorf("%s: %w", o.base, untrusted(err, fingerprint))
	}
	return fmt.Errorf("%s: %w (%w); look at --url, and whether it is on", o.base, errUnreached, err)
}

// pause waits, and not for longer than ctx lasts.
func (o *owner) pause(ctx context.Context, d time.Duration) error {
	const step = 50 * time.Millisecond
	for ; d > 0 && ctx.Err() == nil; d -= step {
		o.clock.Sleep(min(d, step))
	}
	if ctx.Err() != nil {
		return errors.New("interrupted")
	}
	return nil
}

// words parses the flags of a command that wants so many words between them.
func words(flags *flag.FlagSet, names ...string) ([]string, error) {
	var got []string
	for rest := flags.Args(); len(rest) > 0; rest = flags.Args() {
		got = append(got, rest[0])
		if err := flags.Parse(rest[1:]); err != nil {
			return nil, refuse("%s; see \"portaria %s --help\"", strings.ReplaceAll(err.Error(), " -", " --"), flags.Name())
		}
	}
	if len(got) < len(names) {
		return nil, refuse("%s is missing: \"portaria %s %s\"", names[len(got)], flags.Name(), strings.Join(names, " "))
	}
	if len(got) > len(names) {
		return nil, refuse("%q is one word too many; see \"portaria %s --help\"", got[len(names)], flags.Name())
	}
	return got, nil
}
