package main

import (
	"bytes"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"portaria/terminal"
	"portaria/terminal/certificate"
	"portaria/terminal/device"
	"portaria/terminal/dialect/jsondoc"
	"portaria/terminal/vector"
	"portaria/testdata"
)

// vectorsCmd is what the flags of vectors say.
type vectorsCmd struct {
	url, model, faces, login, password string
	pin                                string
	harmful, prepared, verbose         bool
	insecure                           bool
}

func defineVectors(flags *flag.FlagSet) func(streams) error {
	var c vectorsCmd
	flags.StringVar(&c.url, "url", "http://127.0.0.1:8080", "The terminal's `URL`.")
	flags.StringVar(&c.model, "model", device.DefaultModel, "What product it is, `NAME`: "+strings.Join(device.Models(), ", ")+".")
	flags.StringVar(&c.faces, "faces", "lenient", "How it judges faces, `HOW`: see portaria serve --help.")
	flags.StringVar(&c.login, "login", device.FactoryLogin, "Its `LOGIN`.")
	flags.StringVar(&c.password, "password", device.FactoryPassword, "Its `PASSWORD`.")
	flags.StringVar(&c.pin, "pin", "", pinHelp)
	flags.BoolVar(&c.insecure, "insecure", false, insecureHelp)
	flags.BoolVar(&c.harmful, "harmful", false, "Run those too that delete or change what is not the vectors' own.")
	flags.BoolVar(&c.prepared, "prepared", false, "Take it that the users 9000001 and 9000002 are there and 9000009 is not, and run what needs no more.")
	flags.BoolVar(&c.verbose, "verbose", false, "Name every vector, not only those that fail.")
	return c.run
}

