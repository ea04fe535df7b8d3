package main

import (
	"flag"
	"fmt"
	"io"
	"strings"
)

// defineCompletion prints what a shell needs to complete portaria's command
// line; packages put it where the shell looks.
func defineCompletion(flags *flag.FlagSet) func(streams) error {
	shells := map[string]func(io.Writer) error{"bash": bashCompletion, "zsh": zshCompletion, "fish": fishCompletion}
	return func(s streams) error {
		write, ok := shells[flags.Arg(0)]
		if !ok || flags.NArg() > 1 {
			return refuse("completion is for one shell; write \"portaria completion bash\", zsh or fish")
		}
		return write(s.out)
	}
}

func names(list []command) string {
	var names []string
	for _, c := range list {
		names = append(names, c.name)
	}
	return strings.Join(names, " ")
}

// bashCompletion keeps to what every bash from 3.2 on has.
func bashCompletion(w io.Writer) error {
	var script strings.Builder
	fmt.Fprintf(&script, `# Completion of portaria(1) for bash.
_portaria() {
	local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} words=
	COMPREPLY=()
	if [ "$COMP_CWORD" -eq 1 ]; then
		COMPREPLY=($(compgen -W '%s help' -- "$current"))
		return
	fi
	case ${COMP_WORDS[1]}:$previous in
`, names(forPeople()))
	for _, c := range forPeople() {
		for _, o := range c.options() {
			switch {
			case o.isFolder():
				fmt.Fprintf(&script, "\t%s:--%s) COMPREPLY=($(compgen -d -- \"$current\")); return ;;\n", c.name, o.name)
			case o.placeholder != "":
				// Nothing in COMPREPLY leaves it to -o default: the files.
				fmt.Fprintf(&script, "\t%s:--%s) return ;;\n", c.name, o.name)
			}
		}
	}
	script.WriteString("\tesac\n\tcase ${COMP_WORDS[1]} in\n")
	for _, c := range forPeople() {
		words := c.words()
		for _, o := range c.options() {
			words = append(words, "--"+o.name)
		}
		fmt.Fprintf(&script, "\t%s) words='%s' ;;\n", c.name, strings.Join(words, " "))
	}
	script.WriteString("\tesac\n\tCOMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n}\ncomplete -o default -F _portaria portaria\n")
	_, err := io.WriteString(w, script.String())
	return err
}

// zshCompletion is a function for a folder in $fpath.
func zshCompletion(w io.Writer) error {
	var script strings.Builder
	script.WriteString("#compdef portaria\n# Completion of portaria(1) for zsh.\n_portaria() {\n\tlocal -a commands\n\tcommands=(\n")
	for _, c := range forPeople() {
		fmt.Fprintf(&script, "\t\t%s\n", single(c.name+":"+c.about))
	}
	script.WriteString("\t)\n\tif ((CURRENT == 2)); then\n\t\t_describe command commands\n\t\treturn\n\tfi\n\tlocal command=${words[2]}\n\tshift words\n\t((CURRENT--))\n\tcase $command in\n")
	for _, c := range forPeople() {
		fmt.Fprintf(&script, "\t%s)\n\t\t_arguments", c.name)
		for _, o := range c.options() {
			// The colon and the brackets belong to _arguments.
			text := strings.NewReplacer("[", "(", "]", ")", ":", `\:`).Replace(o.text)
			spec := fmt.Sprintf("--%s[%s]", o.name, text)
			switch {
			case o.isFolder():
				spec += ":" + o.placeholder + ":_files -/"
			case o.isFile():
				spec += ":" + o.placeholder + ":_files"
			case o.placeholder != "":
				spec += ":" + strings.ReplaceAll(o.placeholder, ":", `\:`) + ":"
			}
			fmt.Fprintf(&script, " \\\n\t\t\t%s", single(spec))
		}
		if words := c.words(); words != nil {
			fmt.Fprintf(&script, " \\\n\t\t\t%s", single("1:what:("+strings.Join(words, " ")+")"))
		} else if c.args != "" {
			fmt.Fprintf(&script, " \\\n\t\t\t%s", single("*:"+c.args+":_files"))
		}
		script.WriteString("\n\t\t;;\n")
	}
	script.WriteString("\tesac\n}\n_portaria \"$@\"\n")
	_, err := io.WriteString(w, script.String())
	return err
}

func fishCompletion(w io.Writer) error {
	var script strings.Builder
	script.WriteString("# Completion of portaria(1) for fish.\ncomplete -c portaria -n __fish_use_subcommand -f\n")
	for _, c := range forPeople() {
		fmt.Fprintf(&script, "complete -c portaria -n __fish_use_subcommand -a %s -d %s\n", c.name, single(c.about))
		given := single("__fish_seen_subcommand_from " + c.name)
		if words := c.words(); words != nil {
			fmt.Fprintf(&script, "complete -c portaria -n %s -f -a %s\n", given, single(strings.Join(words, " ")))
		}
		for _, o := range c.options() {
			value := ""
			switch {
			case o.isFolder():
				value = " -x -a '(__fish_complete_directories)'"
			case o.isFile():
				value = " -r -F"
			case o.placeholder != "":
				value = " -r"
			}
			fmt.Fprintf(&script, "complete -c portaria -n %s -l %s%s -d %s\n", given, o.name, value, single(o.text))
		}
	}
	_, err := io.WriteString(w, script.String())
	return err
}

// single quotes text in a way that the three shells read alike.
func single(text string) string {
	return "'" + strings.ReplaceAll(text, "'", `'"'"'`) + "'"
}
