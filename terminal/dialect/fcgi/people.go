package fcgi

import (
	"net/http"
	"strconv"

	"portaria/terminal/device"
	"portaria/terminal/dialect"
	"portaria/terminal/dialect/jsondoc"
)

// hashPassword computes what users.password and users.salt hold (access-api
// §6.6). Clients send digits, as a string; a number is taken, too.
func (a *API) hashPassword(c *dialect.Call) error {
	v, err := object(c)
	if err != nil {
		return err
	}
	member := v.Member("password")
	password, ok := member.Str()
	if _, isInt := member.Int(); isInt {
		password, ok = string(member.Raw()), true
	}
	if !ok {
		return &memberError{"password", jsondoc.String.String(), member.Kind().String()}
	}
	hash, salt, err := device.HashUserPassword(password)
	if err != nil {
		return err
	}
	body := jsondoc.AppendString(append(c.Buffer(), `{"password":`...), hash)
	body = jsondoc.AppendString(append(body, `,"salt":`...), salt)
	c.Send(http.StatusOK, typeJSON, append(body, '}'))
	return nil
}

// facesEnrolled counts the users that have a face template (access-api §3.6).
func (a *API) facesEnrolled(c *dialect.Call) error {
	n, err := a.device.FacesEnrolled()
	if err != nil {
		return err
	}
	c.Send(http.StatusOK, typeJSON, append(strconv.AppendInt(append(c.Buffer(), `{"count":`...), n, 10), '}'))
	return nil
}
