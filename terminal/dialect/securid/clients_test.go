package securid_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"portaria/terminal/device"
	"portaria/terminal/dialect/securid"
	"portaria/testdata"
)

// snippet is the requirement's own Python, line by line.
const snippet = `import requests
url = "https://instance.securid.com/aveksa/command.submit"
params = {
    "cmd": "getUserImage",
    "format": "json",
    "userId": "10"
}
headers = {
    'Authorization': 'Bearer <token>',
    'Content-Type': 'application/json'
}
response = requests.get(url, params=params, headers=headers)
if response.status_code == 200:
    content_type = response.headers.get('Content-Type')
    if content_type == 'image/png':
        image_data = response.content
        with open('10.png', 'wb') as f:
            f.write(image_data)
        print("Saved to '10.png'")
    else:
        print("Response does not contain PNG image data.")
else:
    print(f"Request failed with status code {response.status_code}")
`

// nodeSnippet is the requirement's own Node.js.
const nodeSnippet = `const axios = require('axios');
const fs = require('fs');
const url = "https://instance.securid.com/aveksa/command.submit";
const params = {
  cmd: "getUserImage",
  format: "json",
  userId: "10"
};
const headers = {
  'Authorization': 'Bearer <token>',
  'Content-Type': 'application/json'
};
axios.get(url, { params, headers, responseType: 'arraybuffer' })
  .then(response => {
    if (response.status === 200) {
      const content_type = response.headers['content-type'];
      if (content_type === 'image/png') {
        const image_data = response.data;
        fs.writeFileSync('10.png', image_data, 'binary');
        console.log("Saved to '10.png'");
      } else {
        console.log("Response does not contain PNG image data.");
      }
    } else {
      console.log(` + "`Request failed with status code ${response.status}`" + `);
    }
  })
  .catch(error => {
    console.error('Error:', error);
  });
`

// patience is how long four starts of an interpreter may take on a machine that
// has other things to do.
const patience = 10 * time.Minute

// TestRequirement runs the requirement's clients. Only host and token are ours.
func TestRequirement(t *testing.T) {
	t.Parallel()
	for name, client := range map[string]struct {
		program []string
		library string // a program that fails where the client's library is not installed
		snippet string
		refused string // part of what it says without a token
	}{
		"Python":  {[]string{"python3", "-c"}, "import requests", snippet, "Request failed with status code 401"},
		"Node.js": {[]string{"node", "-e"}, "require('axios')", nodeSnippet, "status code 401"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := exec.LookPath(client.program[0]); err != nil {
				t.Skipf("there is no %s here to run the requirement's client with", client.program[0])
			}
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			if err := exec.CommandContext(ctx, client.program[0], client.program[1], client.library).Run(); err != nil {
				t.Skipf("%s has not the library here that the requirement's client needs: %s", name, client.library)
			}
			h := newHouse(t, "idaccess", securid.Options{})
			h.put(device.Person{ID: 10, Name: "Kara"})
			token := h.login()
			dir := t.TempDir()
			run := func(token string) string {
				t.Helper()
				program := strings.NewReplacer("https://instance.securid.com", h.url, "<token>", token).Replace(client.snippet)
				cmd := exec.CommandContext(ctx, client.program[0], client.program[1], program)
				cmd.Dir = dir
				cmd.Env = append(os.Environ(), "NO_PROXY=127.0.0.1", "no_proxy=127.0.0.1")
				out, err := cmd.CombinedOutput()
				if err != nil {
					t.Fatalf("%v: %s", err, out)
				}
				return strings.TrimSpace(string(out))
			}
			saved := filepath.Join(dir, "10.png")
			if got := run("<token>"); !strings.Contains(got, client.refused) {
				t.Errorf("without a token: %.300s, want %s", got, client.refused)
			}
			if got, want := run(token), "Response does not contain PNG image data."; got != want {
				t.Errorf("without an image: %s, want %s", got, want)
			}
			if _, err := os.Stat(saved); err == nil {
				t.Error("something was saved that is no image")
			}
			photo := testdata.Photo("alpha-200x200.png")
			h.send("POST", "cmd=setUserImage&userId=10", inBase64(photo), asPNG(token)...)
			if got, want := run(token), "Saved to '10.png'"; got != want {
				t.Errorf("with an image: %s, want %s", got, want)
			}
			if got, err := os.ReadFile(saved); err != nil || string(got) != string(photo) {
				t.Errorf("saved are %d bytes, %v; want the %d that were sent", len(got), err, len(photo))
			}
		})
	}
}

// Public clients read the login's answer in three ways, and none asks for a
// format (identity-apis §1.3, §7).
func TestPublicClients(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "idaccess", securid.Options{})
	answer := h.send("POST", "cmd=loginUser", credentials, "Content-Type", "text/xml").body
	t.Run("one cuts six characters off", func(t *testing.T) {
		if got := h.send("GET", "cmd=findUsers&format=json", "", bearer(answer[6:])...); got.status != 200 {
			t.Errorf("%v", got)
		}
	})
	t.Run("one makes the whole answer an argument, after it was told 401", func(t *testing.T) {
		if got := h.send("GET", "cmd=findUsers&format=json&null", ""); got.status != 401 {
			t.Errorf("before the login: %v", got)
		}
		if got := h.send("GET", "cmd=findUsers&format=json&"+answer, ""); got.status != 200 {
			t.Errorf("after it: %v", got)
		}
	})
}
