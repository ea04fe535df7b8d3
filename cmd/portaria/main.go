// Command portaria is an access-control terminal in software: it serves the
// terminal and looks after its data. See "portaria serve --help".
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
)

// streams is where a command writes: results to out, everything else to err.
type streams struct {
	out, err io.Writer
}

// command is one thing that portaria does. Define adds its flags and returns
// what runs once they are set.
type command struct {
	name   string
	about  string // empty: not for people
	args   string // what follows the flags
	define func(*flag.FlagSet) func(streams) error
}

func commands() []command {
	return []command{
		{name: "serve", about: "Serve the terminal.", define: defineServe},
		{name: "ready", about: "Wait until a terminal answers.", define: defineReady},
		{name: "photos", about: "Fill a terminal with people's photos (pull), or send them on (push).", args: "pull|push", define: definePhotos},
		{name: "check", about: "Check a terminal's data from the first page to the last photo, by --url while it runs.", define: defineCheck},
		{name: "backup", about: "Keep a terminal's data in a file, by --url while it runs.", define: defineBackup},
		{name: "restore", about: "Give a terminal the data of a backup, by --url while it runs.", args: "FILE", define: defineRestore},
		{name: "update", about: "Give a board a new version, and wait until it has been tried.", args: "FILE", define: defineUpdate},
		{name: "board", about: "Ask the board that a terminal runs on, or tell it to stop.", args: "status|reboot|poweroff", define: defineBoard},
		{name: "compact", about: "Give back the space of deleted photos. The terminal must not be running.", define: defineCompact},
		{name: "reset-login", about: "Set login and password of a data folder. The terminal must not be running.", define: defineResetLogin},
		{name: "vectors", about: "Run the wire vectors against a terminal, a real one too.", define: defineVectors},
		{name: "version", about: "Print the version.", define: defineVersion},
		{name: "inspect", args: "FILE", define: defineInspect},
		{name: "manual", define: defineManual},
		{name: "completion", args: "bash|zsh|fish", define: defineCompletion},
	}
}

// exitError ends the program with a status of its own.
type exitError struct {
	status int
	err    error
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

// refuse is an error about the command line: status 2.
func refuse(format string, args ...any) error {
	return &exitError{2, fmt.Errorf(format, args...)}
}

func main() {
	os.Exit(run(os.Args[1:], streams{os.Stdout, os.Stderr}))
}

// run is main without the process: 0 for done, 1 for failed, 2 for a command
// line that cannot be obeyed.
func run(args []string, s streams) int {
	err := dispatch(args, s)
	if err == nil {
		return 0
	}
	fmt.Fprintf(s.err, "portaria: %v\n", err)
	var exit *exitError
	if errors.As(err, &exit) {
		return exit.status
	}
	return 1
}

func dispatch(args []string, s streams) error {
	if len(args) == 0 {
		usage(s.err)
		return refuse("no command; start with \"portaria serve\"")
	}
	name := args[0]
	if name == "help" || name == "-h" || name == "--help" {
		usage(s.out)
		return nil
	}
	if name == "--version" {
		name = "version"
	}
	for _, c := range commands() {
		if c.name == name {
			return c.run(args[1:], s)
		}
	}
	return refuse("%q is no command; see \"portaria help\"", name)
}

func (c command) run(args []string, s streams) error {
	flags := flag.NewFlagSet(c.name, flag.ContinueOnError)
	flags.SetOutput(io.Discard) // its messages say what is wrong and not what to do
	do := c.define(flags)
	if err := fromEnvironment(flags, os.Environ()); err != nil {
		return err
	}
	err := flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		c.help(flags, s.out)
		return nil
	}
	if err != nil {
		return refuse("%s; see \"portaria %s --help\"", strings.ReplaceAll(err.Error(), " -", " --"), c.name)
	}
	if flags.NArg() > 0 && c.args == "" {
		return refuse("%q is one word too many; see \"portaria %s --help\"", flags.Arg(0), c.name)
	}
	return do(s)
}

func usage(w io.Writer) {
	fmt.Fprint(w, "portaria is an access-control terminal in software.\n\nCommands:\n")
	for _, c := range forPeople() {
		fmt.Fprintf(w, "  %-12s %s\n", c.name, c.about)
	}
	fmt.Fprint(w, "\nFlags of a command: portaria COMMAND --help\n")
}

func (c command) help(flags *flag.FlagSet, w io.Writer) {
	fmt.Fprintf(w, "portaria %s: %s\n\nFlags, each also in the environment as %sNAME:\n", c.name, c.about, envPrefix)
	for _, o := range optionsOf(flags) {
		head := "--" + o.name
		if o.placeholder != "" {
			head += " " + o.placeholder
		}
		if o.initial != "" {
			o.text += " Default: " + o.initial + "."
		}
		fmt.Fprintf(w, "  %-26s %s\n", head, o.text)
	}
}
