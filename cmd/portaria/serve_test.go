package main

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"testing"

	"portaria/terminal"
)

// A service manager may change its mind before the terminal has answered once.
func TestServeStoppedWhileStarting(t *testing.T) {
	t.Parallel()
	tm, err := terminal.Open(terminal.Config{Ephemeral: true, PasswordCost: 1})
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	stop, cancel := context.WithCancel(context.Background())
	cancel()
	var out bytes.Buffer
	if err := new(serveCmd).serve(stop, tm, ln, slog.New(slog.DiscardHandler), streams{&out, &out}); err != nil {
		t.Errorf("stopped while starting: %v, want a clean end", err)
	}
	// Its port may be somebody else's by now.
	if _, err := ln.Accept(); err == nil {
		t.Error("the terminal still listens")
	}
}
