package device_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"portaria/store"
	"portaria/terminal/clock"
	"portaria/terminal/device"
)

const keptNotices = 1000

func TestNotices(t *testing.T) {
	t.Parallel()
	s, err := store.Open(store.Options{Ephemeral: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	var log bytes.Buffer
	var now clock.Offset
	d, err := device.New(device.Config{Store: s, Clock: &now, Log: slog.New(slog.NewTextHandler(&log, nil)), PasswordCost: 1})
	if err != nil {
		t.Fatal(err)
	}
	if got := d.Notices(); len(got) != 0 {
		t.Errorf("a new device has the notices %v", got)
	}
	for i := range keptNotices + 10 {
		d.Notice(device.Notice{Command: "load_objects", Rule: "op", Detail: fmt.Sprint(i)})
	}
	got := d.Notices()
	if len(got) != keptNotices || got[0].Detail != "10" || got[keptNotices-1].Detail != fmt.Sprint(keptNotices+9) {
		t.Errorf("%d notices from %s to %s, want the newest %d", len(got), got[0].Detail, got[len(got)-1].Detail, keptNotices)
	}
	if strings.Count(log.String(), "rule=op") != 1 {
		t.Errorf("the log is not told once: %s", log.String())
	}
	now.Advance(time.Hour)
	d.Notice(device.Notice{Command: "load_objects", Rule: "op", Detail: fmt.Sprint(keptNotices + 9)})
	d.Notice(device.Notice{Command: "load_objects", Rule: "order"})
	again := d.Notices()
	if again[0].Detail != "11" || again[keptNotices-2].Time.Sub(got[keptNotices-1].Time) < time.Hour {
		t.Errorf("a repeated notice takes a place of its own: %v, %v", again[0], again[keptNotices-2])
	}
	if strings.Count(log.String(), "rule=") != 2 {
		t.Errorf("the log is not told of the second rule: %s", log.String())
	}
}
