package netex

import (
	"bytes"
	"context"
	"mime"
	"net/http"
	"strings"

	"portaria/imaging"
	"portaria/terminal/device"
	"portaria/terminal/dialect"
	"portaria/terminal/dialect/jsondoc"
)

// setImage keeps the photo of a user, in place of any older one
// (identity-apis §3.4).
func (a *API) setImage(c *dialect.Call, name string) error {
	v, err := object(c, "image")
	if err != nil {
		return err
	}
	p, err := a.find(name)
	if err != nil {
		return err
	}
	ctx, cancel := c.Context()
	defer cancel()
	upload, err := a.readImage(ctx, v)
	if err != nil {
		return err
	}
	if err := a.keepPhoto(ctx, p.ID, upload); err != nil {
		return err
	}
	return a.answer(c, outcome{status: http.StatusNoContent})
}

func (a *API) keepPhoto(ctx context.Context, user int64, upload device.Upload) error {
	upload.User = user
	r := a.device.SetPhoto(ctx, upload)
	return verdict(r.Err, r.Face)
}

// judgePhoto tells whether keepPhoto would keep a photo.
func (a *API) judgePhoto(ctx context.Context, upload device.Upload) error {
	_, face, err := a.device.TestPhoto(ctx, upload.Picture)
	return verdict(err, face)
}

func verdict(err error, face device.FaceReport) error {
	if err == nil && len(face.Faults) > 0 {
		err = &faceError{face.Faults}
	}
	return err
}

// object reads the body as the object that the member with that name holds,
// or as that object itself [guess].
func object(c *dialect.Call, name string) (jsondoc.Value, error) {
	if len(c.Body()) > 0 {
		label, _, err := mime.ParseMediaType(c.Header("Content-Type"))
		if err != nil || label != "application/json" {
			return jsondoc.Value{}, errMedia
		}
	}
	v, err := c.JSON()
	if err != nil {
		return v, err
	}
	if v.Kind() != jsondoc.Object {
		return v, errNotJSON
	}
	if inner := v.Member(name); inner.Kind() == jsondoc.Object {
		return inner, nil
	}
	return v, nil
}

// readImage reads an image object with bytes in it. What the bytes are counts,
// and not which image the mimeType says they are [guess]. The upload itself is
// not kept beside the photo: nothing here gives it back.
func (a *API) readImage(ctx context.Context, v jsondoc.Value) (device.Upload, error) {
	switch label := v.Member("mimeType"); label.Kind() {
	case jsondoc.Undefined, jsondoc.Null:
		if a.options.RequireMime {
			return device.Upload{}, &parameterError{"mimeType"}
		}
	default:
		text, ok := label.Str()
		if !ok || !strings.HasPrefix(strings.ToLower(text), "image/") {
			return device.Upload{}, &parameterError{"mimeType"}
		}
	}
	data, ok := v.Member("base64Image").Base64()
	if !ok || len(data) == 0 {
		return device.Upload{}, &parameterError{"base64Image"}
	}
	var err error
	if bytes.HasPrefix(data, []byte("GIF8")) {
		data, err = a.firstPicture(ctx, data)
	}
	return device.Upload{Picture: data}, err
}

// firstPicture is the first picture of a GIF. One is decoded at a time.
func (a *API) firstPicture(ctx context.Context, animation []byte) ([]byte, error) {
	if len(animation) >= a.device.Profile().Photo.Limit {
		return nil, imaging.ErrTooManyBytes
	}
	select {
	case a.still <- struct{}{}:
		defer func() { <-a.still }()
	case <-ctx.Done():
		return nil, device.ErrBusy
	}
	return imaging.Still(animation)
}
