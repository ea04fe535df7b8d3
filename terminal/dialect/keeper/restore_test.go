package keeper_test

import (
	"bytes"
	"fmt"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"portaria/store"
	"portaria/store/backup"
	"portaria/store/schema"
	"portaria/terminal"
	"portaria/terminal/clock"
	"portaria/terminal/terminaltest"
	"portaria/testdata"
)

// archive seals data as a backup of an iDAccess.
func archive(t *testing.T, data []byte, change func(*backup.Header)) []byte {
	t.Helper()
	h := backup.Header{Schema: store.SchemaVersion, Model: "idaccess", Size: int64(len(data))}
	if change != nil {
		change(&h)
	}
	page, _, err := backup.Seal(h, bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return append(page, data...)
}

func TestRestore(t *testing.T) {
	t.Parallel()
	t.Run("replaces everything but the account, and ends the sessions", func(t *testing.T) {
		t.Parallel()
		for _, options := range [][]terminaltest.Option{nil, {terminaltest.Data(t.TempDir())}} {
			old := newSite(t, terminaltest.Data(t.TempDir()), terminaltest.Account("porter", "of the backup"))
			old.AddUser(1, "Ana")
			old.SetPhoto(1, picture(1))
			if _, err := old.Device().AddField(schema.Field{Table: "users", Name: "floor", Label: "Floor", Type: schema.Integer}); err != nil {
				t.Fatal(err)
			}
			data := old.backup()

			s := newSite(t, append(options, terminaltest.Account("porter", "of today"))...)
			s.AddUser(2, "Bia")
			s.SetPhoto(2, picture(2))
			// A column of its own, so that what is remembered of the columns is not
			// what comes.
			if _, err := s.Device().AddField(schema.Field{Table: "users", Name: "room", Label: "Room", Type: schema.Integer}); err != nil {
				t.Fatal(err)
			}
			s.ask(http.MethodPost, "/load_objects.fcgi", []byte(`{"object":"users"}`))
			session := s.session
			if got := s.restore(data, ""); got.member(t, "state") != "done" {
				t.Fatalf("%s", got.body)
			}
			if s.Device().SessionIsValid(session) {
				t.Error("a session outlived the restore")
			}
			if users := s.Users(); len(users) != 1 || users[0].Name != "Ana" {
				t.Errorf("users %v, want Ana", users)
			}
			if !slices.Equal(s.Photos(), []int64{1}) || s.Photo(1) == nil {
				t.Errorf("photos of %v, want 1", s.Photos())
			}
			got := s.ask(http.MethodPost, "/load_objects.fcgi", []byte(`{"object":"users"}`))
			if !strings.Contains(string(got.body), `"floor"`) || strings.Contains(string(got.body), `"room"`) {
				t.Errorf("columns of the data before: %s", got.body)
			}
			if _, err := s.Device().Login("porter", "of today", "test"); err != nil {
				t.Errorf("the account of today: %v", err)
			}
			if _, err := s.Device().Login("porter", "of the backup", "test"); err == nil {
				t.Error("the backup brought its account along")
			}
			// It is written to as any other.
			s.AddUser(3, "Caio")
			s.SetPhoto(3, picture(3))
			if len(s.Users()) != 2 || s.Photo(3) == nil {
				t.Error("nothing can be added")
			}
		}
	})
	t.Run("is there after the next start, with the account", func(t *testing.T) {
		t.Parallel()
		old := newSite(t)
		old.AddUser(1, "Ana")
		data := old.backup()
		dir := t.TempDir()
		t.Run("first", func(t *testing.T) {
			s := newSite(t, terminaltest.Data(dir), terminaltest.Account("porter", "secret"))
			s.AddUser(2, "Bia")
			if got := s.restore(data, ""); got.member(t, "state") != "done" {
				t.Fatalf("%s", got.body)
			}
			if left := leftovers(t, dir); len(left) > 0 {
				t.Errorf("%v left behind", left)
			}
		})
		s := newSite(t, terminaltest.Data(dir))
		if users := s.Users(); len(users) != 1 || users[0].Name != "Ana" {
			t.Errorf("users %v, want Ana", users)
		}
		if _, err := s.Device().Login("porter", "secret", "test"); err != nil {
			t.Error(err)
		}
	})
	t.Run("a face that came with it is known, and one that went is not", func(t *testing.T) {
		t.Parallel()
		ana, bruno := testdata.Photo("face-ana-320x240.jpg"), testdata.Photo("face-bruno-320x240.jpg")
		enrol := func(s *site, user int64, face []byte) string {
			path := fmt.Sprintf("/user_set_image.fcgi?user_id=%d&match=1&timestamp=1700000000", user)
			return string(s.ask(http.MethodPost, path, face).body)
		}
		old := newSite(t, terminaltest.Model("idface"))
		old.AddUser(1, "Ana")
		enrol(old, 1, ana)
		data := old.backup()
		s := newSite(t, terminaltest.Model("idface"))
		for user := range int64(3) {
			s.AddUser(user+1, "Somebody")
		}
		enrol(s, 1, bruno)
		if got := enrol(s, 2, bruno); !strings.Contains(got, "Face exists") {
			t.Fatalf("the same face before: %s", got)
		}
		if got := s.restore(data, ""); got.member(t, "state") != "done" {
			t.Fatalf("%s", got.body)
		}
		s.AddUser(2, "Bruno")
		s.AddUser(3, "Who")
		if got := enrol(s, 3, ana); !strings.Contains(got, "Face exists") {
			t.Errorf("a face that came: %s", got)
		}
		if got := enrol(s, 2, bruno); !strings.Contains(got, `"success":true`) {
			t.Errorf("a face that went: %s", got)
		}
	})
	t.Run("a picture that was converted before is not given for one that came", func(t *testing.T) {
		t.Parallel()
		when := terminaltest.With(func(c *terminal.Config) { c.Clock = clock.NewManual(time.Unix(1_700_000_000, 0)) })
		old := newSite(t, when)
		old.SetPhoto(1, testdata.Photo("plain-200x200.jpg"))
		data := old.backup()
		s := newSite(t, when)
		s.SetPhoto(1, testdata.Photo("plain-320x240.jpg"))
		before, err := s.Device().PNG(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.restore(data, ""); got.member(t, "state") != "done" {
			t.Fatalf("%s", got.body)
		}
		after, err := s.Device().PNG(t.Context(), 1)
		if err != nil || bytes.Equal(before.Data, after.Data) {
			t.Errorf("the picture of before, %v", err)
		}
	})
	t.Run("what is not whole, not right or not ours changes nothing", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		s := newSite(t, terminaltest.Data(dir))
		s.AddUser(1, "Ana")
		s.SetPhoto(1, picture(1))
		whole := s.backup()
		s.ask(http.MethodDelete, "/portaria/backup", nil)
		raw := whole[backup.HeaderSize:]
		flip := func(at int) []byte {
			bad := bytes.Clone(whole)
			bad[at] ^= 4
			return bad
		}
		zeroed := bytes.Clone(raw)
		clear(zeroed[3*4096 : 12*4096])
		newer := bytes.Clone(raw)
		tests := []struct {
			name string
			file []byte
			says string
		}{
			{"cut short", whole[:len(whole)-4096], "it should have"},
			{"longer", append(bytes.Clone(whole), make([]byte, 4096)...), "it should have"},
			{"a header alone", whole[:4096], "no backup"},
			{"a bit of the header", flip(40), "damaged"},
			{"a bit of the data", flip(len(whole) / 2), "damaged"},
			{"the last bit", flip(len(whole) - 1), "damaged"},
			{"a photo", picture(1), "no backup"},
			{"something large", make([]byte, 1<<20), "no backup"},
			{"a newer layout", bytes.Replace(bytes.Clone(whole), []byte("backup 1"), []byte("backup 2"), 1), "update the terminal first"},
			{"a newer schema", archive(t, newer, func(h *backup.Header) { h.Schema = store.SchemaVersion + 1 }), "update the terminal first"},
			{"a newer schema that its header hides", archive(t, withSchema(t, raw, store.SchemaVersion+1), nil), "newer"},
			{"another line of products", archive(t, raw, func(h *backup.Header) { h.Model = "idface" }), "accept=model"},
			{"a model of the future", archive(t, raw, func(h *backup.Header) { h.Model = "idface 2040" }), "accept=model"},
			{"data that were damaged when they were sealed", archive(t, zeroed, nil), "take an older one"},
			{"no data at all", archive(t, make([]byte, 64<<10), nil), "take an older one"},
		}
		for _, test := range tests {
			got := s.restore(test.file, "")
			text, _ := got.member(t, "error").(string)
			if !strings.Contains(text, test.says) {
				t.Errorf("%s: status %d, %s; want %q", test.name, got.status, got.body, test.says)
			}
			if len(s.Users()) != 1 || !bytes.Equal(s.Photo(1), picture(1)) || !s.Device().SessionIsValid(s.session) {
				t.Fatalf("%s: the data or the session are others", test.name)
			}
			if left := leftovers(t, dir); len(left) > 0 {
				t.Errorf("%s: %v left behind", test.name, left)
			}
		}
		if got := s.restore(archive(t, raw, func(h *backup.Header) { h.Model = "idface" }), "&accept=model"); got.member(t, "state") != "done" {
			t.Errorf("another line, accepted: %s", got.body)
		}
	})
	t.Run("a backup with a damaged photo is restored when that is accepted", func(t *testing.T) {
		t.Parallel()
		old := damagedSite(t)
		data := old.backup()
		s := newSite(t, terminaltest.Data(t.TempDir()))
		got := s.restore(data, "")
		if text, _ := got.member(t, "error").(string); !strings.Contains(text, "accept=damaged") || len(s.Photos()) > 0 {
			t.Errorf("%s, photos of %v", got.body, s.Photos())
		}
		if got := s.restore(data, "&accept=damaged"); got.member(t, "state") != "done" {
			t.Fatalf("accepted: %s", got.body)
		}
		if s.Photo(1) == nil || s.Photo(3) == nil {
			t.Error("the sound photos are not there")
		}
		if got := s.ask(http.MethodGet, "/user_get_image.fcgi?user_id=2", nil); got.status == http.StatusOK {
			t.Error("the damaged photo is served")
		}
	})
	t.Run("a piece out of order is told where to go on", func(t *testing.T) {
		t.Parallel()
		s := newSite(t)
		data := s.backup()
		put := func(at, size int, piece []byte) answer {
			return s.ask(http.MethodPut, fmt.Sprintf("/portaria/restore?offset=%d&size=%d", at, size), piece)
		}
		if got := put(5000, len(data), data[5000:6000]); got.status != http.StatusConflict || got.member(t, "received") != 0.0 {
			t.Errorf("at first: status %d, %s", got.status, got.body)
		}
		put(0, len(data), data[:5000])
		for _, at := range []int{4999, 5001, 9000} {
			if got := put(at, len(data), data[at:at+1]); got.status != http.StatusConflict || got.member(t, "received") != 5000.0 {
				t.Errorf("at %d: status %d, %s", at, got.status, got.body)
			}
		}
		if got := put(5000, len(data)+4096, data[5000:5001]); got.status != http.StatusConflict {
			t.Errorf("another size: status %d, %s", got.status, got.body)
		}
		if got := put(5000, len(data), append(bytes.Clone(data[5000:]), 0)); got.status != http.StatusBadRequest && got.status != http.StatusRequestEntityTooLarge {
			t.Errorf("beyond the end: status %d, %s", got.status, got.body)
		}
		if got := put(5000, len(data), nil); got.status != http.StatusBadRequest {
			t.Errorf("an empty piece: status %d, %s", got.status, got.body)
		}
		if got := s.ask(http.MethodPost, "/portaria/restore", nil); got.status != http.StatusConflict {
			t.Errorf("half a backup: status %d, %s", got.status, got.body)
		}
		// From the beginning, byte by byte across the header.
		put(0, len(data), data[:4095])
		put(4095, len(data), data[4095:4096])
		if got := put(4096, len(data), data[4096:4097]); got.status != http.StatusOK || got.member(t, "header") == nil {
			t.Errorf("across the header: status %d, %s", got.status, got.body)
		}
		if got := s.ask(http.MethodDelete, "/portaria/restore", nil); got.member(t, "state") != "none" {
			t.Errorf("deleted: %s", got.body)
		}
	})
	t.Run("an upload that does not go on goes", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		s := newSite(t, terminaltest.Data(dir))
		data := s.backup()
		s.ask(http.MethodDelete, "/portaria/backup", nil)
		s.ask(http.MethodPut, fmt.Sprintf("/portaria/restore?offset=0&size=%d", len(data)), data[:8192])
		if left := leftovers(t, dir); len(left) != 1 {
			t.Errorf("%v there, want the upload", left)
		}
		s.Advance(16 * time.Minute)
		s.askBare(http.MethodGet, "/portaria/health", nil)
		if left := leftovers(t, dir); len(left) > 0 {
			t.Errorf("%v left behind", left)
		}
	})
	t.Run("a piece of a megabyte travels, a larger one does not", func(t *testing.T) {
		t.Parallel()
		s := newSite(t)
		head := archive(t, make([]byte, 4<<20), nil)
		if got := s.ask(http.MethodPut, fmt.Sprintf("/portaria/restore?offset=0&size=%d", len(head)), head[:1<<20]); got.status != http.StatusOK {
			t.Errorf("status %d, %s", got.status, got.body)
		}
		if got := s.ask(http.MethodPut, fmt.Sprintf("/portaria/restore?offset=0&size=%d", len(head)), head[:1<<20+1]); got.status != http.StatusRequestEntityTooLarge {
			t.Errorf("one byte more: status %d, %s", got.status, got.body)
		}
	})
	t.Run("a size that no disk has is refused in numbers that make sense", func(t *testing.T) {
		t.Parallel()
		s := newSite(t, terminaltest.Data(t.TempDir()))
		got := s.ask(http.MethodPut, fmt.Sprintf("/portaria/restore?offset=0&size=%d", int64(math.MaxInt64)), make([]byte, 5000))
		text, _ := got.member(t, "error").(string)
		if got.status != http.StatusInsufficientStorage || !strings.Contains(text, "disk: 8796093022224 MB are needed") {
			t.Errorf("status %d, %s", got.status, got.body)
		}
	})
	t.Run("more than the capacity is refused and changes nothing", func(t *testing.T) {
		t.Parallel()
		old := newSite(t, terminaltest.Data(t.TempDir()))
		for user := range int64(150) {
			old.SetPhoto(user+1, picture(0))
		}
		data := old.backup()
		s := newSite(t, terminaltest.Data(t.TempDir()), terminaltest.With(func(c *terminal.Config) { c.Capacity = 1 << 20 }))
		s.AddUser(7, "Gil")
		got := s.restore(data, "")
		if text, _ := got.member(t, "error").(string); !strings.Contains(text, "no room") {
			t.Errorf("%d bytes: %s", len(data), got.body)
		}
		if len(s.Users()) != 1 {
			t.Error("the data are others")
		}
	})
}

// withSchema changes the version that data say they have.
func withSchema(t *testing.T, raw []byte, version byte) []byte {
	t.Helper()
	key := []byte("schema\x00\x00\x00")
	if bytes.Count(raw, key) < 1 {
		t.Fatal("the version is not found in the data")
	}
	return bytes.ReplaceAll(bytes.Clone(raw), append(key, store.SchemaVersion), append(slices.Clone(key), version))
}

// damagedSite is a terminal with three photos, of which that of user 2 is damaged
// on the disk.
func damagedSite(t *testing.T) *site {
	t.Helper()
	dir := t.TempDir()
	t.Run("before the damage", func(t *testing.T) {
		s := newSite(t, terminaltest.Data(dir))
		for user := range int64(3) {
			s.SetPhoto(user+1, picture(user+1))
		}
	})
	path := filepath.Join(dir, "portaria.db")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(data, picture(2)[len(picture(2))/2:][:100])
	if at < 0 {
		t.Fatal("the photo is not found in the file")
	}
	data[at] ^= 1
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return newSite(t, terminaltest.Data(dir))
}
