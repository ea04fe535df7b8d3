package terminal_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"sync"
	"testing"
	"time"

	"portaria/terminal"
	"portaria/testdata"
)

// opened is a terminal that does not serve yet, and what it is to listen on.
func opened(t *testing.T) (*terminal.Terminal, net.Listener) {
	t.Helper()
	tm, err := terminal.Open(terminal.Config{Ephemeral: true, PasswordCost: 1})
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return tm, ln
}

func TestClose(t *testing.T) {
	t.Parallel()
	t.Run("a call in progress is answered", func(t *testing.T) {
		t.Parallel()
		tm, ln := opened(t)
		served := make(chan error, 1)
		go func() { served <- tm.Serve(ln) }()
		url := "http://" + ln.Addr().String()
		photo := testdata.Photo("plain-320x240.jpg")
		token := tm.Device().OpenSession()
		answers := make(chan error, 1)
		begun := make(chan struct{})
		go func() {
			// The body is sent once the terminal has asked for it: before that
			// nobody knows whether the connection has been accepted.
			call, err := http.NewRequest(http.MethodPost, url+"/user_set_image.fcgi?user_id=1&session="+token, &slowReader{photo: photo, begun: begun})
			if err != nil {
				answers <- err
				return
			}
			call.Header.Set("Expect", "100-continue")
			client := http.Client{Transport: &http.Transport{ExpectContinueTimeout: time.Minute}}
			answer, err := client.Do(call)
			if err == nil {
				answer.Body.Close()
				if answer.StatusCode != http.StatusOK {
					err = errors.New(answer.Status)
				}
			}
			answers <- err
		}()
		<-begun
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := tm.Close(ctx); err != nil {
			t.Errorf("Close: %v", err)
		}
		if err := <-answers; err != nil {
			t.Errorf("the call in progress: %v", err)
		}
		if err := <-served; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	t.Run("a call that never ends does not keep it from closing well", func(t *testing.T) {
		t.Parallel()
		tm, ln := opened(t)
		served := make(chan error, 1)
		go func() { served <- tm.Serve(ln) }()
		conn, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprintf(conn, "POST /user_set_image.fcgi?user_id=1&session=%s HTTP/1.1\r\nHost: terminal\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n", tm.Device().OpenSession())
		if _, err := io.ReadFull(conn, make([]byte, len("HTTP/1.1 100 Continue"))); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if err := tm.Close(ctx); err != nil {
			t.Errorf("Close: %v", err)
		}
		if err := <-served; err != nil {
			t.Errorf("Serve: %v", err)
		}
		_, _ = io.Copy(io.Discard, conn) // ends, since it has been cut off
	})
	t.Run("a terminal that was closed before it served serves nobody", func(t *testing.T) {
		t.Parallel()
		tm, ln := opened(t)
		if err := tm.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
		if err := tm.Serve(ln); err != nil {
			t.Errorf("Serve after Close: %v", err)
		}
		// Its port may be somebody else's by now.
		if _, err := ln.Accept(); err == nil {
			t.Error("the listener is still open")
		}
	})
	t.Run("a configuration that means nothing opens nothing", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir() + "/data"
		for _, c := range []terminal.Config{
			{}, {Data: dir, Model: "x"}, {Data: dir, Faces: "x"}, {Data: dir, PhotoOversize: "x"}, {Data: dir, UnknownUsers: "x"},
		} {
			if tm, err := terminal.Open(c); err == nil {
				t.Errorf("Open(%+v) opened %v", c, tm)
			}
		}
		if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the data folder was touched: %v", err)
		}
	})
}

// slowReader tells when its first half has been taken, so that the request is
// under way.
type slowReader struct {
	photo []byte
	begun chan struct{}
	once  sync.Once
}

func (r *slowReader) Read(p []byte) (int, error) {
	if len(r.photo) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), 2000)], r.photo)
	r.photo = r.photo[n:]
	if len(r.photo) < 2000 {
		r.once.Do(func() { close(r.begun) })
	}
	return n, nil
}
