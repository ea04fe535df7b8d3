package transfer_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"image"
	"image/jpeg"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"portaria/terminal/terminaltest"
	"portaria/terminal/transfer"
	"portaria/testdata"
)

// noisy draws a picture that no compression makes small.
func noisy(width, height int) []byte {
	picture := image.NewRGBA(image.Rect(0, 0, width, height))
	random := rand.New(rand.NewPCG(1, 2))
	for i := range picture.Pix {
		picture.Pix[i] = uint8(random.Uint32())
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, picture, &jpeg.Options{Quality: 100}); err != nil {
		panic(err)
	}
	return out.Bytes()
}

func album() map[string][]byte {
	return map[string][]byte{
		"10.jpg":             portrait(10),
		"year 9/11.PNG":      testdata.Photo("alpha-200x200.png"),
		"12.jpeg":            testdata.Photo("heic-renamed.jpg"),
		"13.jpg":             noisy(1000, 1000),
		"10.png":             testdata.Photo("alpha-200x200.png"),
		"0014.jpg":           portrait(14),
		"notes.txt":          []byte("not a picture"),
		".hidden.jpg":        portrait(1),
		"year 9/maria.v.jpg": portrait(15),
	}
}

// wantAlbum checks what became of the album in a terminal with the users 10 to
// 14, 140 (registration 0014) and 15 (registration maria.v).
func wantAlbum(t *testing.T, where string) {
	t.Helper()
	to := terminaltest.New(t)
	for id := int64(10); id <= 14; id++ {
		to.AddUser(id, "Somebody")
	}
	mustCreate(t, to, `{"id":140,"name":"Fourteen","registration":"0014"}`)
	mustCreate(t, to, `{"id":15,"name":"Maria","registration":"maria.v"}`)
	tr := between(t, where, to.URL)
	report := mustRun(t, tr, counts{copied: 5, refused: 2})
	if !bytes.Equal(to.Photo(10), portrait(10)) || !bytes.Equal(to.Photo(140), portrait(14)) || !bytes.Equal(to.Photo(15), portrait(15)) {
		t.Errorf("photos of %v, or other ones", to.Photos())
	}
	if n := len(to.Photo(13)); n == 0 || n >= transfer.DefaultLimit {
		t.Errorf("the large photo has %d bytes", n)
	}
	if err := reason(t, report, "10.png"); !strings.Contains(err.Error(), "the same user as 10.jpg") {
		t.Errorf("a second photo: %v", err)
	}
	if err := reason(t, report, "12.jpeg"); !strings.Contains(err.Error(), "not a JPEG or PNG") {
		t.Errorf("no photo: %v", err)
	}
	mustRun(t, tr, counts{unchanged: 5, refused: 2})
}

func TestFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, data := range album() {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	wantAlbum(t, dir)
}

