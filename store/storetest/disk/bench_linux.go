package disk

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// ErrMissing is what this machine lacks: a right, a file system, a program.
var ErrMissing = errors.New("this machine cannot do it")

const (
	benchPrefix = "portaria-disks-"
	lockName    = "lock"
)

// Bench is a folder with disks on it. Close takes everything away again.
type Bench struct {
	Dir  string
	lock *os.File // locked as long as somebody works here
}

// NewBench sets up a bench below parent, or below the folder for temporary
// files when that is empty. What killed runs left there is taken away first.
func NewBench(parent string) (*Bench, error) {
	if os.Geteuid() != 0 {
		return nil, fmt.Errorf("%w: mounting needs root", ErrMissing)
	}
	if parent == "" {
		parent = os.TempDir()
	}
	// Mount points are compared with what the kernel calls them.
	parent, err := filepath.EvalSymlinks(parent)
	if err != nil {
		return nil, err
	}
	if err := sweep(parent); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(parent, benchPrefix)
	if err != nil {
		return nil, err
	}
	b := &Bench{Dir: dir}
	// The lock is locked before it has its name, so that no other run takes this
	// bench for one that is left.
	draft := filepath.Join(dir, lockName+".new")
	if b.lock, err = os.Create(draft); err == nil {
		err = unix.Flock(int(b.lock.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	}
	if err == nil {
		err = os.Rename(draft, filepath.Join(dir, lockName))
	}
	return b, err
}

// Close unmounts every disk and removes the bench.
func (b *Bench) Close() error {
	return errors.Join(takeAway(b.Dir), b.lock.Close())
}

// sweep takes away the benches in parent that nobody works at any more.
func sweep(parent string) error {
	benches, err := filepath.Glob(filepath.Join(parent, benchPrefix+"*"))
	if err != nil {
		return err
	}
	for _, dir := range benches {
		lock, err := os.Open(filepath.Join(dir, lockName))
		if errors.Is(err, fs.ErrNotExist) {
			continue // just being set up
		}
		if err != nil {
			return err
		}
		if unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB) == nil {
			err = takeAway(dir)
		}
		if err = errors.Join(err, lock.Close()); err != nil {
			return err
		}
	}
	return nil
}

// takeAway unmounts what is mounted below dir, last first, and removes it. A mount
// that stays is never removed: that would empty the disk.
func takeAway(dir string) error {
	mounts, err := mountsBelow(dir)
	if err != nil {
		return err
	}
	for _, at := range mounts {
		if err := unmount(at); err != nil {
			return fmt.Errorf("%s: %w", at, err)
		}
	}
	return os.RemoveAll(dir)
}

// mountsBelow lists the mount points below dir, the last mounted first.
func mountsBelow(dir string) ([]string, error) {
	f, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var mounts []string
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if fields := strings.Fields(lines.Text()); len(fields) > 4 && strings.HasPrefix(fields[4], dir+"/") {
			mounts = append(mounts, fields[4])
		}
	}
	slices.Reverse(mounts)
	return mounts, lines.Err()
}
