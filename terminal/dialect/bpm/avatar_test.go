package bpm_test

import (
	"bytes"
	"encoding/json"
	"image"
	"image/color/palette"
	"image/gif"
	"image/jpeg"
	"image/png"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"portaria/terminal/device"
	"portaria/terminal/dialect/bpm"
	"portaria/testdata"
)

const defaultStamp = "946681200000"

// drawGIF draws one of so many pixels each way.
func drawGIF(t testing.TB, side int) []byte {
	t.Helper()
	img := image.NewPaletted(image.Rect(0, 0, side, side), palette.Plan9)
	for i := range img.Pix {
		img.Pix[i] = uint8(i % side)
	}
	var b bytes.Buffer
	if err := gif.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestAvatar(t *testing.T) {
	t.Parallel()
	t.Run("what is posted is returned byte for byte", func(t *testing.T) {
		t.Parallel()
		s := newServer(t, "idaccess", bpm.Options{})
		s.put(t, 9, "tw_admin", "Ana")
		last := ""
		for name, c := range map[string]struct {
			picture       []byte
			format, media string
		}{
			"JPEG":                    {testdata.Photo("plain-320x240.jpg"), "jpg", "image/jpeg"},
			"turned JPEG":             {testdata.Photo("rotated6-200x150.jpg"), "jpg", "image/jpeg"},
			"PNG":                     {testdata.Photo("alpha-200x200.png"), "png", "image/png"},
			"GIF":                     {drawGIF(t, 200), "gif", "image/gif"},
			"GIF that is called JPEG": {testdata.Photo("gif-renamed.jpg"), "gif", "image/gif"},
		} {
			set := mustAvatar(t, s.post(t, base+"/avatar/current?avatar=file", "avatar", c.picture))
			got := mustAvatar(t, s.call(t, http.MethodGet, base+"/avatar/tw_admin", nil))
			if !bytes.Equal(got.UserAvatarImage, c.picture) || got.ImageFormat != c.format || got.IsDefault != "false" {
				t.Errorf("%s: %d bytes of %s, default %s; want %d of %s", name, len(got.UserAvatarImage), got.ImageFormat, got.IsDefault, len(c.picture), c.format)
			}
			if got.UserID != 9 || got.UserName != "tw_admin" || got.UserAvatarKey != got.UserUpdateTimestamp+"-9" || got.UserAvatarKey != set.UserAvatarKey {
				t.Errorf("%s: %+v, after %s", name, got.UserAvatarKey, set.UserAvatarKey)
			}
			if got.UserAvatarKey == last {
				t.Errorf("%s: key %s again", name, last)
			}
			last = got.UserAvatarKey
			image := s.call(t, http.MethodGet, base+"/avatar/image/tw_admin?preventCache=1", nil)
			if image.StatusCode != http.StatusOK || image.Header.Get("Content-Type") != c.media || !bytes.Equal(image.body, c.picture) {
				t.Errorf("%s: image is %d, %s, %d bytes", name, image.StatusCode, image.Header.Get("Content-Type"), len(image.body))
			}
			if got := image.Header.Get("Cache-Control"); got != "public, max-age=604800, s-maxage=604800" {
				t.Errorf("%s: image may be kept: %s", name, got)
			}
		}
	})
	t.Run("who has none has the default one", func(t *testing.T) {
		t.Parallel()
		s := newServer(t, "idaccess", bpm.Options{})
		s.put(t, 9, "tw_admin", "Ana")
		s.put(t, 10, "bob", "Bob")
		for path, id := range map[string]int64{"current": 9, "bob": 10, "10": 10, "BOB": 10, "bob/": 10, "b%6Fb": 10} {
			got := mustAvatar(t, s.call(t, http.MethodGet, base+"/avatar/"+path, nil))
			if got.UserID != id || got.IsDefault != "true" || got.UserAvatarKey != defaultStamp || got.UserUpdateTimestamp != defaultStamp || got.ImageFormat != "png" {
				t.Errorf("%s: %d, %s, %s, %s, %s", path, got.UserID, got.IsDefault, got.UserAvatarKey, got.UserUpdateTimestamp, got.ImageFormat)
			}
			if _, err := png.DecodeConfig(bytes.NewReader(got.UserAvatarImage)); err != nil {
				t.Errorf("%s: %v", path, err)
			}
		}
	})
	t.Run("deleting brings the default back, twice as well", func(t *testing.T) {
		t.Parallel()
		s := newServer(t, "idaccess", bpm.Options{})
		s.put(t, 9, "tw_admin", "Ana")
		s.post(t, base+"/avatar/9", "avatar", testdata.Photo("plain-320x240.jpg"))
		for range 2 {
			if got := mustAvatar(t, s.call(t, http.MethodDelete, base+"/avatar/current", nil)); got.IsDefault != "true" || got.UserAvatarKey != defaultStamp || got.UserID != 9 {
				t.Errorf("%+v", got)
			}
		}
		if got := mustAvatar(t, s.call(t, http.MethodGet, base+"/avatar/current", nil)); got.IsDefault != "true" {
			t.Errorf("after deleting: default %s", got.IsDefault)
		}
	})
	t.Run("a caller who is nobody becomes somebody with a photo", func(t *testing.T) {
		t.Parallel()
		s := newServer(t, "idface", bpm.Options{})
		for _, path := range []string{"current", "tw_admin"} {
			if got := mustAvatar(t, s.call(t, http.MethodGet, base+"/avatar/"+path, nil)); got.UserID != 0 || got.UserName != "tw_admin" || got.IsDefault != "true" {
				t.Errorf("%s: %+v", path, got)
			}
		}
		if got := mustAvatar(t, s.call(t, http.MethodDelete, base+"/avatar/current", nil)); got.IsDefault != "true" {
			t.Errorf("deleting what is not there: %+v", got)
		}
		wantException(t, s.post(t, base+"/avatar/current", "avatar", testdata.Photo("grey-200x200.jpg")), 400, "InvalidParameterException", "CWTBG0012E")
		if _, err := s.device.Person(1); err == nil {
			t.Error("a refused photo makes a person")
		}
		got := mustAvatar(t, s.post(t, base+"/avatar/current", "avatar", testdata.Photo("plain-320x240.jpg")))
		if got.UserID != 1 || got.IsDefault != "false" {
			t.Errorf("%d, default %s", got.UserID, got.IsDefault)
		}
		if p, err := s.device.Person(1); err != nil || p.Login != "tw_admin" || p.Name != "tw_admin" {
			t.Errorf("%+v, %v", p, err)
		}
	})
	t.Run("two first photos of one caller make one person", func(t *testing.T) {
		t.Parallel()
		s := newServer(t, "idaccess", bpm.Options{})
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				if got := s.post(t, base+"/avatar/current", "avatar", testdata.Photo("plain-320x240.jpg")); got.StatusCode != 200 {
					t.Errorf("%d %s", got.StatusCode, got.body)
				}
			})
		}
		all.Wait()
		people := 0
		if err := s.device.People(func(device.Person) bool { people++; return true }); err != nil || people != 1 {
			t.Errorf("%d people, %v", people, err)
		}
	})
	t.Run("a name goes before an id", func(t *testing.T) {
		t.Parallel()
		s := newServer(t, "idaccess", bpm.Options{})
		s.put(t, 9, "tw_admin", "Ana")
		s.put(t, 12, "bob", "Bob")
		s.put(t, 13, "12", "Twelve")
		s.put(t, 14, "a/b c", "Slash")
		for path, id := range map[string]int64{"12": 13, "14": 14, "a%2Fb%20c": 14, "bob": 12} {
			if got := mustAvatar(t, s.call(t, http.MethodGet, base+"/avatar/"+path, nil)); got.UserID != id {
				t.Errorf("%s is %d, want %d", path, got.UserID, id)
			}
		}
		if got := s.call(t, http.MethodGet, base+"/avatar/a/b", nil); got.StatusCode != 404 || len(got.body) > 0 {
			t.Errorf("two segments: %d, %.100q", got.StatusCode, got.body)
		}
	})
	t.Run("an unknown user is not found, or has the default one", func(t *testing.T) {
		t.Parallel()
		s := newServer(t, "idaccess", bpm.Options{})
		got := s.call(t, http.MethodGet, base+"/avatar/"+url.PathEscape(`b"o'b`), nil)
		wantException(t, got, 404, "NoSuchUserException", "CWTBG0007E")
		s = newServer(t, "idaccess", bpm.Options{UnknownUser: bpm.UnknownDefault})
		if got := mustAvatar(t, s.call(t, http.MethodGet, base+"/avatar/bob", nil)); got.UserName != "bob" || got.UserID != 0 || got.IsDefault != "true" {
			t.Errorf("%+v", got)
		}
		wantException(t, s.post(t, base+"/avatar/bob", "avatar", testdata.Photo("plain-320x240.jpg")), 404, "NoSuchUserException", "CWTBG0007E")
	})
	t.Run("somebody else's may not be changed unless that is allowed", func(t *testing.T) {
		t.Parallel()
		s := newServer(t, "idaccess", bpm.Options{})
		s.put(t, 10, "bob", "Bob")
		picture := testdata.Photo("plain-320x240.jpg")
		wantException(t, s.post(t, base+"/avatar/bob", "avatar", picture), 401, "NotAuthorizedActionException", "CWTBG0549E")
		got := s.call(t, http.MethodDelete, base+"/avatar/10", nil)
		wantException(t, got, 401, "NotAuthorizedActionException", "CWTBG0549E")
		if h := got.Header.Get("WWW-Authenticate"); h != "" {
			t.Errorf("who is known is asked for a password: %s", h)
		}
		s = newServer(t, "idaccess", bpm.Options{AnyAvatar: true})
		s.put(t, 10, "bob", "Bob")
		if got := mustAvatar(t, s.post(t, base+"/avatar/bob", "avatar", picture)); got.UserID != 10 || got.IsDefault != "false" {
			t.Errorf("%d, default %s", got.UserID, got.IsDefault)
		}
		if got := mustAvatar(t, s.call(t, http.MethodDelete, base+"/avatar/10", nil)); got.IsDefault != "true" {
			t.Errorf("after deleting: default %s", got.IsDefault)
		}
	})
	t.Run("a photo that comes through the terminal shows", func(t *testing.T) {
		t.Parallel()
		s := newServer(t, "idaccess", bpm.Options{})
		s.put(t, 9, "tw_admin", "Ana")
		first := mustAvatar(t, s.post(t, base+"/avatar/9", "avatar", testdata.Photo("alpha-200x200.png")))
		token := s.device.OpenSession()
		s.clock.Advance(time.Second)
		picture := testdata.Photo("plain-320x240.jpg")
		if got := s.call(t, http.MethodPost, "/user_set_image.fcgi?user_id=9&timestamp=7&session="+token, picture, "Content-Type", "application/octet-stream"); got.StatusCode != 200 {
			t.Fatalf("%d %s", got.StatusCode, got.body)
		}
		got := mustAvatar(t, s.call(t, http.MethodGet, base+"/avatar/9", nil))
		if got.ImageFormat != "jpg" || !bytes.Equal(got.UserAvatarImage, picture) || got.UserAvatarKey != "1494925799718-9" || got.UserAvatarKey == first.UserAvatarKey {
			t.Errorf("%s, %d bytes, %s", got.ImageFormat, len(got.UserAvatarImage), got.UserAvatarKey)
		}
	})
}

