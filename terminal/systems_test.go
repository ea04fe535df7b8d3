package terminal_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"portaria/terminal"
	"portaria/terminal/terminaltest"
	"portaria/testdata"
)

// ask sends one request and returns the answer's body.
func ask(t *testing.T, tm *terminaltest.Terminal, method, path, body string, header ...string) (string, http.Header, int) {
	t.Helper()
	req, err := http.NewRequest(method, tm.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	answer, err := tm.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text), answer.Header, answer.StatusCode
}

// doors set a photo of user 10 through one system, and read it back.
type door struct {
	set  func(t *testing.T, tm *terminaltest.Terminal, picture []byte)
	read func(t *testing.T, tm *terminaltest.Terminal) []byte // nil: the system gives none back
}

const netexToken = "a-token"

var basic = "Basic " + base64.StdEncoding.EncodeToString([]byte("admin:admin"))

func securIDToken(t *testing.T, tm *terminaltest.Terminal) string {
	t.Helper()
	text, _, _ := ask(t, tm, "POST", "/aveksa/command.submit?cmd=loginUser", "<username>admin</username><password>admin</password>")
	return "Bearer " + strings.TrimPrefix(text, "token=")
}

var doors = map[string]door{
	"terminal": {
		func(t *testing.T, tm *terminaltest.Terminal, picture []byte) { tm.SetPhoto(10, picture) },
		func(t *testing.T, tm *terminaltest.Terminal) []byte { return tm.Photo(10) },
	},
	"securid": {
		func(t *testing.T, tm *terminaltest.Terminal, picture []byte) {
			text, _, status := ask(t, tm, "POST", "/aveksa/command.submit?cmd=setUserImage&format=json&userId=10", base64.StdEncoding.EncodeToString(picture),
				"Content-Type", "image/png", "Authorization", securIDToken(t, tm))
			if status != http.StatusOK {
				t.Errorf("setUserImage: %d, %s", status, text)
			}
		},
		func(t *testing.T, tm *terminaltest.Terminal) []byte {
			text, header, _ := ask(t, tm, "GET", "/aveksa/command.submit?cmd=getUserImage&userId=10", "", "Authorization", securIDToken(t, tm))
			if header.Get("Content-Type") != "image/png" {
				t.Errorf("getUserImage: %s, %.200s", header.Get("Content-Type"), text)
			}
			return []byte(text)
		},
	},
	"bpm": {
		func(t *testing.T, tm *terminaltest.Terminal, picture []byte) {
			var body bytes.Buffer
			form := multipart.NewWriter(&body)
			part, err := form.CreateFormFile("avatar", "me.png")
			if err != nil {
				t.Fatal(err)
			}
			_, _ = part.Write(picture)
			form.Close()
			text, _, status := ask(t, tm, "POST", "/rest/bpm/wle/v1/avatar/current", body.String(), "Content-Type", form.FormDataContentType(), "Authorization", basic)
			if status != http.StatusOK {
				t.Errorf("POST avatar: %d, %s", status, text)
			}
		},
		func(t *testing.T, tm *terminaltest.Terminal) []byte {
			text, _, status := ask(t, tm, "GET", "/rest/bpm/wle/v1/avatar/admin", "", "Authorization", basic)
			var answer struct {
				Data struct{ UserAvatarImage []byte }
			}
			if err := json.Unmarshal([]byte(text), &answer); err != nil || status != http.StatusOK {
				t.Errorf("GET avatar: %d, %v, %.200s", status, err, text)
			}
			return answer.Data.UserAvatarImage
		},
	},
	"netex": {
		func(t *testing.T, tm *terminaltest.Terminal, picture []byte) {
			body := fmt.Sprintf(`{"image":{"base64Image":%q,"mimeType":"image/png"}}`, base64.StdEncoding.EncodeToString(picture))
			text, _, status := ask(t, tm, "POST", "/integration/ws/management/rest/users/admin/image", body,
				"Content-Type", "application/json", "X-Cloud-Auth-Token", netexToken)
			if status != http.StatusOK {
				t.Errorf("POST image: %d, %s", status, text)
			}
		},
		nil,
	},
}

