package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	neturl "net/url"
	"strconv"
	"strings"
	"time"

	"portaria/terminal/device"
	"portaria/terminal/dialect/jsondoc"
	"portaria/terminal/vector"
	"portaria/testdata"
)

// vectorsCmd is what the flags of vectors say.
type vectorsCmd struct {
	url, model, login, password string
	harmful, prepared, verbose  bool
}

func defineVectors(flags *flag.FlagSet) func(streams) error {
	var c vectorsCmd
	flags.StringVar(&c.url, "url", "http://127.0.0.1:8080", "The terminal's `URL`.")
	flags.StringVar(&c.model, "model", device.DefaultModel, "What product it is, `NAME`: "+strings.Join(device.Models(), ", ")+".")
	flags.StringVar(&c.login, "login", device.FactoryLogin, "Its `LOGIN`.")
	flags.StringVar(&c.password, "password", device.FactoryPassword, "Its `PASSWORD`.")
	flags.BoolVar(&c.harmful, "harmful", false, "Run those too that delete photos which are not the vectors' own.")
	flags.BoolVar(&c.prepared, "prepared", false, "Take it that the users 9000001 and 9000002 are there and 9000009 is not, instead of making it so.")
	flags.BoolVar(&c.verbose, "verbose", false, "Name every vector, not only those that fail.")
	return c.run
}

// run runs every vector that holds for the model. The vectors use the users
// 9000001 to 9000009 and the highest id of all, and delete their photos.
func (c *vectorsCmd) run(s streams) error {
	vectors, err := vector.Load(testdata.Wire(), "fcgi")
	if err != nil {
		return err
	}
	if _, err := device.ProfileOf(c.model); err != nil {
		return refuse("--model: %w", err)
	}
	target, err := newRemote(c.url, c.login, c.password)
	if err != nil {
		return refuse("%w", err)
	}
	target.prepared = c.prepared
	var passed, failed, skipped int
	for _, v := range vectors {
		if !v.For(c.model) {
			continue
		}
		if v.Harm != "" && !c.harmful {
			skipped++
			fmt.Fprintf(s.out, "skip %s: it %s; run with --harmful if you mean it\n", v.Name, v.Harm)
			continue
		}
		err := v.Run(target, testdata.Photos())
		switch {
		case errors.Is(err, vector.ErrCannot):
			skipped++
			fmt.Fprintf(s.out, "skip %s: %v\n", v.Name, err)
		case err != nil:
			failed++
			fmt.Fprintf(s.out, "FAIL %s: %s\n     %v\n     source: %s\n", v.Name, v.Intent, err, v.Source)
		default:
			passed++
			if c.verbose {
				fmt.Fprintf(s.out, "pass %s\n", v.Name)
			}
		}
	}
	fmt.Fprintf(s.out, "%d passed, %d failed, %d skipped\n", passed, failed, skipped)
	if failed > 0 {
		return fmt.Errorf("%s does not behave as an %s in %d of %d vectors", c.url, c.model, failed, passed+failed)
	}
	if passed == 0 {
		return fmt.Errorf("no vector could run against %s; does it answer, and is --model right?", c.url)
	}
	return nil
}

// remote is a terminal that can be reached by its API only.
type remote struct {
	url             string
	address         string
	login, password string
	client          *http.Client
	session         string
	prepared        bool // users are as the vectors want them
}

func newRemote(url, login, password string) (*remote, error) {
	u, err := neturl.Parse(url)
	if err != nil || u.Scheme != "http" || u.Host == "" {
		return nil, fmt.Errorf("--url %q is no address of a terminal; take one such as http://192.168.0.129", url)
	}
	port := u.Port()
	if port == "" {
		port = "80"
	}
	return &remote{
		url: "http://" + u.Host, address: net.JoinHostPort(u.Hostname(), port),
		login: login, password: password,
		client: &http.Client{Timeout: time.Minute},
	}, nil
}

// Dial implements vector.Target.
func (r *remote) Dial() (net.Conn, error) { return net.DialTimeout("tcp", r.address, 10*time.Second) }

// Session implements vector.Target with a new login each time: a vector may
// log out.
func (r *remote) Session() (string, error) {
	body := append(jsondoc.AppendString([]byte(`{"login":`), r.login), `,"password":`...)
	body = append(jsondoc.AppendString(body, r.password), '}')
	answer, err := r.post("/login.fcgi", body)
	if err != nil {
		return "", err
	}
	token, ok := answer.Member("session").Str()
	if !ok {
		return "", fmt.Errorf("login is answered %s; give --login and --password", answer.Raw())
	}
	r.session = token
	return token, nil
}

// Give implements vector.Target through the API.
func (r *remote) Give(g vector.Given, photo []byte) error {
	id := strconv.FormatInt(g.User, 10)
	if r.session == "" {
		if _, err := r.Session(); err != nil {
			return err
		}
	}
	users := !r.prepared
	switch {
	case g.What == "nouser" && users:
		return r.object("destroy_objects", `{"object":"users","where":{"users":{"id":`+id+`}}}`)
	case (g.What == "user" || g.What == "photo") && users:
		if err := r.object("create_or_modify_objects", `{"object":"users","values":[{"id":`+id+`,"name":"Vector"}]}`); err != nil && g.What == "user" {
			return err
		}
	}
	if photo == nil {
		return nil
	}
	path := "/user_set_image.fcgi?user_id=" + id + "&match=0&timestamp=" + strconv.FormatInt(max(g.Timestamp, 1), 10) + "&session=" + r.session
	answer, err := r.post(path, photo)
	if err != nil {
		return err
	}
	if success, ok := answer.Member("success").Bool(); (ok && !success) || answer.Member("error").Kind() != jsondoc.Undefined {
		return fmt.Errorf("%w: the photo is answered %s", vector.ErrCannot, answer.Raw())
	}
	return nil
}

func (r *remote) object(command, body string) error {
	_, err := r.post("/"+command+".fcgi?session="+r.session, []byte(body))
	if err != nil {
		return fmt.Errorf("%w: %s does not work there", vector.ErrCannot, command)
	}
	return nil
}

// Forget implements vector.Target.
func (r *remote) Forget(given []vector.Given) error {
	for _, g := range given {
		if g.User == 0 {
			continue
		}
		token, err := r.Session() // the vector may have ended the other one
		if err != nil {
			return err
		}
		body := `{"user_id":` + strconv.FormatInt(g.User, 10) + `}`
		if _, err := r.post("/user_destroy_image.fcgi?session="+token, []byte(body)); err != nil {
			return err
		}
	}
	return nil
}

// post sends body and reads the answer, whatever its status, as JSON.
func (r *remote) post(path string, body []byte) (jsondoc.Value, error) {
	answer, err := r.client.Post(r.url+path, "application/json", bytes.NewReader(body))
	if err != nil {
		return jsondoc.Value{}, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return jsondoc.Value{}, err
	}
	return jsondoc.Parse(text)
}
