// Bench measures portaria's tables side by side with SQLite: the same rows,
// the same questions, the same bytes of JSON, in turns.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"text/tabwriter"
	"time"
)

func main() {
	if err := run(os.Args[1:]); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(args []string) (err error) {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	quick := flags.Bool("quick", false, "A tenth of the rows and two rounds: shows that it works, measures little.")
	rounds := flags.Int("rounds", 9, "How often each side has its turn with each operation.")
	dir := flags.String("dir", ".", "The folder `DIR` to work in, on the disk that is to be measured.")
	if err := flags.Parse(args); err != nil {
		return err
	}
	size := full
	if *quick {
		size, *rounds = full.tenth(), 2
	}
	folder, err := os.MkdirTemp(*dir, "bench-sqlite-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	ours, err := openTerminal(filepath.Join(folder, "portaria"))
	if err != nil {
		return err
	}
	defer ours.close()
	theirs, err := openSQLite(filepath.Join(folder, "sqlite.db"), ours.device.Schema())
	if err != nil {
		return err
	}
	defer theirs.close()
	c := &contest{size: size, rounds: *rounds, ours: ours, theirs: theirs}
	if err := c.fill(); err != nil {
		return err
	}
	if err := c.hold(); err != nil {
		return err
	}
	c.print(os.Stdout)
	return nil
}

// side is one that keeps rows and answers questions.
type side interface {
	// answer returns the rows of a question as JSON. They are valid until the
	// next one.
	answer(*question, int64) ([]byte, error)
	// insert adds rows, all or none, and returns the id of the first.
	insert(batch) (int64, error)
	// remove removes so many users from the id on, with what they have.
	remove(first, count int64) error
}

// contest is one run.
type contest struct {
	size         size
	rounds       int
	ours, theirs side
	results      []result
}

// result is how long both took for an operation, in each round.
type result struct {
	name         string
	ours, theirs []time.Duration
}

func (c *contest) hold() error {
	for i := range questions {
		q := &questions[i]
		if err := c.check(q); err != nil {
			return fmt.Errorf("%s: %w", q.name, err)
		}
		r := result{name: q.name}
		for round := range c.rounds {
			err := c.inTurn(round, &r, func(s side) (time.Duration, error) {
				start := time.Now()
				for n := range q.times {
					if _, err := s.answer(q, q.number(c.size, round*q.times+n)); err != nil {
						return 0, err
					}
				}
				return time.Since(start) / time.Duration(q.times), nil
			})
			if err != nil {
				return fmt.Errorf("%s: %w", q.name, err)
			}
		}
		c.add(r)
	}
	return c.holdChanges()
}

// check compares the answers themselves.
func (c *contest) check(q *question) error {
	for n := range 5 {
		number := q.number(c.size, n)
		want, err := c.theirs.answer(q, number)
		if err != nil {
			return err
		}
		want = slices.Clone(want)
		got, err := c.ours.answer(q, number)
		if err != nil {
			return err
		}
		if string(got) != string(want) {
			return fmt.Errorf("for %d the answers differ:\nportaria %.400s\nSQLite   %.400s", number, got, want)
		}
		if len(got) < 10 {
			return fmt.Errorf("for %d there is nothing to find", number)
		}
	}
	return nil
}

// holdChanges adds users and removes them again, so that every round begins
// alike.
func (c *contest) holdChanges() error {
	const users = 1_000
	inserts := result{name: "insert 1,000 users, on disk"}
	deletes := result{name: "delete 1,000 users, cards, groups"}
	firsts := make(map[side]int64)
	for round := range c.rounds {
		err := c.inTurn(round, &inserts, func(s side) (_ time.Duration, err error) {
			start := time.Now()
			firsts[s], err = s.insert(newUsers(c.size.users+round*users, users))
			return time.Since(start), err
		})
		if err != nil {
			return fmt.Errorf("insert: %w", err)
		}
		if firsts[c.ours] != firsts[c.theirs] {
			return fmt.Errorf("the first new user is %d, in SQLite %d", firsts[c.ours], firsts[c.theirs])
		}
		for _, s := range []side{c.ours, c.theirs} {
			for _, b := range belongings(firsts[s], users) {
				if _, err := s.insert(b); err != nil {
					return fmt.Errorf("insert %s: %w", b.table, err)
				}
			}
		}
		err = c.inTurn(round, &deletes, func(s side) (time.Duration, error) {
			start := time.Now()
			err := s.remove(firsts[s], users)
			return time.Since(start), err
		})
		if err != nil {
			return fmt.Errorf("delete: %w", err)
		}
	}
	c.add(inserts)
	c.add(deletes)
	return nil
}

// inTurn gives both their turn; nobody always follows the other.
func (c *contest) inTurn(round int, r *result, do func(side) (time.Duration, error)) error {
	turns := []side{c.ours, c.theirs}
	if round%2 == 1 {
		slices.Reverse(turns)
	}
	for _, s := range turns {
		took, err := do(s)
		if err != nil {
			return err
		}
		if s == c.ours {
			r.ours = append(r.ours, took)
		} else {
			r.theirs = append(r.theirs, took)
		}
	}
	return nil
}

func (c *contest) add(r result) {
	c.results = append(c.results, r)
	fmt.Fprintf(os.Stderr, "%s: %v, SQLite %v\n", r.name, median(r.ours), median(r.theirs))
}

func (c *contest) print(w io.Writer) {
	fmt.Fprintf(w, "%d users, %d cards, %d access logs; medians of %d rounds in turns, of their ratios too\n",
		c.size.users, c.size.cards, c.size.logs, c.rounds)
	fmt.Fprintln(w, "SQLite: modernc.org/sqlite (C made Go), WAL, synchronous=FULL, 64 MB of cache, prepared statements; answers are equal, byte for byte")
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "op\tportaria us\tSQLite us\tratio\t")
	for _, r := range c.results {
		ratios := make([]float64, len(r.ours))
		for i := range ratios {
			ratios[i] = float64(r.ours[i]) / float64(r.theirs[i])
		}
		fmt.Fprintf(t, "%s\t%.1f\t%.1f\t%.2f\t\n", r.name, micros(median(r.ours)), micros(median(r.theirs)), median(ratios))
	}
	_ = t.Flush() // what fails here failed on w, and so did every line before
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

func median[T time.Duration | float64](figures []T) T {
	sorted := slices.Sorted(slices.Values(figures))
	return sorted[len(sorted)/2]
}
