package netex

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"unicode/utf8"

	"portaria/terminal/device"
	"portaria/terminal/dialect/jsondoc"
)

// Bounds of ours: the vendor's are not documented [guess].
const (
	maxText    = 255      // letters of a name, user name or externalId
	maxDetails = 16 << 10 // bytes of everything else that is kept of a user
)

// The members that a user cannot be without (identity-apis §3.5).
var (
	neededToCreate = []string{"username"}
	neededToChange = []string{"name", "surname", "language", "timezone", "email", "username"}
)

// change is what a body says of a user: what is nil is not said.
type change struct {
	texts   map[string]string // name, surname, username and externalId
	details map[string]json.RawMessage
	picture *device.Upload
	clear   bool // the photo
}

// readChange reads a user object. Members that are not documented, and the
// password, are not kept.
func (a *API) readChange(ctx context.Context, v jsondoc.Value, needed []string) (change, error) {
	ch := change{texts: make(map[string]string), details: make(map[string]json.RawMessage)}
	if !a.options.Partial {
		for _, name := range needed {
			if isEmpty(v.Member(name)) {
				return ch, &parameterError{name}
			}
		}
	}
	seen := make(map[string]bool)
	for name, member := range v.Members() {
		if seen[name] {
			continue // the first one counts, here as everywhere
		}
		seen[name] = true
		if err := ch.read(name, member); err != nil {
			return ch, err
		}
	}
	return ch, a.readChangedImage(ctx, v.Member("image"), &ch)
}

// isEmpty tells whether a member says nothing.
func isEmpty(v jsondoc.Value) bool {
	return v.Kind() == jsondoc.Undefined || v.Kind() == jsondoc.Null || string(v.Raw()) == `""`
}

// read reads one member.
func (ch *change) read(name string, member jsondoc.Value) error {
	switch name {
	case "name", "surname", "username", "externalId":
		text, ok := member.Str()
		switch {
		case member.Kind() == jsondoc.Null && name != "externalId":
			return nil // says nothing
		case !ok && member.Kind() != jsondoc.Null, utf8.RuneCountInString(text) > maxText, name == "username" && text == "":
			return &parameterError{name}
		}
		ch.texts[name] = text
	case "enabled":
		if member.Kind() == jsondoc.Null {
			return nil
		}
		if member.Kind() != jsondoc.Boolean {
			return &parameterError{name}
		}
	}
	if details[name] {
		ch.details[name] = json.RawMessage(string(member.Raw()))
	}
	return nil
}

// readChangedImage reads the image of a user object: bytes set the photo, a
// url of null clears it [guess], and any other url is one that this object was
// read with.
func (a *API) readChangedImage(ctx context.Context, v jsondoc.Value, ch *change) error {
	switch {
	case v.Kind() == jsondoc.Undefined || v.Kind() == jsondoc.Null:
		return nil
	case v.Kind() != jsondoc.Object:
		return &parameterError{"image"}
	case v.Member("base64Image").Kind() == jsondoc.Undefined || v.Member("base64Image").Kind() == jsondoc.Null:
		ch.clear = v.Member("url").Kind() == jsondoc.Null
		return nil
	}
	upload, err := a.readImage(ctx, v)
	if err != nil {
		return err
	}
	ch.picture = &upload
	return a.judgePhoto(ctx, upload)
}

// apply makes p what ch says. What other systems keep of a person stays.
func (ch *change) apply(p *device.Person) error {
	name, surname := split(*p)
	given, hasName := ch.texts["name"]
	if hasName {
		name = given
	}
	family, hasSurname := ch.texts["surname"]
	if hasSurname {
		surname = family
	}
	if hasName || hasSurname {
		p.Name = join(name, surname)
	}
	if text, ok := ch.texts["username"]; ok {
		p.Login = text
	}
	if text, ok := ch.texts["externalId"]; ok {
		p.Registration = text
	}
	if p.Details = maps.Clone(p.Details); p.Details == nil {
		p.Details = make(map[string]json.RawMessage)
	}
	maps.Copy(p.Details, ch.details)
	kept, err := json.Marshal(p.Details)
	if err == nil && len(kept) > maxDetails {
		err = &parameterError{"user"}
	}
	return err
}

// put adds or changes a person whose login nobody else may go by; changing is
// held.
func (a *API) put(p device.Person) (id int64, err error) {
	other, err := a.device.FindPerson(p.Login, device.ByLogin)
	switch {
	case err == nil && other.ID != p.ID:
		return 0, device.ErrLoginTaken
	case err != nil && !errors.Is(err, device.ErrNoUser):
		return 0, err
	}
	return a.device.PutPerson(p)
}

// change puts back, changed, the person whom name means.
func (a *API) change(name string, change func(*device.Person) error) (before device.Person, err error) {
	a.changing.Lock()
	defer a.changing.Unlock()
	if before, err = a.find(name); err != nil {
		return before, err
	}
	p := before
	if err := change(&p); err != nil {
		return before, err
	}
	_, err = a.put(p)
	return before, err
}
