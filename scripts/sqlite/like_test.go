package sqlite

import (
	"math/rand/v2"
	"testing"

	"portaria/store/query"
	"portaria/store/schema"
)

// TestLike compares patterns with SQLite's own LIKE.
func TestLike(t *testing.T) {
	t.Parallel()
	db, err := Memory()
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	compare, err := db.Prepare("SELECT CAST(? AS TEXT) LIKE CAST(? AS TEXT)")
	if err != nil {
		t.Fatal(err)
	}
	seed := seedOf(t)
	random := rand.New(rand.NewPCG(seed, 0))
	like := 0
	for range 60_000 {
		pattern, text := likeText(random, 7), likeText(random, 9)
		var want bool
		if err := compare.QueryRow([]byte(text), []byte(pattern)).Scan(&want); err != nil {
			t.Fatal(err)
		}
		if got := query.NewPattern(pattern).Match(text); got != want {
			t.Errorf("%q LIKE %q is %v, in SQLite %v", text, pattern, got, want)
		}
		if want {
			like++
		}
	}
	if like < 3_000 {
		t.Errorf("only %d texts were like their pattern", like)
	}
}

// TestLiterals asks SQLite what it takes the texts of values for.
func TestLiterals(t *testing.T) {
	t.Parallel()
	db, err := Memory()
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	random := rand.New(rand.NewPCG(seedOf(t), 1))
	for range 5_000 {
		text := likeText(random, 12)
		for _, want := range []schema.Value{schema.Text(text), schema.Blob(text), schema.Int(random.Int64() - random.Int64()), schema.Null} {
			var cell any
			if err := db.QueryRow("SELECT " + literal(want)).Scan(&cell); err != nil {
				t.Fatalf("%s: %v", literal(want), err)
			}
			if got := Value(cell); got != want {
				t.Errorf("%s is %#v, want %#v", literal(want), got, want)
			}
		}
	}
}
