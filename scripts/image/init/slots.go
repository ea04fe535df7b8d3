//go:build linux

package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"sync/atomic"

	"portaria/scripts/image/bundle"
	"portaria/scripts/image/card"
	"portaria/scripts/image/init/autoboot"
	"portaria/scripts/image/init/fat"
	"portaria/scripts/image/init/health"
	"portaria/scripts/image/init/settings"
	"portaria/scripts/image/init/update"
)

// slots is which slot runs and which one the firmware starts by itself.
type slots struct {
	running card.Slot
	trouble error        // why that is not known
	trial   *atomic.Bool // the running slot is not, or not yet, the one that is started
}

func (s slots) onTrial() bool { return s.trial != nil && s.trial.Load() }

var errFirmware = errors.New("the firmware does not say which slot runs")

// readSlots compares the running slot with the firmware's choice: a system
// that would not be started again is on trial, whatever else the firmware says
// of this start.
func (d disk) readSlots(log *slog.Logger) slots {
	s := slots{trial: new(atomic.Bool)}
	running, ok := runningSlot()
	if !ok {
		s.trouble = errFirmware
		log.Warn("no update can be taken", "error", s.trouble)
		return s
	}
	s.running = running
	boot, err := openDevice(d.partitionPath(card.Boot), os.O_RDONLY)
	if err != nil {
		s.trouble = err
		return s
	}
	defer boot.Close()
	kept, err := autoboot.Slot(boot)
	if err != nil {
		s.trouble = err
		log.Warn("no update can be taken", "error", err)
		return s
	}
	s.trial.Store(running != kept)
	if tried := triedByFirmware(); tried != (running != kept) {
		log.Warn("the firmware is of another opinion about this start", "slot", running, "kept", kept, "tryboot", tried)
	}
	log.Info("slot", "running", running, "trial", running != kept)
	return s
}

// readSettings reads what the card's owner set.
func (d disk) readSettings(log *slog.Logger) settings.Settings {
	text, err := d.readBootFile(card.Settings, settings.MaxSize)
	if errors.Is(err, os.ErrNotExist) {
		return settings.Settings{}
	}
	if err != nil {
		log.Error(card.Settings+" cannot be read", "error", err)
		return settings.Settings{}
	}
	s, complaints := settings.Parse(text)
	for _, complaint := range complaints {
		log.Warn(card.Settings + " " + complaint)
	}
	return s
}

func (d disk) readBootFile(name string, limit int64) ([]byte, error) {
	boot, err := os.Open(d.partitionPath(card.Boot))
	if err != nil {
		return nil, err
	}
	defer boot.Close()
	files, err := fat.Open(boot)
	if err != nil {
		return nil, err
	}
	file, err := files.Find(name)
	if err != nil {
		return nil, err
	}
	return file.Content(limit)
}

// startUpdates readies the receiver of updates, with what is known of the last
// one.
func (m *machine) startUpdates() {
	m.update = &update.Receiver{
		Running: m.info, Log: m.log,
		Blocked: func() error {
			if m.slots.trouble == nil && m.slots.onTrial() {
				return update.ErrTrial
			}
			if m.slots.trial == nil {
				return errNoCard
			}
			return m.slots.trouble
		},
		Open: func() (update.Slot, error) {
			return openDevice(m.disk.partitionPath(int(m.slots.running.Other())), os.O_RDWR)
		},
	}
	text, err := os.ReadFile(card.UpdateKeys)
	if err == nil {
		m.update.Keys, err = bundle.ParseKeys(text)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		m.log.Error("no update can be trusted", "error", err)
	}
	switch {
	case m.slots.onTrial():
		m.update.Set(update.Status{State: update.Trying, Version: m.info.Version})
	case m.fault == nil && m.slots.trial != nil && m.slots.trouble == nil:
		m.update.Set(m.notes.After(m.slots.running))
	}
}

// judge lets the system on trial stay, or goes back to the one before.
func (m *machine) judge(ctx context.Context) {
	err := update.Trial{
		Info: m.info, Slot: m.slots.running, Notes: m.notes, Keep: m.keep,
		Gate: func(ctx context.Context) error {
			if m.fault != nil {
				return m.fault
			}
			return health.Gate(ctx, trialTime(), m.probe)
		},
	}.Judge(ctx)
	switch {
	case errors.Is(err, update.ErrStopped):
	case err != nil:
		m.log.Error("the system on trial does not stay", "error", err)
		m.stop(reboot)
	default:
		m.slots.trial.Store(false)
		m.update.Set(update.Status{State: update.None})
		m.log.Info("the system on trial stays", "slot", m.slots.running, "version", m.info.Version)
	}
}

// keep makes the running slot the one that the firmware starts.
func (m *machine) keep() error {
	boot, err := openDevice(m.disk.partitionPath(card.Boot), os.O_RDWR)
	if err != nil {
		return err
	}
	defer boot.Close()
	return autoboot.Keep(boot, m.slots.running)
}