func TestUpload(t *testing.T) {
	t.Parallel()
	s := newServer(t, "idface", bpm.Options{})
	s.put(t, 9, "tw_admin", "Ana")
	picture := testdata.Photo("plain-320x240.jpg")
	padded := func(size int) []byte { return append(bytes.Clone(picture), make([]byte, size-len(picture))...) }
	const limit = 512 << 10
	if got := mustAvatar(t, s.post(t, base+"/avatar/current", "x", padded(limit))); len(got.UserAvatarImage) != limit {
		t.Errorf("at the limit: %d bytes", len(got.UserAvatarImage))
	}
	invalid := []string{"InvalidParameterException", "CWTBG0012E"}
	for name, c := range map[string]struct {
		got  answer
		want []string
	}{
		"one byte over the limit":        {s.post(t, base+"/avatar/9", "avatar", padded(limit+1)), invalid},
		"not a picture":                  {s.post(t, base+"/avatar/9", "avatar", testdata.Photo("text-renamed.jpg")), invalid},
		"HEIC":                           {s.post(t, base+"/avatar/9", "avatar", testdata.Photo("heic-renamed.jpg")), invalid},
		"a broken GIF":                   {s.post(t, base+"/avatar/9", "avatar", []byte("GIF89a\x01\x00\x01\x00")), invalid},
		"a broken JPEG":                  {s.post(t, base+"/avatar/9", "avatar", testdata.Photo("truncated-200x200.jpg")), invalid},
		"too small for a facial model":   {s.post(t, base+"/avatar/9", "avatar", testdata.Photo("small-100x80.jpg")), invalid},
		"too long for a facial model":    {s.post(t, base+"/avatar/9", "avatar", testdata.Photo("wide-2400x300.jpg")), invalid},
		"greyscale for a facial model":   {s.post(t, base+"/avatar/9", "avatar", testdata.Photo("grey-200x200.jpg")), invalid},
		"an empty file":                  {s.post(t, base+"/avatar/9", "avatar", nil), invalid},
		"no multipart body":              {s.call(t, "POST", base+"/avatar/9", picture, "Content-Type", "image/jpeg"), []string{"InvalidParameterException", "CWTBG0023E"}},
		"nothing":                        {s.call(t, "POST", base+"/avatar/9", nil), []string{"InvalidParameterException", "CWTBG0023E"}},
		"a broken multipart body":        {s.call(t, "POST", base+"/avatar/9", []byte("--B\r\nbroken"), "Content-Type", "multipart/form-data; boundary=B"), invalid},
		"a multipart body with no file":  {s.call(t, "POST", base+"/avatar/9", []byte("--B\r\nContent-Disposition: form-data; name=\"avatar\"\r\n\r\nfile\r\n--B--\r\n"), "Content-Type", "multipart/form-data; boundary=B"), []string{"InvalidParameterException", "CWTBG0023E"}},
		"a multipart body with no bound": {s.call(t, "POST", base+"/avatar/9", []byte("--B--\r\n"), "Content-Type", "multipart/form-data"), invalid},
	} {
		t.Run(name, func(t *testing.T) { wantException(t, c.got, 400, c.want[0], c.want[1]) })
	}
	t.Run("a GIF for a facial model", func(t *testing.T) {
		face, err := jpeg.Decode(bytes.NewReader(picture))
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := gif.Encode(&b, face, nil); err != nil {
			t.Fatal(err)
		}
		picture := b.Bytes()
		if got := mustAvatar(t, s.post(t, base+"/avatar/9", "avatar", picture)); got.ImageFormat != "gif" || !bytes.Equal(got.UserAvatarImage, picture) {
			t.Errorf("%d bytes of %s", len(got.UserAvatarImage), got.ImageFormat)
		}
	})
	t.Run("a file called avatar goes before others", func(t *testing.T) {
		png := testdata.Photo("alpha-200x200.png")
		body := "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\ntext\r\n" +
			"--B\r\nContent-Disposition: form-data; name=\"b\"; filename=\"b.jpg\"\r\n\r\n" + string(picture) + "\r\n" +
			"--B\r\nContent-Disposition: form-data; name=\"avatar\"; filename=\"c.png\"\r\n\r\n" + string(png) + "\r\n--B--\r\n"
		got := mustAvatar(t, s.call(t, "POST", base+"/avatar/9", []byte(body), "Content-Type", "multipart/form-data; boundary=B"))
		if !bytes.Equal(got.UserAvatarImage, png) {
			t.Errorf("%d bytes of %s", len(got.UserAvatarImage), got.ImageFormat)
		}
	})
	t.Run("nothing that was refused is kept", func(t *testing.T) {
		s := newServer(t, "idaccess", bpm.Options{})
		s.post(t, base+"/avatar/current", "avatar", testdata.Photo("text-renamed.jpg"))
		if got := mustAvatar(t, s.call(t, http.MethodGet, base+"/avatar/current", nil)); got.IsDefault != "true" || got.UserID != 0 {
			t.Errorf("%d, default %s", got.UserID, got.IsDefault)
		}
	})
}

// TestOrder holds the members in the order of a recorded answer.
func TestOrder(t *testing.T) {
	t.Parallel()
	s := newServer(t, "idaccess", bpm.Options{})
	got := s.call(t, http.MethodGet, base+"/avatar/current", nil)
	decoder := json.NewDecoder(bytes.NewReader(got.body))
	want := []string{"status", "200", "data", "userID", "userName", "tw_admin", "userAvatarImage", "userAvatarKey", defaultStamp, "userUpdateTimestamp", defaultStamp, "imageFormat", "png", "isDefault", "true"}
	for {
		token, err := decoder.Token()
		if err != nil {
			break
		}
		text, ok := token.(string)
		if !ok || len(text) > 100 {
			continue
		}
		if len(want) == 0 || text != want[0] {
			t.Fatalf("%q, want %v", text, want)
		}
		want = want[1:]
	}
	if len(want) > 0 {
		t.Errorf("missing %v", want)
	}
}