// run runs every vector that holds for the model. The vectors use rows with the
// ids 9000001 to 9000009 and a few very high ones, and delete them.
func (c *vectorsCmd) run(s streams) error {
	vectors, err := vector.Load(testdata.Wire(), "fcgi")
	if err != nil {
		return err
	}
	if _, err := device.ProfileOf(c.model); err != nil {
		return refuse("--model: %w", err)
	}
	if err := (terminal.Config{Faces: c.faces}).Check(); err != nil {
		return refuse("--%w", err)
	}
	trust, err := trustOf(c.pin)
	if err != nil {
		return err
	}
	if c.insecure {
		trust = &tls.Config{InsecureSkipVerify: true}
	}
	target, err := newRemote(c.url, c.login, c.password, trust)
	if err != nil {
		return refuse("%w", err)
	}
	target.prepared = c.prepared
	if err := target.reach(); err != nil {
		return err
	}
	var passed, failed, skipped int
	for _, v := range vectors {
		if !v.For(c.model) || !v.ForFaces(c.faces) {
			continue
		}
		if v.Harm != "" && !c.harmful {
			skipped++
			fmt.Fprintf(s.out, "skip %s: it %s; run with --harmful if you mean it\n", v.Name, v.Harm)
			continue
		}
		err := v.Run(target, testdata.Photos())
		if fingerprint, ok := certificate.Refused(err); ok {
			return untrusted(err, fingerprint)
		}
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
	trust           *tls.Config // nil: connections are plain
	session         string
	prepared        bool // users are as the vectors want them
}

func newRemote(url, login, password string, trust *tls.Config) (*remote, error) {
	u, ok := webAddress(url)
	if !ok {
		return nil, fmt.Errorf("--url %q is no address of a terminal; take one such as http://192.168.0.129", url)
	}
	port := "80"
	if u.Scheme == "https" {
		port = "443"
		trust.ServerName = u.Hostname()
	} else {
		trust = nil
	}
	if u.Port() != "" {
		port = u.Port()
	}
	return &remote{
		url: u.Scheme + "://" + u.Host, address: net.JoinHostPort(u.Hostname(), port),
		login: login, password: password, trust: trust,
		client: &http.Client{Timeout: time.Minute, Transport: &http.Transport{TLSClientConfig: trust}},
	}, nil
}

// reach tells whether there is anything to run against.
func (r *remote) reach() error {
	conn, err := r.Dial()
	if fingerprint, ok := certificate.Refused(err); ok {
		return untrusted(err, fingerprint)
	}
	if err != nil {
		return fmt.Errorf("%s: %w (%w); look at --url, and whether it is on", r.url, errUnreached, err)
	}
	return conn.Close()
}

// Dial implements vector.Target.
func (r *remote) Dial() (net.Conn, error) {
	dialer := &net.Dialer{Timeout: 10 * time.Second}
	if r.trust != nil {
		return tls.DialWithDialer(dialer, "tcp", r.address, r.trust)
	}
	return dialer.Dial("tcp", r.address)
}

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

// Users that a prepared terminal has, and one that it has not.
const (
	preparedFirst, preparedLast = 9000001, 9000002
	preparedNobody              = 9000009
)

// Give implements vector.Target through the API.
func (r *remote) Give(g vector.Given, photo []byte) error {
	if r.session == "" {
		if _, err := r.Session(); err != nil {
			return err
		}
	}
	if r.prepared {
		if !isPrepared(g) {
			return fmt.Errorf("%w: %v", vector.ErrCannot, g)
		}
	} else if err := r.giveRow(g); err != nil {
		return err
	}
	if photo == nil {
		return nil
	}
	path := fmt.Sprintf("/user_set_image.fcgi?user_id=%d&match=0&timestamp=%d&session=%s", g.User, max(g.Timestamp, 1), r.session)
	answer, err := r.post(path, photo)
	if err != nil {
		return err
	}
	if success, ok := answer.Member("success").Bool(); (ok && !success) || answer.Member("error").Kind() != jsondoc.Undefined {
		return fmt.Errorf("%w: the photo is answered %s", vector.ErrCannot, answer.Raw())
	}
	return nil
}

func isPrepared(g vector.Given) bool {
	switch g.What {
	case "user", "photo":
		return g.User >= preparedFirst && g.User <= preparedLast
	case "nouser":
		return g.User == preparedNobody
	case "clean":
		return true
	}
	return false
}

// giveRow makes a fact about rows hold.
func (r *remote) giveRow(g vector.Given) error {
	user := fmt.Sprintf(`{"id":%d,"name":"Vector"}`, g.User)
	switch g.What {
	case "user":
		return r.create("users", user)
	case "photo":
		// A classic terminal takes photos of people that it does not know.
		if err := r.create("users", user); err != nil && !errors.Is(err, vector.ErrCannot) {
			return err
		}
	case "nouser":
		return r.destroy("users", user)
	case "object":
		return r.create(g.Table, g.Row)
	case "absent":
		return r.destroy(g.Table, g.Row)
	}
	return nil
}

func (r *remote) create(table, row string) error {
	return r.object("create_or_modify_objects", `{"object":"`+table+`","values":[`+row+`]}`)
}

// customColumns is the table whose rows are destroyed with what they stand for.
const customColumns = "custom_columns"

// destroy destroys the row with the id of row, or every row like it.
func (r *remote) destroy(table, row string) error {
	v, err := jsondoc.Parse([]byte(row))
	if err != nil {
		return err
	}
	if id := v.Member("id"); id.Kind() != jsondoc.Undefined {
		row = `{"id":` + string(id.Raw()) + `}`
	}
	question := `{"object":"` + table + `","where":{"` + table + `":` + row + `}}`
	if table != customColumns {
		return r.object("destroy_objects", question)
	}
	answer, err := r.post("/load_objects.fcgi?session="+r.session, []byte(question))
	if err != nil {
		return fmt.Errorf("%w: load_objects does not work there", vector.ErrCannot)
	}
	for row := range answer.Member(customColumns).Items() {
		if err := r.object("object_remove_fields", `{"ids":[`+string(row.Member("id").Raw())+`]}`); err != nil {
			return err
		}
	}
	return nil
}

func (r *remote) object(command, body string) error {
	answer, err := r.post("/"+command+".fcgi?session="+r.session, []byte(body))
	if err != nil {
		return fmt.Errorf("%w: %s does not work there", vector.ErrCannot, command)
	}
	if text, failed := answer.Member("error").Str(); failed {
		return fmt.Errorf("%w: %s is answered %q", vector.ErrCannot, command, text)
	}
	return nil
}

// Forget implements vector.Target.
func (r *remote) Forget(given []vector.Given) error {
	for _, g := range given {
		if g.User == 0 && g.Table == "" {
			continue
		}
		if _, err := r.Session(); err != nil { // the vector may have ended the other one
			return err
		}
		if err := r.forget(g); err != nil && !errors.Is(err, vector.ErrCannot) {
			return err
		}
	}
	return nil
}

func (r *remote) forget(g vector.Given) error {
	if g.Table != "" {
		return r.destroy(g.Table, g.Row)
	}
	body := fmt.Sprintf(`{"user_id":%d}`, g.User)
	if _, err := r.post("/user_destroy_image.fcgi?session="+r.session, []byte(body)); err != nil || r.prepared {
		return err
	}
	return r.destroy("users", fmt.Sprintf(`{"id":%d}`, g.User))
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
