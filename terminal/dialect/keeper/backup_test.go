package keeper_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"portaria/store"
	"portaria/store/backup"
	"portaria/terminal"
	"portaria/terminal/device"
	"portaria/terminal/terminaltest"
)

// open checks a backup as its reader does and returns the users with a photo.
func open(t *testing.T, data []byte) (backup.Header, []int64) {
	t.Helper()
	h, err := backup.Verify(data[:backup.HeaderSize], bytes.NewReader(data[backup.HeaderSize:]))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "portaria.db")
	if err := os.WriteFile(path, data[backup.HeaderSize:], 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := store.CheckFile(t.Context(), path, nil)
	if err != nil || r.Found > 0 {
		t.Fatalf("check: %v, %q", err, r.Problems)
	}
	s, err := store.Open(store.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var users []int64
	err = s.View(func(tx *store.Tx) error {
		for p := range tx.Photos() {
			users = append(users, p.User)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return h, users
}

func TestBackup(t *testing.T) {
	t.Parallel()
	t.Run("holds what was there, says what it is, and leaves nothing behind", func(t *testing.T) {
		t.Parallel()
		for _, model := range device.Models() {
			dir := t.TempDir()
			s := newSite(t, terminaltest.Data(dir), terminaltest.Model(model), terminaltest.With(func(c *terminal.Config) {
				c.Version, c.Faces, c.UnknownUsers = "7.1", "off", "accept"
			}))
			for user := range int64(5) {
				s.SetPhoto(user+1, picture(user+1))
			}
			h, users := open(t, s.backup())
			if !slices.Equal(users, []int64{1, 2, 3, 4, 5}) {
				t.Errorf("%s: photos of %v", model, users)
			}
			if h.Model != model || h.Version != "7.1" || h.Serial == "" || h.Schema != store.SchemaVersion || h.Created == 0 {
				t.Errorf("%s: header %+v", model, h)
			}
			if got := s.ask(http.MethodDelete, "/portaria/backup?id=else", nil); got.member(t, "state") != "ready" {
				t.Errorf("%s: after another one was deleted: %s", model, got.body)
			}
			if got := s.ask(http.MethodDelete, "/portaria/backup", nil); got.member(t, "state") != "none" {
				t.Errorf("%s: after it was deleted: %s", model, got.body)
			}
			if left := leftovers(t, dir); len(left) > 0 {
				t.Errorf("%s: %v left behind", model, left)
			}
		}
	})
	t.Run("of a terminal in memory is one, too", func(t *testing.T) {
		t.Parallel()
		s := newSite(t)
		s.SetPhoto(3, picture(3))
		if _, users := open(t, s.backup()); !slices.Equal(users, []int64{3}) {
			t.Errorf("photos of %v", users)
		}
	})
	t.Run("under writes is of one moment, with every photo acknowledged before", func(t *testing.T) {
		t.Parallel()
		s := newSite(t, terminaltest.Data(t.TempDir()))
		var next, acknowledged atomic.Int64
		var stop atomic.Bool
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				for !stop.Load() {
					user := next.Add(1)
					s.SetPhoto(user, picture(user))
					acknowledged.Add(1)
				}
			})
		}
		// Which of them are acknowledged is only known when all before are.
		for acknowledged.Load() < 100 {
			runtime.Gosched()
		}
		for range 5 {
			stop.Store(true)
			group.Wait()
			before := next.Load()
			stop.Store(false)
			for range 8 {
				group.Go(func() {
					for !stop.Load() {
						user := next.Add(1)
						s.SetPhoto(user, picture(user))
					}
				})
			}
			_, users := open(t, s.backup())
			for user := int64(1); user <= before; user++ {
				if _, ok := slices.BinarySearch(users, user); !ok {
					t.Errorf("photo of user %d was acknowledged before and is missing", user)
				}
			}
		}
		stop.Store(true)
		group.Wait()
	})
	t.Run("while all photos are deleted is of before or after", func(t *testing.T) {
		t.Parallel()
		s := newSite(t, terminaltest.Data(t.TempDir()))
		for range 5 {
			for user := range int64(200) {
				s.SetPhoto(user+1, picture(user+1))
			}
			var group sync.WaitGroup
			group.Go(func() {
				if err := s.Device().DeletePhotos(device.PhotoSelection{All: true}); err != nil {
					t.Error(err)
				}
			})
			if _, users := open(t, s.backup()); len(users) != 0 && len(users) != 200 {
				t.Errorf("%d photos", len(users))
			}
			group.Wait()
		}
	})
	t.Run("is handed out piece by piece as asked for, to who has its name", func(t *testing.T) {
		t.Parallel()
		s := newSite(t, terminaltest.Data(t.TempDir()))
		whole := s.backup()
		id := s.ask(http.MethodGet, "/portaria/backup", nil).member(t, "id")
		for _, test := range []struct {
			offset, length, status int
		}{
			{0, 1, 200},
			{4095, 2, 200},
			{len(whole) - 1, 1 << 20, 200},
			{len(whole), 1, 200},
			{len(whole) + 1, 1, 416},
			{0, 0, 400},
			{0, 1<<20 + 1, 400},
		} {
			got := s.ask(http.MethodGet, fmt.Sprintf("/portaria/backup/data?id=%s&offset=%d&length=%d", id, test.offset, test.length), nil)
			if got.status != test.status {
				t.Errorf("%+v: status %d, %.100s", test, got.status, got.body)
			}
			if want := whole[min(test.offset, len(whole)):min(test.offset+test.length, len(whole))]; got.status == 200 && !bytes.Equal(got.body, want) {
				t.Errorf("%+v: %d bytes that are not the backup's", test, len(got.body))
			}
		}
		for _, query := range []string{"", "offset=0", "offset=-1&length=5", "offset=99999999999999999999&length=5", "offset=0&length=x"} {
			if got := s.ask(http.MethodGet, "/portaria/backup/data?"+query, nil); got.status != http.StatusBadRequest {
				t.Errorf("%s: status %d, %s", query, got.status, got.body)
			}
		}
		s.backup()
		got := s.ask(http.MethodGet, fmt.Sprintf("/portaria/backup/data?id=%s&offset=0&length=1", id), nil)
		if got.status != http.StatusGone {
			t.Errorf("a piece of the one before: status %d, %s", got.status, got.body)
		}
	})
	t.Run("that nobody fetches goes", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		s := newSite(t, terminaltest.Data(dir))
		s.backup()
		s.Advance(14 * time.Minute)
		s.askBare(http.MethodGet, "/portaria/health", nil)
		if left := leftovers(t, dir); len(left) != 1 {
			t.Errorf("%v there, want the snapshot", left)
		}
		s.Advance(2 * time.Minute)
		s.askBare(http.MethodGet, "/portaria/health", nil)
		if left := leftovers(t, dir); len(left) > 0 {
			t.Errorf("%v left behind", left)
		}
	})
	t.Run("what a killed terminal left is gone after the next start", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		for _, name := range []string{"portaria.db.snapshot", "portaria.db.upload"} {
			if err := os.WriteFile(filepath.Join(dir, name), make([]byte, 1000), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		newSite(t, terminaltest.Data(dir))
		if left := leftovers(t, dir); len(left) > 0 {
			t.Errorf("%v left behind", left)
		}
	})
	t.Run("tells of the photos that are damaged, and holds the rest", func(t *testing.T) {
		t.Parallel()
		s := damagedSite(t)
		s.backup()
		got := s.ask(http.MethodGet, "/portaria/backup", nil)
		check := got.member(t, "check").(map[string]any)
		if fmt.Sprint(check["damaged_photos"]) != "[2]" || check["photos"] != 3.0 {
			t.Errorf("%s", got.body)
		}
	})
}

// One at a time: while one is held up, others are told so.
func TestBusy(t *testing.T) {
	t.Parallel()
	hold := make(chan struct{})
	s := newSite(t, terminaltest.With(func(c *terminal.Config) {
		c.CheckFile = func(ctx context.Context, path string, progress func(done, total int)) (store.Report, error) {
			select {
			case <-hold:
			case <-ctx.Done():
				return store.Report{}, ctx.Err()
			}
			return store.CheckFile(ctx, path, progress)
		}
	}))
	if got := s.ask(http.MethodPost, "/portaria/check", nil); got.status != http.StatusAccepted {
		t.Fatalf("status %d, %s", got.status, got.body)
	}
	for _, page := range []string{"/portaria/check", "/portaria/backup"} {
		got := s.ask(http.MethodPost, page, nil)
		if got.status != http.StatusConflict || got.member(t, "error") != "a check is under way; ask again when it has ended" {
			t.Errorf("%s: status %d, %s", page, got.status, got.body)
		}
	}
	if got := s.ask(http.MethodGet, "/portaria/status", nil); got.member(t, "under_way") != "check" {
		t.Errorf("status says %s", got.body)
	}
	close(hold)
	if got := s.wait("/portaria/check"); got.member(t, "state") != "done" {
		t.Errorf("at the end: %s", got.body)
	}
}

// A terminal that stops does not wait for what takes its time.
func TestStopWhileBusy(t *testing.T) {
	t.Parallel()
	tm, err := terminal.Open(terminal.Config{Ephemeral: true, PasswordCost: 1, CheckFile: func(ctx context.Context, _ string, _ func(done, total int)) (store.Report, error) {
		<-ctx.Done()
		return store.Report{}, ctx.Err()
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := tm.Close(context.Background()); err != nil {
		t.Error(err)
	}
}
