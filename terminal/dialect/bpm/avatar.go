package bpm

import (
	"context"
	_ "embed"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"portaria/terminal/device"
	"portaria/terminal/dialect"
)

// defaultStamp is timestamp and key of the default avatar.
const defaultStamp = "946681200000"

// current stands for the caller where a user is named.
const current = "current"

// defaultAvatar is what who has no avatar looks like. The test beside it draws
// it.
//
//go:embed default.png
var defaultAvatar []byte

// avatar is a picture and whose it is.
type avatar struct {
	person device.Person
	device.Original
	isDefault bool
}

// avatar reads, sets or deletes an avatar.
func (a *API) avatar(r *request) error {
	p, err := a.named(r, r.rest)
	if err != nil {
		return err
	}
	switch r.method {
	case http.MethodPost:
		p, err = a.setAvatar(r, p)
	case http.MethodDelete:
		err = a.deleteAvatar(r, p)
	}
	if err != nil {
		return err
	}
	av, err := a.avatarOf(p)
	if err != nil {
		return err
	}
	return r.answer(av.object(), avatarType)
}

// named finds who is meant: first by name, then by id (identity-apis §2.4).
// Where the terminal does not know the caller, or an unknown user is to have
// the default avatar, the person has the id 0.
func (a *API) named(r *request, name string) (device.Person, error) {
	if name == current {
		return r.caller.person, nil
	}
	p, err := a.device.FindPerson(name, device.ByLogin, device.ByID)
	switch {
	case !errors.Is(err, device.ErrNoUser):
		return p, err
	case strings.EqualFold(name, r.caller.login):
		return r.caller.person, nil
	case a.options.UnknownUser == UnknownDefault && r.method == http.MethodGet:
		return device.Person{Login: name}, nil
	}
	return p, noSuchUser(name)
}

func (a *API) avatarOf(p device.Person) (avatar, error) {
	av := avatar{person: p}
	err := device.ErrNoPhoto
	if p.ID > 0 {
		av.Original, err = a.device.Original(p.ID)
	}
	if errors.Is(err, device.ErrNoPhoto) {
		av.Original, av.isDefault = device.Original{Type: "png", Data: defaultAvatar}, true
		err = nil
	}
	return av, err
}

func (av avatar) object() object {
	stamp, key := defaultStamp, defaultStamp
	if !av.isDefault {
		stamp = strconv.FormatInt(av.Changed, 10)
		key = stamp + "-" + strconv.FormatInt(av.person.ID, 10)
	}
	return object{
		{"userID", av.person.ID},
		{"userName", av.person.Login},
		{"userAvatarImage", picture(av.Data)},
		{"userAvatarKey", key},
		{"userUpdateTimestamp", stamp},
		{"imageFormat", av.Type},
		{"isDefault", strconv.FormatBool(av.isDefault)},
	}
}

// mayChange refuses to change somebody else's avatar (identity-apis §2.6).
func (a *API) mayChange(r *request, p device.Person, action string) error {
	if a.options.AnyAvatar || p.ID == r.caller.person.ID {
		return nil
	}
	return notAuthorized(action)
}

func (a *API) deleteAvatar(r *request, p device.Person) error {
	if err := a.mayChange(r, p, actionDelete); err != nil {
		return err
	}
	return a.device.DeletePhotos(device.PhotoSelection{Users: []int64{p.ID}})
}

// setAvatar keeps what is uploaded, to be given back as it came.
func (a *API) setAvatar(r *request, p device.Person) (device.Person, error) {
	if err := a.mayChange(r, p, actionUpdate); err != nil {
		return p, err
	}
	upload, err := uploaded(r)
	if err != nil {
		return p, err
	}
	ctx, cancel := r.Context()
	defer cancel()
	u := device.Upload{Picture: upload.Data, Original: &upload}
	if upload.Type == "gif" {
		if u.Picture, err = a.still(ctx, upload.Data); err != nil {
			return p, err
		}
	}
	if p.ID == 0 {
		if p, err = a.addCaller(ctx, p, u.Picture); err != nil {
			return p, err
		}
	}
	u.User = p.ID
	return p, verdict(a.device.SetPhoto(ctx, u))
}

// verdict is the error of an upload that was not kept. The product judges no
// faces, and has no word for what is wrong with one.
func verdict(result device.Result) error {
	if result.Err == nil && !result.Kept() {
		return invalidParameter(avatarParameter)
	}
	return result.Err
}

// addCaller makes the caller a person of the terminal, once the picture is
// known to be one that can be kept.
func (a *API) addCaller(ctx context.Context, p device.Person, pic []byte) (device.Person, error) {
	_, face, err := a.device.TestPhoto(ctx, pic)
	if err := verdict(device.Result{Face: face, Err: err}); err != nil {
		return p, err
	}
	p.ID, err = a.device.PutPerson(p)
	if errors.Is(err, device.ErrLoginTaken) {
		// Another call of the same caller was faster.
		return a.device.FindPerson(p.Login, device.ByLogin)
	}
	return p, err
}

// imageTypes are the content types of the formats.
var imageTypes = map[string]string{"jpg": "image/jpeg", "png": "image/png", "gif": "image/gif"}

// imageCache is what the product's fix JR48699 lets browsers do.
var imageCache = dialect.NewHeader("Cache-Control", "public, max-age=604800, s-maxage=604800")

// avatarImage answers with the picture itself, for a page to show (identity-apis
// §2.5).
func (a *API) avatarImage(r *request) error {
	p, err := a.named(r, r.rest)
	if err != nil {
		return err
	}
	av, err := a.avatarOf(p)
	if err != nil {
		return err
	}
	r.SetHeaders(imageCache)
	r.Send(http.StatusOK, imageTypes[av.Type], append(r.Buffer(), av.Data...))
	return nil
}
