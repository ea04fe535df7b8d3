package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"time"
)

// pieceOfUpdateTime is how long a board may take for a piece. The last one takes
// longest: all of it is read again and has to reach the card.
const pieceOfUpdateTime = 4 * time.Minute

// askTime is how long one question may take while the board restarts.
const askTime = 15 * time.Second

// updateCmd is what the flags of update say.
type updateCmd struct {
	*reach
	wait time.Duration
}

func defineUpdate(flags *flag.FlagSet) func(streams) error {
	c := updateCmd{reach: reachFlags(flags)}
	flags.DurationVar(&c.wait, "wait", 10*time.Minute, "How long, `TIME`, the board may take to try the new version and decide.")
	return c.run
}

func (c *updateCmd) run(s streams) error {
	name, err := words(c.flags, "FILE")
	if err != nil {
		return err
	}
	if c.wait <= 0 {
		return refuse("--wait %v is no time; take one such as 10m", c.wait)
	}
	f, err := os.Open(name[0])
	if err != nil {
		return fmt.Errorf("%w; name the bundle of a release", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() || info.Size() == 0 {
		return refuse("%s is no bundle; name the one of a release", name[0])
	}
	ctx, cancel := interrupted()
	defer cancel()
	o, err := c.remote()
	if err != nil {
		return err
	}
	defer o.close()
	before, err := o.board(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.err, "%s runs %s from slot %s\n", o.base, before.Version, before.Slot)
	if before.Trial {
		return fmt.Errorf("the board is still trying version %s; wait until it has decided, then update", before.Version)
	}
	if err := send(ctx, o, s, f, info.Size()); err != nil {
		return err
	}
	ready, err := o.board(ctx)
	if err != nil {
		return err
	}
	if ready.Update.State != "ready" {
		return fmt.Errorf("the board did not take the update (%s): %s", ready.Update.State, ready.Update.Error)
	}
	if err := o.ask(ctx, http.MethodPost, "board/trial", nil, nil, nil); err != nil && !errors.Is(err, errUnreached) {
		return err
	}
	fmt.Fprintf(s.err, "the board restarts to try version %s\n", ready.Update.Version)
	after, err := c.outcome(ctx, o, before)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "%s now runs %s from slot %s\n", o.base, after.Version, after.Slot)
	return nil
}

// send sends the bundle. The board remembers what has arrived.
func send(ctx context.Context, o *owner, s streams, f *os.File, size int64) error {
	progress := percent{w: s.err, what: "sending"}
	defer progress.end()
	sending := sending{
		owner: o, page: "board/update", file: f, size: size, limit: pieceOfUpdateTime, show: progress.part,
		where: func(ctx context.Context) (int64, error) {
			b, err := o.board(ctx)
			switch {
			case err != nil:
				return 0, err
			case b.Update.State == "ready" && b.Update.Received == size:
				return size, nil // the answer to the last piece was lost
			case b.Update.State == "receiving" && b.Update.Size == size:
				return b.Update.Received, nil
			}
			return 0, nil
		},
	}
	return sending.run(ctx)
}

// outcome waits until the board has decided about the version on trial.
func (c *updateCmd) outcome(ctx context.Context, o *owner, before boardStatus) (boardStatus, error) {
	began, logins := o.clock.Mark(), o.logins
	for o.clock.Mark().Sub(began) < c.wait {
		if err := o.pause(ctx, brokenPause); err != nil {
			return boardStatus{}, err
		}
		now, err := ask(ctx, o)
		switch {
		case ctx.Err() != nil:
			return now, errors.New("interrupted; the board goes on without us, \"portaria board status\" tells how it went")
		case err != nil && !passing(err):
			return now, err
		case err != nil: // it restarts
		case now.Update.State == "failed":
			return now, fmt.Errorf("the new version was not kept: %s; the board runs %s from slot %s again", now.Update.Error, now.Version, now.Slot)
		case now.Slot != before.Slot && !now.Trial:
			return now, nil
		case now.Slot == before.Slot && o.logins > logins && now.Update.State != "trying":
			// Our session has not outlived the restart, and this is the old slot.
			return now, fmt.Errorf("the new version was not kept; the board runs %s from slot %s again", now.Version, now.Slot)
		}
	}
	return boardStatus{}, fmt.Errorf("the board has not decided within %v; \"portaria board status\" tells when it has", c.wait)
}

// ask asks for the board's status, not for long.
func ask(ctx context.Context, o *owner) (boardStatus, error) {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	return o.board(ctx)
}
