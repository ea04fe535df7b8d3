package boot_test

import (
	"bytes"
	"errors"
	"testing"

	"portaria/scripts/image/build"
)

// TestPi3 boots the emulator's Raspberry Pi 3: the card reader, the serial
// line and the network are a Pi's own, which takes it five times as long.
func TestPi3(t *testing.T) {
	needEmulator(t)
	if !slow() {
		t.Skip("BOOT_TESTS=slow boots a Raspberry Pi 3")
	}
	b := insert(t, cardImage(t, build.Options{}))
	b.kind.Pi3 = true
	c := b.up()
	b.must(c.own())
	want := portrait(1)
	b.must(errors.Join(c.addUser(1), c.setPhoto(1, want)))
	b.cut()
	c = b.up()
	b.must(c.login(owner, password))
	if got, err := c.photo(1); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes, %v; want the %d that were sent", len(got), err, len(want))
	}
}
