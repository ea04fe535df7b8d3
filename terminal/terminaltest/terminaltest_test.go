package terminaltest_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"portaria/terminal"
	"portaria/terminal/device"
	"portaria/terminal/terminaltest"
)

func TestNew(t *testing.T) {
	t.Parallel()
	t.Run("twenty terminals know nothing of each other", func(t *testing.T) {
		t.Parallel()
		var terminals []*terminaltest.Terminal
		for i := range 20 {
			tm := terminaltest.New(t)
			tm.SetPhoto(int64(i+1), portrait())
			terminals = append(terminals, tm)
		}
		for i, tm := range terminals {
			if diff := cmp.Diff([]int64{int64(i + 1)}, tm.Photos()); diff != "" {
				t.Errorf("terminal %d (-want +got):\n%s", i, diff)
			}
		}
	})
	t.Run("a data folder outlives its terminal", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		t.Run("first", func(t *testing.T) {
			tm := terminaltest.New(t, terminaltest.Data(dir))
			tm.AddUser(1, "Ana")
			tm.SetPhoto(1, portrait())
		})
		t.Run("second", func(t *testing.T) {
			tm := terminaltest.New(t, terminaltest.Data(dir))
			if diff := cmp.Diff([]device.User{{ID: 1, Name: "Ana"}}, tm.Users()); diff != "" {
				t.Errorf("users (-want +got):\n%s", diff)
			}
			if tm.Photo(1) == nil || tm.Photo(2) != nil {
				t.Error("want the photo of user 1 and none of user 2")
			}
			tm.DeleteUser(1)
			if users := tm.Users(); len(users) != 0 {
				t.Errorf("users %v, want none", users)
			}
		})
	})
	t.Run("time passes as the test says, inside a bubble too", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			tm := terminaltest.New(t, terminaltest.InBubble(), terminaltest.Account("porter", "secret"),
				terminaltest.With(func(c *terminal.Config) { c.SessionIdle = time.Minute }))
			session := tm.Login()
			tm.Advance(30 * time.Second)
			time.Sleep(29 * time.Second)
			if !tm.Device().SessionIsValid(session) {
				t.Error("a session died after 59 s of its minute")
			}
			tm.Advance(time.Minute)
			if tm.Device().SessionIsValid(session) {
				t.Error("a session outlived its minute")
			}
			answer, err := tm.Client().Get(tm.URL + "/session_is_valid.fcgi")
			if err != nil {
				t.Fatal(err)
			}
			answer.Body.Close()
		})
	})
	t.Run("a terminal that is closed answers no more", func(t *testing.T) {
		t.Parallel()
		tm, err := terminal.Open(terminal.Config{Ephemeral: true, PasswordCost: 1})
		if err != nil {
			t.Fatal(err)
		}
		if err := tm.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
		if _, err := tm.Device().Photos(); err == nil {
			t.Error("a closed terminal lists photos")
		}
	})
}
