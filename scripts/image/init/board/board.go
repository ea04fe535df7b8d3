// Package board answers the terminal on the board's socket: what the machine
// is, how an update of it stands, and the few things it can be asked to do.
// Whoever can open the socket may ask all of it; the terminal asks only for
// its administrators.
package board

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"portaria/scripts/image/bundle"
	"portaria/scripts/image/init/update"
)

// Status is what the machine says of itself.
type Status struct {
	Serial   string        `json:"serial"`
	HostName string        `json:"hostname"`
	Slot     string        `json:"slot"`
	Trial    bool          `json:"trial"`
	Version  string        `json:"version"`
	Built    int64         `json:"built"`
	Clock    string        `json:"clock"` // "set" or "unset"
	Network  []Interface   `json:"network"`
	Update   update.Status `json:"update"`
}

// Interface is a network interface with its addresses.
type Interface struct {
	Name      string   `json:"name"`
	Addresses []string `json:"addresses"`
}

// Machine is what the calls are passed to.
type Machine struct {
	Status func() Status
	Put    func(offset, size int64, piece []byte) (update.Status, error)
	// Trial, Reboot and PowerOff prepare what they are called for, or say why
	// they cannot; the machine ends when the returned function is called,
	// after the answer.
	Trial, Reboot, PowerOff func() (func(), error)
	Log                     *slog.Logger
}

// The limits of one call.
const (
	headTime  = 10 * time.Second
	pieceTime = 2 * time.Minute // the last piece waits for the card
)

// Server returns the server of the socket.
func Server(m Machine) *http.Server {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		m.refuse(w, http.StatusNotFound, errors.New("the board has no such call; it has /status, /update, /trial, /reboot and /poweroff"))
	})
	route := func(method, path string, handle http.HandlerFunc) {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			if r.Method != method {
				w.Header().Set("Allow", method)
				m.refuse(w, http.StatusMethodNotAllowed, fmt.Errorf("%s takes %s", path, method))
				return
			}
			handle(w, r)
		})
	}
	route(http.MethodGet, "/status", func(w http.ResponseWriter, _ *http.Request) { m.answer(w, http.StatusOK, m.Status()) })
	route(http.MethodPut, "/update", m.put)
	for path, prepare := range map[string]func() (func(), error){
		"/trial": m.Trial, "/reboot": m.Reboot, "/poweroff": m.PowerOff,
	} {
		route(http.MethodPost, path, func(w http.ResponseWriter, _ *http.Request) { m.end(w, prepare) })
	}
	return &http.Server{
		Handler: mux, ReadHeaderTimeout: headTime, ReadTimeout: pieceTime, WriteTimeout: 2 * pieceTime,
		MaxHeaderBytes: 16 << 10, ErrorLog: slog.NewLogLogger(m.Log.Handler(), slog.LevelWarn),
	}
}

// received is the answer to a piece of an update.
type received struct {
	Error    string `json:"error,omitempty"`
	Received int64  `json:"received"`
	State    string `json:"state,omitempty"`
}

func (m Machine) put(w http.ResponseWriter, r *http.Request) {
	offset, err := number(r, "offset")
	if err != nil {
		m.refuse(w, http.StatusBadRequest, err)
		return
	}
	size, err := number(r, "size")
	if err != nil {
		m.refuse(w, http.StatusBadRequest, err)
		return
	}
	// The piece is whole before anything is done with it: a call that breaks
	// off has never happened.
	piece, err := io.ReadAll(http.MaxBytesReader(w, r.Body, update.MaxPiece))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		m.refuse(w, http.StatusRequestEntityTooLarge, fmt.Errorf("a piece has at most %d bytes", update.MaxPiece))
		return
	case err != nil:
		m.refuse(w, http.StatusBadRequest, errors.New("the piece is not whole; send it again"))
		return
	}
	s, err := m.Put(offset, size, piece)
	if err != nil {
		m.answer(w, statusOf(err), received{Error: err.Error(), Received: s.Received})
		return
	}
	m.answer(w, http.StatusOK, received{Received: s.Received, State: s.State})
}

// number reads a number of the query that is not negative.
func number(r *http.Request, name string) (int64, error) {
	n, err := strconv.ParseInt(r.URL.Query().Get(name), 10, 64)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%s is missing or no number; PUT /update?offset=N&size=TOTAL", name)
	}
	return n, nil
}

// statusOf is the HTTP status of an error of an update.
func statusOf(err error) int {
	switch {
	case errors.Is(err, update.ErrOffset), errors.Is(err, update.ErrBusy), errors.Is(err, update.ErrTrial),
		errors.Is(err, update.ErrOlder):
		return http.StatusConflict
	case errors.Is(err, bundle.ErrSignature), errors.Is(err, update.ErrNoKeys):
		return http.StatusForbidden
	case errors.Is(err, update.ErrSlot):
		return http.StatusInternalServerError
	}
	return http.StatusBadRequest
}

// end answers, and only then lets the machine end.
func (m Machine) end(w http.ResponseWriter, prepare func() (func(), error)) {
	end, err := prepare()
	if err != nil {
		m.refuse(w, http.StatusConflict, err)
		return
	}
	m.answer(w, http.StatusOK, struct{}{})
	if err := http.NewResponseController(w).Flush(); err != nil {
		m.Log.Warn("the answer of the board was not read", "error", err)
	}
	end()
}

func (m Machine) refuse(w http.ResponseWriter, status int, err error) {
	m.answer(w, status, struct {
		Error string `json:"error"`
	}{err.Error()})
}

// answer writes all of an answer, with its length: after an end nobody is
// there to write the rest.
func (m Machine) answer(w http.ResponseWriter, status int, value any) {
	body, err := json.Marshal(value)
	if err != nil {
		m.Log.Error("an answer of the board", "error", err)
		status, body = http.StatusInternalServerError, []byte("{\"error\":\"the board's answer cannot be written\"}")
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	if _, err := w.Write(body); err != nil {
		m.Log.Warn("the answer of the board was not read", "error", err)
	}
}
