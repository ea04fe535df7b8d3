package terminal_test

import (
	"bytes"
	"image"
	"image/jpeg"
	"net/http"
	"testing"

	"portaria/terminal"
	"portaria/terminal/terminaltest"
	"portaria/testdata"
)

// TestPhotoSettings sends one photo of 2400x300 pixels to terminals that differ
// in what they do with its size.
func TestPhotoSettings(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		config terminal.Config
		want   image.Point // zero: refused
	}{
		"a classic terminal has a box":            {terminal.Config{}, image.Pt(1024, 128)},
		"the box can be another":                  {terminal.Config{PhotoBox: image.Pt(300, 300)}, image.Pt(300, 38)},
		"a facial terminal refuses what is large": {terminal.Config{Model: "idface"}, image.Point{}},
		"or fits it, when asked to":               {terminal.Config{Model: "idface", PhotoOversize: "fit"}, image.Pt(1920, 240)},
		"unknown users can be refused":            {terminal.Config{UnknownUsers: "refuse"}, image.Point{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tm := terminaltest.New(t, terminaltest.With(func(config *terminal.Config) {
				config.Model, config.PhotoBox = c.config.Model, c.config.PhotoBox
				config.PhotoOversize, config.UnknownUsers = c.config.PhotoOversize, c.config.UnknownUsers
			}))
			if c.config.UnknownUsers == "" {
				tm.AddUser(1, "Ana")
			}
			status, body := post(t, tm, "/user_set_image.fcgi?user_id=1&timestamp=1&session="+tm.Login(), testdata.Photo("wide-2400x300.jpg"))
			kept := tm.Photo(1)
			if c.want == (image.Point{}) {
				if kept != nil || status == http.StatusOK && !bytes.Contains(body, []byte(`"success":false`)) {
					t.Errorf("answered %d %s and kept %d bytes, want a refusal", status, body, len(kept))
				}
				return
			}
			size, err := jpeg.DecodeConfig(bytes.NewReader(kept))
			if err != nil {
				t.Fatalf("answered %d %s, kept %d bytes: %v", status, body, len(kept), err)
			}
			if got := image.Pt(size.Width, size.Height); got != c.want {
				t.Errorf("kept as %v, want %v", got, c.want)
			}
		})
	}
}
