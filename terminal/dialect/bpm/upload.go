package bpm

import (
	"context"
	"strings"

	"portaria/imaging"
	"portaria/terminal/device"
	"portaria/terminal/dialect"
)

// maxAvatar is the most bytes of an avatar: the 512 KB of identity-apis §2.6.
const maxAvatar = 512 << 10

// avatarParameter is the name of an upload, and of what is wrong with one.
const avatarParameter = "avatar"

// still returns the first picture of a GIF, one call at a time: a small file
// can be a large picture.
func (a *API) still(ctx context.Context, animation []byte) ([]byte, error) {
	select {
	case a.stills <- struct{}{}:
		defer func() { <-a.stills }()
	case <-ctx.Done():
		return nil, device.ErrBusy
	}
	return imaging.Still(animation)
}

// uploaded finds the picture in a multipart body: the first file, unless
// another is called avatar.
func uploaded(r *request) (device.Original, error) {
	if !strings.HasPrefix(strings.ToLower(r.Header("Content-Type")), "multipart/form-data") {
		return device.Original{}, missingParameter(avatarParameter)
	}
	parts, err := r.Parts()
	if err != nil {
		return device.Original{}, invalidParameter(avatarParameter)
	}
	var file *dialect.Part
	for i, p := range parts {
		if p.File != "" && (file == nil || p.Name == avatarParameter && file.Name != avatarParameter) {
			file = &parts[i]
		}
	}
	if file == nil {
		return device.Original{}, missingParameter(avatarParameter)
	}
	format := formatOf(file.Data)
	if format == "" || len(file.Data) > maxAvatar {
		return device.Original{}, invalidParameter(avatarParameter)
	}
	return device.Original{Type: format, Data: file.Data}, nil
}

// formatOf tells what a picture is by its first bytes, or "". What the client
// calls it does not count.
func formatOf(data []byte) string {
	for _, known := range []struct{ magic, format string }{
		{"\xff\xd8\xff", "jpg"}, {"\x89PNG\r\n\x1a\n", "png"}, {"GIF87a", "gif"}, {"GIF89a", "gif"},
	} {
		if strings.HasPrefix(string(data[:min(len(data), 8)]), known.magic) {
			return known.format
		}
	}
	return ""
}
