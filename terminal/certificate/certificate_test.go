package certificate_test

import (
	"bytes"
	"crypto/tls"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"portaria/terminal/certificate"
	"portaria/terminal/clock"
)

var today = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

func self(t *testing.T, dir string, now time.Time, log *bytes.Buffer) *certificate.Source {
	t.Helper()
	s, err := certificate.OpenSelf(dir, clock.NewManual(now), slog.New(slog.NewTextHandler(log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// shake has a client with the configuration meet the source, and tells why they
// did not come together.
func shake(t *testing.T, s *certificate.Source, client *tls.Config) error {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	done := make(chan struct{})
	go func() {
		defer close(done)
		if b, err := ln.Accept(); err == nil {
			_ = tls.Server(b, s.Config()).Handshake()
			b.Close()
		}
	}()
	a, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	err = tls.Client(a, client).Handshake()
	a.Close()
	<-done
	return err
}

func TestSelf(t *testing.T) {
	t.Parallel()
	file := func(dir string) string { return filepath.Join(dir, "tls.pem") }
	t.Run("is made once, for the terminal's eyes only", func(t *testing.T) {
		t.Parallel()
		dir, log := t.TempDir(), new(bytes.Buffer)
		first := self(t, dir, today, log).Fingerprint()
		if again := self(t, dir, today.AddDate(10, 0, 0), log).Fingerprint(); again != first {
			t.Errorf("ten years later the fingerprint is %s, want %s", again, first)
		}
		info, err := os.Stat(file(dir))
		if err != nil || info.Mode().Perm() != 0o600 && runtime.GOOS != "windows" {
			t.Errorf("the key's file: %v, %v", info, err)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
			t.Errorf("left behind: %v, %v", left, err)
		}
		if log.Len() > 0 {
			t.Errorf("said without need: %s", log)
		}
		if other := self(t, "", today, log).Fingerprint(); other == first {
			t.Error("two terminals have the same certificate")
		}
	})
	t.Run("holds for every clock, from decades behind on", func(t *testing.T) {
		t.Parallel()
		for _, made := range []time.Time{time.Unix(0, 0), today, time.Date(2037, 6, 1, 0, 0, 0, 0, time.UTC)} {
			s := self(t, t.TempDir(), made, new(bytes.Buffer))
			config := certificate.Trust([]certificate.Fingerprint{s.Fingerprint()})
			if err := shake(t, s, config); err != nil {
				t.Errorf("made on %v: %v", made, err)
			}
			leaf, err := s.Config().GetCertificate(nil)
			if err != nil {
				t.Fatal(err)
			}
			if leaf.Leaf.NotBefore.Year() != 2000 || leaf.Leaf.NotAfter.Before(made.AddDate(2, 0, 0)) || leaf.Leaf.NotAfter.Before(today) {
				t.Errorf("made on %v it holds from %v to %v", made, leaf.Leaf.NotBefore, leaf.Leaf.NotAfter)
			}
		}
	})
	t.Run("is replaced when it has expired", func(t *testing.T) {
		t.Parallel()
		dir, log := t.TempDir(), new(bytes.Buffer)
		first := self(t, dir, today, log).Fingerprint()
		if again := self(t, dir, time.Date(2040, 1, 1, 0, 0, 0, 0, time.UTC), log).Fingerprint(); again == first {
			t.Error("an expired certificate is kept")
		}
		if !strings.Contains(log.String(), "clients have to learn the new one") {
			t.Errorf("the log says nothing of it: %s", log)
		}
	})
	t.Run("is set aside and replaced when its file is damaged", func(t *testing.T) {
		t.Parallel()
		for _, damaged := range []string{"", "-----BEGIN CERTIFICATE-----\n", strings.Repeat("\x00", 900)} {
			dir, log := t.TempDir(), new(bytes.Buffer)
			if err := os.WriteFile(file(dir), []byte(damaged), 0o600); err != nil {
				t.Fatal(err)
			}
			// What an interrupted start may leave as well.
			if err := os.WriteFile(file(dir)+".new", []byte("half"), 0o600); err != nil {
				t.Fatal(err)
			}
			first := self(t, dir, today, log).Fingerprint()
			kept, err := os.ReadFile(file(dir) + ".damaged")
			if err != nil || string(kept) != damaged {
				t.Errorf("set aside: %q, %v; want %q", kept, err, damaged)
			}
			if again := self(t, dir, today, log).Fingerprint(); again != first {
				t.Error("what replaced it is not kept")
			}
		}
	})
	t.Run("speaks nothing below TLS 1.2", func(t *testing.T) {
		t.Parallel()
		s := self(t, "", today, new(bytes.Buffer))
		for version, served := range map[uint16]bool{tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
			err := shake(t, s, &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, MaxVersion: version})
			if (err == nil) != served {
				t.Errorf("%s: %v, want served: %v", tls.VersionName(version), err, served)
			}
		}
	})
}

// pair writes a certificate and its key as two files.
func pair(t *testing.T, cert, key string) certificate.Fingerprint {
	t.Helper()
	dir := t.TempDir()
	s := self(t, dir, today, new(bytes.Buffer))
	text, err := os.ReadFile(filepath.Join(dir, "tls.pem"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{cert, key} {
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return s.Fingerprint()
}

func TestGiven(t *testing.T) {
	t.Parallel()
	cert, key := filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	c, log := clock.NewManual(today), new(bytes.Buffer)
	open := func() (*certificate.Source, error) {
		return certificate.Open(cert, key, c, slog.New(slog.NewTextHandler(log, nil)))
	}
	if _, err := open(); err == nil {
		t.Fatal("files that are not there are taken")
	}
	first := pair(t, cert, key)
	s, err := open()
	if err != nil || s.Fingerprint() != first {
		t.Fatalf("given: %v, %v; want %v", s.Fingerprint(), err, first)
	}

	if err := os.WriteFile(key, []byte("half a renewal"), 0o600); err != nil {
		t.Fatal(err)
	}
	c.Advance(time.Minute)
	if got := s.Fingerprint(); got != first || !strings.Contains(log.String(), "the former one is kept") {
		t.Errorf("while a renewal is under way: %v, want %v; log %s", got, first, log)
	}
	second := pair(t, cert, key)
	if got := s.Fingerprint(); got != first {
		t.Errorf("the files are read for each client: %v, want %v", got, first)
	}
	c.Advance(time.Minute)
	if got := s.Fingerprint(); got != second || !strings.Contains(log.String(), second.String()) {
		t.Errorf("after a renewal: %v, want %v; log %s", got, second, log)
	}
}

func TestTrust(t *testing.T) {
	t.Parallel()
	s, other := self(t, "", today, new(bytes.Buffer)), self(t, "", today, new(bytes.Buffer))
	for _, c := range []struct {
		what, server string
		pins         []certificate.Fingerprint
		trusted      bool
	}{
		{"its pin", "localhost", []certificate.Fingerprint{other.Fingerprint(), s.Fingerprint()}, true},
		{"its pin, by address", "127.0.0.1", []certificate.Fingerprint{s.Fingerprint()}, true},
		{"its pin, by another name", "elsewhere.example", []certificate.Fingerprint{s.Fingerprint()}, true},
		{"another pin", "localhost", []certificate.Fingerprint{other.Fingerprint()}, false},
		{"another pin, by address", "127.0.0.1", []certificate.Fingerprint{other.Fingerprint()}, false},
		{"no pin", "localhost", nil, false},
	} {
		config := certificate.Trust(c.pins)
		config.ServerName = c.server
		err := shake(t, s, config)
		if (err == nil) != c.trusted {
			t.Errorf("%s: %v, want trusted: %v", c.what, err, c.trusted)
		}
		if f, ok := certificate.Refused(err); ok == c.trusted || ok && f != s.Fingerprint() {
			t.Errorf("%s: refused %v %v", c.what, f, ok)
		}
	}
}

func TestFingerprint(t *testing.T) {
	t.Parallel()
	want := self(t, "", today, new(bytes.Buffer)).Fingerprint()
	for _, text := range []string{want.String(), strings.ToLower(want.String()), strings.ReplaceAll(want.String(), ":", ""), " " + want.String() + ","} {
		got, err := certificate.ParseFingerprints(text)
		if err != nil || len(got) != 1 || got[0] != want {
			t.Errorf("ParseFingerprints(%q) is %v, %v", text, got, err)
		}
	}
	if got, err := certificate.ParseFingerprints(""); err != nil || got != nil {
		t.Errorf("of nothing: %v, %v", got, err)
	}
	for _, text := range []string{"00", want.String() + "00", "x", strings.Repeat("zz", 32)} {
		if got, err := certificate.ParseFingerprints(text); err == nil {
			t.Errorf("ParseFingerprints(%q) is %v, want an error", text, got)
		}
	}
}
