//go:build linux

package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"portaria/scripts/image/card"
	"portaria/scripts/image/init/settings"
)

// TestMain lets the test binary be the program, which is not PID 1 here.
func TestMain(m *testing.M) {
	if os.Getenv("BE_INIT") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

func TestNotPID1(t *testing.T) {
	t.Parallel()
	c := exec.CommandContext(t.Context(), os.Args[0])
	c.Env = append(os.Environ(), "BE_INIT=1")
	out, err := c.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 2 || !strings.Contains(string(out), "make image") {
		t.Errorf("%v, %q; want exit status 2 and what to do", err, out)
	}
}

func TestNameFrom(t *testing.T) {
	t.Parallel()
	for serial, want := range map[string]string{
		"10000000ABCDEF12": "portaria-cdef12", "525400123456": "portaria-123456", "": "portaria", "ab": "portaria-ab",
	} {
		if got := nameFrom(serial); got != want {
			t.Errorf("nameFrom(%q) = %q, want %q", serial, got, want)
		}
		if s, complaints := settings.Parse([]byte("HOSTNAME=" + want)); len(complaints) > 0 || s.HostName != want {
			t.Errorf("%q could not be a host name: %q", want, complaints)
		}
	}
}

func TestPartitionNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"mmcblk0": "/dev/mmcblk0p4", "vda": "/dev/vda4", "sda": "/dev/sda4", "nvme0n1": "/dev/nvme0n1p4",
	} {
		if got := (disk{name}).partitionPath(card.Data); got != want {
			t.Errorf("the data of %s are %s, want %s", name, got, want)
		}
	}
}

func TestEnvironment(t *testing.T) {
	t.Parallel()
	m := newMachine()
	m.serial = "10000000abcdef12"
	if got := m.environment(); !slices.Contains(got, "PORTARIA_SERIAL=10000000abcdef12") {
		t.Errorf("the terminal is not told its serial number: %q", got)
	}
	m.settings.Terminal = []string{"PORTARIA_SERIAL=ABCD"}
	if got := strings.Join(m.environment(), " "); strings.Count(got, "PORTARIA_SERIAL") != 1 || !strings.Contains(got, "PORTARIA_SERIAL=ABCD") {
		t.Errorf("what the owner set does not go first: %q", got)
	}
}

func TestLogFile(t *testing.T) {
	t.Parallel()
	l := logFile{path: filepath.Join(t.TempDir(), "terminal.log")}
	line := []byte(strings.Repeat("x", 99) + "\n")
	for range 10 * logLimit / len(line) {
		if n, err := l.Write(line); n != len(line) || err != nil {
			t.Fatalf("%d, %v", n, err)
		}
	}
	if n, err := l.Write([]byte("the end\n")); n != 8 || err != nil {
		t.Fatalf("%d, %v", n, err)
	}
	total := int64(0)
	for _, name := range []string{l.path, l.path + ".1"} {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		total += int64(len(b))
		if name == l.path && !bytes.HasSuffix(b, []byte("the end\n")) {
			t.Error("the last line is lost")
		}
	}
	if total > 2*logLimit || total < logLimit {
		t.Errorf("%d bytes are kept, want between %d and %d", total, logLimit, 2*logLimit)
	}
}

func TestCopyLines(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	text := "one\n" + strings.Repeat("long ", 5000) + "\nno end"
	copyLines(&out, strings.NewReader(text))
	if out.String() != text {
		t.Errorf("%d bytes came through, want %d", out.Len(), len(text))
	}
}

func TestWriteSector(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "card")
	if err := os.WriteFile(path, bytes.Repeat([]byte{0xaa}, 16*card.SectorSize), 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := openDevice(path, os.O_RDWR)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	sector := [card.SectorSize]byte{1, 2, 3}
	// A file is no block device: the write is done, and emptying the cache of
	// the device is refused.
	if err := d.WriteSector(&sector, 3*card.SectorSize); err != nil && !errors.Is(err, unix.ENOTTY) {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := bytes.Repeat([]byte{0xaa}, 16*card.SectorSize)
	copy(want[3*card.SectorSize:], sector[:])
	if !bytes.Equal(got, want) {
		t.Error("not that sector alone was written")
	}
	if err := d.WriteSector(&sector, 100); err == nil {
		t.Error("a sector was written where none begins")
	}
}
