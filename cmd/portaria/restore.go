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
	"path/filepath"
	"strings"

	"portaria/store"
	"portaria/store/backup"
	"portaria/terminal/clock"
)

// restoreCmd is what the flags of restore say.
type restoreCmd struct {
	*reach
	data, accept string
	yes          bool
}

func defineRestore(flags *flag.FlagSet) func(streams) error {
	c := restoreCmd{reach: reachFlags(flags)}
	flags.StringVar(&c.data, "data", "", "The data folder `DIR` of a terminal that is not running, instead of --url.")
	flags.StringVar(&c.accept, "accept", "", "What to take nevertheless, `WHAT`: model for a backup of another line of products, damaged for one with photos that were damaged already.")
	flags.BoolVar(&c.yes, "yes", false, "Replace the users and photos that are there.")
	return c.run
}

func (c *restoreCmd) run(s streams) error {
	if err := either(c.flags); err != nil {
		return err
	}
	name, err := words(c.flags, "FILE")
	if err != nil {
		return err
	}
	for part := range strings.SplitSeq(c.accept, ",") {
		if part != "" && part != "model" && part != "damaged" {
			return refuse("--accept %q is not known; take model, damaged or model,damaged", part)
		}
	}
	ctx, cancel := interrupted()
	defer cancel()
	f, err := os.Open(name[0])
	if err != nil {
		return fmt.Errorf("%w; name a file that \"portaria backup\" has written", err)
	}
	defer f.Close()
	h, err := verifyBackup(f)
	if err == nil && h.Schema > store.SchemaVersion {
		err = backup.ErrNewer
	}
	switch {
	case errors.Is(err, backup.ErrNotBackup):
		return fmt.Errorf("%s: %w; name a file that \"portaria backup\" has written", name[0], err)
	case errors.Is(err, backup.ErrNewer):
		return fmt.Errorf("%s: %w; take a newer portaria, here and on the terminal", name[0], err)
	case errors.Is(err, backup.ErrDamaged):
		return fmt.Errorf("%s: %w; copy it again from where it was kept, or take an older one", name[0], err)
	case err != nil:
		return err
	}
	var found *checked
	if c.data != "" {
		found, err = c.intoFolder(ctx, s, f, h)
	} else {
		found, err = c.intoTerminal(ctx, s, f, h)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "restored %s: %d photos, %d users; login and password are as before\n", name[0], found.Photos, found.Users)
	return nil
}

// replaces refuses to replace what nobody has agreed to lose.
func (c *restoreCmd) replaces(where string, users, photos int) error {
	if users+photos == 0 || c.yes {
		return nil
	}
	return refuse("%s has %d users and %d photos, which would be replaced; keep them with \"portaria backup\", then add --yes", where, users, photos)
}

// intoTerminal restores to a running terminal.
func (c *restoreCmd) intoTerminal(ctx context.Context, s streams, f *os.File, h backup.Header) (*checked, error) {
	o, err := c.remote()
	if err != nil {
		return nil, err
	}
	defer o.close()
	var status struct{ Users, Photos int }
	if err := o.ask(ctx, http.MethodGet, "status", nil, nil, &status); err != nil {
		return nil, err
	}
	if err := c.replaces(o.base, status.Users, status.Photos); err != nil {
		return nil, err
	}
	var told struct {
		work
		Received int64
		Check    *checked
	}
	accept := url.Values{"accept": {c.accept}}
	progress := percent{w: s.err, what: "sending"}
	send := sending{
		owner: o, page: "restore", file: f, size: h.Size + backup.HeaderSize, query: accept, limit: answerTime, show: progress.part,
		where: func(ctx context.Context) (int64, error) {
			err := o.ask(ctx, http.MethodGet, "restore", nil, nil, &told)
			return told.Received, err
		},
	}
	err = send.run(ctx)
	progress.end()
	if err != nil {
		return nil, c.withAccept(err)
	}
	if err := o.ask(ctx, http.MethodPost, "restore", accept, nil, nil); err != nil {
		return nil, err
	}
	progress = percent{w: s.err, what: "restoring on the terminal"}
	// From here on it goes on without us.
	err = o.await(ctx, "restore", &told, &told.work, progress.part)
	progress.end()
	if err != nil {
		return nil, c.withAccept(err)
	}
	if told.State != "done" || told.Check == nil {
		return nil, errors.New("the terminal has been restarted meanwhile, and does not know whether the backup was restored; look at it, and restore again where it was not")
	}
	return told.Check, nil
}

// withAccept says how the command line says what a page wants in its query.
func (c *restoreCmd) withAccept(err error) error {
	text := strings.NewReplacer("accept=model", "--accept model", "accept=damaged", "--accept damaged").Replace(err.Error())
	if text == err.Error() {
		return err
	}
	return errors.New(text)
}

// uploadName is where the data lie until they take the place of the others.
const uploadName = "portaria.db.upload"

// intoFolder restores to the folder of a terminal that is not running.
func (c *restoreCmd) intoFolder(ctx context.Context, s streams, f *os.File, h backup.Header) (*checked, error) {
	kept, err := store.Open(store.Options{Dir: c.data, Inspect: inspectInChild})
	if err != nil {
		return nil, explain(err)
	}
	defer func() { _ = kept.Close() }()
	var users, photos int
	var account *store.Account
	err = kept.View(func(tx *store.Tx) error {
		users = int(tx.Rows("users"))
		for range tx.Photos() {
			photos++
		}
		if a, err := tx.Account(); err == nil {
			account = &a
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if err := c.replaces(c.data, users, photos); err != nil {
		return nil, err
	}
	path := filepath.Join(c.data, uploadName)
	defer func() { _ = os.Remove(path) }()
	if err := copyTo(path, io.NewSectionReader(f, backup.HeaderSize, h.Size)); err != nil {
		return nil, err
	}
	progress := percent{w: s.err, what: "checking photos"}
	r, err := store.CheckFile(ctx, path, progress.show)
	progress.end()
	switch {
	case err != nil:
		return nil, err
	case !r.Sound():
		return nil, fmt.Errorf("the data in the backup were damaged when it was made: %s; take an older one", r.Problems[0])
	case r.Found > 0 && !strings.Contains(c.accept, "damaged"):
		return nil, fmt.Errorf("%d photos were damaged when the backup was made; add --accept damaged to restore the rest", r.Found)
	}
	err = kept.Replace(path, func(tx *store.Tx) error {
		if account != nil {
			if err := tx.SetAccount(*account); err != nil {
				return err
			}
		}
		_, err := tx.Append(store.Entry{Time: clock.System{}.Now().Unix(), Kind: "data restored"})
		return err
	})
	return checkedOf(r), errors.Join(err, kept.Close())
}

func copyTo(path string, from io.Reader) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, from)
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return store.Settle(path)
}
