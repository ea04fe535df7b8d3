// Package transfer copies people's photos from one system into another: out
// of an identity system, a terminal, a folder or a zip, into a terminal or a
// learning platform. It speaks to both ends over their own HTTP interfaces
// and knows nothing of this project's terminal beyond what the real one does.
// It remembers what it stored and sends only what changed, never deletes a
// photo, and never writes a password or a token anywhere.
package transfer

import (
	"crypto/tls"
	"errors"
	"time"

	"portaria/terminal/clock"
)

// What stands in for the zero values of a Transfer.
const (
	DefaultParallel = 4
	// A facial terminal looks for a face in each photo of a batch.
	DefaultTimeout = 2 * time.Minute
	// DefaultLimit is what a terminal of any kind takes: less than 1 MB
	// (access-api §4.1).
	DefaultLimit = 1_000_000
)

// maxParallel is far more than a terminal stands.
const maxParallel = 64

// What can be told apart of what goes wrong.
var (
	ErrSetting = errors.New("not possible")                 // Run: the Transfer makes no sense
	ErrLogin   = errors.New("login refused")                // Run: an end does not take the credentials
	ErrGaveUp  = errors.New("gave up")                      // Run: too many failures in a row
	ErrNoUser  = errors.New("the target has no such user")  // Outcome
	errNoPhoto = errors.New("the source has no such photo") // becomes NoPhoto
)

// Endpoint is one end of a transfer.
type Endpoint struct {
	Kind            Kind   // "": as GuessKind
	Where           string // URL, folder or file
	Login, Password string // for Netex the password is the token
}

// Transfer says what to copy. Only From and To are required.
type Transfer struct {
	From, To Endpoint
	// Match says how people of one end are found at the other.
	Match Match
	// CreateUsers creates those that the target lacks.
	CreateUsers bool
	// DryRun does everything but change the target and the state.
	DryRun bool
	// State is the file that remembers; "" remembers nothing.
	State    string
	Parallel int           // 0: DefaultParallel
	Limit    int           // bytes that a photo stays below; 0: DefaultLimit
	Timeout  time.Duration // of one request; 0: DefaultTimeout
	// Trust says which certificates to take; nil: those that somebody vouches
	// for. Insecure takes any.
	Trust    *tls.Config
	Insecure bool
	Clock    clock.Clock // nil: the host's
	// Watch hears of every person, one after another; nil: nobody does.
	Watch func(Progress)
}

// Progress is how far a run has come.
type Progress struct {
	Done, Total int
	Last        Outcome
}

// Result is what became of one person.
type Result uint8

// The results.
const (
	Copied    Result = iota // or would have been
	Unchanged               // the target has it from an earlier run
	NoPhoto                 // the source has none
	Left                    // the source says that the person has left
	Refused                 // the target does not take it, or this package for it
	Failed                  // it could not be tried to the end
	results
)

func (r Result) String() string {
	return [results]string{"copied", "unchanged", "without photo", "left", "refused", "failed"}[r]
}

// Outcome is the result for one person.
type Outcome struct {
	Result  Result
	Who     string // the person, in the source's words
	User    string // the same, in the target's; "" when it has none
	Created bool   // the user was created, or would have been
	Bytes   int    // of the photo as it was sent
	Err     error  // why it was refused or failed
}

// Report is the sum of a run.
type Report struct {
	Count    [results]int // by Result
	Created  int          // users
	Bytes    int64        // of the photos that were sent
	Problems []Outcome    // the refused and the failed
}

// People is how many people the report is about.
func (r *Report) People() int {
	sum := 0
	for _, n := range r.Count {
		sum += n
	}
	return sum
}

func (r *Report) add(o Outcome) {
	r.Count[o.Result]++
	if o.Created {
		r.Created++
	}
	switch o.Result {
	case Copied:
		r.Bytes += int64(o.Bytes)
	case Refused, Failed:
		r.Problems = append(r.Problems, o)
	}
}
