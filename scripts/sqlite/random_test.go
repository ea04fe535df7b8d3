package sqlite

import (
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// seedOf is the seed of everything that the test takes by chance: that of
// PORTARIA_SEED, to repeat a run, or a new one.
func seedOf(t testing.TB) uint64 {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("PORTARIA_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("PORTARIA_SEED=%d repeats this", seed)
		}
	})
	return seed
}

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

// pieces are what texts and patterns are put together from: letters that
// fold and letters that do not, characters of every length, bytes that are no
// UTF-8, and what SQL and LIKE take for something else.
var pieces = []string{
	"a", "a", "A", "b", "B", "n", "%", "%", "_", " ", "0", "'", `"`, "\\", "[", "{", "@", "`",
	"á", "Á", "ç", "日", "😀", "\u0080", "\uFFFD", "\uFFFE", "\n", "\x00", "\x7F", "\x80", "\xC3", "\xA1", "\xE0\x83\xA1", "\xED\xA0\x80", "\xF8\x80", "\xFF",
}

// plainPieces is how many of the first pieces are nothing odd.
const plainPieces = 9

func likeText(r *rand.Rand, length int) string {
	kinds := len(pieces)
	if r.IntN(2) == 0 {
		kinds = plainPieces
	}
	var b strings.Builder
	for range r.IntN(length) {
		b.WriteString(pieces[r.IntN(kinds)])
	}
	return b.String()
}
