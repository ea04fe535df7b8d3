package dialect

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/valyala/fasthttp"

	"portaria/terminal/clock"
)

// Front receives every request and calls the route it is for.
type Front struct {
	home   Dialect // answers for what is nobody's
	routes map[string]*mounted
	below  []*mounted // routes that serve what is below them, the longest first
	clock  clock.Clock
	log    *slog.Logger
	gate   func() error // nil: always open
}

type mounted struct {
	Route
	dialect  Dialect
	declined string // why the path is not served; Do is nil then
	said     sync.Once
}

// NewFront mounts the dialects. The first one is the terminal's own and
// answers for paths that belong to none. Two routes at one path are a
// programmer's error.
func NewFront(c clock.Clock, log *slog.Logger, dialects ...Dialect) *Front {
	f := &Front{home: dialects[0], routes: make(map[string]*mounted), clock: c, log: log}
	for _, d := range dialects {
		for _, r := range d.Routes() {
			if r.Limit == 0 {
				r.Limit = SmallBody
			}
			f.mount(r.Path, &mounted{Route: r, dialect: d})
		}
		for _, r := range d.Declined() {
			f.mount(r.Path, &mounted{Route: Route{Path: r.Path, Limit: SmallBody}, dialect: d, declined: r.Reason})
		}
	}
	return f
}

func (f *Front) mount(path string, m *mounted) {
	if f.routes[path] != nil {
		panic("dialect: two routes at " + path)
	}
	f.routes[path] = m
	if m.Below {
		f.below = append(f.below, m)
		slices.SortFunc(f.below, func(a, b *mounted) int { return len(b.Path) - len(a.Path) })
	}
}

// Gate keeps every route closed that is not Unowned as long as gate returns an
// error, which the route's dialect renders. Who calls is found out before. It is
// set before the first request.
func (f *Front) Gate(gate func() error) { f.gate = gate }

// at returns the route that serves a path, or nil.
func (f *Front) at(path []byte) *mounted {
	if m := f.routes[string(path)]; m != nil {
		return m
	}
	for _, m := range f.below {
		if bytes.HasPrefix(path, []byte(m.Path)) {
			return m
		}
	}
	return nil
}

// Install makes the front answer for s.
func (f *Front) Install(s *fasthttp.Server) {
	s.Handler = f.serve
	s.ErrorHandler = f.refuse
	s.HeaderReceived = f.bodyLimit
	s.ExpectHandler = f.expect
}

// largeBodyTime is how long a body with a picture in it may take to arrive:
// the largest at a few hundred kilobits a second.
const largeBodyTime = time.Minute

// bodyLimit lets the body of a request be as large as its route allows.
func (f *Front) bodyLimit(h *fasthttp.RequestHeader) fasthttp.RequestConfig {
	if n := h.ContentLength(); n >= 0 && n < SmallBody {
		return fasthttp.RequestConfig{MaxRequestBodySize: SmallBody - 1}
	}
	limit := SmallBody
	var uri fasthttp.URI
	if uri.Parse(nil, h.RequestURI()) == nil {
		if m := f.at(uri.Path()); m != nil {
			limit = m.Limit
		}
	}
	return fasthttp.RequestConfig{MaxRequestBodySize: limit - 1, ReadTimeout: largeBodyTime}
}

// expect decides about a body that the client has announced and not sent yet.
// fasthttp sends what stands in the response, although its documentation
// would rather have it left alone; the vector expect_over_limit holds it to
// that.
func (f *Front) expect(ctx *fasthttp.RequestCtx) int {
	c := &Call{ctx}
	m := f.find(ctx)
	if m == nil || m.Do == nil {
		return http.StatusContinue
	}
	err := f.admit(m, c)
	if err == nil && ctx.Request.Header.ContentLength() >= m.Limit {
		err = ErrBodyTooLarge
	}
	if err == nil {
		return http.StatusContinue
	}
	prepare(m.dialect, c)
	m.dialect.Fail(c, err)
	linger(ctx)
	return ctx.Response.StatusCode()
}

// refuse answers a request that could not be read. What the client is still
// sending is read and dropped, or it would never see the answer.
func (f *Front) refuse(ctx *fasthttp.RequestCtx, err error) {
	c := &Call{ctx}
	switch {
	case errors.Is(err, fasthttp.ErrBodyTooLarge):
		err = ErrBodyTooLarge
	case isTimeout(err):
		err = ErrTimeout
	case isSmallBuffer(err):
		err = ErrHeaderTooLarge
	case errors.Is(err, ErrNoRoom):
		err = ErrNoRoom
	default:
		err = ErrMalformed
	}
	d := f.home
	if errors.Is(err, ErrBodyTooLarge) || errors.Is(err, ErrNoRoom) {
		m := f.find(ctx)
		switch {
		case m == nil || m.Do == nil:
			err = ErrNothingHere
		default:
			d = m.dialect
			if refused := f.admit(m, c); refused != nil {
				err = refused
			}
		}
	}
	prepare(d, c)
	d.Fail(c, err)
	linger(ctx)
}

