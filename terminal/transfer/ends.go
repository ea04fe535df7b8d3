package transfer

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"portaria/terminal/clock"
)

// person is one entry of a source's list.
type person struct {
	who          string // for people to read
	key          string // for the source
	id           int64  // 0: none
	registration string
	name         string
	// version changes with the photo; "" when only the photo itself can tell.
	version string
	noPhoto bool
	left    bool
}

// picture is a photo as the source gave it.
type picture struct {
	data    []byte
	version string // as of the person, if it is known now
	time    int64  // Unix seconds; 0: unknown
	err     error  // errNoPhoto when there is none
}

// versionOf is the version of a photo that nothing else tells apart.
func versionOf(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// source is where photos come from. After people all its methods may be
// called by several workers at once.
type source interface {
	people(context.Context) ([]person, error)
	// photos returns a picture per person, in their order.
	photos(context.Context, []person) []picture
	close(context.Context)
}

// place is where a photo goes.
type place struct {
	user    string // "": only creating tells
	id      int64
	missing bool // there is no such user yet
}

// parcel is a photo on its way.
type parcel struct {
	person person
	place  place
	jpeg   []byte
	time   int64
}

// delivery is what became of a parcel.
type delivery struct {
	user    string
	created bool
	err     error // a refusal, or what prevented the attempt
}

// target is where photos go. After open all its methods may be called by
// several workers at once.
type target interface {
	open(context.Context) error
	// place finds the user of a person, or refuses.
	place(person) (place, error)
	// has tells whether the user still has a photo, as far as it is known.
	has(user string) bool
	// batch is how many photos, and bytes in base64, one deliver takes.
	batch() (items, bytes int)
	// deliver returns a delivery per parcel, in their order.
	deliver(context.Context, []parcel) []delivery
	close(context.Context)
}

// refusal is an answer that another attempt would not change.
type refusal struct{ err error }

func (r *refusal) Error() string { return r.err.Error() }
func (r *refusal) Unwrap() error { return r.err }

func refuse(format string, args ...any) error {
	return &refusal{fmt.Errorf(format, args...)}
}

func isRefusal(err error) bool {
	_, ok := errors.AsType[*refusal](err)
	return ok
}

func (t *Transfer) source(w *wire) (source, error) {
	e := t.From
	switch e.Kind {
	case Terminal:
		return newTerminalSource(w, e)
	case SecurID:
		return newSecurID(w, e)
	case BPM:
		return newBPM(t, e)
	case Folder:
		return newFolder(e.Where)
	case Zip:
		return newZip(e.Where)
	}
	return nil, fmt.Errorf("%w: photos cannot come from %q, only from %v", ErrSetting, e.Kind, Sources())
}

func (t *Transfer) target(w *wire) (target, error) {
	switch t.To.Kind {
	case Terminal:
		return newTerminalTarget(w, t)
	case Netex:
		return newNetex(w, t)
	}
	return nil, fmt.Errorf("%w: photos cannot go to %q, only to %v", ErrSetting, t.To.Kind, Targets())
}

// complete fills in what is left out and finds what cannot be.
func (t *Transfer) complete() error {
	for _, e := range []*Endpoint{&t.From, &t.To} {
		if e.Kind != "" {
			continue
		}
		kind, err := GuessKind(e.Where)
		if err != nil {
			return err
		}
		e.Kind = kind
	}
	if t.Match == "" {
		t.Match = MatchAuto
	}
	if !slices.Contains([]Match{MatchAuto, MatchID, MatchRegistration}, t.Match) {
		return fmt.Errorf("%w: match %q is not known; take auto, id or registration", ErrSetting, t.Match)
	}
	if t.Parallel == 0 {
		t.Parallel = DefaultParallel
	}
	if t.Limit == 0 {
		t.Limit = DefaultLimit
	}
	if t.Timeout == 0 {
		t.Timeout = DefaultTimeout
	}
	if t.Clock == nil {
		t.Clock = clock.System{}
	}
	switch {
	case t.Parallel < 1 || t.Parallel > maxParallel:
		return fmt.Errorf("%w: %d requests at a time; take 1 to %d", ErrSetting, t.Parallel, maxParallel)
	case t.Limit < minLimit:
		return fmt.Errorf("%w: photos below %d bytes; take at least %d", ErrSetting, t.Limit, minLimit)
	case t.Timeout < 0:
		return fmt.Errorf("%w: a timeout of %v", ErrSetting, t.Timeout)
	}
	return nil
}

// joined puts several reasons into one line.
func joined(reasons []error) error {
	texts := make([]string, len(reasons))
	for i, r := range reasons {
		texts[i] = r.Error()
	}
	return errors.New(strings.Join(texts, "; "))
}
