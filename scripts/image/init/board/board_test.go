package board_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"portaria/scripts/image/bundle"
	"portaria/scripts/image/init/board"
	"portaria/scripts/image/init/update"
)

// call makes a call and returns the status and the fields of the answer.
func call(t *testing.T, m board.Machine, method, path, body string) (int, map[string]any) {
	t.Helper()
	m.Log = slog.New(slog.DiscardHandler)
	server := httptest.NewServer(board.Server(m).Handler)
	defer server.Close()
	request, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(b, &fields); err != nil {
		t.Fatalf("%s %s: %q is no JSON: %v", method, path, b, err)
	}
	return answer.StatusCode, fields
}

func TestStatus(t *testing.T) {
	t.Parallel()
	m := board.Machine{Status: func() board.Status {
		return board.Status{
			Serial: "10000000abcdef12", Slot: "A", Clock: "unset", Built: 7,
			Network: []board.Interface{{Name: "eth0", Addresses: []string{"10.0.2.15/24"}}},
			Update:  update.Status{State: update.None},
		}
	}}
	status, got := call(t, m, "GET", "/status", "")
	want := `map[built:7 clock:unset hostname: network:[map[addresses:[10.0.2.15/24] name:eth0]] serial:10000000abcdef12 slot:A trial:false update:map[error: received:0 size:0 state:none version:] version:]`
	if status != 200 || fmt.Sprint(got) != want {
		t.Errorf("%d %v, want %s", status, got, want)
	}
}

func TestPut(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		query, body string
		err         error
		status      int
		received    float64
	}{
		"a piece":               {"?offset=5&size=10", "12345", nil, 200, 10},
		"the wrong piece":       {"?offset=5&size=10", "12345", update.ErrOffset, 409, 3},
		"two at once":           {"?offset=5&size=10", "12345", update.ErrBusy, 409, 3},
		"on trial":              {"?offset=5&size=10", "12345", update.ErrTrial, 409, 3},
		"an older one":          {"?offset=5&size=10", "12345", update.ErrOlder, 409, 3},
		"another's signature":   {"?offset=5&size=10", "12345", fmt.Errorf("x: %w", bundle.ErrSignature), 403, 3},
		"no keys":               {"?offset=5&size=10", "12345", update.ErrNoKeys, 403, 3},
		"no update":             {"?offset=5&size=10", "12345", bundle.ErrForm, 400, 3},
		"a broken card":         {"?offset=5&size=10", "12345", update.ErrSlot, 500, 3},
		"no offset":             {"?size=10", "12345", nil, 400, 0},
		"an offset below zero":  {"?offset=-5&size=10", "12345", nil, 400, 0},
		"a size that is none":   {"?offset=5&size=ten", "12345", nil, 400, 0},
		"a size out of numbers": {"?offset=5&size=99999999999999999999", "12345", nil, 400, 0},
		"a piece too large":     {"?offset=5&size=10", strings.Repeat("x", update.MaxPiece+1), nil, 413, 0},
		"the largest piece":     {"?offset=5&size=10", strings.Repeat("x", update.MaxPiece), nil, 200, update.MaxPiece + 5},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			called := false
			m := board.Machine{Put: func(offset, size int64, piece []byte) (update.Status, error) {
				called = true
				if offset != 5 || size != 10 || string(piece) != c.body {
					t.Errorf("put at %d of %d: %d bytes", offset, size, len(piece))
				}
				if c.err != nil {
					return update.Status{Received: 3}, c.err
				}
				return update.Status{State: update.Receiving, Received: offset + int64(len(piece))}, nil
			}}
			status, got := call(t, m, "PUT", "/update"+c.query, c.body)
			if status != c.status {
				t.Errorf("status %d, want %d: %v", status, c.status, got)
			}
			sentence, failed := got["error"].(string)
			if failed != (c.status != 200) || failed && sentence == "" {
				t.Errorf("answer %v", got)
			}
			if called && got["received"] != c.received {
				t.Errorf("received %v, want %v", got["received"], c.received)
			}
			if c.status == 200 && got["state"] != update.Receiving {
				t.Errorf("answer %v has no state", got)
			}
		})
	}
}

// The machine is gone when a call to end it returns; the whole answer has to be
// on its way before.
func TestEndsAfterTheAnswer(t *testing.T) {
	t.Parallel()
	var server *httptest.Server
	m := board.Machine{Log: slog.New(slog.DiscardHandler), Reboot: func() (func(), error) {
		return func() { server.CloseClientConnections() }, nil
	}}
	server = httptest.NewServer(board.Server(m).Handler)
	defer server.Close()
	answer, err := server.Client().Post(server.URL+"/reboot", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if b, err := io.ReadAll(answer.Body); err != nil || string(b) != "{}" {
		t.Errorf("the answer is %q, %v; want all of it", b, err)
	}
}

func TestEnds(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/trial", "/reboot", "/poweroff"} {
		var ended []string
		end := func(name string) func() (func(), error) {
			return func() (func(), error) { return func() { ended = append(ended, name) }, nil }
		}
		m := board.Machine{Trial: end("/trial"), Reboot: end("/reboot"), PowerOff: end("/poweroff")}
		if status, got := call(t, m, "GET", path, ""); status != 405 || got["error"] == "" || len(ended) != 0 {
			t.Errorf("GET %s: %d %v, ended %v", path, status, got, ended)
		}
		if status, got := call(t, m, "POST", path, ""); status != 200 || len(ended) != 1 || ended[0] != path {
			t.Errorf("POST %s: %d %v, ended %v", path, status, got, ended)
		}
	}
	refused := board.Machine{Trial: func() (func(), error) { return nil, errors.New("no update is ready") }}
	if status, got := call(t, refused, "POST", "/trial", ""); status != 409 || got["error"] != "no update is ready" {
		t.Errorf("a trial of nothing: %d %v", status, got)
	}
	if status, got := call(t, refused, "GET", "/shell", ""); status != 404 || got["error"] == nil {
		t.Errorf("GET /shell: %d %v", status, got)
	}
}
