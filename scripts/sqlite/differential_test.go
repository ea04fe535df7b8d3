package sqlite

import (
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"

	"portaria/store/query"
	"portaria/store/schema"
)

// numberOf is the number that an environment variable says, or the usual one.
func numberOf(t testing.TB, variable string, usual int) int {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return usual
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
	n := numberOf(t, "PORTARIA_QUERIES", 60_000) / len(worlds)
	var ways tally
	t.Cleanup(func() { ways.check(t, n) })
	for _, world := range worlds {
		t.Run(world.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, seed)
			w.populate(t, world.rows)
			for range 5 {
				w.reform(t)
			}
			if err := w.compareState(w.tables); err != nil {
				t.Fatal(err)
			}
			w.examine(t, seed, n, &ways)
		})
	}
}

// examine asks n questions, each with a seed of its own.
func (w *world) examine(t testing.TB, seed uint64, n int, ways *tally) {
	t.Helper()
	own := w.schema.Table(itsOwn)
	w.copyTable(t, own)
	w.look(t, []*schema.Table{own})
	answered, failed := 0, 0
	for i := range n {
		w.random = rand.New(rand.NewPCG(seed, uint64(i)+1))
		q := w.question()
		if plan, err := q.Plan(w.schema, query.Known{Rows: func(table string) int64 { return w.rows[table] }}); err == nil {
			ways.count(plan)
		}
		rows, err := w.compare(q)
		if err != nil {
			q = simplest(q, func(q query.Query) bool { _, err := w.compare(q); return err != nil })
			_, err = w.compare(q)
			t.Errorf("question %d: %v", i, err)
			if failed++; failed == 10 {
				t.Fatal("too many differences")
			}
		}
		if rows > 0 {
			answered++
		}
	}
	if n > 1000 && answered < n/10 {
		t.Errorf("only %d of %d questions had rows for an answer", answered, n)
	}
}

// tally counts how rows were found, since a way that no question takes is
// not tested.
type tally struct {
	mu     sync.Mutex // guards what follows
	ways   map[query.Way]int
	sorted int // plans with an order that needs no sorting
}

func (n *tally) count(p *query.Plan) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ways == nil {
		n.ways = make(map[query.Way]int)
	}
	for _, s := range p.Steps {
		n.ways[s.Way]++
	}
	if p.Sorted && len(p.Order) > 0 {
		n.sorted++
	}
}

func (n *tally) check(t testing.TB, questions int) {
	if t.Failed() {
		return
	}
	for way := query.Scan; way <= query.Follow; way++ {
		if n.ways[way] == 0 && questions > 1000 {
			t.Errorf("no question takes way %d; they take %v", way, n.ways)
		}
	}
	t.Logf("ways %v, %d orders for nothing", n.ways, n.sorted)
}
