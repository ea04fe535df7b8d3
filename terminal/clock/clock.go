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
	// Now is the terminal's time, in UTC. It jumps when the clock is set: a
	// board without a battery may wake up years in the past.
	Now() time.Time
	// Mark is a moment to measure from. Only the distance of two marks means
	// anything, and that is never moved by a clock that is set: ages and delays
	// are measured with marks.
	Mark() time.Time
	// Sleep returns after d, or at once when d is not positive.
	Sleep(d time.Duration)
}

// System is the host's own clock.
type System struct{}

// Now returns the host's time.
func (System) Now() time.Time { return time.Now().UTC() }

// Mark returns the host's time with what makes marks measure: UTC would strip it.
func (System) Mark() time.Time { return time.Now() }

// Sleep waits for d of the host's time.
func (System) Sleep(d time.Duration) { time.Sleep(d) }

// Offset is the host's clock, moved by a distance that can change at any
// time. Its zero value shows the host's time.
type Offset struct {
	distance atomic.Int64 // nanoseconds ahead of the host
	passed   atomic.Int64 // of them, what marks show
}

// Now returns the host's time plus the distance.
func (o *Offset) Now() time.Time {
	return time.Now().Add(time.Duration(o.distance.Load())).UTC()
}

// Mark returns a moment that what Advance lets pass has moved, too.
func (o *Offset) Mark() time.Time { return time.Now().Add(time.Duration(o.passed.Load())) }

// Sleep waits for d of the host's time: moving the clock wakes nobody.
func (o *Offset) Sleep(d time.Duration) { time.Sleep(d) }

// Advance lets d pass. When d is negative it sets the clock back instead.
func (o *Offset) Advance(d time.Duration) {
	o.distance.Add(int64(d))
	o.passed.Add(int64(max(d, 0)))
}

// Set sets the clock so that it shows t now. No time passes by that.
func (o *Offset) Set(t time.Time) { o.distance.Store(int64(time.Until(t))) }

// Manual is a clock that stands still until it is told to move.
type Manual struct {
	mu     sync.Mutex // guards all below
	now    time.Time
	passed time.Time // what marks show
	// sleepers are woken by Advance, each when its time has come.
	sleepers []sleeper
}

type sleeper struct {
	until time.Time // a mark
	wake  chan struct{}
}

// NewManual returns a clock that shows start.
func NewManual(start time.Time) *Manual { return &Manual{now: start.UTC(), passed: start.UTC()} }

// Now returns the time that the clock was last moved to.
func (m *Manual) Now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now
}

// Mark returns how far Advance has come.
func (m *Manual) Mark() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.passed
}

// Sleep waits until d has passed.
func (m *Manual) Sleep(d time.Duration) {
	if d <= 0 {
		return
	}
	m.mu.Lock()
	s := sleeper{until: m.passed.Add(d), wake: make(chan struct{})}
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

// Set sets the clock to t. No time passes by that.
func (m *Manual) Set(t time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now = t.UTC()
}

// Advance lets d pass and wakes every sleeper whose time has come. When d is
// negative it sets the clock back instead.
func (m *Manual) Advance(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now, m.passed = m.now.Add(d), m.passed.Add(max(d, 0))
	waiting := m.sleepers[:0]
	for _, s := range m.sleepers {
		if s.until.After(m.passed) {
			waiting = append(waiting, s)
			continue
		}
		close(s.wake)
	}
	m.sleepers = waiting
}
