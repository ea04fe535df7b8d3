package boot_test

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"portaria/scripts/image/boot"
	"portaria/scripts/image/build"
	"portaria/scripts/image/bundle"
	"portaria/scripts/image/card"
)

// owned is a board with an owner, a user and a photo.
func owned(t testing.TB) (*board, *terminal) {
	t.Helper()
	b := insert(t, cardImage(t, build.Options{}))
	c := b.up()
	b.must(c.own())
	b.must(errors.Join(c.addUser(1), c.setPhoto(1, portrait(1))))
	return b, c
}

// back boots the board and logs in. The photo has to be there, and the slot
// the one wanted.
func (b *board) back(want card.Slot, trial bool) *terminal {
	b.Helper()
	c := b.up()
	b.must(c.login(owner, password))
	if got, err := c.photo(1); err != nil || !bytes.Equal(got, portrait(1)) {
		b.Errorf("the photo: %d bytes, %v", len(got), err)
	}
	if s, err := c.board(); err != nil || s.Slot != want.String() || s.Trial != trial {
		b.Fatalf("the board says %+v, %v; want slot %v, trial %v", s, err, want, trial)
	}
	return c
}

// defaults fails unless autoboot.txt names the slot outside of trials. The
// board must be off.
func (b *board) defaults(want card.Slot) {
	b.Helper()
	if got, err := b.card.Default(); err != nil || got != want {
		b.Fatalf("autoboot.txt names slot %v, %v; want %v", got, err, want)
	}
}

// refused fails unless the board refuses the update.
func (b *board) refused(c *terminal, update []byte) {
	b.Helper()
	var refused *refusal
	if err := c.update(update); !errors.As(err, &refused) || refused.status >= 500 {
		b.Errorf("the board says %v, want a refusal", err)
	}
	if s, err := c.board(); err != nil || s.Update.State == "ready" {
		b.Errorf("the board says %+v, %v", s, err)
	}
	if err := c.tell("trial"); !errors.As(err, &refused) {
		b.Fatalf("a trial of what was refused: %v, want a refusal", err)
	}
}

func TestUpdate(t *testing.T) {
	needEmulator(t)
	t.Parallel()
	b, c := owned(t)
	b.step("one signed by a stranger is refused", func(t *testing.T) {
		b.refused(c, update(t, build.Options{}, stranger))
	})
	b.step("one that was altered on the way is refused", func(t *testing.T) {
		altered := bytes.Clone(update(t, build.Options{}, trusted))
		altered[len(altered)/2] ^= 1
		b.refused(c, altered)
	})
	b.step("one older than the system is refused", func(t *testing.T) {
		var older bytes.Buffer
		info := card.Info{Version: "0.9.0", Built: first.Built - 1}
		b.must(bundle.Write(&older, trusted, info, bytes.NewReader(make([]byte, card.SectorSize))))
		b.refused(c, older.Bytes())
	})
	b.step("a good one is tried in the other slot", func(t *testing.T) {
		b.must(c.update(update(t, build.Options{}, trusted)))
		if s, err := c.board(); err != nil || s.Update.State != "ready" {
			t.Fatalf("the board says %+v, %v", s, err)
		}
		b.must(c.tell("trial"))
		b.ends(boot.TryBoot)
		b.defaults(card.SlotA)
		c = b.back(card.SlotB, true)
	})
	b.step("and kept when it is healthy", func(t *testing.T) {
		deadline := time.Now().Add(2 * patience)
		for {
			s, err := c.board()
			b.must(err)
			if !s.Trial {
				if s.Version != second.Version {
					t.Errorf("version %s, want %s", s.Version, second.Version)
				}
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("the board still says %+v", s)
			}
			time.Sleep(time.Second) // polling another machine
		}
		b.cut()
		b.defaults(card.SlotB)
		b.back(card.SlotB, false)
	})
}

func TestBadUpdate(t *testing.T) {
	needEmulator(t)
	t.Parallel()
	b, c := owned(t)
	if slow() {
		b.step("a power cut in the trial ends it", func(t *testing.T) {
			b.must(c.update(update(t, build.Options{Terminal: impostor(t, "silent")}, trusted)))
			b.must(c.tell("trial"))
			b.ends(boot.TryBoot)
			b.on()
			b.says("impostor: silent")
			b.cut()
			b.defaults(card.SlotA)
			c = b.back(card.SlotA, false)
		})
	}
	b.step("one whose terminal never answers is tried, and the board ends it by itself", func(t *testing.T) {
		b.must(c.update(update(t, build.Options{Terminal: impostor(t, "silent")}, trusted)))
		b.must(c.tell("trial"))
		b.ends(boot.TryBoot)
		b.kind.Kernel = []string{"portaria.trial=30"}
		b.on()
		b.says("impostor: silent")
		b.ends(boot.Reboot)
		b.kind.Kernel = nil
		b.defaults(card.SlotA)
		c = b.back(card.SlotA, false)
		if s, err := c.board(); err != nil || s.Update.State != "failed" {
			t.Errorf("the board says %+v, %v; want a failed update", s, err)
		}
	})
}

// TestCutUpdate cuts the power while an update is written to the other slot.
func TestCutUpdate(t *testing.T) {
	needEmulator(t)
	t.Parallel()
	b, c := owned(t)
	whole := update(t, build.Options{}, trusted)
	if err := c.update(whole[:len(whole)/2]); err == nil {
		t.Log("half an update was taken for the whole of a smaller one")
	}
	b.cut()
	b.defaults(card.SlotA)
	c = b.back(card.SlotA, false)
	b.must(c.update(whole))
	if s, err := c.board(); err != nil || s.Update.State != "ready" {
		t.Errorf("the board says %+v, %v", s, err)
	}
}

func TestWatchdog(t *testing.T) {
	needEmulator(t)
	t.Parallel()
	b := insert(t, cardImage(t, build.Options{Terminal: impostor(t, "hanging")}))
	b.on()
	b.says("impostor: hangs from now on")
	b.ends(boot.Reset)
}
