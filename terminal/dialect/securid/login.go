package securid

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"portaria/terminal/device"
	"portaria/terminal/dialect/jsondoc"
)

// loginUser opens a token for the terminal's account. Its body is a fragment
// of XML whatever its label says; a GET has none (identity-apis §1.3).
func (a *API) loginUser(r *request) error {
	var login, password string
	if r.Method() == http.MethodPost {
		login, password = element(r.Body(), "username"), element(r.Body(), "password")
	}
	witness := a.tokens.watch()
	if err := a.device.CheckLogin(login, password, r.Client()); err != nil {
		return credentials(err, textBadLogin)
	}
	return r.answer(field{"token", a.tokens.open(token{login: login}, witness)})
}

// loginTrustedApp opens a token for an application. Its answer is the one that
// is not wrapped.
func (a *API) loginTrustedApp(r *request) error {
	id, secret := r.Header("ClientId"), r.Header("ClientSecret")
	witness := a.tokens.watch()
	if !a.isApplication(id, secret) {
		if err := a.device.CheckLogin(id, secret, r.Client()); err != nil {
			return credentials(err, textBadApp)
		}
	}
	text := a.tokens.open(token{app: true}, witness)
	if r.args.format() != "json" {
		return r.answer(field{"token", text})
	}
	body := append(jsondoc.AppendString(append(r.Buffer(), `{"token":`...), text), '}')
	r.Send(http.StatusOK, typeJSON, body)
	return nil
}

func (a *API) isApplication(id, secret string) bool {
	if a.options.ClientID == "" || a.options.ClientSecret == "" {
		return false
	}
	return sameText(id, a.options.ClientID)&sameText(secret, a.options.ClientSecret) == 1
}

// sameText compares in a time that tells nothing of either.
func sameText(a, b string) int {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:])
}

func credentials(err error, text string) error {
	if errors.Is(err, device.ErrCredentials) {
		return &refusal{http.StatusUnauthorized, text, true}
	}
	return err
}

func (a *API) logoutUser(r *request) error {
	a.tokens.end(r.text)
	return r.answer()
}

// keepAlive has been served when the token was looked at. The vendor says that
// an application's token is not valid for it.
func (a *API) keepAlive(r *request) error {
	if r.token.app {
		return notKept()
	}
	return r.answer()
}

func (a *API) getLoginInstructions(r *request) error {
	return r.answer(field{"instructions", ""}, field{"username-label", "User Name"}, field{"password-label", "Password"})
}

func (a *API) getSecuritySettings(r *request) error {
	return r.answer(
		field{"allow-username-save", "false"},
		field{"token-inactivity-timeout", minutes(a.options.Inactivity)},
		field{"token-lifespan-timeout", minutes(a.options.Lifespan)},
	)
}

func minutes(d time.Duration) string { return strconv.Itoa(int(d / time.Minute)) }

// element is the text of the first element of that name in a fragment of XML,
// empty when there is none. Clients put texts in without escaping them: what is
// no reference stands for itself [guess].
func element(fragment []byte, name string) string {
	_, rest, ok := bytes.Cut(fragment, []byte("<"+name+">"))
	if !ok {
		return ""
	}
	text, _, ok := bytes.Cut(rest, []byte("</"+name+">"))
	if !ok {
		return ""
	}
	if inner, ok := bytes.CutPrefix(text, []byte("<![CDATA[")); ok {
		if inner, ok := bytes.CutSuffix(inner, []byte("]]>")); ok {
			return string(inner)
		}
	}
	return unescape(string(text))
}

var named = map[string]string{"amp": "&", "lt": "<", "gt": ">", "quot": `"`, "apos": "'"}

// unescape resolves the references of XML.
func unescape(text string) string {
	var out strings.Builder
	for {
		before, rest, ok := strings.Cut(text, "&")
		out.WriteString(before)
		if !ok {
			return out.String()
		}
		name, after, ok := strings.Cut(rest, ";")
		value := reference(name)
		if !ok || value == "" {
			out.WriteByte('&')
			text = rest
			continue
		}
		out.WriteString(value)
		text = after
	}
}

// reference is what &name; stands for, empty when that is nothing.
func reference(name string) string {
	number, ok := strings.CutPrefix(name, "#")
	if !ok {
		return named[name]
	}
	base := 10
	if hex, ok := strings.CutPrefix(number, "x"); ok {
		number, base = hex, 16
	}
	n, err := strconv.ParseInt(number, base, 32)
	if err != nil || n <= 0 || !utf8.ValidRune(rune(n)) {
		return ""
	}
	return string(rune(n))
}
