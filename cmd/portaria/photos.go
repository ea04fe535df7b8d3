package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"portaria/terminal/certificate"
	"portaria/terminal/clock"
	"portaria/terminal/device"
	"portaria/terminal/transfer"
)

// photosCmd is what the flags of photos say.
type photosCmd struct {
	flags *flag.FlagSet

	from, fromKind, fromLogin, fromPassword string
	to, toKind, login, password, token      string
	match, state, pin                       string
	parallel, limit                         int
	timeout                                 time.Duration
	createUsers, dryRun, insecure, verbose  bool
}

func definePhotos(flags *flag.FlagSet) func(streams) error {
	c := photosCmd{flags: flags}
	flags.StringVar(&c.from, "from", "", "Where the photos are, `URL`, folder or zip.")
	flags.StringVar(&c.fromKind, "from-kind", "", "What that is, `KIND`: "+kinds(transfer.Sources())+". Left out: guessed.")
	flags.StringVar(&c.fromLogin, "from-login", "", "The `LOGIN` there. Left out: the factory's on a terminal.")
	flags.StringVar(&c.fromPassword, "from-password", "", "The `PASSWORD` there.")
	flags.StringVar(&c.to, "to", "http://127.0.0.1:8080", "Where they go, `URL`.")
	flags.StringVar(&c.toKind, "to-kind", "", "What that is, `KIND`: terminal, and for push also netex. Left out: guessed.")
	flags.StringVar(&c.login, "login", device.FactoryLogin, "The `LOGIN` there.")
	flags.StringVar(&c.password, "password", device.FactoryPassword, "The `PASSWORD` there.")
	flags.StringVar(&c.token, "netex-token", "", "The `TOKEN` of Netex; its account page shows it.")
	flags.StringVar(&c.match, "match", string(transfer.MatchAuto), "How people are found there, `HOW`: id, registration, or auto for the one that fits.")
	flags.BoolVar(&c.createUsers, "create-users", false, "Create users that are not there.")
	flags.StringVar(&c.state, "state", "portaria-photos-state.json", "The `FILE` that remembers what was sent; empty remembers nothing.")
	flags.BoolVar(&c.dryRun, "dry-run", false, "Read everything, say what would be done, and change nothing.")
	flags.IntVar(&c.parallel, "parallel", transfer.DefaultParallel, "How many `N` requests at a time.")
	flags.IntVar(&c.limit, "limit", transfer.DefaultLimit, "Send photos below `BYTES`; larger ones are made smaller.")
	flags.DurationVar(&c.timeout, "timeout", transfer.DefaultTimeout, "How long, `TIME`, one request may take.")
	flags.StringVar(&c.pin, "pin", "", pinHelp)
	flags.BoolVar(&c.insecure, "insecure", false, insecureHelp)
	flags.BoolVar(&c.verbose, "verbose", false, "Name everybody, not only those that are refused or fail.")
	return c.run
}

func kinds(list []transfer.Kind) string {
	texts := make([]string, len(list))
	for i, k := range list {
		texts[i] = string(k)
	}
	return strings.Join(texts, ", ")
}

// direction takes the word after photos, and the flags that follow it.
func (c *photosCmd) direction() (push bool, err error) {
	if c.flags.NArg() == 0 {
		return false, refuse("photos needs to know where to: \"portaria photos pull\" or \"portaria photos push\"")
	}
	word, rest := c.flags.Arg(0), c.flags.Args()[1:]
	if word != "pull" && word != "push" {
		return false, refuse("photos %q is not known; take pull or push", word)
	}
	err = c.flags.Parse(rest)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return false, err
	case err != nil:
		return false, refuse("%s; see \"portaria photos --help\"", strings.ReplaceAll(err.Error(), " -", " --"))
	case c.flags.NArg() > 0:
		return false, refuse("%q is one word too many; see \"portaria photos --help\"", c.flags.Arg(0))
	}
	return word == "push", nil
}

func (c *photosCmd) run(s streams) error {
	push, err := c.direction()
	if errors.Is(err, flag.ErrHelp) {
		all := commands()
		i := slices.IndexFunc(all, func(known command) bool { return known.name == c.flags.Name() })
		all[i].help(c.flags, s.out)
		return nil
	}
	if err != nil {
		return err
	}
	t, err := c.transfer(push)
	if err != nil {
		return err
	}
	stop, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	context.AfterFunc(stop, cancel) // a second Ctrl-C ends the program at once
	tally := &tally{clock: clock.System{}, w: s.err, isTerminal: isTerminal(s.err)}
	t.Watch = func(p transfer.Progress) {
		if line := c.line(p.Last); line != "" {
			tally.clear()
			fmt.Fprintln(s.out, line)
		}
		tally.show(p.Done, p.Total)
	}
	tally.begin()
	report, err := t.Run(stop)
	tally.end()
	if errors.Is(err, transfer.ErrSetting) {
		return &exitError{2, err}
	}
	c.summary(s, report)
	return c.verdict(report, err)
}

