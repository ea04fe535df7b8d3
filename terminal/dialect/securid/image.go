package securid

import (
	"bytes"
	"errors"
	"mime"
	"net/http"
	"strings"

	"portaria/terminal/device"
)

// getUserImage answers with the image of a user as PNG, and with 200 and a
// few words where there is none: clients look at the content type, and compare
// it whole (identity-apis §1.4).
func (a *API) getUserImage(r *request) error {
	user, err := a.imageOf(r)
	if err == nil {
		ctx, cancel := r.Context()
		defer cancel()
		var png device.Original
		if png, err = a.device.PNG(ctx, user); err == nil {
			// Others may be given the same bytes: the answer has a copy.
			r.Send(http.StatusOK, typePNG, append(r.Buffer(), png.Data...))
			return nil
		}
	}
	switch device.KindOf(err) {
	case device.NoUser, device.NoPhoto:
		return r.answer()
	}
	return err
}

// imageOf is whose image is meant. A photo that belongs to nobody goes by its
// number, as on the terminal itself.
func (a *API) imageOf(r *request) (int64, error) {
	if r.args.one("userId") == "" && r.token.app {
		return a.device.FirstPhoto()
	}
	p, err := a.person(r)
	if errors.Is(err, device.ErrNoUser) {
		if id := number(r.args.one("userId")); id > 0 {
			return id, nil
		}
	}
	return p.ID, err
}

// person is whom userId means: by id, then by user_id. Without one it is the
// token's own user, who goes by the login of the account [guess].
func (a *API) person(r *request) (device.Person, error) {
	if text := r.args.one("userId"); text != "" {
		return a.device.FindPerson(text, device.ByID, device.ByLogin)
	}
	if r.token.app {
		return device.Person{}, device.ErrNoUser
	}
	return a.device.FindPerson(r.token.login, device.ByLogin)
}

// number is the id that text writes out, 0 when it is none.
func number(text string) int64 {
	id, ok := device.ParseID(text)
	if !ok || id < 0 {
		return 0
	}
	return id
}

// setUserImage keeps an image. It is decoded before anybody asks whose it is
// (identity-apis §1.5).
func (a *API) setUserImage(r *request) error {
	picture, err := a.picture(r)
	if err == nil && !bytes.HasPrefix(picture, pngSignature) {
		err = errNotPNG
	}
	if err != nil {
		return a.uploadError(r, err)
	}
	user, err := a.owner(r)
	if err != nil {
		return err
	}
	ctx, cancel := r.Context()
	defer cancel()
	result := a.device.SetPhoto(ctx, device.Upload{
		User:     user,
		Picture:  picture,
		Original: &device.Original{Type: "png", Data: picture},
	})
	if err := result.Err; err != nil {
		if kind := device.KindOf(err); kind == device.NoUser || kind == device.BadUserID {
			return noUser()
		}
		return a.uploadError(r, err)
	}
	if !result.Kept() {
		return a.uploadError(r, faceError(result.Face.Faults))
	}
	return r.answer()
}

// owner is who the image is for.
func (a *API) owner(r *request) (int64, error) {
	p, err := a.person(r)
	if errors.Is(err, device.ErrNoUser) {
		if id := number(r.args.one("userId")); id > 0 && a.options.UnknownUsers {
			return id, nil
		}
		return 0, noUser()
	}
	return p.ID, err
}

// noUser is the nearest sentence that is documented [guess].
func noUser() error { return &refusal{http.StatusBadRequest, textNoUser, true} }

// uploadError names the user as the client does. A refusal of the request
// itself stays what it is.
func (a *API) uploadError(r *request, err error) error {
	var final *refusal
	if errors.As(err, &final) {
		return err
	}
	user := r.args.one("userId")
	if user == "" {
		user = r.token.login
	}
	return &uploadError{user, err}
}

// picture is what the body holds, in either of the two forms that the
// product's own message names.
func (a *API) picture(r *request) ([]byte, error) {
	decode := decodeStrictly
	if a.options.LenientBase64 {
		decode = decodeLeniently
	}
	switch mediaType(r.Header("Content-Type")) {
	case typePNG:
		return decode(r.Body())
	case "multipart/form-data":
		parts, err := r.Parts()
		if err != nil {
			break
		}
		for _, p := range parts {
			if mediaType(p.Type) != typePNG {
				continue
			}
			// Whether a part holds text or bytes is not documented [guess].
			if bytes.HasPrefix(p.Data, pngSignature) {
				return p.Data, nil
			}
			return decode(p.Data)
		}
	}
	return nil, &refusal{http.StatusBadRequest, textContentType, true}
}

func mediaType(header string) string {
	if t, _, err := mime.ParseMediaType(header); err == nil {
		return t
	}
	t, _, _ := strings.Cut(header, ";")
	return strings.ToLower(strings.TrimSpace(t))
}
