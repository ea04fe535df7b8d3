package transfer

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strconv"
	"strings"
	"sync"

	"portaria/terminal/dialect/jsondoc"
)

// bpm reads the avatars of IBM Business Process Manager: userID is the
// terminal's number, userName the registration.
type bpm struct {
	base, basic string
	wire        *wire
	cookies     *cookies
}

// maxPeople is asked for because without a number only twenty come.
const maxPeople = 1_000_000

func newBPM(t *Transfer, e Endpoint) (*bpm, error) {
	base, err := address(e.Where, bpmRoot)
	if err != nil {
		return nil, err
	}
	b := &bpm{base: base + bpmPath, wire: newWire(t), cookies: new(cookies)}
	b.basic = "Basic " + base64.StdEncoding.EncodeToString([]byte(e.Login+":"+e.Password))
	b.wire.client.Jar = b.cookies
	return b, nil
}

// cookies are what the server gives with its first answer, so that it need not
// look into its directory for every other. They can all be forgotten.
type cookies struct {
	mu  sync.Mutex // guards jar
	jar *cookiejar.Jar
}

// SetCookies implements http.CookieJar.
func (c *cookies) SetCookies(u *url.URL, fresh []*http.Cookie) { c.now().SetCookies(u, fresh) }

// Cookies implements http.CookieJar.
func (c *cookies) Cookies(u *url.URL) []*http.Cookie { return c.now().Cookies(u) }

func (c *cookies) now() *cookiejar.Jar {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.jar == nil {
		c.jar, _ = cookiejar.New(nil) // never an error without options
	}
	return c.jar
}

func (c *cookies) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.jar = nil
}

// get asks with credentials and cookies, and once more without the cookies
// when they have grown too old.
func (b *bpm) get(ctx context.Context, path string) (jsondoc.Value, error) {
	r := request{
		method: http.MethodGet, url: b.base + path,
		header: map[string]string{"Authorization": b.basic, "Accept": "application/json"},
	}
	a, err := b.wire.send(ctx, r)
	if err == nil && a.status == http.StatusUnauthorized {
		b.cookies.forget()
		a, err = b.wire.send(ctx, r)
	}
	v := a.json()
	switch {
	case err != nil:
		return jsondoc.Value{}, err
	case a.status == http.StatusOK && v.Member("data").Kind() == jsondoc.Object:
		return v.Member("data"), nil
	// Who is known but may not is answered with 401, too, and with a reason.
	case a.status == http.StatusUnauthorized && v.Kind() == jsondoc.Undefined:
		return jsondoc.Value{}, fmt.Errorf("%s: %w", b.base, ErrLogin)
	}
	if text, ok := v.Member("Data").Member("errorMessage").Str(); ok {
		return jsondoc.Value{}, fmt.Errorf("answered %d: %s", a.status, text)
	}
	return jsondoc.Value{}, a.statusError()
}

func (b *bpm) people(ctx context.Context) ([]person, error) {
	data, err := b.get(ctx, fmt.Sprintf("/users?filter=*&maxresult=%d&parts=none", maxPeople))
	if err != nil {
		return nil, fmt.Errorf("users: %w", err)
	}
	var people []person
	for row := range data.Member("users").Items() {
		id, ok := row.Member("userID").Int()
		name, named := row.Member("userName").Str()
		if !ok || !named {
			return nil, errors.New("users: a user without userID or userName")
		}
		full, _ := row.Member("fullName").Str()
		disabled, _ := row.Member("isDisabled").Bool()
		people = append(people, person{
			who: name, key: name, id: id, registration: name, name: full, left: disabled,
		})
	}
	return people, nil
}

func (b *bpm) photos(ctx context.Context, people []person) []picture {
	pictures := make([]picture, len(people))
	for i, p := range people {
		pictures[i] = b.photo(ctx, p)
	}
	return pictures
}

// photo asks for an avatar: it always comes with its picture, and its key
// tells whether that is a new one.
func (b *bpm) photo(ctx context.Context, p person) picture {
	data, err := b.get(ctx, "/avatar/"+url.PathEscape(p.key))
	if err != nil {
		return picture{err: fmt.Errorf("avatar: %w", err)}
	}
	if isTrue(data.Member("isDefault")) {
		return picture{err: errNoPhoto}
	}
	// A name of digits only may be taken for a number: another person's.
	if id, ok := data.Member("userID").Int(); ok && id != p.id {
		return picture{err: refuse("the avatar that is answered belongs to number %d", id)}
	}
	image, ok := data.Member("userAvatarImage").Base64()
	if !ok || len(image) == 0 {
		return picture{err: errNoPhoto}
	}
	found := picture{data: image}
	if key := text(data.Member("userAvatarKey")); key != "" {
		found.version = "key:" + key
	}
	if ms, err := strconv.ParseInt(text(data.Member("userUpdateTimestamp")), 10, 64); err == nil {
		found.time = ms / 1000
	}
	return found
}

// isTrue takes the text "true" and the boolean.
func isTrue(v jsondoc.Value) bool {
	if b, ok := v.Bool(); ok {
		return b
	}
	s, _ := v.Str()
	return strings.EqualFold(s, "true")
}

// text is a string, or a number as it is written.
func text(v jsondoc.Value) string {
	if v.Kind() == jsondoc.Int {
		return string(v.Raw())
	}
	s, _ := v.Str()
	return s
}

func (b *bpm) close(context.Context) { b.wire.close() }
