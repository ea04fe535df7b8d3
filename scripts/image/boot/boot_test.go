package boot_test

import (
	"bytes"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"portaria/scripts/image/boot"
	"portaria/scripts/image/build"
)

func photoFile(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(repository, "testdata", "photo", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestBoot is a card's first day: flashed, owned, used, cut off and powered off. The
// steps build on one another.
func TestBoot(t *testing.T) {
	needEmulator(t)
	t.Parallel()
	b := insert(t, cardImage(t, build.Options{}))
	want := photoFile(t, "plain-320x240.jpg")
	c := b.up()
	b.step("nothing is served until the factory password is changed", func(t *testing.T) {
		b.must(c.login("admin", "admin"))
		var refused *refusal
		if err := c.addUser(10); !errors.As(err, &refused) || refused.status != http.StatusUnauthorized {
			t.Errorf("adding a user with the factory password: %v, want 401", err)
		}
		b.must(c.own())
	})
	b.step("a photo comes back as it was sent", func(t *testing.T) {
		b.must(errors.Join(c.addUser(10), c.setPhoto(10, want)))
		if got, err := c.photo(10); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d bytes, %v; want the %d that were sent", len(got), err, len(want))
		}
	})
	b.step("it is there after a power cut", func(t *testing.T) {
		b.cut()
		c = b.up()
		b.must(c.login(owner, password))
		if got, err := c.photo(10); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d bytes, %v; want the %d that were sent", len(got), err, len(want))
		}
	})
	b.step("the board powers off when told", func(t *testing.T) {
		b.must(c.tell("poweroff"))
		b.ends(boot.PowerOff)
		cleanData(t, b.card, true)
	})
	b.step("a reboot comes back to the same", func(t *testing.T) {
		c = b.up()
		b.must(c.login(owner, password))
		b.must(c.tell("reboot"))
		b.ends(boot.Reboot)
		c = b.up()
		b.must(c.login(owner, password))
		if got, err := c.photo(10); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d bytes, %v; want the %d that were sent", len(got), err, len(want))
		}
	})
}

func TestRoot(t *testing.T) {
	needEmulator(t)
	t.Parallel()
	b := insert(t, cardImage(t, build.Options{Terminal: impostor(t, "telling")}))
	b.on()
	b.says("impostor: told")
	console := strings.ReplaceAll(b.machine.Console(), "\r", "")
	mounts := map[string][]string{} // options by where
	for line := range strings.Lines(console) {
		if f := strings.Fields(line); len(f) == 6 && strings.HasPrefix(f[1], "/") {
			mounts[f[1]] = append(strings.Split(f[3], ","), f[2])
		}
	}
	has := func(where, option string) bool {
		for _, o := range mounts[where] {
			if o == option {
				return true
			}
		}
		return false
	}
	t.Run("the root is read-only", func(t *testing.T) {
		if !has("/", "ro") {
			t.Errorf("/ is mounted %q, want ro", mounts["/"])
		}
	})
	t.Run("the data are ext4 without programs or devices", func(t *testing.T) {
		for _, option := range []string{"ext4", "rw", "nodev", "nosuid", "noatime"} {
			if !has("/data", option) {
				t.Errorf("/data is mounted %q, want %s", mounts["/data"], option)
			}
		}
	})
	t.Run("the terminal may not change the system", func(t *testing.T) {
		if i := strings.Index(console, "impostor: may write"); i >= 0 {
			t.Error(console[i:])
		}
	})
}

// TestCard boots cards that are larger than the image, as all are.
func TestCard(t *testing.T) {
	needEmulator(t)
	t.Parallel()
	t.Run("the data grow to the end of the card at the first boot", func(t *testing.T) {
		t.Parallel()
		const size = 4 << 30
		b := insert(t, cardImage(t, build.Options{}))
		b.must(b.card.Grow(size))
		c := b.up()
		b.must(c.own())
		b.must(errors.Join(c.addUser(1), c.setPhoto(1, photoFile(t, "plain-200x200.jpg"))))
		b.must(c.tell("poweroff"))
		b.ends(boot.PowerOff)
		cleanData(t, b.card, true)
		got, err := b.card.DataSize()
		b.must(err)
		// A last group of blocks that would hold little more than itself is left out.
		if got < size-600<<20 || got > size {
			t.Errorf("the data have %d MiB on a card of %d", got>>20, size>>20)
		}
	})
	t.Run("a board with little memory is enough", func(t *testing.T) {
		t.Parallel()
		b := insert(t, cardImage(t, build.Options{}))
		b.kind.MemoryMiB = 256
		b.up()
	})
}