// TestSystems sets a photo through each system and reads it through the others.
func TestSystems(t *testing.T) {
	t.Parallel()
	picture := testdata.Photo("alpha-200x200.png")
	for from, in := range doors {
		t.Run(from, func(t *testing.T) {
			t.Parallel()
			tm := terminaltest.New(t, terminaltest.With(func(c *terminal.Config) { c.NetexToken = netexToken }))
			session := tm.Login()
			text, _, _ := ask(t, tm, "POST", "/create_objects.fcgi?session="+session, `{"object":"users","values":[{"id":10,"name":"Ana","registration":"admin"}]}`)
			if text != `{"ids":[10]}` {
				t.Fatal(text)
			}
			in.set(t, tm, picture)
			for to, out := range doors {
				if out.read == nil {
					continue
				}
				got := out.read(t, tm)
				switch {
				case len(got) == 0:
					t.Errorf("what came through %s does not come out of %s", from, to)
				case from == to && to != "terminal" && !bytes.Equal(got, picture):
					t.Errorf("%s gives back %d bytes, want the %d that it was given", to, len(got), len(picture))
				case to == "terminal" && !bytes.HasPrefix(got, []byte("\xff\xd8")):
					t.Errorf("the terminal gives %.4q, want a JPEG", got)
				case to == "securid" && !bytes.HasPrefix(got, []byte("\x89PNG")):
					t.Errorf("SecurID gives %.4q, want a PNG", got)
				}
			}
		})
	}
	t.Run("only those that are asked for", func(t *testing.T) {
		t.Parallel()
		tm := terminaltest.New(t, terminaltest.With(func(c *terminal.Config) { c.Systems = []string{terminal.BPM} }))
		for path, want := range map[string]int{
			"/rest/bpm/wle/v1/systems":                http.StatusUnauthorized,
			"/aveksa/command.submit?cmd=about":        http.StatusNotFound,
			"/integration/ws/management/rest/users/1": http.StatusNotFound,
		} {
			if _, _, got := ask(t, tm, "GET", path, ""); got != want {
				t.Errorf("%s: %d, want %d", path, got, want)
			}
		}
	})
	t.Run("what is not known opens nothing", func(t *testing.T) {
		t.Parallel()
		for name, c := range map[string]terminal.Config{
			"some and none":                  {Systems: []string{terminal.BPM, terminal.NoSystem}},
			"a system":                       {Systems: []string{"ldap"}},
			"a system twice":                 {Systems: []string{terminal.SecurID, terminal.BPM, terminal.SecurID}},
			"a switch":                       {Switches: map[string]string{"ibm.nonsense": "1"}},
			"no boolean":                     {Switches: map[string]string{"netex.partial": "perhaps"}},
			"no minutes":                     {Switches: map[string]string{"securid.inactivity_min": "0"}},
			"minutes that no clock counts":   {Switches: map[string]string{"securid.lifespan_min": "200000000"}},
			"no platform":                    {Switches: map[string]string{"netex.platforms": ""}},
			"a platform twice":               {Switches: map[string]string{"netex.platforms": "social+social"}},
			"a prefix twice":                 {Switches: map[string]string{"ibm.prefixes": "/bas+/bas"}},
			"a prefix that is no clean path": {Switches: map[string]string{"ibm.prefixes": "//bas"}},
			"no such answer":                 {Switches: map[string]string{"ibm.unknown_user": "500"}},
		} {
			if err := c.Check(); err == nil {
				t.Errorf("%s is accepted", name)
			}
		}
		good := terminal.Config{Switches: map[string]string{
			"securid.strict_base64": "false", "securid.lifespan_min": "5", "ibm.unknown_user": "default", "ibm.prefixes": "/bas+/baw/dev", "netex.platforms": "training+social",
		}}
		if err := good.Check(); err != nil {
			t.Errorf("good switches: %v", err)
		}
		for _, prefixes := range []string{"", "/bas", "+/bas"} {
			if err := (terminal.Config{Switches: map[string]string{"ibm.prefixes": prefixes}}).Check(); err != nil {
				t.Errorf("ibm.prefixes=%s: %v", prefixes, err)
			}
		}
	})
}
