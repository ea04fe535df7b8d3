package sqlite

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"portaria/store/query"
)

// questions is how many are asked in all.
func questions(t testing.TB) int {
	t.Helper()
	text := os.Getenv("PORTARIA_QUERIES")
	if text == "" {
		return 24_000
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// large are the tables of the large world that have more rows than others.
var large = map[string]int{"users": 300, "cards": 400, "groups": 12, "user_groups": 500, "access_logs": 600, "user_roles": 60}

// TestQuestions asks both the same.
func TestQuestions(t *testing.T) {
	t.Parallel()
	seed := seedOf(t)
	worlds := []struct {
		name string
		rows func(table string) int
	}{
		{"hardly any rows", func(string) int { return 1 }},
		{"few rows", func(string) int { return 6 }},
		{"some rows", func(string) int { return 25 }},
		{"many rows", func(table string) int { return max(large[table], 8) }},
	}
	n := questions(t) / len(worlds)
	for _, world := range worlds {
		t.Run(world.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, seed)
			w.populate(t, world.rows)
			if err := w.compareState(w.tables); err != nil {
				t.Fatal(err)
			}
			w.examine(t, seed, n)
		})
	}
}

// examine asks n questions, each with a seed of its own.
func (w *world) examine(t testing.TB, seed uint64, n int) {
	t.Helper()
	answered, failed := 0, 0
	for i := range n {
		w.random = rand.New(rand.NewPCG(seed, uint64(i)+1))
		q := w.question()
		if err := w.compare(q); err != nil {
			q = simplest(q, func(q query.Query) bool { return w.compare(q) != nil })
			t.Errorf("question %d: %v", i, w.compare(q))
			if failed++; failed == 10 {
				t.Fatal("too many differences")
			}
		}
		if rows, err := w.load(q); err == nil && len(rows) > 0 {
			answered++
		}
	}
	if n > 1000 && answered < n/10 {
		t.Errorf("only %d of %d questions had rows for an answer", answered, n)
	}
}
