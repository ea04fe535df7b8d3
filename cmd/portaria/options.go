package main

import (
	"flag"
	"strings"
)

// option is one flag of a command as people read of it.
type option struct {
	name        string
	placeholder string // empty: the flag takes no value
	text        string
	initial     string // empty: nothing worth saying
}

// options are the command's flags in the order of their names.
func (c command) options() []option {
	flags := flag.NewFlagSet(c.name, flag.ContinueOnError)
	c.define(flags)
	return optionsOf(flags)
}

func optionsOf(flags *flag.FlagSet) []option {
	var list []option
	flags.VisitAll(func(f *flag.Flag) {
		o := option{name: f.Name}
		o.placeholder, o.text = flag.UnquoteUsage(f)
		switch f.DefValue {
		case "", "false", "0", "0s":
		default:
			o.initial = f.DefValue
		}
		list = append(list, o)
	})
	return list
}

// isFolder and isFile say what completes the flag's value.
func (o option) isFolder() bool { return o.placeholder == "DIR" }
func (o option) isFile() bool   { return strings.HasPrefix(o.placeholder, "FILE") }

// words are what may follow the command, where it is one of a few words.
func (c command) words() []string {
	if c.args == "" || strings.ToLower(c.args) != c.args {
		return nil
	}
	return strings.Split(c.args, "|")
}

// forPeople are the commands that are told of.
func forPeople() []command {
	var list []command
	for _, c := range commands() {
		if c.about != "" {
			list = append(list, c)
		}
	}
	return list
}
