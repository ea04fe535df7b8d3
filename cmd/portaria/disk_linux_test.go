package main

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"portaria/store/storetest/disk"
)

// ledgered is a terminal together with what it owes its client: of each user the
// photo that was acknowledged, and those whose upload was answered with an error.
type ledgered struct {
	*served
	t        *testing.T
	pictures [][]byte
	acked    map[int64]int // user to picture
	perhaps  map[int64][]int
	next     int
}

func newLedgered(t *testing.T, s *served, pictures [][]byte) *ledgered {
	return &ledgered{served: s, t: t, pictures: pictures, acked: map[int64]int{}, perhaps: map[int64][]int{}}
}

// telling are the answers that tell a client what is wrong.
var telling = map[string]int{
	`{"error":"device full","code":1}`:    http.StatusBadRequest,
	`{"error":"disk I/O error","code":1}`: http.StatusInternalServerError,
}

// put uploads another photo for user and reports the sentence of a refusal.
func (l *ledgered) put(user int64) (refusal string) {
	l.t.Helper()
	n := l.next % len(l.pictures)
	l.next++
	status, body, err := l.do(http.MethodPost, "/user_set_image.fcgi", user, l.pictures[n])
	switch {
	case err != nil:
		l.t.Fatalf("photo of user %d: %v", user, err)
	case status == http.StatusOK:
		l.acked[user] = n
		delete(l.perhaps, user)
		return ""
	case telling[string(body)] != status:
		l.t.Errorf("photo of user %d: status %d, %s, which tells nothing", user, status, body)
	}
	l.perhaps[user] = append(l.perhaps[user], n)
	return string(body)
}

// remove deletes the photo of user.
func (l *ledgered) remove(user int64) {
	l.t.Helper()
	status, body, err := l.do(http.MethodPost, "/user_destroy_image.fcgi", user, nil)
	if err != nil || status != http.StatusOK {
		l.t.Fatalf("deleting the photo of user %d: status %d, %s, %v", user, status, body, err)
	}
	delete(l.acked, user)
	delete(l.perhaps, user)
}

// removeAll deletes all photos, by way of a new file whose growth and names are
// synced, and returns 1 when that is refused. Then they may be there or not.
func (l *ledgered) removeAll() (refused int) {
	l.t.Helper()
	status, body, err := l.do(http.MethodPost, "/user_destroy_image.fcgi", 99, []byte(`{"all":true}`))
	switch {
	case err != nil:
		l.t.Fatal(err)
	case status != http.StatusOK:
		refused = 1
		if telling[string(body)] != status {
			l.t.Errorf("deleting all photos: status %d, %s, which tells nothing", status, body)
		}
	}
	l.acked, l.perhaps = map[int64]int{}, map[int64][]int{}
	return refused
}

// verify asks for every photo that was acknowledged.
func (l *ledgered) verify(when string) {
	l.t.Helper()
	for user, n := range l.acked {
		status, body, err := l.do(http.MethodGet, "/user_get_image.fcgi", user, nil)
		right := bytes.Equal(body, l.pictures[n])
		for _, n := range l.perhaps[user] {
			right = right || bytes.Equal(body, l.pictures[n])
		}
		if err != nil || status != http.StatusOK || !right {
			l.t.Errorf("%s, photo of user %d: status %d, %d bytes that are not what was acknowledged, %v", when, user, status, len(body), err)
		}
	}
}

// mayLogIn opens a further session.
func (l *ledgered) mayLogIn(when string) {
	l.t.Helper()
	if err := l.login(); err != nil {
		l.t.Errorf("%s: %v", when, err)
	}
}

// recovers puts until one photo is kept: the first may still open the file again.
func (l *ledgered) recovers(when string, user int64) {
	l.t.Helper()
	if first := l.put(user); first == "" {
		return
	}
	if second := l.put(user); second != "" {
		l.t.Errorf("%s: still %s", when, second)
	}
}

// restart starts the terminal anew, killed as it was.
func (l *ledgered) restart(data, ready string) {
	l.t.Helper()
	l.kill()
	l.served = startOn(l.t, data, ready)
	l.verify("after a restart")
	if files := aside(l.t, data); len(files) > 0 {
		l.t.Errorf("set aside: %v", files)
	}
}

// TestFullDisk fills a disk of 16 MB by way of HTTP.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("fills a disk")
	}
	card, err := disk.New(t).Ext4("card", 16<<20)
	disk.Need(t, err)
	disk.Need(t, card.Mount())
	data, ready := filepath.Join(card.Dir, "data"), filepath.Join(t.TempDir(), "ready.json")
	l := newLedgered(t, startOn(t, data, ready), noisyPictures(t, 7))
	user := int64(1)
	for ; l.put(user) == ""; user++ {
	}
	if user < 50 {
		t.Errorf("full after %d photos", user)
	}
	for range 5 {
		if l.put(user) == "" {
			user++ // a smaller one
		}
	}
	l.verify("full")
	l.mayLogIn("full")
	for u := range int64(10) {
		l.remove(u + 1)
	}
	l.recovers("with room again", user)
	for u := range int64(5) {
		l.put(u + 1)
	}
	l.verify("with room again")
	l.restart(data, ready)
}

