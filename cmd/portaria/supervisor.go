package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"strconv"
	"sync"
	"time"
)

// supervisor is the service manager that started the program, if it wants to
// hear of it: systemd, by sd_notify(3). The zero value is nobody.
type supervisor struct {
	socket string        // where it listens
	every  time.Duration // how often it wants a sign of life; 0: never
}

// supervisorOf finds it in the environment of the process pid.
func supervisorOf(getenv func(string) string, pid int) supervisor {
	s := supervisor{socket: getenv("NOTIFY_SOCKET")}
	micros, err := strconv.ParseInt(getenv("WATCHDOG_USEC"), 10, 64)
	whose := getenv("WATCHDOG_PID")
	if err == nil && micros > 0 && (whose == "" || whose == strconv.Itoa(pid)) {
		s.every = time.Duration(micros) * time.Microsecond / 2 // the half, as sd_watchdog_enabled(3) asks
	}
	return s
}

// tell sends a state. Nobody to hear it is no error.
func (s supervisor) tell(state string) error {
	if s.socket == "" {
		return nil
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: s.socket, Net: "unixgram"})
	if err != nil {
		return err
	}
	_, err = conn.Write([]byte(state))
	return errors.Join(err, conn.Close())
}

// attend says that the terminal is ready, and from then on that it is alive
// whenever alive finds it so: a terminal that hangs is started again. The
// returned function says that it stops, and ends all this.
func (s supervisor) attend(alive func(context.Context) error, log *slog.Logger) (leave func()) {
	say := func(state string) {
		if err := s.tell(state); err != nil {
			log.Warn("the service manager cannot be told", "state", state, "err", err)
		}
	}
	say("READY=1")
	ctx, cancel := context.WithCancel(context.Background())
	var watching sync.WaitGroup
	if s.socket != "" && s.every > 0 {
		watching.Go(func() {
			ticker := time.NewTicker(s.every)
			defer ticker.Stop()
			for {
				select {
				case <-ctx.Done():
					return
				case <-ticker.C:
				}
				ask, done := context.WithTimeout(ctx, s.every)
				err := alive(ask)
				done()
				switch {
				case ctx.Err() != nil:
				case err != nil:
					log.Error("the terminal does not answer itself", "err", err)
				default:
					say("WATCHDOG=1")
				}
			}
		})
	}
	return func() {
		cancel()
		watching.Wait()
		say("STOPPING=1")
	}
}
