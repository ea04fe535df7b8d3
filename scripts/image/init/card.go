//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"portaria/scripts/image/card"
	"portaria/scripts/image/init/partition"
)

// cardTime is how long the card may take to appear: readers on USB are slow.
const cardTime = 60 * time.Second

var errNoCard = errors.New("no card of portaria was found; write the image to the card again")

// disk is the card that the machine runs from.
type disk struct {
	name string // "mmcblk0"
}

// path is the device of the card, or of one of its partitions.
func (d disk) path() string { return filepath.Join("/dev", d.name) }

// partition is the kernel's name of a partition, such as mmcblk0p4 or vda4.
func (d disk) partition(number int) string {
	if last := d.name[len(d.name)-1]; last >= '0' && last <= '9' {
		return d.name + "p" + strconv.Itoa(number)
	}
	return d.name + strconv.Itoa(number)
}

func (d disk) partitionPath(number int) string {
	return filepath.Join("/dev", d.partition(number))
}

// findCard waits for the card, which appears when its driver is ready.
func findCard(ctx context.Context) (disk, error) {
	ctx, cancel := context.WithTimeout(ctx, cardTime)
	defer cancel()
	for {
		if d, ok := lookForCard(); ok {
			return d, nil
		}
		select {
		case <-ctx.Done():
			return disk{}, errNoCard
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// lookForCard takes the first disk with portaria's partitions, card readers
// of the board before anything that is plugged in.
func lookForCard() (disk, bool) {
	entries, err := os.ReadDir("/sys/block")
	if err != nil {
		return disk{}, false
	}
	var names []string
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), "loop") && !strings.HasPrefix(e.Name(), "ram") {
			names = append(names, e.Name())
		}
	}
	slices.SortStableFunc(names, func(a, b string) int {
		return boolInt(strings.HasPrefix(b, "mmcblk")) - boolInt(strings.HasPrefix(a, "mmcblk"))
	})
	for _, name := range names {
		d := disk{name}
		if d.isOurs() == nil {
			return d, true
		}
	}
	return disk{}, false
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (d disk) isOurs() error {
	f, err := os.Open(d.path())
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := partition.Read(f); err != nil {
		return err
	}
	// The table may be there before the kernel has made its partitions.
	if _, err := os.Stat(d.partitionPath(card.Data)); err != nil {
		return fmt.Errorf("partition %d: %w", card.Data, err)
	}
	return nil
}
