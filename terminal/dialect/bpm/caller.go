package bpm

import (
	"crypto/subtle"
	"errors"
	"net/http"

	"portaria/terminal/device"
	"portaria/terminal/dialect"
)

// The cookies and headers of a session (identity-apis §2.3).
const (
	cookieToken  = "LtpaToken2"
	cookieServer = "JSESSIONID"
	cookieXSRF   = "XSRF-TOKEN"
	headerXSRF   = "X-Xsrf-Token"
)

// caller is who makes a call.
type caller struct {
	login string
	basic bool // by login and password; otherwise by cookie
	// person has the caller's login. Its id is 0 where the terminal knows no
	// such person; there is one once that one has an avatar.
	person device.Person
}

// admit lets in who can say who that is.
func (a *API) admit(c *dialect.Call) error {
	_, err := a.whoCalls(c)
	return err
}

// whoCalls finds out by login and password, which win, or by the cookie.
func (a *API) whoCalls(c *dialect.Call) (caller, error) {
	login, password, basic := c.Basic()
	switch {
	case basic:
		if err := a.device.CheckLogin(login, password, c.Client()); err != nil {
			return caller{}, err
		}
	default:
		s, ok := a.sessions.find(c.Cookie(cookieToken))
		if !ok {
			return caller{}, device.ErrSession
		}
		login = s.login
	}
	p, err := a.device.FindPerson(login, device.ByLogin)
	if errors.Is(err, device.ErrNoUser) {
		p, err = device.Person{Login: login, Name: login}, nil
	}
	return caller{login, basic, p}, err
}

// keepSession gives a caller with a password the cookies to come back without
// one, unless that one has them.
func (a *API) keepSession(c *dialect.Call) error {
	login, password, _ := c.Basic()
	if s, ok := a.sessions.find(c.Cookie(cookieToken)); ok && s.login == login {
		return nil
	}
	token, s, err := a.sessions.open(login, password, c.Client())
	if err != nil {
		return err
	}
	c.AddHeader("Set-Cookie", cookieToken+"="+token+"; Path=/; HttpOnly")
	c.AddHeader("Set-Cookie", cookieServer+"="+s.server+"; Path=/; HttpOnly")
	c.AddHeader("Set-Cookie", cookieXSRF+"="+s.xsrf+"; Path=/")
	return nil
}

// checkXSRF wants the token of the cookie back from who comes by cookie to
// change something. BPMCSRFToken is the newer families' and means nothing here.
func (a *API) checkXSRF(r *request) error {
	if a.options.XSRF != XSRFCookieSessions || r.caller.basic || r.method == http.MethodGet {
		return nil
	}
	s, _ := a.sessions.find(r.Cookie(cookieToken))
	if s.xsrf == "" || subtle.ConstantTimeCompare([]byte(r.Header(headerXSRF)), []byte(s.xsrf)) != 1 {
		return blocked()
	}
	return nil
}
