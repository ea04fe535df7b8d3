package fcgi

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/valyala/fasthttp"
	"github.com/valyala/fasthttp/fasthttputil"

	"portaria/store"
	"portaria/store/schema"
	"portaria/terminal/clock"
	"portaria/terminal/device"
	"portaria/terminal/dialect"
)

// server is the Access API on a listener in memory, over a store in its hands.
type server struct {
	api     *API
	store   *store.Store
	ln      *fasthttputil.InmemoryListener
	session string
}

func newServer(t *testing.T) *server {
	t.Helper()
	profile, err := device.ProfileOf("idface")
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(store.Options{Ephemeral: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	d, err := device.New(device.Config{Store: s, Profile: profile, PasswordCost: 1})
	if err != nil {
		t.Fatal(err)
	}
	srv := &server{api: New(d), store: s, ln: fasthttputil.NewInmemoryListener(), session: d.OpenSession()}
	var web fasthttp.Server
	dialect.NewFront(clock.System{}, slog.New(slog.DiscardHandler), srv.api).Install(&web)
	served := make(chan error, 1)
	go func() { served <- web.Serve(srv.ln) }()
	t.Cleanup(func() {
		if err := web.Shutdown(); err != nil {
			t.Error(err)
		}
		<-served
	})
	return srv
}

// fill adds users with so long names that their answer needs many blocks.
func (s *server) fill(t *testing.T, users, name int) {
	t.Helper()
	table := s.api.device.Schema().Table("users")
	rows := make([]schema.Row, users)
	for i := range rows {
		rows[i] = schema.Row{{Column: table.Column("name"), Value: schema.Text(strings.Repeat("x", name))}}
	}
	if _, err := s.api.device.Create("users", rows); err != nil {
		t.Fatal(err)
	}
}

func (s *server) ask(t *testing.T, command, body string) (net.Conn, *bufio.Reader) {
	t.Helper()
	conn, err := s.ln.Dial()
	if err != nil {
		t.Fatal(err)
	}
	_, err = fmt.Fprintf(conn, "POST /%s.fcgi?session=%s HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s", command, s.session, len(body), body)
	if err != nil {
		t.Fatal(err)
	}
	return conn, bufio.NewReader(conn)
}

// patience bounds the waits. It is not a time that anything is asserted to take.
const patience = 5 * time.Minute

func (s *server) wantRoom(t *testing.T) {
	t.Helper()
	for end := time.Now().Add(patience); s.api.room.Free() != roomForAnswers; (clock.System{}).Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d bytes of room are free, want %d", s.api.room.Free(), roomForAnswers)
		}
	}
}

