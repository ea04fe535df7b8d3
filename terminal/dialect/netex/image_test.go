package netex_test

import (
	"bytes"
	"encoding/json"
	"image"
	"image/color/palette"
	"image/gif"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"portaria/terminal/device"
	"portaria/terminal/dialect/netex"
	"portaria/testdata"
)

// The two answers of the vendor's page, as they stand there.
const (
	sampleSynchronous = `{
    "location": null,
    "message": "",
    "responsePlatforms": {
        "training": {
            "location": null,
            "message": null,
            "status": 200
        },
        "social": {
            "location": null,
            "message": null,
            "status": 204
        },
        "play": {
            "location": null,
            "message": null,
            "status": 204
        },
        "management": {
            "location": null,
            "message": null,
            "status": 204
        }
    },
    "status": 204
}`
	sampleAsynchronous = `{
    "location": null,
    "message": "",
    "responsePlatforms": {
        "training": {
            "location": null,
            "message": null,
            "status": 202
        },
        "social": {
            "location": null,
            "message": null,
            "status": 202
        },
        "play": {
            "location": null,
            "message": null,
            "status": 204
        },
        "management": {
            "location": null,
            "message": null,
            "status": 204
        }
    },
    "status": 204
}`
)

// TestRequirement sends what the vendor's page describes, and compares with
// the answers that it shows, to the order of the members.
func TestRequirement(t *testing.T) {
	t.Parallel()
	h := newHandler(t, "idaccess", netex.Options{Token: token})
	if _, err := h.device.PutPerson(device.Person{ID: 7, Name: "Rest User", Login: "restuser.netex"}); err != nil {
		t.Fatal(err)
	}
	photo := testdata.Photo("plain-320x240.jpg")
	body := `{"image":` + imageOf(photo, "image/jpeg") + `}`
	for name, c := range map[string]struct {
		target, synchronization, want string
	}{
		"by user name, synchronous":          {"restuser.netex", "synchronous", sampleSynchronous},
		"by user name, asynchronous":         {"restuser.netex", "asynchronous", sampleAsynchronous},
		"by id, synchronous":                 {idOf(7), "SYNCHRONOUS", sampleSynchronous},
		"asynchronous unless told":           {idOf(7), "", sampleAsynchronous},
		"asynchronous for an unknown header": {"restuser.netex", "sometimes", sampleAsynchronous},
	} {
		a := h.must(t, "POST", users+"/"+c.target+"/image", body,
			"X-Cloud-Synchronization", c.synchronization, "Accept", "application/vnd.netex.nlc-api.v1.0.1+json")
		var want bytes.Buffer
		if err := json.Compact(&want, []byte(c.want)); err != nil {
			t.Fatal(err)
		}
		if a.text != want.String() {
			t.Errorf("%s: %s, want %s", name, a.text, &want)
		}
		kept, _, err := h.device.AppendPhoto(nil, 7)
		if err != nil || !bytes.Equal(kept, photo) {
			t.Errorf("%s: kept %d bytes, %v; want the %d that were sent", name, len(kept), err, len(photo))
		}
	}
}

