// Package clock is the terminal's sense of time and the only reader of the
// wall clock. A terminal's clock can be moved without moving its host's: by
// set_system_time on a device, by Advance in a test. It never schedules work.
package clock

import (
	"sync"
	"sync/atomic"
	"time"
)

// Clock tells the time and waits. Implementations are safe for concurrent use.
type Clock interface {
	// Now is the terminal's time, in UTC.
	Now() time.Time
	// Sleep returns after d, or at once when d is not positive.
	Sleep(d time.Duration)
}

// System is the host's own clock.
type System struct{}

// Now returns the host's time.
func (System) Now() time.Time { return time.Now().UTC() }

// Sleep waits for d of the host's time.
func (System) Sleep(d time.Duration) { time.Sleep(d) }

// Offset is the host's clock, moved by a distance that can change at any
// time. Its zero value shows the host's time.
type Offset struct {
	distance atomic.Int64 // nanoseconds ahead of the host
}

// Now returns the host's time plus the distance.
func (o *Offset) Now() time.Time {
	return time.Now().Add(time.Duration(o.distance.Load())).UTC()
}

// Sleep waits for d of the host's time: moving the clock wakes nobody.
func (o *Offset) Sleep(d time.Duration) { time.Sleep(d) }

// Advance moves the clock by d, backwards when d is negative.
func (o *Offset) Advance(d time.Duration) { o.distance.Add(int64(d)) }

// Set moves the clock so that it shows t now.
func (o *Offset) Set(t time.Time) { o.distance.Store(int64(time.Until(t))) }

// Manual is a clock that stands still until it is told to move.
type Manual struct {
	mu  sync.Mutex // guards now and sleepers
	now time.Time
	// sleepers are woken by Advance, each when its time has come.
	sleepers []sleeper
}

type sleeper struct {
	until time.Time
	wake  chan struct{}
}

// NewManual returns a clock that shows start.
func NewManual(start time.Time) *Manual { return &Manual{now: start.UTC()} }

// Now returns the time that the clock was last moved to.
func (m *Manual) Now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now
}

// Sleep waits until the clock has been moved by d.
func (m *Manual) Sleep(d time.Duration) {
	if d <= 0 {
		return
	}
	m.mu.Lock()
	s := sleeper{until: m.now.Add(d), wake: make(chan struct{})}
	m.sleepers = append(m.sleepers, s)
	m.mu.Unlock()
	<-s.wake
}

// Sleepers tells how many goroutines wait in Sleep.
func (m *Manual) Sleepers() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.sleepers)
}

// Advance moves the clock by d and wakes every sleeper whose time has come.
func (m *Manual) Advance(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now = m.now.Add(d)
	waiting := m.sleepers[:0]
	for _, s := range m.sleepers {
		if s.until.After(m.now) {
			waiting = append(waiting, s)
			continue
		}
		close(s.wake)
	}
	m.sleepers = waiting
}
