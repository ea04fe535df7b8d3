package terminaltest_test

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"testing"
	"time"

	"portaria/terminal"
	"portaria/terminal/terminaltest"
)

// A test of an integration: what it sends goes through the socket, what it
// left behind is looked up in the terminal.
func ExampleNew() {
	t := new(exampleT) // in a test: the test's own t
	defer t.end()

	terminal := terminaltest.New(t, terminaltest.Model("idface"), terminaltest.With(func(c *terminal.Config) {
		c.Faces = "off" // no face has to be on a picture
	}))
	terminal.AddUser(10, "Ana")
	session := terminal.Login()

	answer, err := terminal.Client().Post(
		terminal.URL+"/user_set_image.fcgi?user_id=10&timestamp=1700000000&match=0&session="+session,
		"application/octet-stream", bytes.NewReader(portrait()))
	if err != nil {
		t.Fatalf("upload: %v", err)
	}
	defer answer.Body.Close()
	verdict, _ := io.ReadAll(answer.Body)
	fmt.Println(string(verdict))
	fmt.Println("kept as it was sent:", bytes.Equal(terminal.Photo(10), portrait()))

	terminal.Advance(2 * time.Hour) // the session expires
	later, err := terminal.Client().Get(terminal.URL + "/user_list_images.fcgi?session=" + session)
	if err != nil {
		t.Fatalf("list: %v", err)
	}
	defer later.Body.Close()
	refusal, _ := io.ReadAll(later.Body)
	fmt.Println(later.StatusCode, string(refusal))
	// Output:
	// {"user_id":10,"success":true}
	// kept as it was sent: true
	// 401 {"error":"Invalid session","code":1}
}

// exampleT stands in for the *testing.T that an example does not have.
type exampleT struct {
	testing.TB
	cleanup []func()
}

func (*exampleT) Helper()                           {}
func (t *exampleT) Cleanup(f func())                { t.cleanup = append(t.cleanup, f) }
func (*exampleT) Errorf(format string, args ...any) { fmt.Printf(format+"\n", args...) }
func (*exampleT) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }

func (t *exampleT) end() {
	for _, f := range t.cleanup {
		f()
	}
}

// portrait draws a picture.
func portrait() []byte {
	picture := image.NewRGBA(image.Rect(0, 0, 200, 240))
	for y := range 240 {
		for x := range 200 {
			picture.Set(x, y, color.RGBA{uint8(x), uint8(y), 120, 255})
		}
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, picture, nil); err != nil {
		panic(err)
	}
	return out.Bytes()
}