func TestSetImage(t *testing.T) {
	t.Parallel()
	plain := testdata.Photo("plain-320x240.jpg")
	png := testdata.Photo("alpha-200x200.png")
	var animation bytes.Buffer
	frame := image.NewPaletted(image.Rect(0, 0, 200, 200), palette.Plan9)
	if err := gif.EncodeAll(&animation, &gif.GIF{Image: []*image.Paletted{frame, frame}, Delay: []int{1, 1}}); err != nil {
		t.Fatal(err)
	}
	broken := append([]byte("GIF89a\x10\x00\x10\x00"), 0, 0, 0)
	for name, c := range map[string]struct {
		body   string
		status int
		want   string // of the message
		with   netex.Options
	}{
		"a JPEG":                        {body: `{"image":` + imageOf(plain, "image/jpeg") + `}`, status: 200},
		"a PNG":                         {body: `{"image":` + imageOf(png, "image/png") + `}`, status: 200},
		"the first picture of a GIF":    {body: `{"image":` + imageOf(animation.Bytes(), "image/gif") + `}`, status: 200},
		"the bare object":               {body: imageOf(plain, "image/jpeg"), status: 200},
		"no type":                       {body: `{"image":` + imageOf(plain, "") + `}`, status: 200},
		"a type that is null":           {body: strings.Replace(imageOf(plain, "@"), `"@"`, `null`, 1), status: 200},
		"the type of another image":     {body: imageOf(png, "image/jpeg"), status: 200},
		"no type where one is wanted":   {body: imageOf(plain, ""), status: 400, want: "mimeType", with: netex.Options{RequireMime: true}},
		"a type where one is wanted":    {body: imageOf(plain, "image/jpeg"), status: 200, with: netex.Options{RequireMime: true}},
		"a type that is no image's":     {body: imageOf(plain, "text/plain"), status: 400, want: "mimeType"},
		"a type that is a number":       {body: `{"image":{"base64Image":"AAAA","mimeType":1}}`, status: 400, want: "mimeType"},
		"a GIF that does not decode":    {body: imageOf(broken, ""), status: 400, want: "not a JPEG, PNG or GIF"},
		"a text":                        {body: imageOf([]byte("hello, world"), "image/png"), status: 400, want: "not a JPEG, PNG or GIF"},
		"half a JPEG":                   {body: imageOf(testdata.Photo("truncated-200x200.jpg"), ""), status: 400, want: "not a JPEG, PNG or GIF"},
		"no base64":                     {body: `{"image":{"base64Image":"%%%"}}`, status: 400, want: "base64Image"},
		"base64 that is a number":       {body: `{"image":{"base64Image":12}}`, status: 400, want: "base64Image"},
		"an empty image":                {body: `{"image":{"base64Image":""}}`, status: 400, want: "base64Image"},
		"no image":                      {body: `{}`, status: 400, want: "base64Image"},
		"an image that is null":         {body: `{"image":null}`, status: 400, want: "base64Image"},
		"no body":                       {body: ``, status: 400, want: "body"},
		"no JSON":                       {body: `{"image":`, status: 400, want: "body"},
		"an array":                      {body: `[1]`, status: 400, want: "body"},
		"more bytes than are kept":      {body: imageOf(append(plain[:len(plain):len(plain)], make([]byte, 1_000_000)...), ""), status: 400, want: "smaller than 1 MB"},
		"a GIF of more bytes than kept": {body: imageOf(append([]byte("GIF89a"), make([]byte, 1_000_000)...), ""), status: 400, want: "smaller than 1 MB"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHandler(t, "idaccess", c.with)
			if err := h.device.SetUsers(device.User{ID: 5, Name: "Ana"}); err != nil {
				t.Fatal(err)
			}
			a := h.call(t, "POST", users+"/"+idOf(5)+"/image", c.body)
			if a.status != c.status {
				t.Fatalf("status %d, want %d: %s", a.status, c.status, a.text)
			}
			kept, _, err := h.device.AppendPhoto(nil, 5)
			if c.status == http.StatusOK {
				if err != nil || !bytes.HasPrefix(kept, []byte("\xff\xd8\xff")) {
					t.Errorf("kept %.10q, %v; want a JPEG", kept, err)
				}
				return
			}
			if err == nil {
				t.Errorf("a refused image is kept: %d bytes", len(kept))
			}
			if message, _ := a.member("message").(string); !strings.HasPrefix(message, "Bad request") || !strings.Contains(message, c.want) {
				t.Errorf("message %q, want one about %q", message, c.want)
			}
			want := map[string]any{"location": nil, "message": a.member("message"), "responsePlatforms": map[string]any{}, "status": float64(c.status)}
			if diff := cmp.Diff(want, a.body); diff != "" {
				t.Errorf("envelope (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFacialModel(t *testing.T) {
	t.Parallel()
	h := newHandler(t, "idface", netex.Options{})
	if err := h.device.SetUsers(device.User{ID: 5, Name: "Ana"}); err != nil {
		t.Fatal(err)
	}
	for photo, want := range map[string]string{
		"small-100x80.jpg":    "at least 160x160",
		"wide-2400x300.jpg":   "at most 1920x1080",
		"grey-200x200.jpg":    "grayscale",
		"plain-320x240.jpg":   "",
		"palette-200x200.png": "",
	} {
		a := h.call(t, "POST", users+"/"+idOf(5)+"/image", photoBody(photo))
		message, _ := a.member("message").(string)
		if (a.status == http.StatusOK) != (want == "") || !strings.Contains(message, want) {
			t.Errorf("%s: status %d, %q; want %q", photo, a.status, message, want)
		}
	}
	a := h.call(t, "POST", users, someone("zoe", `"image":`+imageOf(testdata.Photo("grey-200x200.jpg"), "")))
	if a.status != http.StatusBadRequest {
		t.Errorf("a new user with a refused photo: status %d, %s", a.status, a.text)
	}
	if people, err := h.device.Users(); err != nil || len(people) != 1 {
		t.Errorf("after a refused photo there are %v, %v; want the first user only", people, err)
	}
}

func TestPlatforms(t *testing.T) {
	t.Parallel()
	h := newHandler(t, "idaccess", netex.Options{Platforms: []string{"management", "training", "talent"}})
	if err := h.device.SetUsers(device.User{ID: 5, Name: "Ana"}); err != nil {
		t.Fatal(err)
	}
	statuses := func(headers ...string) map[string]float64 {
		a := h.must(t, "POST", users+"/"+idOf(5)+"/image", photoBody("plain-320x240.jpg"), headers...)
		got := make(map[string]float64)
		platforms, _ := a.member("responsePlatforms").(map[string]any)
		for name := range platforms {
			got[name], _ = a.member("responsePlatforms", name, "status").(float64)
		}
		return got
	}
	if diff := cmp.Diff(map[string]float64{"management": 204, "training": 202, "talent": 202}, statuses()); diff != "" {
		t.Errorf("asynchronous (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]float64{"management": 204, "training": 200, "talent": 204}, statuses("X-Cloud-Synchronization", "synchronous")); diff != "" {
		t.Errorf("synchronous (-want +got):\n%s", diff)
	}
}
