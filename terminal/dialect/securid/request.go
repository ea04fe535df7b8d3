package securid

import (
	"net/http"
	"net/url"
	"strings"

	"portaria/terminal/device"
	"portaria/terminal/dialect"
)

// Commands that are named in more than one place.
const (
	keepAlive    = "keepAlive"
	setUserImage = "setUserImage"
)

// request is one command on its way.
type request struct {
	*dialect.Call
	name  string // of the command
	args  args
	text  string // of the token
	token token
}

// args are the arguments of the query, under their names in lower case: the
// product's own messages name them so.
type args map[string][]string

func readArgs(c *dialect.Call) args {
	a := make(args)
	for pair := range strings.SplitSeq(c.RawQuery(), "&") {
		name, value, _ := strings.Cut(pair, "=")
		name, nameErr := url.QueryUnescape(name)
		value, valueErr := url.QueryUnescape(value)
		if nameErr != nil || valueErr != nil {
			continue // what cannot be read is left out
		}
		name = strings.ToLower(name)
		a[name] = append(a[name], value)
	}
	return a
}

// one is the first value of an argument, empty when there is none.
func (a args) one(name string) string {
	if list := a[strings.ToLower(name)]; len(list) > 0 {
		return list[0]
	}
	return ""
}

// is tells whether an argument says true.
func (a args) is(name string) bool { return strings.EqualFold(a.one(name), "true") }

// format is the form that the answer is wanted in: properties where nothing
// else that is known is named.
func (a args) format() string { return strings.ToLower(a.one("format")) }

// read finds out the command and who sends it. An unknown command is told so
// before anybody is asked for a token: clients probe for commands.
func (a *API) read(c *dialect.Call) (*request, error) {
	r := &request{Call: c, args: readArgs(c)}
	r.name = r.args.one("cmd")
	if r.name == "" {
		return nil, missing("cmd")
	}
	cmd, ok := a.commands[r.name]
	if !ok {
		a.note(c, r.name)
		return nil, &refusal{status: http.StatusNotFound, text: r.name}
	}
	if cmd.open {
		return r, nil
	}
	var given bool
	if r.text, given = a.tokenText(r); !given {
		return nil, noToken(r.name)
	}
	if r.token, ok = a.tokens.use(r.text); !ok {
		return nil, deadToken(r.name)
	}
	return r, nil
}

// tokenText finds the token in the header, which wins, or in the query. Two
// in the query are none: parsers disagree on which of them counts.
func (a *API) tokenText(r *request) (string, bool) {
	kind, text, _ := strings.Cut(r.Header("Authorization"), " ")
	if strings.EqualFold(kind, "Bearer") {
		text = strings.TrimSpace(text)
		return text, text != ""
	}
	if a.options.NoQueryToken || len(r.args["token"]) != 1 {
		return "", false
	}
	text = r.args.one("token")
	return text, text != ""
}

// note tells whoever writes the client that a command is documented and not
// served.
func (a *API) note(c *dialect.Call, name string) {
	if reason := declinedFor(name); reason != "" {
		a.device.Notice(device.Notice{Command: name, Rule: "not served", Detail: reason, Client: c.Client()})
	}
}
