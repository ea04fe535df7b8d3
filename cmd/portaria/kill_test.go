package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// How much TestKill does. Under emulation a tenth must do.
const (
	uploaders = 64
	kills     = 4
)

func photosToKeep() int64 {
	if runtime.GOARCH == "amd64" && !testing.Short() {
		return 10_000
	}
	return 1_000
}

// TestKill uploads photos from many clients to the real program, kills it with
// signal 9 in the middle of it, several times, and then asks for every photo
// that was ever acknowledged.
func TestKill(t *testing.T) {
	t.Parallel()
	pictures := drawPictures(t, 61)
	dir := t.TempDir()
	var acknowledged sync.Map // user id -> nothing
	var next, kept atomic.Int64
	total := photosToKeep()

	for round := range int64(kills + 1) {
		terminal := start(t, dir)
		stopAt := total * (round + 1) / (kills + 1)
		var group sync.WaitGroup
		for range uploaders {
			group.Go(func() {
				for {
					if kept.Load() >= total {
						return
					}
					user := next.Add(1)
					err := terminal.upload(user, pictures[user%int64(len(pictures))])
					if errors.Is(err, errGone) {
						return // not acknowledged, so nothing is owed
					}
					if err != nil {
						t.Errorf("round %d: %v", round, err)
						return
					}
					acknowledged.Store(user, nil)
					if n := kept.Add(1); n == stopAt && round < kills {
						terminal.kill()
						return
					}
					if user%32 == 0 {
						if err := terminal.verify(user, pictures[user%int64(len(pictures))]); err != nil && !errors.Is(err, errGone) {
							t.Errorf("round %d: %v", round, err)
						}
					}
				}
			})
		}
		group.Wait()
		if round == kills {
			terminal.verifyAll(t, &acknowledged, pictures)
		}
		terminal.kill()
	}
	if n := kept.Load(); n < total {
		t.Errorf("%d photos were acknowledged, want %d", n, total)
	}
}

// served is a terminal in a process of its own.
type served struct {
	url     string
	session string
	process *exec.Cmd
	client  *http.Client
	once    sync.Once
}

var errGone = errors.New("the terminal is gone")

// start starts one that keeps all it writes in dir, with more flags than that takes.
func start(t *testing.T, dir string, flags ...string) *served {
	t.Helper()
	return startOn(t, filepath.Join(dir, "data"), filepath.Join(dir, "ready.json"), flags...)
}

// startOn starts one with its data folder and its ready file in different places.
func startOn(t *testing.T, data, ready string, flags ...string) *served {
	t.Helper()
	s := answering(t, data, ready, flags...)
	if err := s.login(); err != nil {
		t.Fatal(err)
	}
	return s
}

// answering starts one and opens no session.
func answering(t *testing.T, data, ready string, flags ...string) *served {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	_ = os.Remove(ready)
	var log bytes.Buffer
	s := &served{
		process: &exec.Cmd{
			Path:   self,
			Args:   append([]string{"portaria", "serve", "--listen", "127.0.0.1:0", "--data", data, "--ready-file", ready}, flags...),
			Stderr: &log,
		},
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: uploaders}, Timeout: patience},
	}
	if err := s.process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.kill)
	deadline := time.Now().Add(patience)
	for {
		text, err := os.ReadFile(ready)
		if err == nil {
			var answer struct{ URL string }
			if err := json.Unmarshal(text, &answer); err != nil {
				t.Fatal(err)
			}
			s.url = answer.URL
			break
		}
		if time.Now().After(deadline) {
			s.kill()
			t.Fatalf("the terminal is not ready:\n%s", log.Bytes())
		}
		<-time.After(2 * time.Millisecond)
	}
	return s
}

func (s *served) login() error {
	answer, err := s.client.Post(s.url+"/login.fcgi", "", bytes.NewReader([]byte(`{"login":"admin","password":"admin"}`)))
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	var login struct{ Session string }
	if err := json.NewDecoder(answer.Body).Decode(&login); err != nil || login.Session == "" {
		return fmt.Errorf("login: %s, %w", answer.Status, err)
	}
	s.session = login.Session
	return nil
}

func (s *served) kill() {
	s.once.Do(func() {
		_ = s.process.Process.Kill()
		_ = s.process.Wait()
		s.client.CloseIdleConnections()
	})
}

// do sends one request, or returns errGone.
func (s *served) do(method, path string, user int64, body []byte) (status int, text []byte, err error) {
	url := fmt.Sprintf("%s%s?user_id=%d&session=%s", s.url, path, user, s.session)
	request, err := http.NewRequest(method, url, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	answer, err := s.client.Do(request)
	if err != nil {
		return 0, nil, errGone
	}
	defer answer.Body.Close()
	if text, err = io.ReadAll(answer.Body); err != nil {
		return 0, nil, errGone
	}
	return answer.StatusCode, text, nil
}

func (s *served) upload(user int64, picture []byte) error {
	status, body, err := s.do(http.MethodPost, "/user_set_image.fcgi", user, picture)
	if err == nil && (status != http.StatusOK || string(body) != "{}") {
		err = fmt.Errorf("photo of user %d: status %d, %s", user, status, body)
	}
	return err
}

func (s *served) verify(user int64, picture []byte) error {
	status, body, err := s.do(http.MethodGet, "/user_get_image.fcgi", user, nil)
	if err == nil && (status != http.StatusOK || !bytes.Equal(body, picture)) {
		err = fmt.Errorf("photo of user %d: status %d, %d bytes that are not what was acknowledged", user, status, len(body))
	}
	return err
}

// verifyAll asks for every acknowledged photo.
func (s *served) verifyAll(t *testing.T, acknowledged *sync.Map, pictures [][]byte) {
	t.Helper()
	users := make(chan int64)
	var group sync.WaitGroup
	var verified atomic.Int64
	for range uploaders {
		group.Go(func() {
			for user := range users {
				if err := s.verify(user, pictures[user%int64(len(pictures))]); err != nil {
					t.Error(err)
					continue
				}
				verified.Add(1)
			}
		})
	}
	acknowledged.Range(func(user, _ any) bool {
		users <- user.(int64)
		return true
	})
	close(users)
	group.Wait()
	t.Logf("%d photos verified after %d kills", verified.Load(), kills)
}

// drawPictures draws n pictures that differ in every byte that matters.
func drawPictures(t *testing.T, n int) [][]byte {
	t.Helper()
	pictures := make([][]byte, n)
	for i := range pictures {
		m := image.NewRGBA(image.Rect(0, 0, 48, 64))
		for y := range 64 {
			for x := range 48 {
				m.Set(x, y, color.RGBA{uint8(x * i), uint8(y * (n - i)), uint8(4 * i), 255})
			}
		}
		var out bytes.Buffer
		if err := jpeg.Encode(&out, m, nil); err != nil {
			t.Fatal(err)
		}
		pictures[i] = out.Bytes()
	}
	return pictures
}
