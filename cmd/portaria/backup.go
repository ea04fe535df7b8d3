package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"

	"portaria/store"
	"portaria/store/backup"
	"portaria/terminal/clock"
)

// checked is what a check of a terminal's data tells.
type checked struct {
	Photos, Users, Rows int
	Entries             int `json:"log_entries"`
	Bytes               int64
	Schema              int
	Found               int `json:"problems_found"`
	Problems            []string
}

func checkedOf(r store.Report) *checked {
	return &checked{r.Photos, r.Users, r.Rows, r.Entries, r.FileBytes, r.Schema, r.Found, r.Problems}
}

// backupCmd is what the flags of backup say.
type backupCmd struct {
	*reach
	data, out string
}

func defineBackup(flags *flag.FlagSet) func(streams) error {
	c := backupCmd{reach: reachFlags(flags)}
	flags.StringVar(&c.data, "data", "", "The data folder `DIR` of a terminal that is not running, instead of --url.")
	flags.StringVar(&c.out, "o", "", "The `FILE` to write. Left out: one that is named after the time.")
	return c.run
}

// either refuses two answers to the question where the terminal is.
func either(flags *flag.FlagSet) error {
	if given(flags, "url") && given(flags, "data") {
		return refuse("--url and --data are both there; name the running terminal, or the folder of one that is not running")
	}
	return nil
}

// replaceable refuses the name of something that is no ordinary file: what takes a
// name when it is whole would do away with a device.
func replaceable(flagName, name string) error {
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		return refuse("%s %s is no file that could be replaced; take the name of a file, or one that nothing has yet", flagName, name)
	}
	return nil
}

// interrupted ends with the first Ctrl-C; a second one ends the program.
func interrupted() (context.Context, context.CancelFunc) {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, cancel)
	return ctx, cancel
}

func (c *backupCmd) run(s streams) error {
	if err := either(c.flags); err != nil {
		return err
	}
	if c.out == "" {
		c.out = clock.System{}.Now().Format("portaria-2006-01-02T15-04-05Z.backup")
	}
	if err := replaceable("-o", c.out); err != nil {
		return err
	}
	ctx, cancel := interrupted()
	defer cancel()
	// Whoever sees the file sees all of it, and nobody else may read it.
	draft, err := os.CreateTemp(filepath.Dir(c.out), "."+filepath.Base(c.out)+"-*")
	if err != nil {
		return fmt.Errorf("%w; take another -o", err)
	}
	defer func() {
		draft.Close()
		_ = os.Remove(draft.Name())
	}()
	var found *checked
	if c.data != "" {
		found, err = c.ofFolder(ctx, s, draft)
	} else {
		found, err = c.ofTerminal(ctx, s, draft)
	}
	if err != nil {
		return err
	}
	if err := errors.Join(draft.Sync(), draft.Close(), os.Rename(draft.Name(), c.out)); err != nil {
		return err
	}
	for _, problem := range found.Problems {
		fmt.Fprintln(s.out, problem)
	}
	fmt.Fprintf(s.out, "%s: %d photos, %d users, %d bytes\n", c.out, found.Photos, found.Users, found.Bytes)
	if found.Found > 0 {
		return fmt.Errorf("the backup has %d problems, as the terminal's data have; keep an older one, and store damaged photos again", found.Found)
	}
	return nil
}

// ofTerminal fetches the backup of a running terminal.
func (c *backupCmd) ofTerminal(ctx context.Context, s streams, to *os.File) (*checked, error) {
	o, err := c.remote()
	if err != nil {
		return nil, err
	}
	defer o.close()
	if err := o.ask(ctx, http.MethodPost, "backup", nil, nil, nil); err != nil {
		return nil, err
	}
	var made struct {
		work
		ID    string
		Bytes int64
		Check *checked
	}
	progress := percent{w: s.err, what: "copying on the terminal"}
	err = o.await(ctx, "backup", &made, &made.work, progress.part)
	progress.end()
	if err != nil {
		return nil, err
	}
	if made.State != "ready" || made.Check == nil {
		return nil, errors.New("the backup has gone from the terminal; somebody else has begun another one")
	}
	defer func() {
		_ = o.ask(context.WithoutCancel(ctx), http.MethodDelete, "backup", url.Values{"id": {made.ID}}, nil, nil)
	}()
	progress = percent{w: s.err, what: "fetching"}
	defer progress.end()
	for at, broken := int64(0), 0; at < made.Bytes; {
		query := url.Values{"id": {made.ID}, "offset": {strconv.FormatInt(at, 10)}, "length": {strconv.Itoa(pieceBytes)}}
		var piece []byte
		err := o.ask(ctx, http.MethodGet, "backup/data", query, nil, &piece)
		if err != nil || len(piece) == 0 {
			if broken++; broken == brokenTries || !passing(err) {
				return nil, err
			}
			if err := o.pause(ctx, brokenPause); err != nil {
				return nil, err
			}
			continue
		}
		if _, err := to.Write(piece); err != nil {
			return nil, err
		}
		at, broken = at+int64(len(piece)), 0
		progress.part(at, made.Bytes)
	}
	_, err = verifyBackup(to)
	return made.Check, err
}

// ofFolder makes the backup of a terminal that is not running.
func (c *backupCmd) ofFolder(ctx context.Context, s streams, to *os.File) (*checked, error) {
	progress := percent{w: s.err, what: "checking photos"}
	r, err := store.Check(ctx, c.data, progress.show)
	progress.end()
	if err != nil {
		return nil, explain(err)
	}
	var size int64
	err = store.SnapshotFolder(ctx, c.data, to, func(n int64) error {
		size = n
		_, err := to.Seek(backup.HeaderSize, io.SeekStart)
		return err
	})
	if errors.Is(err, store.ErrDamaged) {
		return nil, fmt.Errorf("%w; keep a copy of the folder %s before anything else touches it", err, c.data)
	}
	if err != nil {
		return nil, explain(err)
	}
	h := backup.Header{Version: fullVersion(), Schema: max(r.Schema, 1), Created: clock.System{}.Now().Unix(), Size: size}
	page, _, err := backup.Seal(h, io.NewSectionReader(to, backup.HeaderSize, size))
	if err != nil {
		return nil, err
	}
	_, err = to.WriteAt(page, 0)
	return checkedOf(r), err
}

// verifyBackup reads all of a backup.
func verifyBackup(f *os.File) (backup.Header, error) {
	info, err := f.Stat()
	if err != nil {
		return backup.Header{}, err
	}
	page := make([]byte, min(info.Size(), backup.HeaderSize))
	if _, err := f.ReadAt(page, 0); err != nil {
		return backup.Header{}, err
	}
	return backup.Verify(page, io.NewSectionReader(f, backup.HeaderSize, max(info.Size()-backup.HeaderSize, 0)))
}
