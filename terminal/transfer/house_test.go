package transfer_test

import (
	"bytes"
	"fmt"
	"testing"

	"portaria/terminal"
	"portaria/terminal/terminaltest"
	"portaria/terminal/transfer"
)

// TestOwnDialects moves photos over the dialects that the terminal itself
// speaks, which were written from the same reference by somebody else.
func TestOwnDialects(t *testing.T) {
	t.Parallel()
	const many = 12
	from := terminaltest.New(t)
	for n := 1; n <= many; n++ {
		mustCreate(t, from, fmt.Sprintf(`{"id":%d,"name":"Person %d","registration":"r%d"}`, n, n, n))
		if n > 2 {
			from.SetPhoto(int64(n), portrait(n))
		}
	}
	for _, kind := range []transfer.Kind{transfer.SecurID, transfer.BPM} {
		t.Run("out of "+string(kind), func(t *testing.T) {
			t.Parallel()
			to := terminaltest.New(t)
			tr := between(t, from.URL, to.URL)
			tr.From.Kind, tr.CreateUsers = kind, true
			mustRun(t, tr, counts{copied: many - 2, noPhoto: 2, created: many - 2})
			mustRun(t, tr, counts{unchanged: many - 2, noPhoto: 2})
			for id, registration := range registrations(t, to) {
				if registration != fmt.Sprintf("r%d", id) || to.Photo(id) == nil {
					t.Errorf("user %d has the registration %s and a photo of %d bytes", id, registration, len(to.Photo(id)))
				}
			}
		})
	}
	t.Run("into netex", func(t *testing.T) {
		t.Parallel()
		to := terminaltest.New(t, terminaltest.With(func(c *terminal.Config) { c.NetexToken = "of-the-house" }))
		for n := 1; n < many; n++ {
			mustCreate(t, to, fmt.Sprintf(`{"id":%d,"name":"Person %d","registration":"r%d"}`, n+100, n, n))
		}
		tr := between(t, from.URL, to.URL)
		tr.To = transfer.Endpoint{Kind: transfer.Netex, Where: to.URL, Password: "of-the-house"}
		mustRun(t, tr, counts{copied: many - 3, noPhoto: 2, refused: 1})
		if !bytes.Equal(to.Photo(105), portrait(5)) {
			t.Errorf("photos of %v, or other ones", to.Photos())
		}
	})
}
