package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// startTime is how long a terminal may take until it answers, and answerTime how
// long an answer may. One that cannot start ends at once, and one that is killed
// breaks its connections, so these are for slow machines.
const (
	startTime  = 5 * time.Minute
	answerTime = 5 * time.Minute
)

// errGone is a call that was not answered.
var errGone = errors.New("the terminal is gone")

// terminal is the real program, serving the data folder.
type terminal struct {
	url     string
	data    string
	process *exec.Cmd
	log     *bytes.Buffer
	ended   chan struct{} // closed once the process was waited for
	client  *http.Client
	session atomic.Pointer[string]
	once    sync.Once
}

// launch starts program on the data folder and does not wait for it. scratch is
// a folder beyond the disk that is to fail.
func launch(program, data, scratch string) (*terminal, string, error) {
	ready := filepath.Join(scratch, fmt.Sprintf("ready-%d.json", serial.Add(1)))
	t := &terminal{data: data, log: &bytes.Buffer{}, ended: make(chan struct{})}
	t.process = exec.Command(program, "serve", "--listen", "127.0.0.1:0", "--data", data, "--ready-file", ready, "--log-level", "warn")
	t.process.Stderr = t.log
	t.process.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	t.client = &http.Client{Timeout: answerTime, Transport: &http.Transport{MaxIdleConnsPerHost: clients}}
	if err := t.process.Start(); err != nil {
		return nil, "", err
	}
	go func() { _ = t.process.Wait(); close(t.ended) }()
	return t, ready, nil
}

var serial atomic.Int64

// start starts program and waits until it answers.
func start(program, data, scratch string) (*terminal, error) {
	t, ready, err := launch(program, data, scratch)
	if err != nil {
		return nil, err
	}
	if err := t.await(ready); err != nil {
		t.kill()
		return nil, fmt.Errorf("%w\n%s", err, t.log)
	}
	return t, nil
}

// await waits for the ready file.
func (t *terminal) await(ready string) error {
	defer func() { _ = os.Remove(ready) }()
	deadline := time.After(startTime)
	for {
		if text, err := os.ReadFile(ready); err == nil {
			var answer struct{ URL string }
			if err := json.Unmarshal(text, &answer); err != nil {
				return err
			}
			t.url = answer.URL
			return nil
		}
		select {
		case <-t.ended:
			return errors.New("the terminal ended instead of starting")
		case <-deadline:
			return fmt.Errorf("the terminal does not answer within %v", startTime)
		case <-time.After(time.Millisecond):
		}
	}
}

// kill ends the terminal with signal 9 and waits until it is gone.
func (t *terminal) kill() {
	t.once.Do(func() {
		_ = t.process.Process.Kill()
		<-t.ended
		t.client.CloseIdleConnections()
	})
}

// do sends one command. Without an answer the error is errGone.
func (t *terminal) do(command, query string, body []byte) (status int, answer []byte, err error) {
	session := ""
	if s := t.session.Load(); s != nil {
		session = *s
	}
	r, err := t.client.Post(t.url+"/"+command+".fcgi?session="+session+query, "", bytes.NewReader(body))
	if err != nil {
		return 0, nil, errGone
	}
	defer r.Body.Close()
	if answer, err = io.ReadAll(r.Body); err != nil {
		return 0, nil, errGone
	}
	return r.StatusCode, answer, nil
}

// login opens a session and reports whether the password was right.
func (t *terminal) login(password string) (bool, error) {
	body, err := json.Marshal(map[string]string{"login": "admin", "password": password})
	if err != nil {
		return false, err
	}
	status, answer, err := t.do("login", "", body)
	if err != nil {
		return false, err
	}
	var opened struct{ Session string }
	if status == http.StatusUnauthorized {
		return false, nil
	}
	if err := json.Unmarshal(answer, &opened); err != nil || opened.Session == "" {
		return false, fmt.Errorf("login: status %d, %s", status, answer)
	}
	t.session.Store(&opened.Session)
	return true, nil
}

// ask sends a command that must succeed and reads its answer into v.
func (t *terminal) ask(command, query string, body string, v any) error {
	status, answer, err := t.do(command, query, []byte(body))
	if err != nil {
		return err
	}
	if status != http.StatusOK {
		return fmt.Errorf("%s: status %d, %s", command, status, answer)
	}
	return json.Unmarshal(answer, v)
}