// TestReadOnlyDisk makes the disk read-only under a terminal, as the kernel does
// when it meets an error, and mends it as a board does: the terminal is not
// started anew.
func TestReadOnlyDisk(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("breaks a disk")
	}
	card, err := disk.New(t).Ext4("card", 64<<20)
	disk.Need(t, err)
	disk.Need(t, card.Mount("errors=remount-ro"))
	data, ready := filepath.Join(card.Dir, "data"), filepath.Join(t.TempDir(), "ready.json")
	l := newLedgered(t, startOn(t, data, ready), noisyPictures(t, 7))
	for user := range int64(20) {
		if refusal := l.put(user + 1); refusal != "" {
			t.Fatal(refusal)
		}
	}
	if err := card.Break(); err != nil {
		t.Fatal(err)
	}
	for user := range int64(5) {
		if l.put(user+1) == "" {
			t.Error("a photo was acknowledged on a disk that is read-only")
		}
		l.verify("read-only")
	}
	l.mayLogIn("read-only")
	if err := card.Replace("errors=remount-ro"); err != nil {
		t.Fatal(err)
	}
	l.recovers("mended", 30)
	l.verify("mended")
	l.restart(data, ready)
	l.kill()
	// A terminal that finds it so from the start says what can be done.
	if err := card.Break(); err != nil {
		t.Fatal(err)
	}
	const want = "checked and mounted for writing again"
	if status, text := portaria("serve", "--listen", "127.0.0.1:0", "--data", data); status != 1 || !strings.Contains(text, want) {
		t.Errorf("serve on a read-only disk: status %d, %s", status, text)
	}
	kept := filepath.Join(t.TempDir(), "kept.backup")
	if status, text := portaria("backup", "--data", data, "-o", kept); status != 0 {
		t.Errorf("backup of a read-only disk: status %d, %s", status, text)
	}
}

// TestFailingDisk lets system calls fail under a terminal that is being used: in
// each of its threads the Nth of a kind.
func TestFailingDisk(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes a while")
	}
	if err := exec.Command("strace", "-qq", "-o", os.DevNull, "true").Run(); err != nil {
		disk.Need(t, fmt.Errorf("%w: strace: %w", disk.ErrMissing, err))
	}
	most := 3
	if disk.Required() {
		most = 8
	}
	pictures := noisyPictures(t, 31)
	for _, failing := range []struct{ call, errno string }{
		{"fdatasync", "EIO"}, {"pwrite64", "EIO"}, {"pwrite64", "ENOSPC"}, {"fsync", "EIO"}, {"?ftruncate,?ftruncate64", "ENOSPC"},
	} {
		t.Run(failing.call+" "+failing.errno, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			data, ready := filepath.Join(dir, "data"), filepath.Join(dir, "ready.json")
			l := newLedgered(t, startOn(t, data, ready), pictures)
			refused := 0
			for n := 1; n <= most; n++ {
				when := fmt.Sprintf("call %d", n)
				detach := inject(t, l.process.Process.Pid, fmt.Sprintf("inject=%s:error=%s:when=%d", failing.call, failing.errno, n), failing.call)
				for i := range int64(12) {
					user := i%4 + 1
					if i == 6 {
						refused += l.removeAll()
					}
					if l.put(user) != "" {
						refused++
						l.verify(when)
					}
				}
				detach()
				l.recovers(when, 5)
				l.verify(when)
			}
			if refused == 0 {
				t.Error("no upload met an error")
			}
			l.mayLogIn("afterwards")
			l.restart(data, ready)
		})
	}
}

// inject has strace tamper with the calls of a process until the returned
// function is called.
func inject(t *testing.T, pid int, how, calls string) (detach func()) {
	t.Helper()
	strace := exec.Command("strace", "-f", "-o", os.DevNull, "-e", "trace="+calls, "-e", how, "-p", fmt.Sprint(pid))
	said, err := strace.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := strace.Start(); err != nil {
		t.Fatal(err)
	}
	// It says so when it has attached.
	first := make([]byte, 1)
	if _, err := said.Read(first); err != nil {
		t.Fatalf("strace: %v", err)
	}
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		buffer := make([]byte, 4096)
		for {
			if _, err := said.Read(buffer); err != nil {
				return
			}
		}
	}()
	end := func() {
		_ = strace.Process.Signal(os.Interrupt)
		<-drained
		_ = strace.Wait()
	}
	t.Cleanup(func() {
		if strace.ProcessState == nil {
			end()
		}
	})
	return end
}

// noisyPictures draws n pictures of 20 to 60 KB, no two alike.
func noisyPictures(t *testing.T, n int) [][]byte {
	t.Helper()
	rng := rand.New(rand.NewPCG(uint64(n), 1))
	pictures := make([][]byte, n)
	for i := range pictures {
		m := image.NewGray(image.Rect(0, 0, 160+rng.IntN(100), 160+rng.IntN(100)))
		for j := range m.Pix {
			m.Pix[j] = byte(rng.Uint32())
		}
		var out bytes.Buffer
		if err := jpeg.Encode(&out, m, &jpeg.Options{Quality: 80}); err != nil {
			t.Fatal(err)
		}
		pictures[i] = out.Bytes()
	}
	return pictures
}
