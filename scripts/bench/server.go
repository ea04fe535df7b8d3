//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// server is a child process that answers HTTP.
type server struct {
	cmd      *exec.Cmd
	address  string
	requests []request // what to ask it
}

const (
	startTime = 30 * time.Second
	stopTime  = 10 * time.Second
)

// launch starts cmd, on its own processor when one is left for the load.
func (b *bench) launch(cmd *exec.Cmd) error {
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	serverSide, _, ok := b.cpus.split()
	if !ok {
		return cmd.Start()
	}
	return startOn(serverSide, cmd)
}

// launchReady starts cmd and waits until it answers.
func (b *bench) launchReady(ctx context.Context, readyFile string, cmd *exec.Cmd) (*server, error) {
	if err := os.Remove(readyFile); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	if err := b.launch(cmd); err != nil {
		return nil, err
	}
	s := &server{cmd: cmd}
	if err := s.waitReady(ctx, readyFile); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	return s, nil
}

// waitReady waits for the file in which a server tells its URL.
func (s *server) waitReady(ctx context.Context, file string) error {
	for deadline := time.Now().Add(startTime); ; time.Sleep(time.Millisecond) {
		text, err := os.ReadFile(file)
		var ready struct{ URL string }
		if err == nil && json.Unmarshal(text, &ready) == nil {
			s.address = strings.TrimPrefix(ready.URL, "http://")
			return nil
		}
		if ctx.Err() != nil || time.Now().After(deadline) {
			return errors.Join(fmt.Errorf("%s did not get ready", s.cmd.Path), ctx.Err())
		}
	}
}

// serve starts the real terminal on a data folder.
func (b *bench) serve(ctx context.Context, data string) (*server, error) {
	ready := filepath.Join(b.dir, "portaria.ready")
	return b.launchReady(ctx, ready, exec.CommandContext(ctx, b.portaria, "serve",
		"--data", data, "--listen", "127.0.0.1:0", "--ready-file", ready, "--log-level", "warn"))
}

// servePlain starts the net/http contestant, which is this program again.
func (b *bench) servePlain(ctx context.Context, data string) (*server, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return b.launchReady(ctx, plainReadyFile(data), exec.CommandContext(ctx, self, plainServerFlag, data))
}

// login returns a session's token.
func (s *server) login() (string, error) {
	client := &http.Client{Timeout: startTime}
	defer client.CloseIdleConnections()
	answer, err := client.Post("http://"+s.address+"/login.fcgi", "application/json", strings.NewReader(`{"login":"admin","password":"admin"}`))
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	var opened struct{ Session string }
	if err := json.NewDecoder(answer.Body).Decode(&opened); err != nil || opened.Session == "" {
		return "", fmt.Errorf("login: status %s: no session", answer.Status)
	}
	return opened.Session, nil
}

// fetch returns the body of one answer.
func (s *server) fetch(target string) ([]byte, error) {
	client := &http.Client{Timeout: startTime}
	defer client.CloseIdleConnections()
	answer, err := client.Get("http://" + s.address + target)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", target, answer.Status)
	}
	return body, err
}

// stop ends the process, whatever it says to that.
func (s *server) stop() error {
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	kill := time.AfterFunc(stopTime, func() { _ = s.cmd.Process.Kill() })
	defer kill.Stop()
	err := s.cmd.Wait()
	if _, ended := errors.AsType[*exec.ExitError](err); ended {
		return nil // by the signal, or with a status that nobody measures
	}
	return err
}

// freeAddress is one where nobody listens at the moment.
func freeAddress() (string, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return ln.Addr().String(), ln.Close()
}
