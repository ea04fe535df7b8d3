package boot_test

import (
	"bytes"
	"crypto/ed25519"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"portaria/scripts/image/boot"
	"portaria/scripts/image/build"
	"portaria/scripts/image/bundle"
	"portaria/scripts/image/card"
)

// made holds what the tests boot, each thing built once. Tests change copies.
var made struct {
	dir    string
	mu     sync.Mutex // guards things
	things map[string]*thing
}

type thing struct {
	once sync.Once
	path string
	err  error
}

func TestMain(m *testing.M) {
	os.Exit(func() int {
		var err error
		if made.dir, err = os.MkdirTemp("", "portaria-boot-"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(made.dir)
		made.things = map[string]*thing{}
		return m.Run()
	}())
}

// once has something built the first time that it is asked for by its name.
func once(t testing.TB, name string, make func(path string) error) string {
	t.Helper()
	made.mu.Lock()
	if made.things[name] == nil {
		made.things[name] = &thing{path: filepath.Join(made.dir, name)}
	}
	x := made.things[name]
	made.mu.Unlock()
	x.once.Do(func() { x.err = make(x.path) })
	if x.err != nil {
		t.Fatalf("building %s: %v", name, x.err)
	}
	return x.path
}

// needEmulator skips the test, or fails it where skipping is not good enough.
func needEmulator(t testing.TB, names ...string) {
	t.Helper()
	if testing.Short() {
		t.Skip("boots a machine")
	}
	for _, name := range append([]string{boot.Emulator}, names...) {
		if _, err := exec.LookPath(name); err == nil {
			continue
		}
		if os.Getenv("BOOT_TESTS") != "" {
			t.Fatalf("%s is missing: apt-get install qemu-system-arm qemu-user-static", name)
		}
		t.Skipf("%s is missing: no image was booted", name)
	}
}

// The keys of the tests: one that their cards trust, and one that they do not.
var (
	trusted  = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, ed25519.SeedSize))
	stranger = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{2}, ed25519.SeedSize))
)

// The systems of the tests, in the order that they were built.
var (
	first  = card.Info{Version: "1.0.0", Built: 1790000000}
	second = card.Info{Version: "1.1.0", Built: 1790000100}
)

// system completes what to build.
func system(o build.Options, info card.Info) build.Options {
	o.Info, o.Log = info, slog.New(slog.DiscardHandler)
	o.UpdateKeys = []byte(bundle.PublicLine(trusted.Public().(ed25519.PublicKey)))
	return o
}

// cardImage returns the image of a card; of what is shipped if o is zero.
func cardImage(t testing.TB, o build.Options) string {
	t.Helper()
	return once(t, fmt.Sprintf("%s%s%d.img", filepath.Base(o.Terminal), o.Tags, o.Arm), func(path string) error {
		f, err := os.Create(path)
		if err != nil {
			return err
		}
		defer f.Close()
		return build.Image(t.Context(), system(o, first), f)
	})
}

// update returns a bundle of the second system, signed by key.
func update(t testing.TB, o build.Options, key ed25519.PrivateKey) []byte {
	t.Helper()
	name := fmt.Sprintf("%s%s-%x.update", filepath.Base(o.Terminal), o.Tags, key.Seed()[:1])
	path := once(t, name, func(path string) error {
		slot, err := os.Create(path + ".slot")
		if err != nil {
			return err
		}
		defer slot.Close()
		if err := build.Slot(t.Context(), system(o, second), slot); err != nil {
			return err
		}
		if _, err := slot.Seek(0, io.SeekStart); err != nil {
			return err
		}
		out, err := os.Create(path)
		if err != nil {
			return err
		}
		defer out.Close()
		return bundle.Write(out, key, second, slot)
	})
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// impostor returns a program to put in the terminal's place.
func impostor(t testing.TB, manner string) string {
	t.Helper()
	return once(t, "impostor-"+manner, func(path string) error {
		c := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-ldflags", "-s -w -X main.manner="+manner, "-o", path, "./testdata/impostor")
		c.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=arm64")
		if out, err := c.CombinedOutput(); err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
		return nil
	})
}
