package boot_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
)

// errNoAnswer stands for a request that met nobody: the power is cut, or the
// terminal is not up yet. Whether it was carried out is not known.
var errNoAnswer = errors.New("no answer")

// A refusal is an answer that is not 200.
type refusal struct {
	status int
	body   string
}

func (r *refusal) Error() string { return fmt.Sprintf("answered %d: %s", r.status, r.body) }

// terminal is the client of a terminal under test.
type terminal struct {
	base    string
	session string
	http    http.Client
}

func at(address string) *terminal {
	return &terminal{base: "http://" + address, http: http.Client{
		// A machine that is off refuses or breaks connections at once; this is for
		// one that is slow, as in the last piece of an update, after which all of
		// the slot is read again.
		Timeout: patience,
		// A machine that was cut off takes its connections with it.
		Transport: &http.Transport{DisableKeepAlives: true},
	}}
}

func (c *terminal) do(method, path string, query url.Values, body []byte) ([]byte, error) {
	if query == nil {
		query = url.Values{}
	}
	if c.session != "" {
		query.Set("session", c.session)
	}
	r, err := http.NewRequest(method, c.base+path+"?"+query.Encode(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	if len(body) > 0 && body[0] != '{' {
		r.Header.Set("Content-Type", "application/octet-stream")
	}
	answer, err := c.http.Do(r)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNoAnswer, err)
	}
	defer answer.Body.Close()
	got, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNoAnswer, err)
	}
	if answer.StatusCode != http.StatusOK {
		return nil, &refusal{answer.StatusCode, string(got)}
	}
	return got, nil
}

func (c *terminal) login(login, password string) error {
	c.session = ""
	got, err := c.do("POST", "/login.fcgi", nil, fmt.Appendf(nil, `{"login":%q,"password":%q}`, login, password))
	if err != nil {
		return err
	}
	var reply struct{ Session string }
	if err := json.Unmarshal(got, &reply); err != nil {
		return err
	}
	c.session = reply.Session
	return nil
}

// The owner's account on the terminals under test.
const (
	owner    = "owner"
	password = "of-the-owner"
)

// own gives a new terminal its owner.
func (c *terminal) own() error {
	if err := c.login("admin", "admin"); err != nil {
		return err
	}
	if _, err := c.do("POST", "/change_login.fcgi", nil, fmt.Appendf(nil, `{"login":%q,"password":%q}`, owner, password)); err != nil {
		return err
	}
	return c.login(owner, password)
}

// addUser and setPhoto return nil only when the terminal has said so.
func (c *terminal) addUser(id int64) error {
	_, err := c.do("POST", "/create_objects.fcgi", nil, fmt.Appendf(nil, `{"object":"users","values":[{"id":%d,"name":"user %d"}]}`, id, id))
	return err
}

func (c *terminal) setPhoto(id int64, jpeg []byte) error {
	_, err := c.do("POST", "/user_set_image.fcgi", url.Values{
		"user_id": {strconv.FormatInt(id, 10)}, "match": {"0"}, "timestamp": {"1700000000"},
	}, jpeg)
	return err
}

func (c *terminal) photo(id int64) ([]byte, error) {
	return c.do("GET", "/user_get_image.fcgi", url.Values{"user_id": {strconv.FormatInt(id, 10)}}, nil)
}

// boardStatus is what the board says of itself.
type boardStatus struct {
	Slot    string
	Trial   bool
	Version string
	Clock   string
	Serial  string
	Update  struct{ State, Error string }
}

func (c *terminal) board() (boardStatus, error) {
	var s boardStatus
	got, err := c.do("GET", "/portaria/board/status", nil, nil)
	if err != nil {
		return s, err
	}
	return s, json.Unmarshal(got, &s)
}

// tell asks the board for a trial, a reboot or to power off.
func (c *terminal) tell(what string) error {
	_, err := c.do("POST", "/portaria/board/"+what, nil, nil)
	return err
}

// update sends a bundle piece by piece.
func (c *terminal) update(bundle []byte) error {
	const piece = 1 << 20
	for offset := 0; offset < len(bundle); offset += piece {
		query := url.Values{"offset": {strconv.Itoa(offset)}, "size": {strconv.Itoa(len(bundle))}}
		if _, err := c.do("PUT", "/portaria/board/update", query, bundle[offset:min(offset+piece, len(bundle))]); err != nil {
			return fmt.Errorf("at %d of %d: %w", offset, len(bundle), err)
		}
	}
	return nil
}