func TestLongAnswers(t *testing.T) {
	t.Parallel()
	const users, name = 2000, 3000
	question := `{"object":"users","fields":["id","name"]}`
	t.Run("a slow reader holds no transaction", func(t *testing.T) {
		t.Parallel()
		s := newServer(t)
		s.fill(t, users, name)
		conn, reader := s.ask(t, "load_objects", question)
		defer conn.Close()
		if _, err := reader.Peek(1); err != nil {
			t.Fatal(err)
		}
		if s.api.room.Free() == roomForAnswers {
			t.Error("an answer of megabytes takes no room")
		}
		s.fill(t, 1, 1) // the terminal goes on
		closed := make(chan error, 1)
		go func() { closed <- s.store.Close() }()
		select {
		case err := <-closed: // which waits for transactions
			if err != nil {
				t.Error(err)
			}
		case <-time.After(patience):
			t.Fatal("the store cannot be closed while somebody reads an answer")
		}
		answer, err := http.ReadResponse(reader, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		var got struct{ Users []struct{ ID int } }
		if err := json.NewDecoder(answer.Body).Decode(&got); err != nil || len(got.Users) != users {
			t.Errorf("%d users, %v; want the %d that there were", len(got.Users), err, users)
		}
		s.wantRoom(t)
	})
	t.Run("a reader that goes away gives the room back", func(t *testing.T) {
		t.Parallel()
		s := newServer(t)
		s.fill(t, users, name)
		for _, command := range []string{"load_objects", "export_objects"} {
			conn, reader := s.ask(t, command, `{"object":"users","objects":[{"object":"users"}]}`)
			if _, err := reader.Peek(1); err != nil {
				t.Fatal(err)
			}
			conn.Close()
			s.wantRoom(t)
		}
	})
	t.Run("what does not fit is refused, and takes nothing", func(t *testing.T) {
		t.Parallel()
		s := newServer(t)
		s.api.room = dialect.NewRoom(1 << 20)
		s.fill(t, 400, name)
		for _, command := range []string{"load_objects", "export_objects"} {
			conn, reader := s.ask(t, command, `{"object":"users","objects":[{"object":"users"},{"object":"groups"}]}`)
			answer, err := http.ReadResponse(reader, nil)
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(answer.Body)
			answer.Body.Close()
			conn.Close()
			if want := `{"error":"out of memory","code":1}`; answer.StatusCode != 400 || string(body) != want {
				t.Errorf("%s: %d %.100s, want 400 %s", command, answer.StatusCode, body, want)
			}
			if free := s.api.room.Free(); free != 1<<20 {
				t.Errorf("%d bytes of room are free, want %d", free, 1<<20)
			}
		}
	})
	t.Run("photos and their list take room, too", func(t *testing.T) {
		t.Parallel()
		s := newServer(t)
		const photos, large = 20_000, 100
		err := s.store.Update(0, func(tx *store.Tx) error {
			for user := range int64(photos) {
				jpeg := make([]byte, 10)
				if user < large {
					jpeg = make([]byte, 20_000)
				}
				if err := tx.PutPhoto(store.Photo{User: user + 1, Timestamp: 1_700_000_000, JPEG: jpeg}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		wanted := make([]int, large)
		for i := range wanted {
			wanted[i] = i + 1
		}
		ids, _ := json.Marshal(map[string]any{"user_ids": wanted})
		questions := []struct {
			command, body string
			items         int
		}{{"user_list_images", "", photos}, {"user_get_image_list", string(ids), large}}
		for _, q := range questions {
			conn, reader := s.ask(t, q.command, q.body)
			answer, err := http.ReadResponse(reader, nil)
			if err != nil {
				t.Fatal(err)
			}
			var got map[string][]any
			if err := json.NewDecoder(answer.Body).Decode(&got); err != nil || len(got["user_ids"])+len(got["user_images"]) != q.items {
				t.Errorf("%s: %d %d items, %v; want %d", q.command, answer.StatusCode, len(got["user_ids"])+len(got["user_images"]), err, q.items)
			}
			answer.Body.Close()
			conn.Close()
			s.wantRoom(t)
		}
		s.api.room = dialect.NewRoom(1) // one block
		for _, q := range questions {
			conn, reader := s.ask(t, q.command, q.body)
			answer, err := http.ReadResponse(reader, nil)
			if err != nil {
				t.Fatal(err)
			}
			if body, _ := io.ReadAll(answer.Body); !strings.Contains(string(body), textOutOfMemory) {
				t.Errorf("%s without room: %d %.100s, want %s", q.command, answer.StatusCode, body, textOutOfMemory)
			}
			answer.Body.Close()
			conn.Close()
		}
	})
	t.Run("a body over the limit is refused in other words than a photo", func(t *testing.T) {
		t.Parallel()
		s := newServer(t)
		conn, reader := s.ask(t, "load_objects", `{"object":"`+strings.Repeat("x", maxObjectQuestion)+`"}`)
		defer conn.Close()
		answer, err := http.ReadResponse(reader, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		if body, _ := io.ReadAll(answer.Body); answer.StatusCode != statusTooManyBytes || !strings.Contains(string(body), textBodyTooLarge) {
			t.Errorf("%d %.100s, want %d %s", answer.StatusCode, body, statusTooManyBytes, textBodyTooLarge)
		}
	})
}
