package device

import (
	"errors"

	"portaria/imaging"
	"portaria/store"
)

// What the device itself refuses. What store and imaging refuse passes
// through with their own errors; KindOf classifies both.
var (
	ErrCredentials = errors.New("wrong login or password")
	ErrSession     = errors.New("no such session")
	ErrNoUser      = errors.New("user does not exist")
	ErrUserID      = errors.New("not a user id")
	ErrBusy        = errors.New("too many photos at once")
	ErrNoPhoto     = errors.New("the user has no photo")

	ErrFactoryPassword = errors.New("the factory password has not been changed")
	ErrPassword        = errors.New("not a new password")
)

// Kind is what went wrong, for a dialect that has to put it into its own
// words.
type Kind uint8

// The kinds. Internal is everything that is nobody's request's fault.
const (
	Internal Kind = iota
	BadCredentials
	NoSession
	NoUser
	BadUserID
	NoPhoto
	NotAPicture
	TooManyBytes
	TooFewPixels
	TooManyPixels
	TooCostly
	Full
	Busy
	Damaged
	LoginTaken
	NotOwned
	BadPassword
)

var kinds = []struct {
	err  error
	kind Kind
}{
	{ErrCredentials, BadCredentials},
	{ErrSession, NoSession},
	{ErrNoUser, NoUser},
	{ErrUserID, BadUserID},
	{ErrNoPhoto, NoPhoto},
	{ErrBusy, Busy},
	{ErrLoginTaken, LoginTaken},
	{ErrFactoryPassword, NotOwned},
	{ErrPassword, BadPassword},
	{imaging.ErrFormat, NotAPicture},
	{imaging.ErrTooManyBytes, TooManyBytes},
	{imaging.ErrTooSmall, TooFewPixels},
	{imaging.ErrTooLarge, TooManyPixels},
	{imaging.ErrTooCostly, TooCostly},
	{store.ErrTooLarge, TooManyBytes},
	{store.ErrFull, Full},
	{store.ErrDamaged, Damaged},
}

// KindOf classifies err. A nil or unknown error is Internal.
func KindOf(err error) Kind {
	for _, k := range kinds {
		if errors.Is(err, k.err) {
			return k.kind
		}
	}
	return Internal
}
