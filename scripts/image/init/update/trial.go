package update

import (
	"context"
	"errors"
	"fmt"

	"portaria/scripts/image/card"
)

// Trial is a system that runs to prove itself.
type Trial struct {
	Info  card.Info
	Slot  card.Slot // that it runs from
	Notes Notes
	Gate  func(context.Context) error // nil once the system has proved healthy
	Keep  func() error                // makes its slot the one that is started
}

// ErrStopped says that a trial was stopped before there was anything to judge.
// The system before it is started next.
var ErrStopped = errors.New("the trial was stopped")

// Judge lets the system stay, which is nil, or says why it may not. The reason
// is left for the system before it, which the caller starts. Nothing on the
// card is changed before the gate is passed.
func (t Trial) Judge(ctx context.Context) error {
	err := t.Gate(ctx)
	if ctx.Err() != nil {
		return ErrStopped
	}
	if err == nil {
		err = t.Keep()
	}
	if err == nil {
		_ = t.Notes.Remove() // if it stays, the next start sees that it is out of date
		return nil
	}
	note := Note{Version: t.Info.Version, Slot: t.Slot, Reason: err.Error()}
	if noteErr := t.Notes.Leave(note); noteErr != nil {
		return fmt.Errorf("%w; and that cannot be noted: %w", err, noteErr)
	}
	return err
}
