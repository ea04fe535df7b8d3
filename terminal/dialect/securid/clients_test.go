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

// TestRequirement runs the requirement's client. Only host and token are ours.
func TestRequirement(t *testing.T) {
	t.Parallel()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("there is no python3 here to run the requirement's client with")
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := exec.CommandContext(ctx, python, "-c", "import requests").Run(); err != nil {
		t.Skip("python3 has no requests here, which the requirement's client needs")
	}
	h := newHouse(t, "idaccess", securid.Options{})
	h.put(device.Person{ID: 10, Name: "Kara Thrace"})
	token := h.login()
	dir := t.TempDir()
	run := func(token string) string {
		t.Helper()
		program := strings.NewReplacer("https://instance.securid.com", h.url, "<token>", token).Replace(snippet)
		cmd := exec.CommandContext(ctx, python, "-c", program)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "NO_PROXY=127.0.0.1", "no_proxy=127.0.0.1")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return strings.TrimSpace(string(out))
	}
	saved := filepath.Join(dir, "10.png")
	if got, want := run("<token>"), "Request failed with status code 401"; got != want {
		t.Errorf("without a token: %s, want %s", got, want)
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
