package transfer_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"portaria/terminal"
	"portaria/terminal/terminaltest"
	"portaria/terminal/transfer"
)

// portrait draws a picture that every terminal takes, another one for each n.
func portrait(n int) []byte {
	if known, ok := portraits.Load(n); ok {
		return known.([]byte)
	}
	picture := drawn(n, 160, 200)
	portraits.Store(n, picture)
	return picture
}

var portraits sync.Map // drawing takes longer than sending

func drawn(n, width, height int) []byte {
	picture := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			picture.Set(x, y, color.RGBA{uint8(x + n), uint8(y + n>>4), uint8(n), 255})
		}
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, picture, nil); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// quick is a clock on which waiting takes no time.
type quick struct {
	mu     sync.Mutex // guards now and waited
	now    time.Time
	waited time.Duration
}

func newQuick() *quick { return &quick{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)} }

func (q *quick) Now() time.Time {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.now
}

func (q *quick) Mark() time.Time { return q.Now() }

func (q *quick) Sleep(d time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.now, q.waited = q.now.Add(d), q.waited+d
}

// noFaces lets a facial terminal take drawn pictures.
func noFaces() terminaltest.Option {
	return terminaltest.With(func(c *terminal.Config) { c.Faces = "off" })
}

// people gives a terminal so many users with photos.
func people(t testing.TB, terminal *terminaltest.Terminal, from, to int) {
	t.Helper()
	for n := from; n <= to; n++ {
		terminal.AddUser(int64(n), fmt.Sprintf("Person %d", n))
		terminal.SetPhoto(int64(n), portrait(n))
	}
}

// between is a transfer from one address to another with the state in a
// folder of the test.
func between(t testing.TB, from, to string) transfer.Transfer {
	t.Helper()
	return transfer.Transfer{
		From:  transfer.Endpoint{Where: from, Login: "admin", Password: "admin"},
		To:    transfer.Endpoint{Where: to, Login: "admin", Password: "admin"},
		State: filepath.Join(t.TempDir(), "state.json"),
		Clock: newQuick(),
	}
}

// counts is what a run should report.
type counts struct{ copied, unchanged, noPhoto, left, refused, failed, created int }

func countsOf(r transfer.Report) counts {
	return counts{
		r.Count[transfer.Copied], r.Count[transfer.Unchanged], r.Count[transfer.NoPhoto],
		r.Count[transfer.Left], r.Count[transfer.Refused], r.Count[transfer.Failed], r.Created,
	}
}

// mustRun runs tr to its end and checks the sums.
func mustRun(t testing.TB, tr transfer.Transfer, want counts) transfer.Report {
	t.Helper()
	report, err := tr.Run(context.Background())
	if err != nil {
		t.Fatalf("run: %v, after %+v", err, countsOf(report))
	}
	if got := countsOf(report); got != want {
		t.Fatalf("run: %+v, want %+v; problems: %v", got, want, report.Problems)
	}
	return report
}

// reason is what the report says of one person.
func reason(t testing.TB, r transfer.Report, who string) error {
	t.Helper()
	for _, o := range r.Problems {
		if o.Who == who {
			return o.Err
		}
	}
	t.Fatalf("%s is no problem: %v", who, r.Problems)
	return nil
}

// front stands before a terminal, counts its commands and may answer in its
// place.
type front struct {
	URL string

	mu      sync.Mutex // guards all below
	count   map[string]int
	largest int64 // bytes of a request
}

// newFront returns a front; instead answers a request and tells so, or leaves
// it to the terminal. The number is how many of this command there were. Of
// the commands to lose the first answer never arrives.
func newFront(t testing.TB, to string, instead func(w http.ResponseWriter, command string, nth int) bool, lose ...string) *front {
	t.Helper()
	u, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	f := &front{count: map[string]int{}}
	proxy := httputil.NewSingleHostReverseProxy(u)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		command := path.Base(r.URL.Path)
		f.mu.Lock()
		f.count[command]++
		nth := f.count[command]
		f.largest = max(f.largest, r.ContentLength)
		f.mu.Unlock()
		if instead != nil && instead(w, command, nth) {
			return
		}
		if nth == 1 && slices.Contains(lose, command) {
			proxy.ServeHTTP(httptest.NewRecorder(), r)
			drop(w)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	f.URL = server.URL
	return f
}

func (f *front) of(commands ...string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	sum := 0
	for _, c := range commands {
		sum += f.count[c+".fcgi"]
	}
	return sum
}

// uploads is how many requests carried photos.
func (f *front) uploads() int { return f.of("user_set_image", "user_set_image_list") }

// drop ends the connection without an answer.
func drop(w http.ResponseWriter) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(errors.Join(errors.New("no connection to drop"), err))
	}
	conn.Close()
}
