// Package timekeeping sets the clock of a machine that has none of its own: at
// the start to the latest time that is known to be past, later to what time
// servers say. It decides; how the kernel's clock is moved is given to it.
package timekeeping

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Start is the time with which a machine starts, and whether it can be taken
// for the true time. now is what the kernel says: a clock that ran on while
// the machine was off makes it later than both the build of the system and the
// time saved last; without such a clock the later of these is nearest to the
// truth, and never is the start before an earlier one.
func Start(now, built, saved time.Time) (start time.Time, set bool) {
	floor := built
	if saved.After(floor) {
		floor = saved
	}
	// A clock chip that lost its battery counts from a year of its own, which
	// may be later than 1970 but not than the build.
	if now.After(floor) {
		return now, true
	}
	return floor, false
}

// How the clock is moved.
const (
	// slewBelow is what is corrected without a jump: at the kernel's 500
	// millionths it takes a quarter of an hour.
	slewBelow = 500 * time.Millisecond
	// between is the time from one question to the next once the clock is
	// set, and saveEvery from one saved time to the next.
	between   = 17 * time.Minute
	saveEvery = 10 * time.Minute
	// A server that does not answer is asked again after firstRetry, and
	// then later and later.
	firstRetry = 2 * time.Second
	lastRetry  = 5 * time.Minute
	// most is how many servers are asked at once.
	most = 4
)

// Clock is the kernel's clock.
type Clock struct {
	Now  func() time.Time
	Step func(time.Time) error
	Slew func(time.Duration) error
}

// Keeper keeps the clock.
type Keeper struct {
	Clock   Clock
	Built   time.Time
	Servers func() []string
	// Ask asks one server how far ahead of the clock it is.
	Ask  func(ctx context.Context, server string) (time.Duration, error)
	Save func(time.Time) error
	Log  *slog.Logger

	set  atomic.Bool
	told atomic.Bool // a server has set the clock
	wake chan struct{}
	once sync.Once
}

// IsSet tells whether the clock has the true time.
func (k *Keeper) IsSet() bool { return k.set.Load() }

// Trust says that the clock has been right from the start.
func (k *Keeper) Trust() { k.set.Store(true) }

func (k *Keeper) waker() chan struct{} {
	k.once.Do(func() { k.wake = make(chan struct{}, 1) })
	return k.wake
}

// Wake has the servers asked now: there may be new ones, or a way to them.
func (k *Keeper) Wake() {
	select {
	case k.waker() <- struct{}{}:
	default:
	}
}

// Run asks for the time until ctx ends, and saves it at the end.
func (k *Keeper) Run(ctx context.Context) {
	wake := k.waker()
	saving := time.NewTicker(saveEvery)
	defer saving.Stop()
	retry, failed := firstRetry, false
	next := time.NewTimer(0)
	defer next.Stop()
	for {
		select {
		case <-ctx.Done():
			k.save()
			return
		case <-saving.C:
			k.save()
			continue
		case <-wake:
			retry = firstRetry
		case <-next.C:
		}
		err := k.sync(ctx)
		if err == nil {
			retry, failed = firstRetry, false
			next.Reset(between)
			continue
		}
		if !failed && !errors.Is(err, errNoServers) {
			k.Log.Warn("no time from the network", "error", err)
			failed = true
		}
		next.Reset(retry)
		retry = min(2*retry, lastRetry)
	}
}

// save saves the time, also of a clock that nobody has set: it began at a time
// that is past and only ran on, so that it is past as well.
func (k *Keeper) save() {
	if err := k.Save(k.Clock.Now()); err != nil {
		k.Log.Warn("the time cannot be saved", "error", err)
	}
}

var errNoServers = errors.New("no time server is known")

// sync asks the servers and moves the clock.
func (k *Keeper) sync(ctx context.Context) error {
	servers := k.Servers()
	if len(servers) == 0 {
		return errNoServers
	}
	servers = servers[:min(len(servers), most)]
	var offsets []time.Duration
	var wrong error
	for _, server := range servers {
		offset, err := k.Ask(ctx, server)
		if err != nil {
			wrong = errors.Join(wrong, fmt.Errorf("%s: %w", server, err))
			continue
		}
		offsets = append(offsets, offset)
	}
	if len(offsets) == 0 {
		return wrong
	}
	slices.Sort(offsets)
	return k.move(offsets[(len(offsets)-1)/2]) // one liar among three does not count
}

// move moves the clock. Only the first answer since the start may set it back,
// for a clock may have been wrong while the machine was off; later the time
// that visitors were let in at never comes twice.
func (k *Keeper) move(offset time.Duration) error {
	now := k.Clock.Now()
	if now.Add(offset).Before(k.Built) {
		return fmt.Errorf("the servers' time %s is before this system was built", now.Add(offset).UTC().Format(time.RFC3339))
	}
	first := !k.told.Load()
	var err error
	switch {
	case offset.Abs() < slewBelow, offset < 0 && !first:
		err = k.Clock.Slew(offset)
	default:
		err = k.Clock.Step(now.Add(offset))
	}
	if err != nil {
		return err
	}
	if first {
		k.Log.Info("the clock is set", "by", offset)
	}
	k.told.Store(true)
	k.set.Store(true)
	if first {
		k.save()
	}
	return nil
}