// transfer is what the flags ask for.
func (c *photosCmd) transfer(push bool) (transfer.Transfer, error) {
	t := transfer.Transfer{
		From:  transfer.Endpoint{Kind: transfer.Kind(c.fromKind), Where: c.from, Login: c.fromLogin, Password: c.fromPassword},
		To:    transfer.Endpoint{Kind: transfer.Kind(c.toKind), Where: c.to, Login: c.login, Password: c.password},
		Match: transfer.Match(c.match), CreateUsers: c.createUsers, DryRun: c.dryRun, State: c.state,
		Parallel: c.parallel, Limit: c.limit, Timeout: c.timeout, Insecure: c.insecure,
	}
	var err error
	if t.Trust, err = trustOf(c.pin); err != nil {
		return t, err
	}
	if c.from == "" {
		return t, refuse("--from is missing: the URL, folder or zip that has the photos")
	}
	if c.parallel < 1 || c.limit < 1 || c.timeout <= 0 {
		return t, refuse("--parallel, --limit and --timeout are more than nothing")
	}
	for _, e := range []*transfer.Endpoint{&t.From, &t.To} {
		if e.Kind == "" {
			kind, err := transfer.GuessKind(e.Where)
			if err != nil {
				return t, &exitError{2, err}
			}
			e.Kind = kind
		}
	}
	if t.From.Kind == transfer.Terminal && t.From.Login == "" {
		t.From.Login = device.FactoryLogin
		if t.From.Password == "" {
			t.From.Password = device.FactoryPassword
		}
	}
	c.toKind = string(t.To.Kind)
	switch {
	case !push && t.To.Kind != transfer.Terminal:
		return t, refuse("pull fills a terminal, and --to is %s; take \"portaria photos push\"", t.To.Kind)
	case push && (t.From.Kind == transfer.SecurID || t.From.Kind == transfer.BPM):
		return t, refuse("push sends from a folder, a zip or a terminal, and --from is %s; take \"portaria photos pull\"", t.From.Kind)
	case t.To.Kind == transfer.Netex:
		t.To.Login, t.To.Password = "", c.token
		if c.token == "" {
			return t, refuse("--netex-token is missing; Netex shows it on the account page")
		}
	}
	return t, nil
}

// line is what is said of one person while the run goes on.
func (c *photosCmd) line(o transfer.Outcome) string {
	who := o.Who
	if o.User != "" && o.User != o.Who {
		who += " (user " + o.User + ")"
	}
	switch o.Result {
	case transfer.Refused, transfer.Failed:
		return fmt.Sprintf("%s %s: %v", o.Result, who, o.Err)
	case transfer.Copied:
		text := "copied " + who
		if c.dryRun {
			text = "would copy " + who
		}
		if o.Created && c.dryRun {
			text += ", and create the user"
		} else if o.Created {
			text += ", user created"
		}
		if c.verbose || c.dryRun {
			return text
		}
	default:
		if c.verbose {
			return fmt.Sprintf("%s %s", o.Result, who)
		}
	}
	return ""
}

// summary is the last line but for what went wrong.
func (c *photosCmd) summary(s streams, r transfer.Report) {
	copied := "copied"
	if c.dryRun {
		copied = "to copy"
	}
	text := fmt.Sprintf("%d %s", r.Count[transfer.Copied], copied)
	for _, result := range []transfer.Result{transfer.Unchanged, transfer.NoPhoto, transfer.Refused, transfer.Failed} {
		text += fmt.Sprintf(", %d %s", r.Count[result], result)
	}
	if n := r.Count[transfer.Left]; n > 0 {
		text += fmt.Sprintf(", %d passed over because they have left", n)
	}
	switch {
	case r.Created > 0 && c.dryRun:
		text += fmt.Sprintf("; %d users to create", r.Created)
	case r.Created > 0:
		text += fmt.Sprintf("; %d users created", r.Created)
	}
	fmt.Fprintln(s.out, text)
}

// verdict is the program's end: what to do about what went wrong.
func (c *photosCmd) verdict(r transfer.Report, err error) error {
	switch {
	case errors.Is(err, context.Canceled) && c.state == "":
		return errors.New("interrupted")
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("interrupted; the same command goes on from here, as %s remembers", c.state)
	case errors.Is(err, transfer.ErrLogin):
		return fmt.Errorf("%w; look at --login and --password, or --from-login and --from-password, or --netex-token", err)
	case err != nil:
		if fingerprint, ok := certificate.Refused(err); ok {
			return untrusted(err, fingerprint)
		}
		return err
	case len(r.Problems) == 0:
		return nil
	}
	missing := func(o transfer.Outcome) bool { return errors.Is(o.Err, transfer.ErrNoUser) }
	if slices.ContainsFunc(r.Problems, missing) && !c.createUsers && c.toKind != string(transfer.Netex) {
		return fmt.Errorf("%d photos did not arrive; --create-users creates users that are not there", len(r.Problems))
	}
	return fmt.Errorf("%d photos did not arrive", len(r.Problems))
}
