package vector

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"portaria/terminal/clock"
)

// Target is a terminal that vectors run against.
type Target interface {
	Dial() (net.Conn, error)
	// Session opens a session and returns its token.
	Session() (string, error)
	// Give makes a fact hold, or returns ErrCannot.
	Give(Given, []byte) error
	// Forget undoes what the vector and its facts have left behind, in the
	// order that they come in.
	Forget([]Given) error
}

// ErrCannot is what a Target returns for a fact that it has no means to make
// hold. The vector is skipped then.
var ErrCannot = errors.New("not to be had from this terminal")

// answerTime is how long a terminal may take for one answer. A real one
// decodes a photo in seconds.
const answerTime = 30 * time.Second

// Run makes the vector's facts hold, sends its request and compares. A nil
// error is a pass, ErrCannot a skip.
func (v Vector) Run(t Target, photos fs.FS) (err error) {
	run := runner{chunked: v.chunked, photos: photos}
	defer func() {
		// What refers to something goes before it.
		given := slices.Clone(v.Given)
		slices.Reverse(given)
		if forget := t.Forget(given); forget != nil && err == nil {
			err = fmt.Errorf("clean up: %w", forget)
		}
	}()
	for _, given := range v.Given {
		if given.What == "session" {
			if run.session, err = t.Session(); err != nil {
				return fmt.Errorf("session: %w", err)
			}
			continue
		}
		var photo []byte
		if given.Photo != "" {
			if photo, err = fs.ReadFile(photos, given.Photo); err != nil {
				return err
			}
		}
		if err := t.Give(given, photo); err != nil {
			return fmt.Errorf("given %v: %w", given, err)
		}
	}
	for i, e := range v.exchanges {
		run.exchange = e
		if err := run.run(t); err != nil {
			if i > 0 {
				err = fmt.Errorf("exchange %d: %w", i+1, err)
			}
			return err
		}
	}
	return nil
}

// run does one exchange, on a connection of its own.
func (r runner) run(t Target) error {
	head, body, err := r.request()
	if err != nil {
		return err
	}
	conn, err := t.Dial()
	if err != nil {
		return err
	}
	defer conn.Close()
	answer, err := send(conn, head, body)
	if err != nil {
		return err
	}
	return r.compare(answer)
}

type runner struct {
	exchange exchange
	chunked  bool
	photos   fs.FS
	session  string
}

// request returns the bytes to send: the head with its blank line, the body.
func (r runner) request() (head, body []byte, err error) {
	text := r.exchange.request
	if r.exchange.quoted {
		var raw strings.Builder
		for line := range strings.Lines(text) {
			part, err := strconv.Unquote(strings.TrimSpace(line))
			if err != nil {
				return nil, nil, fmt.Errorf("request line %q: %w", line, err)
			}
			raw.WriteString(part)
		}
		return []byte(strings.ReplaceAll(raw.String(), "{{session}}", r.session)), nil, nil
	}
	headText, bodyText, _ := strings.Cut(text, "\n\n")
	if body, err = r.expand(strings.TrimSuffix(bodyText, "\n")); err != nil {
		return nil, nil, err
	}
	headText = strings.ReplaceAll(headText, "{{session}}", r.session)
	headText = strings.ReplaceAll(headText, "{{length}}", strconv.Itoa(len(body)))
	if r.chunked {
		body = chunks(body)
	}
	head = []byte(strings.ReplaceAll(strings.TrimSuffix(headText, "\n"), "\n", "\r\n") + "\r\n\r\n")
	return head, body, nil
}

// chunkSize is odd on purpose: no boundary of the body falls on a chunk's.
const chunkSize = 4093

func chunks(body []byte) []byte {
	var out bytes.Buffer
	for len(body) > 0 {
		n := min(len(body), chunkSize)
		fmt.Fprintf(&out, "%x\r\n%s\r\n", n, body[:n])
		body = body[n:]
	}
	out.WriteString("0\r\n\r\n")
	return out.Bytes()
}

// answer is what came back.
type answer struct {
	*http.Response
	body []byte
}

// send sends the request and reads the answer. A client that announces
// its body with Expect waits for the word to go on.
func send(conn net.Conn, head, body []byte) (answer, error) {
	if err := conn.SetDeadline(clock.System{}.Now().Add(answerTime)); err != nil {
		return answer{}, err
	}
	reader := bufio.NewReader(conn)
	method, _, _ := bytes.Cut(head, []byte(" "))
	request := &http.Request{Method: string(method)}
	if _, err := conn.Write(head); err != nil {
		return answer{}, fmt.Errorf("send head: %w", err)
	}
	if bytes.Contains(bytes.ToLower(head), []byte("\r\nexpect:")) {
		first, err := readAnswer(reader, request)
		if err != nil || first.StatusCode != http.StatusContinue {
			return first, err
		}
	}
	// A terminal may refuse and close before it has read everything; what it
	// said is still there to be read.
	_, sendErr := conn.Write(body)
	got, err := readAnswer(reader, request)
	if err != nil {
		return got, errors.Join(err, sendErr)
	}
	return got, nil
}

func readAnswer(reader *bufio.Reader, request *http.Request) (answer, error) {
	response, err := http.ReadResponse(reader, request)
	if err != nil {
		return answer{}, fmt.Errorf("read answer: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusContinue {
		return answer{Response: response}, nil
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return answer{}, fmt.Errorf("read answer's body: %w", err)
	}
	return answer{response, body}, nil
}