func TestZip(t *testing.T) {
	t.Parallel()
	for name, slash := range map[string]string{"as it should be": "/", "as old archivers write it": `\`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			w := zip.NewWriter(&out)
			for name, data := range album() {
				entry, err := w.Create(strings.ReplaceAll(name, "/", slash))
				if err != nil {
					t.Fatal(err)
				}
				if _, err := entry.Write(data); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(t.TempDir(), "album.zip")
			if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
			wantAlbum(t, path)
		})
	}
}

func TestCreatingUsersOfAFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"10", "maria"} {
		if err := os.WriteFile(filepath.Join(dir, name+".jpg"), portrait(len(name)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("a number is the number", func(t *testing.T) {
		t.Parallel()
		to := terminaltest.New(t)
		tr := between(t, dir, to.URL)
		tr.CreateUsers = true
		report := mustRun(t, tr, counts{copied: 1, refused: 1, created: 1})
		if err := reason(t, report, "maria.jpg"); !strings.Contains(err.Error(), "match by registration") {
			t.Errorf("a name that is no number: %v", err)
		}
	})
	t.Run("or all names are registrations", func(t *testing.T) {
		t.Parallel()
		to := terminaltest.New(t)
		tr := between(t, dir, to.URL)
		tr.CreateUsers, tr.Match = true, transfer.MatchRegistration
		mustRun(t, tr, counts{copied: 2, created: 2})
		for id, registration := range registrations(t, to) {
			if !bytes.Equal(to.Photo(id), portrait(len(registration))) {
				t.Errorf("user %d, %s, has another's photo", id, registration)
			}
		}
		mustRun(t, tr, counts{unchanged: 2})
	})
}

func TestSettings(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	broken := filepath.Join(dir, "broken.zip")
	foreign := filepath.Join(dir, "foreign.json")
	for _, path := range []string{broken, foreign} {
		if err := os.WriteFile(path, []byte("dear diary\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, change := range map[string]func(*transfer.Transfer){
		"no source":                  func(tr *transfer.Transfer) { tr.From.Where = "" },
		"a source that is not there": func(tr *transfer.Transfer) { tr.From.Where = filepath.Join(dir, "nowhere") },
		"a zip that is none":         func(tr *transfer.Transfer) { tr.From.Where = broken },
		"a file that is no zip":      func(tr *transfer.Transfer) { tr.From.Where = foreign },
		"a folder as target":         func(tr *transfer.Transfer) { tr.To.Where = dir },
		"Netex as source":            func(tr *transfer.Transfer) { tr.From.Where = "https://x.example/integration/ws" },
		"Netex without a token": func(tr *transfer.Transfer) {
			tr.To = transfer.Endpoint{Where: "https://x.example", Kind: transfer.Netex}
		},
		"a match that is not known":      func(tr *transfer.Transfer) { tr.Match = "face" },
		"more requests than is decent":   func(tr *transfer.Transfer) { tr.Parallel = 1000 },
		"a limit that no photo is below": func(tr *transfer.Transfer) { tr.Limit = 10 },
		"a state that is somebody's":     func(tr *transfer.Transfer) { tr.State = foreign },
		"a password in the address":      func(tr *transfer.Transfer) { tr.To.Where = "http://admin:hush-hush@127.0.0.1:1" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tr := between(t, dir, "http://127.0.0.1:1")
			change(&tr)
			_, err := tr.Run(context.Background())
			if !errors.Is(err, transfer.ErrSetting) || strings.Contains(err.Error(), "hush-hush") {
				t.Errorf("run: %v, want ErrSetting", err)
			}
		})
	}
	t.Run("a folder that is gone is named", func(t *testing.T) {
		tr := between(t, filepath.Join(dir, "nowhere"), "http://127.0.0.1:1")
		tr.From.Kind = transfer.Folder
		if _, err := tr.Run(context.Background()); !errors.Is(err, transfer.ErrSetting) || !strings.Contains(err.Error(), "nowhere") {
			t.Errorf("run: %v, want ErrSetting and the folder", err)
		}
	})
	if text, err := os.ReadFile(foreign); err != nil || string(text) != "dear diary\n" {
		t.Errorf("somebody's file is now %q, %v", text, err)
	}
}

func TestGuessKind(t *testing.T) {
	t.Parallel()
	for where, want := range map[string]transfer.Kind{
		"http://192.168.0.129":                                transfer.Terminal,
		"https://gl.example:443/aveksa/command.submit":        transfer.SecurID,
		"https://bpm.example:9443/rest/bpm/wle/v1":            transfer.BPM,
		"https://bpm.example/baw/dev":                         transfer.BPM,
		"https://tenant.learningcloud.example/integration/ws": transfer.Netex,
		t.TempDir(): transfer.Folder,
	} {
		if got, err := transfer.GuessKind(where); got != want || err != nil {
			t.Errorf("GuessKind(%s): %q, %v, want %q", where, got, err, want)
		}
	}
}
