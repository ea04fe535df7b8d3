package device

import (
	"encoding/json"
	"sync"
	"time"

	"portaria/store"
	"portaria/terminal/clock"
)

// Log kinds about the clock. The entries between the two were made while it was
// not known to be right; the row of the second one says by how many seconds
// their times have to be moved.
const (
	clockUnset = "clock unset"
	clockSet   = "clock set"
)

// lateRow is how far ahead of the log the last row of change_logs may lie and
// still count: clients may write such rows, too.
const lateRow = 31 * 24 * time.Hour

// lateClock is how far behind the last entry the clock may be without a word.
const lateClock = time.Minute

// dates are the times of what is written down. They never go back, also not
// across restarts: what the clock shows, or the last time again while the clock
// is behind it.
type dates struct {
	clock clock.Clock

	mu    sync.Mutex // guards all below
	last  time.Time  // in whole seconds
	unset *estimate  // nil: the clock is trusted
	late  bool       // the clock has been behind
}

// estimate is the time while the clock is not known to be right: it goes on from
// the last time that was written down, whatever becomes of the clock.
type estimate struct {
	from  time.Time // the time, when
	since time.Time // this was the mark
	noted bool      // the log says so
}

func (e *estimate) now(c clock.Clock) time.Time { return e.from.Add(c.Mark().Sub(e.since)) }

// open goes on after the last time in the store, as far as that can be read.
// Unset tells that the clock is not known to be right.
func (d *dates) open(s *store.Store, unset bool) error {
	var last int64
	err := s.View(func(tx *store.Tx) error {
		if e, ok := tx.LastEntry(); ok {
			last = e.Time
		}
		t := tx.Schema().Table(changeLogsTable)
		row, err := tx.LastRow(changeLogsTable)
		if err != nil || row == nil {
			return err
		}
		written := row[t.Columns[t.Column("timestamp")].Slot].Int()
		if written > last && (last == 0 || written-last < int64(lateRow/time.Second)) {
			last = written
		}
		return nil
	})
	d.last = time.Unix(last, 0).UTC()
	if unset {
		from := d.clock.Now()
		if from.Before(d.last) {
			from = d.last
		}
		d.unset = &estimate{from: from, since: d.clock.Mark()}
	}
	return err
}

// now is the time to write down, and whether the clock has been found to be
// behind the last one for the first time.
func (d *dates) now() (now time.Time, late bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now = d.clock.Now()
	if d.unset != nil {
		now = d.unset.now(d.clock)
	}
	if now.Before(d.last) {
		late = !d.late && d.last.Sub(now) > lateClock
		d.late = d.late || late
		return d.last, late
	}
	d.last = now.Truncate(time.Second)
	return now, false
}

// note tells whether the log still has to say that the clock is unset.
func (d *dates) note() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.unset != nil && !d.unset.noted
}

// noted keeps in mind that the log says so.
func (d *dates) noted() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.unset != nil {
		d.unset.noted = true
	}
}

// set trusts the clock from now on. Moved is by how much the times of this
// process were wrong; told is whether the log has any of them.
func (d *dates) set() (moved time.Duration, told bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.unset == nil {
		return 0, false
	}
	moved, told = d.clock.Now().Sub(d.unset.now(d.clock)), d.unset.noted
	d.unset = nil
	return moved, told
}

// written is dated, in seconds since 1970. Asked for inside a transaction, the
// times are in the order of the log.
func (d *Device) written() int64 { return d.dated().Unix() }

// dated is the time of what is written down.
func (d *Device) dated() time.Time {
	now, late := d.dates.now()
	if late {
		d.log.Warn("the clock is behind the last log entry; log times stand still until it has caught up",
			"clock", d.clock.Now(), "entry", now, "do", "set the clock, or let the network do so")
	}
	return now
}

// noteClock notes in the log, once, that the clock is not known to be right. It
// tells whether tx does so.
func (d *Device) noteClock(tx *store.Tx) (noted bool, err error) {
	if !d.dates.note() {
		return false, nil
	}
	_, err = tx.Append(store.Entry{Time: d.written(), Kind: clockUnset})
	return true, err
}

// ClockSet tells the device that its clock is right from now on, where
// Config.ClockUnset said that it might not be.
func (d *Device) ClockSet() error {
	moved, told := d.dates.set()
	seconds := int64(moved.Round(time.Second) / time.Second)
	if !told {
		return nil
	}
	row, err := json.Marshal(struct {
		Moved int64 `json:"moved"`
	}{seconds})
	if err != nil {
		return err
	}
	d.log.Info("the clock is set; log times since the start were estimates", "moved", moved.Round(time.Second))
	return d.update(0, func(tx *store.Tx) error {
		_, err := tx.Append(store.Entry{Time: d.written(), Kind: clockSet, Row: row})
		return err
	})
}
