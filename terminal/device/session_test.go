package device_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"portaria/store"
	"portaria/store/storetest"
	"portaria/terminal/clock"
	"portaria/terminal/device"
)

var start = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

func newDevice(t *testing.T, c device.Config) *device.Device {
	t.Helper()
	if c.Store == nil {
		c.Store = storetest.New(t)
	}
	if c.PasswordCost == 0 {
		c.PasswordCost = 1
	}
	d, err := device.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func mustLogin(t *testing.T, d *device.Device) string {
	t.Helper()
	token, err := d.Login(device.FactoryLogin, device.FactoryPassword, "test")
	if err != nil {
		t.Fatalf("login with the factory account: %v", err)
	}
	return token
}

func TestSession(t *testing.T) {
	t.Parallel()
	t.Run("a token is 24 letters and digits, and never the same", func(t *testing.T) {
		t.Parallel()
		d := newDevice(t, device.Config{})
		form := regexp.MustCompile(`^[A-Za-z0-9]{24}$`)
		seen := map[string]bool{}
		for range 20_000 {
			token := d.OpenSession()
			if !form.MatchString(token) || seen[token] {
				t.Fatalf("token %q is malformed or not new", token)
			}
			seen[token] = true
		}
	})
	t.Run("a session that is used lives on, one that is not expires", func(t *testing.T) {
		t.Parallel()
		c := clock.NewManual(start)
		d := newDevice(t, device.Config{Clock: c, SessionIdle: 10 * time.Minute})
		used, idle := mustLogin(t, d), mustLogin(t, d)
		for range 5 {
			c.Advance(6 * time.Minute)
			if !d.SessionIsValid(used) {
				t.Fatalf("a session used every 6 minutes died at %v", c.Now())
			}
		}
		if d.SessionIsValid(idle) {
			t.Error("a session that nobody used for half an hour still lives")
		}
		c.Advance(10*time.Minute - 1)
		if !d.SessionIsValid(used) {
			t.Error("a session died before its time")
		}
		c.Advance(10 * time.Minute)
		if d.SessionIsValid(used) || d.Sessions() != 0 {
			t.Errorf("after its idle time a session lives, or is counted: %d", d.Sessions())
		}
	})
	t.Run("a login is never refused for their number, and the one idle longest goes first", func(t *testing.T) {
		t.Parallel()
		d := newDevice(t, device.Config{})
		oldest, used := d.OpenSession(), d.OpenSession()
		for i := range device.MaxSessions {
			d.OpenSession()
			if i%1000 == 0 && !d.SessionIsValid(used) {
				t.Fatalf("a session in use was dropped after %d logins", i)
			}
		}
		if d.SessionIsValid(oldest) {
			t.Error("the session idle longest outlived the bound")
		}
		if !d.SessionIsValid(used) {
			t.Error("the session in use did not outlive the bound")
		}
		if got := d.Sessions(); got > device.MaxSessions {
			t.Errorf("%d sessions, want at most %d", got, device.MaxSessions)
		}
	})
	t.Run("a logout ends one session, a change of the login all", func(t *testing.T) {
		t.Parallel()
		d := newDevice(t, device.Config{})
		first, second := mustLogin(t, d), mustLogin(t, d)
		d.Logout(first)
		if d.SessionIsValid(first) || !d.SessionIsValid(second) {
			t.Error("a logout must end its own session and no other")
		}
		if err := d.ChangeLogin("porter", "secret"); err != nil {
			t.Fatal(err)
		}
		if d.SessionIsValid(second) {
			t.Error("a session outlived the change of the login")
		}
		if _, err := d.Login(device.FactoryLogin, device.FactoryPassword, "test"); !errors.Is(err, device.ErrCredentials) {
			t.Errorf("the old account is answered %v, want ErrCredentials", err)
		}
		if _, err := d.Login("porter", "secret", "test"); err != nil {
			t.Errorf("the new account is answered %v", err)
		}
	})
	t.Run("a clock that is set back ends nothing", func(t *testing.T) {
		t.Parallel()
		c := clock.NewManual(start)
		d := newDevice(t, device.Config{Clock: c})
		token := d.OpenSession()
		c.Advance(-48 * time.Hour)
		if !d.SessionIsValid(token) {
			t.Error("setting the clock back ended a session")
		}
	})
}

func TestAccount(t *testing.T) {
	t.Parallel()
	t.Run("the password is nowhere in the data", func(t *testing.T) {
		t.Parallel()
		s := storetest.New(t)
		newDevice(t, device.Config{Store: s, Login: "porter", Password: "open-sesame-4711"})
		err := s.View(func(tx *store.Tx) error {
			a, err := tx.Account()
			if err != nil {
				return err
			}
			if text := fmt.Sprintf("%s %s %s", a.Login, a.Salt, a.Hash); strings.Contains(text, "sesame") || len(a.Salt) < 16 || len(a.Hash) != 32 {
				t.Errorf("stored account %q: want a salt of 16 bytes, a hash of 32 and no password", text)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
	t.Run("an account survives, and two of the same password differ on disk", func(t *testing.T) {
		t.Parallel()
		s := storetest.New(t)
		d := newDevice(t, device.Config{Store: s})
		if err := d.ChangeLogin("porter", "secret"); err != nil {
			t.Fatal(err)
		}
		again := newDevice(t, device.Config{Store: s})
		if _, err := again.Login("porter", "secret", "test"); err != nil {
			t.Errorf("after a restart the account is answered %v", err)
		}
	})
	t.Run("guessing gets slower and slower, and the owner is never kept waiting", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			d := newDevice(t, device.Config{})
			guess := func() time.Duration {
				began := time.Now()
				if _, err := d.Login(device.FactoryLogin, "guess", "10.0.0.9"); !errors.Is(err, device.ErrCredentials) {
					t.Fatalf("a guess is answered %v, want ErrCredentials", err)
				}
				return time.Since(began)
			}
			var waits []time.Duration
			for range 16 {
				waits = append(waits, guess())
			}
			for i, wait := range waits[:10] {
				if wait != 0 {
					t.Errorf("failure %d waits %v, want none yet", i+1, wait)
				}
			}
			for i := 11; i < len(waits); i++ {
				if waits[i] < waits[i-1] || waits[i] > 8*time.Second {
					t.Errorf("waits %v: want them growing up to 8 s", waits[10:])
					break
				}
			}
			if waits[11] == 0 {
				t.Error("the twelfth failure is answered at once")
			}
			began := time.Now()
			if _, err := d.Login(device.FactoryLogin, device.FactoryPassword, "10.0.0.9"); err != nil || time.Since(began) != 0 {
				t.Errorf("the owner, at the guesser's address: %v after %v, want in at once", err, time.Since(began))
			}
			time.Sleep(time.Minute) //nolint:forbidigo // the bubble's time, which costs none
			if wait := guess(); wait != 0 {
				t.Errorf("a minute later a failure waits %v, want none", wait)
			}
		})
	})
	t.Run("no log line tells a token or a password", func(t *testing.T) {
		t.Parallel()
		var log bytes.Buffer
		d := newDevice(t, device.Config{
			Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})), Password: "planted-password", CheckAccount: true,
		})
		token := d.OpenSession()
		d.Login("planted-login", "planted-guess", "test")
		d.SetPhoto(context.Background(), device.Upload{User: 1, Picture: []byte("planted-photo")})
		if text := log.String(); strings.Contains(text, "planted") || strings.Contains(text, token) {
			t.Errorf("the log tells a secret:\n%s", text)
		}
	})
}
