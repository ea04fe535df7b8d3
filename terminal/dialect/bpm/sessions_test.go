package bpm

import (
	"testing"
	"time"

	"portaria/store/storetest"
	"portaria/terminal/clock"
	"portaria/terminal/device"
)

func TestSessionsAreBounded(t *testing.T) {
	t.Parallel()
	c := clock.NewManual(time.UnixMilli(0))
	d, err := device.New(device.Config{Store: storetest.New(t), Clock: c, PasswordCost: 1})
	if err != nil {
		t.Fatal(err)
	}
	s := newSessions(d)
	for range 10_000 {
		if _, _, err := s.open(device.FactoryLogin, device.FactoryPassword, "test"); err != nil {
			t.Fatal(err)
		}
		c.Advance(5 * time.Second)
	}
	if most := int(sessionTime/sharedTime) + 1; len(s.byID) > most {
		t.Errorf("%d sessions, want at most %d", len(s.byID), most)
	}
}
