package netex_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/valyala/fasthttp/fasthttputil"

	"portaria/store/schema"
	"portaria/terminal/device"
	"portaria/terminal/dialect/jsondoc"
	"portaria/terminal/dialect/netex"
	"portaria/terminal/vector"
	"portaria/testdata"
)

// leastVectors is how many there are at least.
const leastVectors = 28

// target is a terminal with these services alone. Its sessions are the token.
type target struct {
	handler
	ln *fasthttputil.InmemoryListener
}

func newTarget(t *testing.T, model string) target {
	h := newHandler(t, model, netex.Options{Token: token})
	ln := fasthttputil.NewInmemoryListener()
	served := make(chan error, 1)
	go func() { served <- h.server.Serve(ln) }()
	t.Cleanup(func() {
		ln.Close()
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return target{h, ln}
}

func (g target) Dial() (net.Conn, error)  { return g.ln.Dial() }
func (g target) Session() (string, error) { return g.api.Token(), nil }

func (g target) Give(given vector.Given, photo []byte) error {
	if given.What == "object" {
		return g.giveRow(given)
	}
	if err := g.device.SetUsers(device.User{ID: given.User, Name: "Vector"}); err != nil || photo == nil {
		return err
	}
	return g.device.SetPhoto(context.Background(), device.Upload{User: given.User, Picture: photo}).Err
}

func (g target) giveRow(given vector.Given) error {
	v, err := jsondoc.Parse([]byte(given.Row))
	if err != nil {
		return err
	}
	var row schema.Row
	for name, member := range v.Members() {
		value := schema.Null
		if n, ok := member.Int(); ok {
			value = schema.Int(n)
		} else if text, ok := member.Str(); ok {
			value = schema.Text(text)
		}
		row = append(row, schema.Assignment{Column: g.device.Schema().Table(given.Table).Column(name), Value: value})
	}
	_, _, err = g.device.CreateOrModify(given.Table, []schema.Row{row})
	return err
}

func (g target) Forget([]vector.Given) error {
	users, err := g.device.Users()
	if err != nil {
		return err
	}
	for _, u := range users {
		if u.ID == 9000001 {
			err = errors.Join(err, g.device.DeleteUser(u.ID))
		} else {
			err = errors.Join(err, errors.New("the vector leaves a user behind"))
		}
	}
	return errors.Join(err, g.device.DeletePhotos(device.PhotoSelection{All: true}))
}

func TestVectors(t *testing.T) {
	t.Parallel()
	vectors, err := vector.LoadAtLeast(testdata.Wire(), "netex", leastVectors)
	if err != nil {
		t.Fatal(err)
	}
	for _, model := range device.Models() {
		t.Run(model, func(t *testing.T) {
			t.Parallel()
			g := newTarget(t, model)
			for _, v := range vectors {
				if !v.For(model) || !v.ForFaces("strict") {
					continue
				}
				if err := v.Run(g, testdata.Photos()); err != nil {
					t.Errorf("%s: %s\n  %v", v.Name, v.Intent, err)
				}
			}
		})
	}
}

// TestLargest sends the largest photo in the longest base64: in lines,
// as some clients break it.
func TestLargest(t *testing.T) {
	t.Parallel()
	g := newTarget(t, "idaccess")
	if err := g.device.SetUsers(device.User{ID: 5, Name: "Ana"}); err != nil {
		t.Fatal(err)
	}
	photo := testdata.Photo("plain-320x240.jpg")
	photo = append(photo, bytes.Repeat([]byte{0xff}, 999_999-len(photo))...)
	text := base64.StdEncoding.EncodeToString(photo)
	var body strings.Builder
	body.WriteString(`{"image":{"base64Image":"`)
	for len(text) > 0 {
		line := text[:min(76, len(text))]
		text = text[len(line):]
		body.WriteString(line + `\r\n`)
	}
	body.WriteString(`"}}`)
	client := http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext:       func(context.Context, string, string) (net.Conn, error) { return g.Dial() },
	}}
	req, err := http.NewRequest(http.MethodPost, "http://terminal"+users+"/"+idOf(5)+"/image", strings.NewReader(body.String()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Cloud-Auth-Token", token)
	req.Header.Set("Content-Type", "application/json")
	answer, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Errorf("a photo of %d bytes in a body of %d: status %d", len(photo), body.Len(), answer.StatusCode)
	}
}
