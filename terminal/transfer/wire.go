package transfer

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"portaria/terminal/clock"
	"portaria/terminal/dialect/jsondoc"
)

// How a request that fails for no fault of its own is repeated.
const (
	attempts  = 5
	firstWait = 500 * time.Millisecond
	longWait  = 30 * time.Second
)

// dialTime is how long a connection may take to come about.
const dialTime = 10 * time.Second

// maxAnswer bounds an answer: lists of people, and a few photos in base64.
const maxAnswer = 64 << 20

// wire sends requests and repeats those that deserve it.
type wire struct {
	client *http.Client
	clock  clock.Clock
}

func newWire(t *Transfer) *wire {
	dialer := &net.Dialer{Timeout: dialTime}
	trust := t.Trust.Clone()
	if t.Insecure {
		trust = &tls.Config{InsecureSkipVerify: true}
	}
	transport := &http.Transport{
		DialContext:         dialer.DialContext,
		Proxy:               http.ProxyFromEnvironment,
		MaxIdleConnsPerHost: t.Parallel + 1,
		// Terminals speak HTTP/1.1 and no newer.
		TLSNextProto:    map[string]func(string, *tls.Conn) http.RoundTripper{},
		TLSClientConfig: trust,
	}
	return &wire{&http.Client{
		Transport: transport, Timeout: t.Timeout,
		// A token goes to nobody but the address that was given.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, t.Clock}
}

func (w *wire) close() { w.client.CloseIdleConnections() }

// request is one request, which can be sent again.
type request struct {
	method, url string
	header      map[string]string
	body        []byte
	// finish makes one attempt in spite of Ctrl-C: half a photo, or a user
	// without one, is of no use to anybody.
	finish bool
	// once leaves out the other attempts: what it does must not happen twice.
	once bool
}

// answer is what came back, read to its end.
type answer struct {
	status int
	typ    string
	moved  string // where a redirection leads
	body   []byte
}

// json is the body as a document, undefined when it is none.
func (a answer) json() jsondoc.Value {
	v, err := jsondoc.Parse(a.body)
	if err != nil {
		return jsondoc.Value{}
	}
	return v
}

// statusError is an answer that is not what was asked for.
func (a answer) statusError() error {
	if a.moved != "" {
		return fmt.Errorf("answered %d: it has moved to %s", a.status, a.moved)
	}
	v := a.json()
	for _, name := range []string{"error", "message"} {
		if text, ok := v.Member(name).Str(); ok && text != "" {
			return fmt.Errorf("answered %d: %s", a.status, text)
		}
	}
	return fmt.Errorf("answered %d", a.status)
}

// passing tells of a status that another attempt may not meet again.
func passing(status int) bool {
	return status >= 500 || status == http.StatusTooManyRequests || status == http.StatusRequestTimeout
}

// send returns the answer to r, the last one when all attempts were in vain.
// An error tells that there was none.
func (w *wire) send(ctx context.Context, r request) (answer, error) {
	for attempt := 1; ; attempt++ {
		if err := ctx.Err(); err != nil && (attempt > 1 || !r.finish) {
			return answer{}, err
		}
		a, after, err := w.once(ctx, r)
		if ctx.Err() != nil && err != nil {
			return answer{}, ctx.Err()
		}
		// A certificate does not get better.
		_, distrusted := errors.AsType[*tls.CertificateVerificationError](err)
		if attempt == attempts || r.once || distrusted || err == nil && !passing(a.status) {
			return a, err
		}
		if err := w.pause(ctx, max(after, backoff(attempt))); err != nil {
			return answer{}, err
		}
	}
}

// once sends r and tells how long the other end wants to be left alone.
func (w *wire) once(ctx context.Context, r request) (answer, time.Duration, error) {
	if r.finish {
		ctx = context.WithoutCancel(ctx)
	}
	req, err := http.NewRequestWithContext(ctx, r.method, r.url, bytes.NewReader(r.body))
	if err != nil {
		return answer{}, 0, bare(err)
	}
	for name, value := range r.header {
		req.Header.Set(name, value)
	}
	got, err := w.client.Do(req)
	if err != nil {
		return answer{}, 0, bare(err)
	}
	defer got.Body.Close()
	body, err := io.ReadAll(io.LimitReader(got.Body, maxAnswer+1))
	if err != nil {
		return answer{}, 0, bare(err)
	}
	if len(body) > maxAnswer {
		return answer{}, 0, fmt.Errorf("an answer of more than %d bytes", maxAnswer)
	}
	seconds, _ := strconv.Atoi(got.Header.Get("Retry-After"))
	after := min(max(time.Duration(seconds)*time.Second, 0), longWait)
	a := answer{status: got.StatusCode, typ: got.Header.Get("Content-Type"), body: body}
	if to, err := got.Location(); err == nil {
		a.moved = to.Scheme + "://" + to.Host + to.Path
	}
	return a, after, nil
}

// bare is err without the URL, which carries the session.
func bare(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}

// backoff is the wait after so many attempts: twice as long each time, and
// somewhere between half and all of it, so that workers do not march in step.
func backoff(attempt int) time.Duration {
	wait := min(firstWait<<(attempt-1), longWait)
	return wait/2 + rand.N(wait/2+1)
}

// step is how soon a pause notices that nobody waits for its end.
const step = 100 * time.Millisecond

func (w *wire) pause(ctx context.Context, d time.Duration) error {
	for ; d > 0 && ctx.Err() == nil; d -= step {
		w.clock.Sleep(min(d, step))
	}
	return ctx.Err()
}
