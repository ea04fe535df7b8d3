package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
)

// defineManual prints the manual page portaria(1), for packages. Its date is
// SOURCE_DATE_EPOCH's, as in everything else that a package is built from.
func defineManual(*flag.FlagSet) func(streams) error {
	return func(s streams) error {
		date := ""
		if seconds, err := strconv.ParseInt(os.Getenv("SOURCE_DATE_EPOCH"), 10, 64); err == nil {
			date = time.Unix(seconds, 0).UTC().Format(time.DateOnly)
		}
		return manual(s.out, date)
	}
}

// manual writes the page in the macros of man(7).
func manual(w io.Writer, date string) error {
	var page strings.Builder
	fmt.Fprintf(&page, ".TH PORTARIA 1 %q %q \"User Commands\"\n", date, "portaria "+roff(fullVersion()))
	page.WriteString(manualHead)
	for _, c := range forPeople() {
		c.manual(&page)
	}
	page.WriteString(manualFoot)
	_, err := io.WriteString(w, page.String())
	return err
}

func (c command) manual(page *strings.Builder) {
	fmt.Fprintf(page, ".SS portaria %s", roff(c.name))
	options := c.options()
	if len(options) > 0 {
		page.WriteString(" [FLAGS]")
	}
	if c.args != "" {
		page.WriteString(" " + roff(c.args))
	}
	fmt.Fprintf(page, "\n%s\n", roff(c.about))
	for _, o := range options {
		fmt.Fprintf(page, ".TP\n.B \\-\\-%s", roff(o.name))
		if o.placeholder != "" {
			fmt.Fprintf(page, " \\fI%s\\fR", roff(o.placeholder))
		}
		fmt.Fprintf(page, "\n%s\n", roff(o.text))
		if o.initial != "" {
			fmt.Fprintf(page, "Default: %s.\n", roff(o.initial))
		}
	}
}

// roff writes text so that it is only text: no escape, no request at the
// start, and the characters of a command line as they are typed.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`, "~", `\(ti`, "^", `\(ha`, "`", `\(ga`, "'", `\(aq`).Replace(text)
	if strings.HasPrefix(text, ".") {
		text = `\&` + text
	}
	return text
}

const manualHead = `.SH NAME
portaria \- access\-control terminal in software
.SH SYNOPSIS
.B portaria
.I COMMAND
[\fIFLAGS\fR] [\fIARGUMENTS\fR]
.SH DESCRIPTION
.B portaria
behaves like a Control iD access terminal: the reader at the door that knows users and their photos.
It answers the device\(aqs own commands over HTTP, and what it has acknowledged is on the disk.
.PP
By default it is a simulator that only this machine reaches, with the factory\(aqs login and password.
With
.B \-\-terminal
it is a terminal on a network, and serves nothing but login and change of password until the factory\(aqs password is changed.
.SH COMMANDS
`

const manualFoot = `.SH ENVIRONMENT
Every flag of every command is also a variable: PORTARIA_ and the flag\(aqs name in capitals, with _ for \-.
So PORTARIA_LISTEN is
.BR \-\-listen ,
and PORTARIA_PHOTO_BOX is
.BR \-\-photo\-box .
The command line wins.
A variable that begins with PORTARIA_ and is no flag of any command is refused.
.SH FILES
.TP
.I portaria\-data/
The data folder, unless
.B \-\-data
names another: one folder, one terminal.
.TP
.I portaria\-data/portaria.db
People, photos, rules and logs.
.TP
.I portaria\-data/portaria.db.damaged\-1
A file that could not be opened and was set aside; it is never deleted.
.TP
.I /etc/default/portaria
The settings of the service, where a package installed it; its data is in
.IR /var/lib/portaria .
.SH EXIT STATUS
.TP
.B 0
Done.
.TP
.B 1
Failed; the last line on standard error says what to do next.
.TP
.B 2
The command line or the environment cannot be obeyed; nothing was done.
.SH EXAMPLES
A terminal that other machines reach:
.PP
.RS
.B portaria serve \-\-listen 0.0.0.0:8080 \-\-data door
.RE
.PP
A terminal for a test, which forgets everything at the end:
.PP
.RS
.B portaria serve \-\-ephemeral \-\-listen 127.0.0.1:0 \-\-ready\-file ready.json
.RE
.PP
Fill a terminal from a folder of photos named by user number or registration:
.PP
.RS
.B portaria photos pull \-\-from people \-\-to http://192.0.2.10 \-\-password \fIPASSWORD\fB \-\-create\-users
.RE
.PP
Read a data folder from the first page to the last photo:
.PP
.RS
.B portaria check \-\-data door
.RE
`
