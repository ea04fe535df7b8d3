package device_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"portaria/store"
	"portaria/store/storetest"
	"portaria/terminal/clock"
	"portaria/terminal/device"
	"portaria/testdata"
)

// logOf lists the kinds and times of the log, in seconds from start on.
func logOf(t *testing.T, s *store.Store) []string {
	t.Helper()
	var list []string
	err := s.View(func(tx *store.Tx) error {
		for e := range tx.Entries(0) {
			list = append(list, fmt.Sprintf("%s %+d", e.Kind, e.Time-start.Unix()))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func mustSetPhoto(t *testing.T, d *device.Device, user int64) device.Result {
	t.Helper()
	r := d.SetPhoto(t.Context(), device.Upload{User: user, Picture: testdata.Photo("plain-320x240.jpg")})
	if !r.Kept() {
		t.Fatal(r.Err)
	}
	return r
}

// TestClockThatJumps sets the clock by decades, as the network does with a board
// that has no battery. Nothing that is measured may notice.
func TestClockThatJumps(t *testing.T) {
	t.Parallel()
	for name, jump := range map[string]time.Duration{"ahead": 20 * 365 * 24 * time.Hour, "back": -20 * 365 * 24 * time.Hour} {
		t.Run(name+", a session neither ends nor lives longer", func(t *testing.T) {
			t.Parallel()
			c := clock.NewManual(start)
			d := newDevice(t, device.Config{Clock: c, SessionIdle: 10 * time.Minute})
			token := d.OpenSession()
			c.Advance(9 * time.Minute)
			c.Set(c.Now().Add(jump))
			if d.Sessions() != 1 {
				t.Fatal("the jump ended the session")
			}
			c.Advance(time.Minute)
			if d.SessionIsValid(token) {
				t.Error("the session lives on beyond its time")
			}
		})
		t.Run(name+", failed logins are neither forgiven nor held against anybody for longer", func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := new(clock.Offset)
				d := newDevice(t, device.Config{Clock: c})
				guess := func() time.Duration {
					began := time.Now()
					if _, err := d.Login("admin", "guess", "10.0.0.9"); err == nil {
						t.Fatal("a guess is right")
					}
					return time.Since(began)
				}
				for range 10 {
					guess()
				}
				c.Set(c.Now().Add(jump))
				if wait := guess(); wait == 0 {
					t.Error("the jump has made the failures forgotten")
				}
				c.Advance(time.Minute)
				if wait := guess(); wait != 0 {
					t.Errorf("a minute later a failure waits %v, want none", wait)
				}
			})
		})
	}
}

func TestLogTimes(t *testing.T) {
	t.Parallel()
	want := func(t *testing.T, s *store.Store, want ...string) {
		t.Helper()
		wantRows(t, "log", logOf(t, s), want...)
	}
	t.Run("stand still while the clock is behind them, also after a restart", func(t *testing.T) {
		t.Parallel()
		s := storetest.New(t)
		c := clock.NewManual(start)
		d := newDevice(t, device.Config{Store: s, Clock: c, Profile: mustProfile(t, "idface"), Faces: device.AnyFace{}})
		mustCreate(t, d, "users", "id", 1)
		first := mustSetPhoto(t, d, 1)
		c.Set(start.Add(-time.Hour))
		mustSetPhoto(t, d, 1)

		c = clock.NewManual(start.Add(-30 * 24 * time.Hour))
		d = newDevice(t, device.Config{Store: s, Clock: c, Profile: mustProfile(t, "idface"), Faces: device.AnyFace{}})
		again := mustSetPhoto(t, d, 1)
		c.Set(start.Add(5 * time.Second))
		mustSetPhoto(t, d, 1)
		want(t, s, "login changed +0", "photo set +0", "photo set +0", "photo set +0", "photo set +5")
		if again.Changed <= first.Changed {
			t.Errorf("the photo of the later start has the stamp %d, which is not after %d", again.Changed, first.Changed)
		}
		stamps := load(t, d, "change_logs", "timestamp")
		for i, stamp := range stamps[:len(stamps)-1] {
			if stamp > stamps[i+1] {
				t.Errorf("change_logs go back: %v", stamps)
			}
		}
	})
	t.Run("go on after the last row of change_logs where that is later than the log", func(t *testing.T) {
		t.Parallel()
		s := storetest.New(t)
		c := clock.NewManual(start)
		d := newDevice(t, device.Config{Store: s, Clock: c, Profile: mustProfile(t, "idface")})
		c.Advance(time.Hour)
		mustCreate(t, d, "users", "id", 1)
		d = newDevice(t, device.Config{Store: s, Clock: clock.NewManual(start.Add(-time.Hour)), Profile: mustProfile(t, "idface")})
		mustCreate(t, d, "users", "id", 2)
		stamp := fmt.Sprint(start.Add(time.Hour).Unix())
		wantRows(t, "change_logs", load(t, d, "change_logs", "timestamp"), stamp, stamp)
	})
	t.Run("are not led astray by what a client writes into change_logs", func(t *testing.T) {
		t.Parallel()
		s := storetest.New(t)
		d := newDevice(t, device.Config{Store: s, Clock: clock.NewManual(start), Profile: mustProfile(t, "idface")})
		mustCreate(t, d, "change_logs", "operation_type", "insert", "table_name", "users", "table_id", 1, "timestamp", start.Unix()+1e9)
		d = newDevice(t, device.Config{Store: s, Clock: clock.NewManual(start), Profile: mustProfile(t, "idface"), Faces: device.AnyFace{}})
		mustCreate(t, d, "users", "id", 1)
		mustSetPhoto(t, d, 1)
		want(t, s, "login changed +0", "photo set +0")
	})
	t.Run("are estimates until the clock is set, and the log says by how much", func(t *testing.T) {
		t.Parallel()
		s := storetest.New(t)
		newDevice(t, device.Config{Store: s, Clock: clock.NewManual(start)})

		c := clock.NewManual(start.Add(-30 * 365 * 24 * time.Hour))
		d := newDevice(t, device.Config{Store: s, Clock: c, ClockUnset: true})
		c.Advance(10 * time.Second)
		mustSetPhoto(t, d, 1)
		// The network is faster than the board in saying so.
		c.Set(start.Add(100_010 * time.Second))
		c.Advance(5 * time.Second)
		mustSetPhoto(t, d, 2)
		if err := d.ClockSet(); err != nil {
			t.Fatal(err)
		}
		if err := d.ClockSet(); err != nil {
			t.Fatal(err)
		}
		c.Advance(time.Second)
		mustSetPhoto(t, d, 3)
		want(t, s, "login changed +0", "clock unset +10", "photo set +10", "photo set +15", "clock set +100015", "photo set +100016")
		var moved struct{ Moved int64 }
		err := s.View(func(tx *store.Tx) error {
			for e := range tx.Entries(4) {
				if e.Kind == "clock set" {
					return json.Unmarshal(e.Row, &moved)
				}
			}
			return nil
		})
		if err != nil || moved.Moved != 100_000 {
			t.Errorf("the log says that its times have to be moved by %d s, %v; want 100000", moved.Moved, err)
		}
	})
	t.Run("say nothing of a clock that was unset while nothing happened", func(t *testing.T) {
		t.Parallel()
		s := storetest.New(t)
		newDevice(t, device.Config{Store: s, Clock: clock.NewManual(start)})
		d := newDevice(t, device.Config{Store: s, Clock: clock.NewManual(start), ClockUnset: true})
		if err := d.ClockSet(); err != nil {
			t.Fatal(err)
		}
		want(t, s, "login changed +0")
	})
	t.Run("of a client's own are left alone", func(t *testing.T) {
		t.Parallel()
		d := newDevice(t, device.Config{Clock: clock.NewManual(start), ClockUnset: true})
		r := d.SetPhoto(t.Context(), device.Upload{User: 1, Picture: testdata.Photo("plain-320x240.jpg"), Timestamp: 77})
		list, err := d.Photos()
		if !r.Kept() || err != nil || list[0].Timestamp != 77 {
			t.Errorf("the photo has the timestamp %v, %v; want 77", list, err)
		}
	})
}
