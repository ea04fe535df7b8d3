package transfer

import (
	"context"
	"encoding/xml"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"portaria/terminal/dialect/jsondoc"
)

// securid reads the users of RSA SecurID Governance & Lifecycle: their
// number is the terminal's, their user_id the registration.
type securid struct {
	base    string
	wire    *wire
	session *session
}

func newSecurID(w *wire, e Endpoint) (*securid, error) {
	base, err := address(e.Where, securidRoot)
	if err != nil {
		return nil, err
	}
	s := &securid{base: base + securidPath, wire: w}
	s.session = newSession(w, func(ctx context.Context) (string, error) { return s.login(ctx, e) })
	return s, nil
}

// login sends XML elements without a root, as the command wants them.
func (s *securid) login(ctx context.Context, e Endpoint) (string, error) {
	var body strings.Builder
	for _, part := range [][2]string{{"username", e.Login}, {"password", e.Password}} {
		fmt.Fprintf(&body, "<%s>", part[0])
		if err := xml.EscapeText(&body, []byte(part[1])); err != nil {
			return "", err
		}
		fmt.Fprintf(&body, "</%s>", part[0])
	}
	a, err := s.wire.send(ctx, request{
		method: http.MethodPost, url: s.base + "?cmd=loginUser&format=json",
		header: map[string]string{"Content-Type": "application/xml"}, body: []byte(body.String()),
	})
	if err != nil {
		return "", fmt.Errorf("%s: login: %w", s.base, err)
	}
	v := a.json()
	for _, holder := range []jsondoc.Value{v.Member("data"), v} {
		if token, ok := holder.Member("token").Str(); ok && token != "" && a.status == http.StatusOK {
			return token, nil
		}
	}
	// Without the format they answer with a property.
	if token, ok := strings.CutPrefix(strings.TrimSpace(string(a.body)), "token="); ok && a.status == http.StatusOK {
		return token, nil
	}
	if a.status == http.StatusUnauthorized {
		return "", fmt.Errorf("%s: %w", s.base, ErrLogin)
	}
	return "", fmt.Errorf("%s does not answer as SecurID: login %w", s.base, a.statusError())
}

func (s *securid) get(ctx context.Context, query url.Values) (answer, error) {
	query.Set("format", "json")
	return s.session.do(ctx, func(token string) request {
		return request{
			method: http.MethodGet, url: s.base + "?" + query.Encode(),
			header: map[string]string{"Authorization": "Bearer " + token, "Accept": "application/json"},
		}
	})
}

func (s *securid) people(ctx context.Context) ([]person, error) {
	a, err := s.get(ctx, url.Values{
		"cmd": {"findUsers"}, "returnColumns": {"id,user_id,first_name,last_name,is_terminated"},
	})
	if err != nil {
		return nil, fmt.Errorf("findUsers: %w", err)
	}
	rows := a.json().Member("findUsers")
	if a.status != http.StatusOK || rows.Kind() != jsondoc.Array {
		return nil, fmt.Errorf("findUsers %w", a.statusError())
	}
	var people []person
	for row := range rows.Items() {
		id, _ := row.Member("id").Str() // every value is text
		login, _ := row.Member("user_id").Str()
		first, _ := row.Member("first_name").Str()
		last, _ := row.Member("last_name").Str()
		gone, _ := row.Member("is_terminated").Str()
		number, err := strconv.ParseInt(id, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("findUsers: the id %q is no number", id)
		}
		people = append(people, person{
			who: id, key: id, id: number, registration: login, name: strings.TrimSpace(first + " " + last),
			left: strings.EqualFold(gone, "true"),
		})
	}
	return people, nil
}

func (s *securid) photos(ctx context.Context, people []person) []picture {
	pictures := make([]picture, len(people))
	for i, p := range people {
		pictures[i] = s.photo(ctx, p)
	}
	return pictures
}

// photo tells a picture by its label: whoever has none is answered with
// status 200, too.
func (s *securid) photo(ctx context.Context, p person) picture {
	a, err := s.get(ctx, url.Values{"cmd": {"getUserImage"}, "userId": {p.key}})
	if err != nil {
		return picture{err: fmt.Errorf("getUserImage: %w", err)}
	}
	if a.status != http.StatusOK {
		return picture{err: fmt.Errorf("getUserImage %w", a.statusError())}
	}
	if kind, _, _ := mime.ParseMediaType(a.typ); kind != "image/png" || len(a.body) == 0 {
		return picture{err: errNoPhoto}
	}
	return picture{data: a.body}
}

func (s *securid) close(ctx context.Context) {
	token := s.session.current()
	if token == "" {
		return
	}
	_, _, _ = s.wire.once(ctx, request{
		method: http.MethodPost, url: s.base + "?cmd=logoutUser&format=json",
		header: map[string]string{"Authorization": "Bearer " + token},
	})
}
