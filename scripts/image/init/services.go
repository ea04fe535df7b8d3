//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"net"
	"net/http"
	"os"
	"time"

	"portaria/scripts/image/init/board"
	"portaria/scripts/image/init/update"
)

// serveBoard answers the terminal on the board's socket.
func (m *machine) serveBoard(ctx context.Context) {
	_ = os.Remove(boardSocket)
	ln, err := net.Listen("unix", boardSocket)
	if err == nil {
		// Nobody but the terminal is let in.
		err = errors.Join(os.Chmod(boardSocket, 0o600), os.Chown(boardSocket, terminalID, terminalID))
	}
	if err != nil {
		m.log.Error("the board's socket", "error", err)
		return
	}
	end := func(how ending) func() (func(), error) {
		return func() (func(), error) { return func() { m.stop(how) }, nil }
	}
	m.serve(ctx, ln, board.Server(board.Machine{
		Status: m.status, Put: m.update.Put, Log: m.log,
		Trial: m.prepareTrial, Reboot: end(reboot), PowerOff: end(powerOff),
	}))
}

// serve serves until ctx ends.
func (m *machine) serve(ctx context.Context, ln net.Listener, server *http.Server) {
	defer context.AfterFunc(ctx, func() { _ = server.Close() })()
	if err := server.Serve(ln); err != nil && ctx.Err() == nil {
		m.log.Error("a server has ended", "at", ln.Addr(), "error", err)
	}
}

var errNotReady = errors.New("no update is ready to be tried; send one first")

// prepareTrial leaves word of the trial for whoever starts after it.
func (m *machine) prepareTrial() (func(), error) {
	s := m.update.Status()
	if s.State != update.Ready {
		return nil, errNotReady
	}
	if err := m.notes.Leave(update.Note{Version: s.Version, Slot: m.slots.running.Other()}); err != nil {
		return nil, fmt.Errorf("the trial cannot be noted: %w", err)
	}
	return func() { m.stop(trial) }, nil
}

// status is what the board says of itself.
func (m *machine) status() board.Status {
	name, _ := os.Hostname()
	s := board.Status{
		Serial: m.serial, HostName: name, Slot: m.slots.running.String(), Trial: m.slots.onTrial(),
		Version: m.info.Version, Built: m.info.Built, Clock: "unset", Network: []board.Interface{},
		Update: m.update.Status(),
	}
	if m.keeper.IsSet() {
		s.Clock = "set"
	}
	for _, name := range ethernet() {
		s.Network = append(s.Network, board.Interface{Name: name, Addresses: addresses(name)})
	}
	return s
}

// servePage tells on the terminal's port why there is no terminal. A terminal
// without its data would be worse than none: it would be a new one.
func (m *machine) servePage(ctx context.Context) {
	ln, err := net.Listen("tcp", ":80")
	if err != nil {
		m.log.Error("the page that tells the fault", "error", err)
		<-ctx.Done()
		return
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/portaria/health", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusServiceUnavailable)
		_ = json.NewEncoder(w).Encode(map[string]string{"status": "degraded", "error": m.fault.Error()})
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprintf(w, faultPage, html.EscapeString(m.fault.Error()), html.EscapeString(m.serial), html.EscapeString(m.info.Version))
	})
	m.serve(ctx, ln, &http.Server{Handler: mux, ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second, MaxHeaderBytes: 16 << 10})
}

const faultPage = `<!doctype html>
<title>No terminal</title>
<h1>This terminal has no data to work with</h1>
<p>%s</p>
<p>Nothing was changed on the card. Switch the terminal off, copy the card, and
have its fourth partition checked with e2fsck on a PC; or put in a new card and
restore a backup.</p>
<p>Serial number %s, version %s</p>
`
