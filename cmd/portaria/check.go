package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"time"

	"portaria/store"
)

// checkCmd is what the flags of check say.
type checkCmd struct {
	*reach
	data string
}

// defineCheck reads everything once and changes nothing.
func defineCheck(flags *flag.FlagSet) func(streams) error {
	c := checkCmd{reach: reachFlags(flags)}
	flags.StringVar(&c.data, "data", defaultData, "The data folder `DIR` of a terminal that is not running. It is checked unless --url is given.")
	return c.run
}

func (c *checkCmd) run(s streams) error {
	if err := either(c.flags); err != nil {
		return err
	}
	ctx, cancel := interrupted()
	defer cancel()
	check, where, do := c.ofFolder, c.data, "keep a copy of the folder before anything else touches it"
	if given(c.flags, "url") {
		check, where, do = c.ofTerminal, c.url, "store damaged photos again; for anything else take \"portaria backup\" now, and restore an older one"
	}
	found, aside, err := check(ctx, s)
	if err != nil {
		return err
	}
	for _, problem := range found.Problems {
		fmt.Fprintln(s.out, problem)
	}
	for _, f := range aside {
		fmt.Fprintf(s.out, "set aside as damaged: %s, %d bytes, last written %s\n", f.Name, f.Bytes, time.Unix(f.Written, 0).UTC().Format(time.RFC3339))
	}
	fmt.Fprintf(s.out, "%d photos, %d users, %d rows in all tables, %d log entries, %d bytes, schema %d: %d problems\n",
		found.Photos, found.Users, found.Rows, found.Entries, found.Bytes, found.Schema, found.Found)
	if found.Found > 0 {
		return fmt.Errorf("%s is damaged; %s", where, do)
	}
	return nil
}

// setAside is a file that was found damaged once.
type setAside struct {
	Name    string
	Bytes   int64
	Written int64 `json:"last_written"`
}

func (c *checkCmd) ofFolder(ctx context.Context, s streams) (*checked, []setAside, error) {
	progress := percent{w: s.err, what: "checking photos"}
	report, err := store.Check(ctx, c.data, progress.show)
	progress.end()
	if err != nil {
		return nil, nil, explain(err)
	}
	files, err := store.SetAside(c.data)
	if err != nil {
		return nil, nil, err
	}
	var aside []setAside
	for _, f := range files {
		aside = append(aside, setAside{f.Name(), f.Size(), f.ModTime().Unix()})
	}
	return checkedOf(report), aside, nil
}

func (c *checkCmd) ofTerminal(ctx context.Context, s streams) (*checked, []setAside, error) {
	o, err := c.remote()
	if err != nil {
		return nil, nil, err
	}
	defer o.close()
	if err := o.ask(ctx, http.MethodPost, "check", nil, nil, nil); err != nil {
		return nil, nil, err
	}
	var told struct {
		work
		Check *checked
	}
	progress := percent{w: s.err, what: "checking on the terminal"}
	err = o.await(ctx, "check", &told, &told.work, progress.part)
	progress.end()
	if err != nil {
		return nil, nil, err
	}
	if told.Check == nil {
		return nil, nil, errors.New("the terminal has been restarted meanwhile; check again")
	}
	var status struct {
		Files []setAside `json:"damaged_files"`
	}
	err = o.ask(ctx, http.MethodGet, "status", nil, nil, &status)
	return told.Check, status.Files, err
}
