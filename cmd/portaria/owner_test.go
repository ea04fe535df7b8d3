package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"portaria/store"
)

// noise makes a data folder with photos that no card compresses.
func noise(t *testing.T, photos, size int) (dir string) {
	t.Helper()
	dir = t.TempDir()
	s, err := store.Open(store.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.NewChaCha8([32]byte{1})
	for user := range photos {
		err := s.Update(size, func(tx *store.Tx) error {
			data := make([]byte, size)
			_, _ = rng.Read(data)
			return tx.SetPhoto(int64(user+1), 1, data)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

// portaria runs a command in this process and returns its status and all it says.
func portaria(args ...string) (status int, text string) {
	var out bytes.Buffer
	status = run(args, streams{&out, &out})
	return status, out.String()
}

// TestRestoreKilled kills the terminal at many moments of a restore. What it has
// afterwards is what it had or what was restored, and nothing is left over.
func TestRestoreKilled(t *testing.T) {
	t.Parallel()
	old, other := noise(t, 60, 60_000), noise(t, 90, 60_000)
	file := filepath.Join(t.TempDir(), "other.backup")
	if status, text := portaria("backup", "--data", other, "-o", file); status != 0 {
		t.Fatalf("backup: %s", text)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	kills := 20
	if testing.Short() {
		kills = 4
	}
	found := map[int]int{}
	for n := range kills {
		dir := t.TempDir()
		if err := os.CopyFS(filepath.Join(dir, "data"), os.DirFS(old)); err != nil {
			t.Fatal(err)
		}
		terminal := start(t, dir)
		owner := exec.Command(self, "restore", file, "--url", terminal.url, "--yes")
		owner.Args[0] = "portaria"
		if err := owner.Start(); err != nil {
			t.Fatal(err)
		}
		over := make(chan struct{})
		go func() {
			_ = owner.Wait() // whether it succeeds is up to the kill
			close(over)
		}()
		// Half of them while it is sent, half while it is checked and exchanged.
		share := min(float64(n+1)/float64(kills/2), 0.9)
		arrived := func() bool {
			info, err := os.Stat(filepath.Join(dir, "data", "portaria.db.upload"))
			return err == nil && float64(info.Size()) >= share*5_400_000
		}
		for running := true; running && !arrived(); {
			select {
			case <-over:
				running = false
			default:
				runtime.Gosched()
			}
		}
		if n >= kills/2 {
			<-time.After(time.Duration(n-kills/2) * time.Second / time.Duration(kills))
		}
		terminal.kill()
		_ = owner.Process.Kill() // it would wait for the terminal to come back
		<-over
		terminal = start(t, dir)
		status, text, err := terminal.do(http.MethodGet, "/user_list_images.fcgi", 0, nil)
		if err != nil || status != http.StatusOK {
			t.Fatalf("kill %d: status %d, %v", n, status, err)
		}
		photos := strings.Count(string(text), ",") + 1
		found[photos]++
		if photos != 60 && photos != 90 {
			t.Errorf("kill %d: %d photos, want 60 or 90", n, photos)
		}
		terminal.kill()
		report, err := store.Check(t.Context(), filepath.Join(dir, "data"), nil)
		if err != nil || report.Found > 0 {
			t.Errorf("kill %d: %q, %v", n, report.Problems, err)
		}
		entries, err := os.ReadDir(filepath.Join(dir, "data"))
		if err != nil || len(entries) != 2 {
			t.Errorf("kill %d: left behind: %v, %v", n, entries, err)
		}
	}
	t.Logf("photos after a kill: %v", found)
}

// TestOwnerMemory backs up and restores far more than the terminal's memory may
// take for it, and looks at what the terminal's process has of its own.
func TestOwnerMemory(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("the memory of another process is read from /proc")
	}
	if testing.Short() {
		t.Skip("moves a hundred megabytes; the race detector would multiply them")
	}
	data := noise(t, 1600, 60_000)
	dir := t.TempDir()
	if err := os.Rename(data, filepath.Join(dir, "data")); err != nil {
		t.Fatal(err)
	}
	terminal := start(t, dir)
	file := filepath.Join(t.TempDir(), "all.backup")
	if status, text := portaria("backup", "--url", terminal.url, "-o", file); status != 0 {
		t.Fatalf("backup: %s", text)
	}
	if status, text := portaria("restore", file, "--url", terminal.url, "--yes"); status != 0 {
		t.Fatalf("restore: %s", text)
	}
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", terminal.process.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	var kilobytes int64
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "RssAnon:"); ok {
			if _, err := fmt.Sscan(rest, &kilobytes); err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Logf("%d KB of its own after %d KB went out and in", kilobytes, info.Size()>>10)
	if kilobytes == 0 || kilobytes<<10 > info.Size()/2 {
		t.Errorf("%d KB of memory for a backup of %d KB", kilobytes, info.Size()>>10)
	}
}

// TestBackupNoRoom fills the disk: a backup says so at once, or when it happens,
// and leaves the room as it was.
func TestBackupNoRoom(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", dir).CombinedOutput()
	if err != nil {
		t.Skipf("needs the right to mount: %v %s", err, out)
	}
	t.Cleanup(func() { _ = exec.Command("umount", "-l", dir).Run() })
	data := noise(t, 300, 60_000)
	if err := os.CopyFS(filepath.Join(dir, "data"), os.DirFS(data)); err != nil {
		t.Fatal(err)
	}
	terminal := start(t, dir)
	file := filepath.Join(t.TempDir(), "all.backup")
	for range 2 {
		status, text := portaria("backup", "--url", terminal.url, "-o", file)
		if status != 1 || !strings.Contains(text, "there is no room on the terminal's disk: ") {
			t.Errorf("status %d, %s", status, text)
		}
	}
	if status, text := portaria("check", "--url", terminal.url); status != 1 || !strings.Contains(text, "there is no room") {
		t.Errorf("check: status %d, %s", status, text)
	}
	// A backup of the same size from elsewhere has no room either.
	if status, text := portaria("backup", "--data", data, "-o", file); status != 0 {
		t.Fatal(text)
	}
	if status, text := portaria("restore", file, "--url", terminal.url, "--yes"); status != 1 || !strings.Contains(text, "there is no room") {
		t.Errorf("restore: status %d, %s", status, text)
	}
	entries, err := os.ReadDir(filepath.Join(dir, "data"))
	if err != nil || len(entries) != 2 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
	status, text, err := terminal.do(http.MethodGet, "/portaria/health", 0, nil)
	if err != nil || status != http.StatusOK {
		t.Errorf("health: status %d, %s, %v", status, text, err)
	}
}
