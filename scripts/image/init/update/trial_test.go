package update_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"portaria/scripts/image/card"
	"portaria/scripts/image/init/update"
)

func TestJudge(t *testing.T) {
	t.Parallel()
	errSick, errCard := errors.New("the terminal is sick"), errors.New("the card is full of holes")
	for name, c := range map[string]struct {
		gate, keep error
		stopped    bool
		want       error
		kept       bool
		then       string // the state that the system before tells
		reason     string // and its reason; "": the one for no reason
	}{
		"a healthy system stays":           {kept: true, then: update.None},
		"a sick one does not":              {gate: errSick, want: errSick, then: update.Failed, reason: errSick.Error()},
		"one that cannot be kept does not": {keep: errCard, want: errCard, kept: true, then: update.Failed, reason: errCard.Error()},
		"a stop in the trial ends it":      {stopped: true, want: update.ErrStopped, then: update.Failed},
		"a stop that makes the gate fail":  {stopped: true, gate: errSick, want: update.ErrStopped, then: update.Failed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			notes := update.Notes{Path: filepath.Join(t.TempDir(), "trial.json")}
			// As the system before leaves it.
			if err := notes.Leave(update.Note{Version: "1.1", Slot: card.SlotB}); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			kept := false
			err := update.Trial{
				Info: card.Info{Version: "1.1"}, Slot: card.SlotB, Notes: notes,
				Gate: func(context.Context) error {
					if c.stopped {
						cancel()
					}
					return c.gate
				},
				Keep: func() error { kept = true; return c.keep },
			}.Judge(ctx)
			if !errors.Is(err, c.want) || kept != c.kept {
				t.Errorf("Judge: %v, kept %v; want %v, %v", err, kept, c.want, c.kept)
			}
			got := notes.After(card.SlotA)
			if got.State != c.then || got.State == update.Failed && got.Version != "1.1" || c.reason != "" && got.Error != c.reason {
				t.Errorf("the system before tells %+v, want %s, %q", got, c.then, c.reason)
			}
		})
	}
	t.Run("a reason that cannot be noted is none to stay", func(t *testing.T) {
		t.Parallel()
		err := update.Trial{
			Notes: update.Notes{Path: filepath.Join(t.TempDir(), "absent", "trial.json")},
			Gate:  func(context.Context) error { return errSick },
		}.Judge(t.Context())
		if !errors.Is(err, errSick) {
			t.Errorf("Judge: %v, want %v", err, errSick)
		}
	})
}
