package disk

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// patience bounds the wait for a file system to be given free: a child that
// somebody else is just starting has this process's files until it runs its own
// program.
const patience = time.Minute

// Disk is a file system in a file. It is mounted at Dir.
type Disk struct {
	Image, Dir string

	mounted bool // once at least: that this machine can is known
}

// Ext4 makes an empty ext4 disk of size bytes, not yet mounted.
func (b *Bench) Ext4(name string, size int64) (*Disk, error) {
	return format(b.Dir, name, size, "mkfs.ext4", "-q", "-F", "-E", "nodiscard")
}

// XFS makes an empty XFS disk of size bytes, on which files can be cloned.
func (b *Bench) XFS(name string, size int64) (*Disk, error) {
	return format(b.Dir, name, size, "mkfs.xfs", "-q", "-m", "reflink=1")
}

// Ext4On is Ext4 with the image lying in folder, which may be on another disk.
func (b *Bench) Ext4On(folder, name string, size int64) (*Disk, error) {
	d, err := format(folder, name, size, "mkfs.ext4", "-q", "-F", "-E", "nodiscard")
	if err != nil {
		return nil, err
	}
	d.Dir = filepath.Join(b.Dir, name)
	return d, os.MkdirAll(d.Dir, 0o700)
}

func format(folder, name string, size int64, mkfs ...string) (*Disk, error) {
	d := &Disk{Image: filepath.Join(folder, name+".img"), Dir: filepath.Join(folder, name)}
	if err := os.MkdirAll(d.Dir, 0o700); err != nil {
		return nil, err
	}
	// An old image is emptied, not overwritten: mkfs would leave its blocks.
	if err := os.WriteFile(d.Image, nil, 0o600); err != nil {
		return nil, err
	}
	if err := os.Truncate(d.Image, size); err != nil {
		return nil, err
	}
	return d, run(append(mkfs, d.Image)...)
}

// Mount mounts the disk with the options of mount -o.
// A disk that could be mounted once and cannot any more is not ErrMissing.
func (d *Disk) Mount(options ...string) error {
	err := run("mount", "-o", strings.Join(append([]string{"loop"}, options...), ","), d.Image, d.Dir)
	if err != nil && d.mounted {
		return fmt.Errorf("%s is lost: %s", d.Image, err.Error())
	}
	d.mounted = true
	return err
}

// Unmount unmounts the disk, which nothing may have open.
func (d *Disk) Unmount() error { return unmount(d.Dir) }

func unmount(at string) error {
	deadline := time.After(patience)
	for {
		err := unix.Unmount(at, 0)
		if !errors.Is(err, unix.EBUSY) {
			return err
		}
		select {
		case <-deadline:
			return err
		case <-time.After(time.Millisecond):
		}
	}
}

// ext4Shutdown is EXT4_IOC_SHUTDOWN; with noLogFlush the file system forgets
// everything that no sync has forced out, as a power cut would.
const (
	ext4Shutdown = 0x8004587d
	noLogFlush   = 2
)

// Cut ends all writing to a mounted ext4 disk, at once. After Unmount and Mount
// it is as a power cut would have left it.
func (d *Disk) Cut() error {
	f, err := os.Open(d.Dir)
	if err != nil {
		return err
	}
	defer f.Close()
	err = unix.IoctlSetPointerInt(int(f.Fd()), ext4Shutdown, noLogFlush)
	if errors.Is(err, unix.ENOSYS) {
		return fmt.Errorf("%w: an emulator of one process does not know the call: %w", ErrMissing, err)
	}
	return err
}

// Repair lets fsck repair an unmounted ext4 disk, as a board does at its start.
func (d *Disk) Repair() error {
	out, err := exec.Command("fsck.ext4", "-fy", d.Image).CombinedOutput()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && exit.ExitCode() == 1 {
		return nil // errors were found and corrected
	}
	if err != nil {
		return fmt.Errorf("fsck.ext4: %w: %s", err, out)
	}
	return nil
}

// Break makes a mounted ext4 disk meet an error of its own. One that was mounted
// with errors=remount-ro is read-only from then on.
func (d *Disk) Break() error {
	out, err := exec.Command("findmnt", "-no", "SOURCE", "--mountpoint", d.Dir).Output()
	if err != nil {
		return fmt.Errorf("findmnt: %w", err)
	}
	device := filepath.Base(strings.TrimSpace(string(out)))
	return os.WriteFile(filepath.Join("/sys/fs/ext4", device, "trigger_fs_error"), []byte("1"), 0)
}

// Replace puts a repaired copy of a disk in its place. Who has files of the old
// one open keeps them, and finds the new ones by name: the kernel lets no ext4
// that met an error be written to again while anybody has a file of it open.
func (d *Disk) Replace(options ...string) error {
	if err := unix.Unmount(d.Dir, unix.MNT_DETACH); err != nil {
		return err
	}
	copied := d.Image + ".copy"
	if err := run("cp", "--sparse=always", d.Image, copied); err != nil {
		return err
	}
	d.Image = copied
	return errors.Join(d.Repair(), d.Mount(options...))
}

// Clone makes the file to a copy of from as it is at one instant, which takes
// no longer for large ones. Both must be on the same XFS.
func Clone(from, to string) error {
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := os.Create(to)
	if err != nil {
		return err
	}
	return errors.Join(unix.IoctlFileClone(int(dst.Fd()), int(src.Fd())), dst.Close())
}

// run runs a program of the system. That it is not there, or may not, is
// ErrMissing.
func run(command ...string) error {
	out, err := exec.Command(command[0], command[1:]...).CombinedOutput()
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %s: %w: %s", ErrMissing, strings.Join(command, " "), err, strings.TrimSpace(string(out)))
}
