package main

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"portaria/terminal/certificate"
)

// patience bounds the waits of the scripts. It is not a time that anything is
// asserted to take.
const patience = 5 * time.Minute

// waitFile waits until the ready file of a terminal is there, and takes its
// address into $URL, and what its certificate is known by into $PIN.
func waitFile(ts *testscript.TestScript, _ bool, args []string) {
	deadline := time.Now().Add(patience)
	for {
		text, err := os.ReadFile(ts.MkAbs(args[0]))
		if err == nil {
			var ready struct {
				URL string `json:"url"`
				PID int    `json:"pid"`
				Pin string `json:"certificate"`
			}
			ts.Check(json.Unmarshal(text, &ready))
			if ready.PID == 0 {
				ts.Fatalf("%s says no pid: %s", args[0], text)
			}
			ts.Setenv("URL", ready.URL)
			ts.Setenv("PID", strconv.Itoa(ready.PID))
			ts.Setenv("PIN", ready.Pin)
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("%s is not there after %v", args[0], patience)
		}
		<-time.After(5 * time.Millisecond)
	}
}

// terminate asks the terminal that waitfile found to stop, as systemd does.
func terminate(ts *testscript.TestScript, _ bool, _ []string) {
	pid, err := strconv.Atoi(ts.Getenv("PID"))
	ts.Check(err)
	process, err := os.FindProcess(pid)
	ts.Check(err)
	ts.Check(process.Signal(syscall.SIGTERM))
}

// request sends an HTTP request and prints status and body:
//
//	request METHOD PATH [@FILE | TEXT]
//
// A member "session" of an answer becomes $SESSION; -o FILE keeps the body.
func request(ts *testscript.TestScript, neg bool, args []string) {
	keep := ""
	if args[0] == "-o" {
		keep, args = args[1], args[2:]
	}
	var body []byte
	if len(args) > 2 {
		body = []byte(args[2])
		if name, isFile := strings.CutPrefix(args[2], "@"); isFile {
			text, err := os.ReadFile(ts.MkAbs(name))
			ts.Check(err)
			body = text
		}
	}
	req, err := http.NewRequest(args[0], ts.Getenv("URL")+args[1], bytes.NewReader(body))
	ts.Check(err)
	pins, err := certificate.ParseFingerprints(ts.Getenv("PIN"))
	ts.Check(err)
	client := http.Client{Transport: &http.Transport{TLSClientConfig: certificate.Trust(pins), DisableKeepAlives: true}}
	answer, err := client.Do(req)
	ts.Check(err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	ts.Check(err)
	if failed := answer.StatusCode >= 400; failed != neg {
		ts.Fatalf("%s %s: %s %s", args[0], args[1], answer.Status, text)
	}
	if keep != "" {
		ts.Check(os.WriteFile(ts.MkAbs(keep), text, 0o600))
		return
	}
	var login struct{ Session string }
	if json.Unmarshal(text, &login) == nil && login.Session != "" {
		ts.Setenv("SESSION", login.Session)
	}
	_, err = ts.Stdout().Write(append([]byte(answer.Status+" "), append(text, '\n')...))
	ts.Check(err)
}

// cut leaves so many bytes of a file: a database whose end is missing.
func cut(ts *testscript.TestScript, _ bool, args []string) {
	size, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	ts.Check(os.Truncate(ts.MkAbs(args[0]), size))
}

// certify writes a certificate for 127.0.0.1 that vouches for itself, and its
// key, into two files. The serial tells one from another.
func certify(ts *testscript.TestScript, _ bool, args []string) {
	serial, err := strconv.ParseInt(args[2], 10, 64)
	ts.Check(err)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	ts.Check(err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}), 0o600))
}

// mode fails unless a file has these permissions, in octal.
func mode(ts *testscript.TestScript, _ bool, args []string) {
	info, err := os.Stat(ts.MkAbs(args[0]))
	ts.Check(err)
	if got := strconv.FormatInt(int64(info.Mode().Perm()), 8); got != args[1] && runtime.GOOS != "windows" {
		ts.Fatalf("%s has the mode %s, want %s", args[0], got, args[1])
	}
}
