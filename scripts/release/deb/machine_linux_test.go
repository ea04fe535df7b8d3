package deb

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"portaria/scripts/release/need"
)

// machine is a Debian in a folder. The test is its systemd: it starts the
// terminal as the unit says.
type machine struct {
	client
	root string

	terminal *exec.Cmd // nil: none runs
	ended    chan error
}

// someone is the user that systemd invents for the service.
const someone = 61234

func (m *machine) dpkg(action, what string) {
	m.t.Helper()
	if filepath.IsAbs(what) {
		content, err := os.ReadFile(what)
		if err != nil {
			m.t.Fatal(err)
		}
		what = "/tmp/portaria.deb"
		m.write(what, string(content))
	}
	cmd := exec.Command("chroot", m.root, "dpkg", action, what)
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND=noninteractive"}
	if out, err := cmd.CombinedOutput(); err != nil {
		m.t.Fatalf("dpkg %s: %v\n%s", action, err, out)
	}
}

func (m *machine) has(path string) bool {
	_, err := os.Lstat(m.root + path)
	return err == nil
}

func (m *machine) read(path string) string {
	m.t.Helper()
	content, err := os.ReadFile(m.root + path)
	if err != nil {
		m.t.Fatal(err)
	}
	return string(content)
}

func (m *machine) write(path, content string) {
	m.t.Helper()
	if err := os.WriteFile(m.root+path, []byte(content), 0o644); err != nil {
		m.t.Fatal(err)
	}
}

// stateFolder is where StateDirectory= of a dynamic user is.
func (m *machine) stateFolder() {
	m.t.Helper()
	if err := os.MkdirAll(m.root+"/var/lib/private/portaria", 0o700); err != nil {
		m.t.Fatal(err)
	}
	for _, step := range []error{
		os.Chmod(m.root+"/var/lib/private", 0o755), // only systemd's own namespace opens it otherwise
		os.Chown(m.root+"/var/lib/private/portaria", someone, someone),
		os.Symlink("private/portaria", m.root+"/var/lib/portaria"),
	} {
		if step != nil {
			m.t.Fatal(step)
		}
	}
}

// start runs the unit's ExecStart with the settings' environment, and waits
// until the terminal answers.
func (m *machine) start() {
	m.t.Helper()
	unit := m.read("/usr/lib/systemd/system/portaria.service")
	setting := func(name string) string {
		line := regexp.MustCompile(`(?m)^` + name + `=(.+)$`).FindStringSubmatch(unit)
		if line == nil {
			m.t.Fatalf("the unit has no %s", name)
		}
		return line[1]
	}
	m.terminal = m.command(strings.Fields(strings.ReplaceAll(setting("ExecStart"), "%S", "/var/lib"))...)
	for line := range strings.Lines(m.read(strings.TrimPrefix(setting("EnvironmentFile"), "-"))) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			m.terminal.Env = append(m.terminal.Env, line)
		}
	}
	systemd := m.listen()
	m.terminal.Env = append(m.terminal.Env, "NOTIFY_SOCKET=/run/notify")
	var log bytes.Buffer
	m.terminal.Stderr = &log
	if err := m.terminal.Start(); err != nil {
		m.t.Fatal(err)
	}
	m.ended = make(chan error, 1)
	go func() { m.ended <- m.terminal.Wait() }()
	m.t.Cleanup(m.stop)
	for deadline := time.Now().Add(need.Patience); ; time.Sleep(20 * time.Millisecond) {
		select {
		case err := <-m.ended:
			m.terminal = nil
			m.t.Fatalf("the terminal ended: %v\n%s", err, &log)
		default:
		}
		var ready struct{ URL string }
		content, err := os.ReadFile(m.root + "/tmp/ready.json")
		if err == nil && json.Unmarshal(content, &ready) == nil {
			m.url = ready.URL
			break
		}
		if time.Now().After(deadline) {
			m.t.Fatal("the terminal is not ready")
		}
	}
	// The unit is of Type=notify: systemd waits for this.
	message := make([]byte, 100)
	if n, err := systemd.Read(message); err != nil || string(message[:n]) != "READY=1" {
		m.t.Fatalf("systemd hears %q, %v", message[:n], err)
	}
}

// listen hears what systemd would be told.
func (m *machine) listen() *net.UnixConn {
	m.t.Helper()
	path := m.root + "/run/notify"
	if err := os.RemoveAll(path); err != nil {
		m.t.Fatal(err)
	}
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		m.t.Fatal(err)
	}
	m.t.Cleanup(func() { _ = conn.Close() })
	for _, step := range []error{os.Chmod(path, 0o777), conn.SetReadDeadline(time.Now().Add(need.Patience))} {
		if step != nil {
			m.t.Fatal(step)
		}
	}
	return conn
}

// stop ends the terminal as systemd does.
func (m *machine) stop() {
	m.t.Helper()
	if m.terminal == nil {
		return
	}
	if err := m.terminal.Process.Signal(syscall.SIGTERM); err != nil {
		m.t.Error(err)
	}
	if err := <-m.ended; err != nil {
		m.t.Errorf("the terminal ended with %v", err)
	}
	m.terminal = nil
}

// command is a program of the machine, run by someone.
func (m *machine) command(args ...string) *exec.Cmd {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=/usr/bin:/bin"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: m.root, Credential: &syscall.Credential{Uid: someone, Gid: someone}}
	return cmd
}

func (m *machine) plainly(args ...string) string {
	m.t.Helper()
	out, err := m.command(args...).CombinedOutput()
	if err != nil {
		m.t.Fatalf("%q: %v\n%s", args, err, out)
	}
	return string(out)
}

// client speaks to the terminal at url.
type client struct {
	t   *testing.T
	url string
}

func (c client) post(path, body string) []byte {
	c.t.Helper()
	answer, err := http.Post(c.url+path, "application/octet-stream", strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		c.t.Fatalf("%s: %s %v %.200s", path, answer.Status, err, content)
	}
	return content
}

func (c client) login(name, password string) string {
	c.t.Helper()
	var answer struct{ Session string }
	content := c.post("/login.fcgi", fmt.Sprintf(`{"login":%q,"password":%q}`, name, password))
	if err := json.Unmarshal(content, &answer); err != nil || answer.Session == "" {
		c.t.Fatalf("login: %v %s", err, content)
	}
	return answer.Session
}
