package netex

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"portaria/terminal/device"
	"portaria/terminal/dialect/jsondoc"
)

// members are what a user object holds, in the order that the documentation's
// samples have them in (identity-apis §3.5). Never the password, which one of
// the samples shows.
var members = []string{
	"aboutMe", "authSource", "commonId", "email", "enabled", "extendedFields", "externalId", "extra", "id", "image",
	"interests", "language", "location", "mobilePhone", "name", "officePhone", "roles", "surname", "timezone", "username",
}

// details are the members that no column of the terminal holds: they are kept
// as they are given.
var details = map[string]bool{
	"aboutMe": true, "authSource": true, "email": true, "enabled": true, "extendedFields": true, "extra": true,
	"interests": true, "language": true, "location": true, "mobilePhone": true, "officePhone": true, "roles": true,
	"surname": true, "timezone": true,
}

// What a user has who was given no such thing; null where nothing is said
// here.
var absent = map[string]string{
	"enabled": `true`,
	"roles":   `{"management":null,"social":null,"training":null,"play":null}`,
}

// appendUser appends the object of p. Image is the path of the photo, "" when
// there is none.
func appendUser(dst []byte, p device.Person, image string) []byte {
	name, surname := split(p)
	texts := map[string]string{
		"commonId": commonIDOf(p.ID), "externalId": p.Registration, "id": idOf(p.ID), "username": p.Login,
	}
	dst = append(dst, '{')
	for i, member := range members {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(jsondoc.AppendString(dst, member), ':')
		detail := p.Details[member]
		switch {
		case member == "image":
			dst = append(appendText(append(dst, `{"url":`...), image), '}')
		case member == "name":
			dst = jsondoc.AppendString(dst, name)
		case member == "surname":
			dst = jsondoc.AppendString(dst, surname)
		case !details[member]:
			dst = appendText(dst, texts[member])
		case detail != nil:
			dst = append(dst, detail...)
		case absent[member] != "":
			dst = append(dst, absent[member]...)
		default:
			dst = append(dst, "null"...)
		}
	}
	return append(dst, '}')
}

// appendText appends a text, which is null when it is empty.
func appendText(dst []byte, text string) []byte {
	if text == "" {
		return append(dst, "null"...)
	}
	return jsondoc.AppendString(dst, text)
}

// join is the name that the terminal has of name and surname [guess].
func join(name, surname string) string {
	if name == "" || surname == "" {
		return name + surname
	}
	return name + " " + surname
}

// split is what join was made of. A name that was given elsewhere ends at its
// first space.
func split(p device.Person) (name, surname string) {
	if detail := p.Details["surname"]; detail != nil && json.Unmarshal(detail, &surname) == nil {
		if surname == "" || surname == p.Name {
			return strings.TrimSuffix(p.Name, surname), surname
		}
		if name, ok := strings.CutSuffix(p.Name, " "+surname); ok {
			return name, surname
		}
	}
	name, surname, _ = strings.Cut(p.Name, " ")
	return name, surname
}

// imagePath is where the vendor's server would have the photo of user, "" when
// there is none: a path that changes whenever the photo does.
func (a *API) imagePath(user int64) (string, error) {
	changed, err := a.device.PhotoChanged(user)
	if errors.Is(err, device.ErrNoPhoto) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d %d", a.options.Tenant, user, changed))
	day := time.UnixMilli(changed).UTC().Format("2006/01/02")
	return fmt.Sprintf("/opt/cloud/repo/%s/%s/%s.jpg", a.options.Tenant, day, formatUUID([16]byte(sum[:16]))), nil
}
