package transfer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"portaria/terminal/dialect/jsondoc"
)

// terminal is an access terminal, as seen through its .fcgi commands.
type terminal struct {
	base    string
	wire    *wire
	session *session
}

func newTerminal(w *wire, e Endpoint) (*terminal, error) {
	base, err := address(e.Where)
	if err != nil {
		return nil, err
	}
	t := &terminal{base: base, wire: w}
	t.session = newSession(w, func(ctx context.Context) (string, error) { return t.login(ctx, e) })
	return t, nil
}

// login opens a session. HID-branded terminals have another name for it
// (access-api §2.1).
func (t *terminal) login(ctx context.Context, e Endpoint) (string, error) {
	body, err := json.Marshal(struct {
		Login    string `json:"login"`
		Password string `json:"password"`
	}{e.Login, e.Password})
	if err != nil {
		return "", err
	}
	var a answer
	for _, command := range []string{"login", "hidlogin"} {
		a, err = t.wire.send(ctx, request{
			method: http.MethodPost, url: t.base + "/" + command + ".fcgi",
			header: map[string]string{"Content-Type": "application/json"}, body: body,
		})
		if err != nil || a.status != http.StatusNotFound {
			break
		}
	}
	if err != nil {
		return "", fmt.Errorf("%s: login: %w", t.base, err)
	}
	if token, ok := a.json().Member("session").Str(); ok && a.status == http.StatusOK && token != "" {
		return token, nil
	}
	if a.status == http.StatusUnauthorized || a.status == http.StatusForbidden {
		return "", fmt.Errorf("%s: %w", t.base, ErrLogin)
	}
	return "", fmt.Errorf("%s does not answer as a terminal: login %w", t.base, a.statusError())
}

// sessionText escapes in a token what would end it. The slash stays: so
// clients send it that terminals are known to understand.
var sessionText = strings.NewReplacer("%", "%25", "+", "%2B", "&", "%26", "#", "%23", " ", "%20")

// call is one command. The session goes first, parameters after it.
type call struct {
	command, query, typ string
	body                []byte
	get, finish, once   bool // as in request
}

func (t *terminal) call(ctx context.Context, c call) (answer, error) {
	a, err := t.session.do(ctx, func(token string) request {
		r := request{
			method: http.MethodPost, body: c.body, finish: c.finish, once: c.once,
			url: t.base + "/" + c.command + ".fcgi?session=" + sessionText.Replace(token),
		}
		if c.get {
			r.method = http.MethodGet
		}
		if c.query != "" {
			r.url += "&" + c.query
		}
		if c.typ != "" {
			r.header = map[string]string{"Content-Type": c.typ}
		}
		return r
	})
	if err != nil && ctx.Err() == nil {
		err = fmt.Errorf("%s: %w", c.command, err)
	}
	return a, err
}

// ask is call with JSON both ways. An empty answer is the undefined value.
func (t *terminal) ask(ctx context.Context, command, body string) (jsondoc.Value, error) {
	a, err := t.call(ctx, call{command: command, typ: "application/json", body: []byte(body)})
	if err != nil {
		return jsondoc.Value{}, err
	}
	if a.status != http.StatusOK {
		return jsondoc.Value{}, fmt.Errorf("%s %w", command, a.statusError())
	}
	v := a.json()
	if text, failed := v.Member("error").Str(); failed {
		return jsondoc.Value{}, fmt.Errorf("%s: %s", command, text)
	}
	return v, nil
}

// user is a row of users, as far as it matters here.
type user struct {
	id                 int64
	name, registration string
}

// page is how many rows are asked for at once: what the vendor's own clients
// ask for (access-api §3.2).
const page = 1000

// users lists the terminal's users. Terminals may ignore limit and offset.
func (t *terminal) users(ctx context.Context) ([]user, error) {
	var users []user
	seen := map[int64]bool{}
	for {
		v, err := t.ask(ctx, "load_objects", fmt.Sprintf(
			`{"object":"users","fields":["id","name","registration"],"order":["id"],"limit":%d,"offset":%d}`, page, len(users)))
		if err != nil {
			return nil, err
		}
		rows, fresh := 0, 0
		for row := range v.Member("users").Items() {
			rows++
			u := user{}
			id, ok := row.Member("id").Int()
			if !ok || seen[id] {
				continue
			}
			u.id = id
			u.name, _ = row.Member("name").Str()
			u.registration, _ = row.Member("registration").Str()
			seen[id] = true
			users = append(users, u)
			fresh++
		}
		if rows < page || fresh == 0 {
			return users, nil
		}
	}
}

// images lists who has a photo, and since when: 0 where a terminal does not
// tell. The error is errUnknownCommand on a terminal without the command.
func (t *terminal) images(ctx context.Context) (map[int64]int64, error) {
	a, err := t.call(ctx, call{command: "user_list_images", query: "get_timestamp=1", get: true})
	if err != nil {
		return nil, err
	}
	if a.status == http.StatusNotFound || a.status == http.StatusBadRequest {
		return nil, fmt.Errorf("%w: user_list_images %w", errUnknownCommand, a.statusError())
	}
	if a.status != http.StatusOK {
		return nil, fmt.Errorf("user_list_images %w", a.statusError())
	}
	photos := map[int64]int64{}
	v := a.json()
	for row := range v.Member("user_ids").Items() {
		if id, ok := row.Int(); ok {
			photos[id] = 0
		}
	}
	for row := range v.Member("image_info").Items() {
		if id, ok := row.Member("user_id").Int(); ok {
			photos[id], _ = row.Member("timestamp").Int()
		}
	}
	return photos, nil
}

// errUnknownCommand tells of a terminal of another generation.
var errUnknownCommand = errors.New("the terminal lacks a command")

// close logs out, and does not mind if that does not work.
func (t *terminal) close(ctx context.Context) {
	token := t.session.current()
	if token == "" {
		return
	}
	_, _, _ = t.wire.once(ctx, request{
		method: http.MethodPost, url: t.base + "/logout.fcgi?session=" + sessionText.Replace(token),
	})
}