func (f *Front) serve(ctx *fasthttp.RequestCtx) {
	c := &Call{ctx}
	m := f.find(ctx)
	d := f.home
	if m != nil {
		d = m.dialect
	}
	prepare(d, c)
	traced := f.log.Enabled(ctx, slog.LevelDebug)
	var start time.Time
	if traced {
		start = f.clock.Mark()
	}
	if err := f.call(ctx, m, c); err != nil {
		d.Fail(c, err)
	}
	if traced {
		// The path and never the query: the query holds the session.
		f.log.Debug("request", "method", string(ctx.Method()), "path", string(ctx.Path()), "from", ctx.RemoteIP(),
			"status", ctx.Response.StatusCode(), "in", len(ctx.Request.Body()), "out", c.answerLen(), "took", f.clock.Mark().Sub(start))
	}
}

// recovered, deferred, makes a panic an error. fasthttp recovers nothing: an
// escaping panic would end the process and every connection with it.
func (f *Front) recovered(ctx *fasthttp.RequestCtx, err *error) {
	if p := recover(); p != nil {
		f.log.Error("handler panic", "path", string(ctx.Path()), "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
		*err = ErrPanic
	}
}

// call is the straight path of one request.
func (f *Front) call(ctx *fasthttp.RequestCtx, m *mounted, c *Call) (err error) {
	defer f.recovered(ctx, &err)
	if err := wellFormed(ctx); err != nil {
		return err
	}
	if ctx.IsOptions() {
		c.Send(http.StatusOK, "text/plain; charset=utf-8", nil)
		return nil
	}
	method := string(ctx.Method())
	switch method {
	case http.MethodHead:
		method = http.MethodGet
	case http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete:
	default:
		return ErrMethod
	}
	mayHaveBody := method == http.MethodPost || method == http.MethodPut
	if mayHaveBody && (m == nil || !m.NoLength) && !saysLength(&ctx.Request.Header) {
		return ErrLengthRequired
	}
	if m == nil || m.Do == nil {
		if m != nil {
			m.said.Do(func() {
				f.log.Warn("a documented command that is not served", "path", m.Path, "reason", m.declined)
			})
		}
		return ErrNothingHere
	}
	if !slices.Contains(m.Methods, method) {
		return ErrMethod
	}
	if err := f.admit(m, c); err != nil {
		return err
	}
	return m.Do(c)
}

func (f *Front) admit(m *mounted, c *Call) (err error) {
	defer f.recovered(c.ctx, &err)
	if m.Admit != nil {
		err = m.Admit(c)
	}
	if err == nil && f.gate != nil && !m.Unowned {
		err = f.gate()
	}
	return err
}

func (f *Front) find(ctx *fasthttp.RequestCtx) *mounted { return f.at(ctx.Path()) }

func prepare(d Dialect, c *Call) {
	if !c.ctx.Request.Header.IsHTTP11() {
		c.ctx.Response.Header.SetProtocol([]byte("HTTP/1.0"))
	}
	d.Prepare(c)
}

// wellFormed refuses what fasthttp lets through and other parsers read
// differently: a bare line feed or a folded line can hide a Content-Length.
func wellFormed(ctx *fasthttp.RequestCtx) error {
	raw := ctx.Request.Header.RawHeaders()
	for i := bytes.IndexByte(raw, '\n'); i >= 0; {
		if i == 0 || raw[i-1] != '\r' {
			return ErrMalformed
		}
		if i+1 < len(raw) && (raw[i+1] == ' ' || raw[i+1] == '\t') {
			return ErrMalformed
		}
		next := bytes.IndexByte(raw[i+1:], '\n')
		if next < 0 {
			break
		}
		i += 1 + next
	}
	path := ctx.Path()
	if bytes.IndexByte(path, 0) >= 0 || !utf8.Valid(path) {
		return ErrMalformed
	}
	if coding := ctx.Request.Header.Peek("Content-Encoding"); len(coding) > 0 && !strings.EqualFold(string(coding), "identity") {
		return ErrCoded
	}
	return nil
}

// saysLength tells whether a request says where its body ends. fasthttp gives
// one that does not the length zero, as if it had said so.
func saysLength(h *fasthttp.RequestHeader) bool {
	if h.ContentLength() != 0 {
		return true
	}
	const name = "Content-Length:"
	for line := range bytes.Lines(h.RawHeaders()) {
		if len(line) > len(name) && strings.EqualFold(string(line[:len(name)]), name) {
			return true
		}
	}
	return false
}

func isTimeout(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.As(err, &timeout) && timeout.Timeout() || errors.Is(err, fasthttp.ErrTimeout)
}

func isSmallBuffer(err error) bool {
	var small *fasthttp.ErrSmallBuffer
	return errors.As(err, &small)
}

// Lingerer is a connection that can wait, on closing, for its peer to stop
// sending.
type Lingerer interface {
	// Linger asks for that. The connection is going to be closed.
	Linger()
}

func linger(ctx *fasthttp.RequestCtx) {
	if conn, ok := ctx.Conn().(Lingerer); ok {
		conn.Linger()
	}
}
