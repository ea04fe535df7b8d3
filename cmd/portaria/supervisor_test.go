package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

// TestSupervisor is systemd for a while.
func TestSupervisor(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("there is no systemd here, and no socket for it")
	}
	socket := filepath.Join(t.TempDir(), "notify")
	systemd, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer systemd.Close()
	heard := func() string {
		t.Helper()
		if err := systemd.SetReadDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		message := make([]byte, 100)
		n, err := systemd.Read(message)
		if err != nil {
			t.Fatalf("nothing is heard: %v", err)
		}
		return string(message[:n])
	}
	answers := make(chan error)
	alive := func(ctx context.Context) error {
		select {
		case err := <-answers:
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	leave := supervisor{socket, 5 * time.Millisecond}.attend(alive, slog.New(slog.DiscardHandler))
	if got := heard(); got != "READY=1" {
		t.Errorf("first %q", got)
	}
	for range 3 {
		answers <- nil
		if got := heard(); got != "WATCHDOG=1" {
			t.Errorf("alive: %q", got)
		}
	}
	for range 3 {
		answers <- errors.New("it hangs")
	}
	leave()
	if got := heard(); got != "STOPPING=1" {
		t.Errorf("hung, and then stopped: %q", got)
	}
}

func TestSupervisorOf(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		env  map[string]string
		want supervisor
	}{
		"nobody":                   {nil, supervisor{}},
		"systemd":                  {map[string]string{"NOTIFY_SOCKET": "/run/n"}, supervisor{"/run/n", 0}},
		"systemd with a watchdog":  {map[string]string{"NOTIFY_SOCKET": "@n", "WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "7"}, supervisor{"@n", 30 * time.Second}},
		"a watchdog for the child": {map[string]string{"NOTIFY_SOCKET": "@n", "WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "8"}, supervisor{"@n", 0}},
		"nonsense":                 {map[string]string{"WATCHDOG_USEC": "-1"}, supervisor{}},
	} {
		if got := supervisorOf(func(key string) string { return row.env[key] }, 7); got != row.want {
			t.Errorf("%s: %+v, want %+v", name, got, row.want)
		}
	}
	if err := (supervisor{}).tell("READY=1"); err != nil {
		t.Errorf("told nobody: %v", err)
	}
}
