package fcgi

import (
	"errors"
	"net/http"

	"portaria/terminal/device"
	"portaria/terminal/dialect"
	"portaria/terminal/dialect/jsondoc"
)

// session admits callers with a live session (access-api §2.2).
func (a *API) session(c *dialect.Call) error {
	token, ok := sessionToken(c)
	if !ok || !a.device.SessionIsValid(token) {
		return device.ErrSession
	}
	return nil
}

// sessionToken finds the token in the query, which wins, or in the cookie.
// Two in the query are refused: parsers disagree on which of them counts.
func sessionToken(c *dialect.Call) (token string, ok bool) {
	if token, ok = c.Query("session"); ok {
		return token, token != "" && c.QueryCount("session") == 1
	}
	token = c.Cookie("session")
	return token, token != ""
}

// credentials reads login and password from a JSON body, an urlencoded body
// or the query (access-api §2.1). Unknown members are ignored.
func credentials(c *dialect.Call) (login, password string, err error) {
	var v jsondoc.Value
	if c.IsJSON() {
		if v, err = object(c); err != nil {
			return "", "", err
		}
	}
	if login, err = credential(c, v, "login"); err != nil {
		return "", "", err
	}
	password, err = credential(c, v, "password")
	return login, password, err
}

// credential reads one of them; v is the JSON body, undefined when it is none.
func credential(c *dialect.Call, v jsondoc.Value, name string) (string, error) {
	if member := v.Member(name); member.Kind() != jsondoc.Undefined {
		return textMember(v, name)
	}
	if !c.IsJSON() {
		if text, ok := c.Form(name); ok {
			return text, nil
		}
	}
	if text, ok := c.Query(name); ok {
		return text, nil
	}
	return "", &memberError{name, "string", jsondoc.Undefined.String()}
}

func textMember(v jsondoc.Value, name string) (string, error) {
	member := v.Member(name)
	text, ok := member.Str()
	if !ok {
		return "", &memberError{name, "string", member.Kind().String()}
	}
	return text, nil
}

// login opens a session. Clients without a JSON parser cut the token out by
// its place: session is the first member.
func (a *API) login(c *dialect.Call) error {
	login, password, err := credentials(c)
	if err != nil {
		return err
	}
	token, err := a.device.Login(login, password, c.Client())
	if err != nil {
		return err
	}
	body := append(append(append(c.Buffer(), `{"session":"`...), token...), '"')
	if errors.Is(a.device.Owned(), device.ErrFactoryPassword) {
		body = append(body, `,"message":"`+textFirstLogin+`"`...)
	}
	c.Send(http.StatusOK, typeJSON, append(body, '}'))
	return nil
}

// sessionIsValid answers always 200, and takes the token from a JSON body as
// well (access-api §2.3).
func (a *API) sessionIsValid(c *dialect.Call) error {
	token, ok := sessionToken(c)
	if _, inQuery := c.Query("session"); !ok && !inQuery {
		if v, err := c.JSON(); err == nil {
			token, ok = v.Member("session").Str()
		}
	}
	answer := `{"session_is_valid":false}`
	if ok && a.device.SessionIsValid(token) {
		answer = `{"session_is_valid":true}`
	}
	c.Send(http.StatusOK, typeJSON, append(c.Buffer(), answer...))
	return nil
}

func (a *API) logout(c *dialect.Call) error {
	token, _ := sessionToken(c)
	a.device.Logout(token)
	return done(c)
}

// changeLogin replaces the account and ends every session (access-api §2.5).
func (a *API) changeLogin(c *dialect.Call) error {
	login, password, err := credentials(c)
	if err != nil {
		return err
	}
	if login == "" {
		return &memberError{"login", "string", "empty string"}
	}
	if err := a.device.ChangeLogin(login, password); err != nil {
		return err
	}
	return done(c)
}
