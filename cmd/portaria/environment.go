package main

import (
	"flag"
	"slices"
	"strings"
)

const envPrefix = "PORTARIA_"

// corporaVariable tells the project's own tests where foreign pictures are.
const corporaVariable = envPrefix + "CORPORA"

// variableOf is the name that a flag has in the environment.
func variableOf(flagName string) string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(flagName, "-", "_"))
}

// fromEnvironment sets the flags that the environment names. A variable that
// looks like ours and is no flag of any command is refused: a misspelt
// setting must not be ignored.
func fromEnvironment(flags *flag.FlagSet, environ []string) error {
	known := knownVariables()
	var unknown []string
	values := map[string]string{}
	for _, variable := range environ {
		name, value, _ := strings.Cut(variable, "=")
		if !strings.HasPrefix(name, envPrefix) {
			continue
		}
		values[name] = value
		if !known[name] {
			unknown = append(unknown, name)
		}
	}
	if len(unknown) > 0 {
		slices.Sort(unknown)
		return refuse("%s: no such setting; see \"portaria serve --help\" for those that are, or unset it", strings.Join(unknown, ", "))
	}
	var err error
	flags.VisitAll(func(f *flag.Flag) {
		value, ok := values[variableOf(f.Name)]
		if !ok || err != nil {
			return
		}
		if flags.Set(f.Name, value) != nil {
			err = refuse("%s=%q is not understood; see \"portaria %s --help\"", variableOf(f.Name), value, flags.Name())
		}
	})
	return err
}

// knownVariables holds a variable for each flag of each command.
func knownVariables() map[string]bool {
	known := map[string]bool{corporaVariable: true}
	for _, c := range commands() {
		flags := flag.NewFlagSet(c.name, flag.ContinueOnError)
		c.define(flags)
		flags.VisitAll(func(f *flag.Flag) { known[variableOf(f.Name)] = true })
	}
	return known
}
