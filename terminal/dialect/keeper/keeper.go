// Package keeper is the terminal's own pages below /portaria/, for whoever
// looks after it: health, status, backup, restore, check, and the board that
// the terminal runs on. No device of the vendor's has them. It knows the wire
// and what may be held in memory or on the disk meanwhile; what is kept is
// package device's. Every page but health wants an administrator's session.
package keeper

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"portaria/store"
	"portaria/terminal/clock"
	"portaria/terminal/device"
	"portaria/terminal/dialect"
)

const (
	typeJSON  = "application/json; charset=utf-8"
	typeBytes = "application/octet-stream"
)

// MaxPiece is the most bytes of a backup or an update that travel at a time.
const MaxPiece = 1 << 20

// roomForPieces is the memory that pieces on their way out may take together.
const roomForPieces = 4 * MaxPiece

// Options are what the pages need beside the device.
type Options struct {
	Version string // of the program, as status tells it
	// Dir is the data folder, where a snapshot or an upload lies until it is
	// done with; "": a temporary folder, for a terminal that has none.
	Dir   string
	Board string // the unix socket of the board that runs this terminal; "": none
	// Check is store.CheckFile, or does it where a damaged file cannot hurt this
	// process. Nil: store.CheckFile.
	Check func(ctx context.Context, path string, progress func(done, total int)) (store.Report, error)
	Clock clock.Clock  // nil: the host's
	Log   *slog.Logger // nil: silence
}

// API is the pages of one device.
type API struct {
	device  *device.Device
	options Options
	clock   clock.Clock
	log     *slog.Logger
	started time.Time        // a mark
	headers []dialect.Header // of every answer
	routes  []dialect.Route
	room    *dialect.Room // of pieces that go out

	health  health
	spool   spool
	jobs    jobs
	backup  backups
	check   checks
	restore restores
	board   board
}

// New returns the pages of d. What an earlier process left of a backup or a
// restore is removed.
func New(d *device.Device, o Options) *API {
	if o.Clock == nil {
		o.Clock = clock.System{}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Check == nil {
		o.Check = store.CheckFile
	}
	a := &API{device: d, options: o, clock: o.Clock, log: o.Log, started: o.Clock.Mark(), room: dialect.NewRoom(roomForPieces)}
	a.spool.dir = o.Dir
	a.spool.clear()
	a.jobs.ctx, a.jobs.cancel = context.WithCancel(context.Background())
	a.board = newBoard(o.Board)
	a.headers = []dialect.Header{
		dialect.NewHeader("Cache-Control", "no-store"),
		dialect.NewHeader("X-Content-Type-Options", "nosniff"),
	}
	a.routes = a.pages()
	return a
}

// Close gives up what is under way, waits for it and removes what it left.
func (a *API) Close() {
	a.jobs.close()
	a.backup.drop()
	a.restore.drop()
	a.spool.close()
}

// pages are all of them. What is at none of their paths is answered here as
// well, and not as the vendor's web server would.
func (a *API) pages() []dialect.Route {
	const get, post, put, del = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete
	byMethod := func(does map[string]func(*dialect.Call) error) func(*dialect.Call) error {
		return func(c *dialect.Call) error {
			method := c.Method()
			if method == http.MethodHead {
				method = get
			}
			return does[method](c)
		}
	}
	pages := []dialect.Route{
		{Path: "/portaria/status", Methods: []string{get}, Do: a.answerStatus},
		{Path: "/portaria/backup", Methods: []string{get, post, del}, Do: byMethod(map[string]func(*dialect.Call) error{
			get: a.answerBackup, post: a.makeBackup, del: a.dropBackup,
		})},
		{Path: "/portaria/backup/data", Methods: []string{get}, Do: a.backupPiece},
		{Path: "/portaria/check", Methods: []string{get, post}, Do: byMethod(map[string]func(*dialect.Call) error{
			get: a.answerCheck, post: a.makeCheck,
		})},
		{Path: "/portaria/restore", Methods: []string{get, put, post, del}, Limit: MaxPiece + 1, Do: byMethod(map[string]func(*dialect.Call) error{
			get: a.answerRestore, put: a.restorePiece, post: a.makeRestore, del: a.dropRestore,
		})},
		{Path: "/portaria/damaged", Methods: []string{del}, Do: a.dropDamaged},
		{Path: "/portaria/board/status", Methods: []string{get}, Do: a.askBoard(boardStatusTime)},
		{Path: "/portaria/board/update", Methods: []string{put}, Limit: MaxPiece + 1, Do: a.askBoard(boardUpdateTime)},
		{Path: "/portaria/board/trial", Methods: []string{post}, Do: a.askBoard(boardActionTime)},
		{Path: "/portaria/board/reboot", Methods: []string{post}, Do: a.askBoard(boardActionTime)},
		{Path: "/portaria/board/poweroff", Methods: []string{post}, Do: a.askBoard(boardActionTime)},
	}
	for i := range pages {
		pages[i].NoLength = true // curl -X POST says no length where there is no body
		pages[i].Admit = a.session
	}
	return append(pages,
		dialect.Route{Path: "/portaria/health", Methods: []string{get}, Unowned: true, Do: a.answerHealth},
		dialect.Route{
			Path: "/portaria/", Below: true, NoLength: true, Admit: a.session, Methods: []string{get, post, put, del},
			Do: func(*dialect.Call) error { return dialect.ErrNothingHere },
		})
}

// Routes implements dialect.Dialect.
func (a *API) Routes() []dialect.Route { return a.routes }

// Declined implements dialect.Dialect.
func (a *API) Declined() []dialect.Declined { return nil }

// Prepare implements dialect.Dialect.
func (a *API) Prepare(c *dialect.Call) { c.SetHeaders(a.headers...) }

// session admits callers with a live session of the device, as its own
// commands do: in the query, once, or in the cookie.
func (a *API) session(c *dialect.Call) error {
	token, inQuery := c.Query("session")
	if !inQuery {
		token = c.Cookie("session")
	}
	switch {
	case token == "" || c.QueryCount("session") > 1 || !a.device.SessionIsValid(token):
		return device.ErrSession
	case !inQuery && fromElsewhere(c):
		return refuse(http.StatusForbidden, "a page of another site asks for this with your browser's cookie; put session=… into the query")
	}
	return nil
}

// fromElsewhere tells whether a browser says that a page of another site makes it
// ask. Such a page may look, because it is not shown the answer, and touch
// nothing.
func fromElsewhere(c *dialect.Call) bool {
	switch c.Method() {
	case http.MethodGet, http.MethodHead:
		return false
	}
	site := c.Header("Sec-Fetch-Site")
	return site != "" && site != "same-origin" && site != "none"
}

// number is an argument of the query that is a whole number from 0 on.
func number(c *dialect.Call, name string) (int64, error) {
	text, _ := c.Query(name)
	n, err := parseNumber(text)
	if err != nil {
		return 0, refuse(http.StatusBadRequest, "%s %.20q is no number from 0 on; the query tells it", name, text)
	}
	return n, nil
}
