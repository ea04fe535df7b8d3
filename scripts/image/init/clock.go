//go:build linux

package main

import (
	"context"
	"errors"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/beevik/ntp"
	"golang.org/x/sys/unix"

	"portaria/scripts/image/init/timekeeping"
	"portaria/scripts/image/init/update"
)

// timeFile holds the time saved last, in seconds since 1970.
const timeFile = boardDir + "/time"

// poolServers are asked where the network names no time server.
var poolServers = []string{"0.pool.ntp.org", "1.pool.ntp.org", "2.pool.ntp.org"}

// startClock sets the clock to the time it may start with, and tells whether
// that is the true one.
func startClock(built time.Time) (set bool, err error) {
	now := time.Now()
	start, set := timekeeping.Start(now, built, savedTime())
	if start.Equal(now) {
		return set, nil
	}
	return set, stepClock(start)
}

// savedTime is the zero time when there is none.
func savedTime() time.Time {
	b, err := os.ReadFile(timeFile)
	if err != nil {
		return time.Time{}
	}
	seconds, err := strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64)
	if err != nil || seconds <= 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0)
}

func saveTime(t time.Time) error {
	return update.WriteFile(timeFile, []byte(strconv.FormatInt(t.Unix(), 10)+"\n"))
}

// kernelClock is the kernel's clock, and with a step the board's clock chip.
var kernelClock = timekeeping.Clock{
	Now: func() time.Time { return time.Now().Round(0) },
	Step: func(t time.Time) error {
		if err := stepClock(t); err != nil {
			return err
		}
		setChip(t)
		return nil
	},
	Slew: func(by time.Duration) error {
		const singleShot = 0x8001 // ADJ_OFFSET_SINGLESHOT: adjtime(3)
		t := unix.Timex{Modes: singleShot}
		setOffset(&t, by.Microseconds())
		_, err := unix.Adjtimex(&t)
		return err
	},
}

func stepClock(t time.Time) error {
	ts := unix.NsecToTimespec(t.UnixNano())
	return unix.ClockSettime(unix.CLOCK_REALTIME, &ts)
}

// setChip sets the clock chip of boards that have one.
func setChip(t time.Time) {
	f, err := os.OpenFile("/dev/rtc0", os.O_RDWR, 0)
	if err != nil {
		return
	}
	defer f.Close()
	t = t.UTC()
	_ = unix.IoctlSetRTCTime(int(f.Fd()), &unix.RTCTime{
		Sec: int32(t.Second()), Min: int32(t.Minute()), Hour: int32(t.Hour()),
		Mday: int32(t.Day()), Mon: int32(t.Month()) - 1, Year: int32(t.Year()) - 1900,
	})
}

// ntpTime is how long a time server may take.
const ntpTime = 5 * time.Second

// askServer asks one server. Looking up its name has no end of its own in a
// network that swallows questions; the machine's end does not wait for it.
func askServer(ctx context.Context, server string) (time.Duration, error) {
	type result struct {
		offset time.Duration
		err    error
	}
	answered := make(chan result, 1)
	go func() {
		offset, err := queryServer(server)
		answered <- result{offset, err}
	}()
	select {
	case <-ctx.Done():
		return 0, ctx.Err()
	case r := <-answered:
		return r.offset, r.err
	}
}

func queryServer(server string) (time.Duration, error) {
	answer, err := ntp.QueryWithOptions(server, ntp.QueryOptions{Timeout: ntpTime})
	if err != nil {
		return 0, err
	}
	if err := answer.Validate(); err != nil {
		return 0, err
	}
	if answer.RTT > 2*time.Second {
		return 0, errors.New("the answer was too long on its way")
	}
	return answer.ClockOffset, nil
}
