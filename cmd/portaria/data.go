package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"unicode/utf8"

	"portaria/store"
	"portaria/terminal"
	"portaria/terminal/device"
)

// defaultData is the data folder unless another is named.
const defaultData = "portaria-data"

func dataFlag(flags *flag.FlagSet) *string {
	return flags.String("data", defaultData, "The data folder `DIR`.")
}

// percent tells how far long work has come, where somebody watches.
type percent struct {
	w     io.Writer
	what  string
	shown bool
	last  int
}

func (p *percent) show(done, total int) {
	f, ok := p.w.(*os.File)
	if !ok {
		return
	}
	if info, err := f.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return
	}
	if now := 100 * done / max(total, 1); now != p.last || !p.shown {
		p.last, p.shown = now, true
		fmt.Fprintf(p.w, "\r%s: %3d %%", p.what, now)
	}
}

// part is show for numbers that may be large.
func (p *percent) part(done, total int64) {
	for ; total > 1<<20; done, total = done>>1, total>>1 {
	}
	p.show(int(done), int(total))
}

func (p *percent) end() {
	if p.shown {
		fmt.Fprintln(p.w)
	}
}

// defineCompact rewrites the data without its holes.
func defineCompact(flags *flag.FlagSet) func(streams) error {
	data := dataFlag(flags)
	return func(s streams) error {
		before, after, err := store.Compact(*data)
		if err != nil {
			return explain(err)
		}
		_, err = fmt.Fprintf(s.out, "%d bytes before, %d bytes after\n", before, after)
		return err
	}
}

// defineResetLogin replaces the account, whatever it was.
func defineResetLogin(flags *flag.FlagSet) func(streams) error {
	data := dataFlag(flags)
	login := flags.String("login", device.FactoryLogin, "The new `LOGIN`.")
	password := flags.String("password", device.FactoryPassword, "The new `PASSWORD`.")
	return func(s streams) error {
		// An empty password would leave a terminal open to everybody, and what is no
		// text can be sent by nobody.
		for _, of := range []struct{ name, value string }{{"login", *login}, {"password", *password}} {
			if of.value == "" || !utf8.ValidString(of.value) {
				return refuse("--%s %q is no text that anybody could log in with; give another one, or leave it out for the factory's", of.name, of.value)
			}
		}
		// Neither a folder that has no terminal's data nor data that cannot be used
		// gets new ones from somebody who wanted to keep what there is.
		path := filepath.Join(*data, store.FileName)
		if _, err := os.Stat(path); err != nil {
			return explain(err)
		}
		if err := inspectInChild(path); errors.Is(err, store.ErrDamaged) {
			return fmt.Errorf("%w; keep a copy of the folder %s, then restore a backup", err, *data)
		}
		t, err := terminal.Open(terminal.Config{Data: *data, Inspect: inspectInChild})
		if err != nil {
			return explain(err)
		}
		err = t.Device().ChangeLogin(*login, *password)
		if err = errors.Join(err, t.Close(context.Background())); err != nil {
			return err
		}
		_, err = fmt.Fprintf(s.out, "login is now %q\n", *login)
		return err
	}
}

// explain says what to do about a data folder that cannot be opened.
func explain(err error) error {
	switch {
	case errors.Is(err, store.ErrInUse):
		return fmt.Errorf("%w; stop the terminal first", err)
	case errors.Is(err, syscall.EROFS):
		return fmt.Errorf("%w; have the file system checked and mounted for writing again, or take the data away with \"portaria backup --data\"", err)
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w; name the terminal's data folder with --data", err)
	}
	return err
}
