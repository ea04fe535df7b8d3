package bpm

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"portaria/terminal/device"
	"portaria/terminal/dialect"
)

// The ways to name a user: by userMode of /user/{x}.
var userModes = map[string][]device.Key{
	"":     {device.ByLogin, device.ByID},
	"both": {device.ByLogin, device.ByID},
	"name": {device.ByLogin},
	"id":   {device.ByID},
}

// everyGroup is the group that everybody is a member of.
const everyGroup = "tw_allusers"

// userByPath answers for /user/{x} and /user/current.
func (a *API) userByPath(r *request) error {
	if r.rest == current {
		return a.user(r, r.caller.person)
	}
	keys, ok := userModes[r.param("userMode")]
	if !ok {
		return invalidParameter("userMode")
	}
	return a.userNamed(r, r.rest, keys)
}

// userByQuery answers for /user: neither name nor id means the caller.
func (a *API) userByQuery(r *request) error {
	if name := r.param("userName"); name != "" {
		return a.userNamed(r, name, userModes["name"])
	}
	if id := r.param("userID"); id != "" {
		return a.userNamed(r, id, userModes["id"])
	}
	return a.user(r, r.caller.person)
}

func (a *API) userNamed(r *request, name string, keys []device.Key) error {
	p, err := a.device.FindPerson(name, keys...)
	if errors.Is(err, device.ErrNoUser) {
		if keys[0] != device.ByLogin || !strings.EqualFold(name, r.caller.login) {
			return noSuchUser(name)
		}
		p, err = r.caller.person, nil
	}
	if err != nil {
		return err
	}
	return a.user(r, p)
}

// user tells of one user. A list leaves two of the members out (a recorded one
// does).
func (a *API) user(r *request, p device.Person) error {
	o := r.userObject(p)
	return r.answer(append(o, member{"editableUserPreferences", nil}, member{"tasksCollaboration", nil}, r.memberships()), userType)
}

// memberships are what parts asks for.
func (r *request) memberships() member {
	if r.param("parts") == "none" {
		return member{"memberships", nil}
	}
	return member{"memberships", []string{everyGroup}}
}

// userObject is what the product tells of every user (identity-apis §2.8).
func (r *request) userObject(p device.Person) object {
	fullName := p.Name
	if fullName == "" {
		fullName = p.Login
	}
	o := object{{"userID", p.ID}, {"userName", p.Login}, {"fullName", fullName}}
	var email any
	var text string
	if json.Unmarshal(p.Details["email"], &text) == nil && text != "" {
		email = text
	}
	return append(o, object{
		{"isDisabled", isDisabled(p)},
		{"primaryGroup", nil},
		{"emailAddress", email},
		{"userPreferences", object{}},
	}...)
}

// isDisabled is whether another system has switched the user off.
func isDisabled(p device.Person) bool {
	enabled := true
	return json.Unmarshal(p.Details["enabled"], &enabled) == nil && !enabled
}

// filteredUsers is how many users a filter finds that says no number.
const filteredUsers = 20

// users lists users, all or those whose user name or full name is like the
// filter.
func (a *API) users(r *request) error {
	filter := strings.ToLower(r.param("filter"))
	most := -1
	if filter != "" {
		most = filteredUsers
	}
	if text := r.param("maxresult"); text != "" {
		n, err := strconv.ParseInt(text, 10, 32)
		if err != nil || n < 0 {
			return invalidParameter("maxresult")
		}
		most = int(n)
	}
	return r.Compose(a.room, 200, r.form.contentType+inUTF8, func(to *dialect.Answer) error {
		to.Tail = r.beginList(to.Tail)
		n := 0
		var full error
		err := a.device.People(func(p device.Person) bool {
			if n == most {
				return false
			}
			if filter != "" && !like(filter, strings.ToLower(p.Login)) && !like(filter, strings.ToLower(p.Name)) {
				return true
			}
			to.Tail = r.appendListed(to.Tail, r.listed(p), n)
			n++
			full = to.Settle()
			return full == nil
		})
		if err == nil && full == nil {
			to.Tail = r.endList(to.Tail)
		}
		return errors.Join(err, full)
	})
}

// names is how many members of a user are the names.
const names = 3

// listed is a user in a list.
func (r *request) listed(p device.Person) object {
	o := r.userObject(p)
	if r.param("namesonly") == "true" {
		return o[:names]
	}
	return append(o, r.memberships())
}

// beginList, appendListed and endList write a list of users piece by piece.
func (r *request) beginList(dst []byte) []byte {
	dst = r.form.begin(dst, usersType)
	if r.form.contentType == typeXML {
		return dst
	}
	return append(dst, `{"users":[`...)
}

func (r *request) appendListed(dst []byte, user object, before int) []byte {
	if r.form.contentType == typeXML {
		return appendXML(dst, object{{"users", user}})
	}
	if before > 0 {
		dst = append(dst, ',')
	}
	return appendJSON(dst, user)
}

func (r *request) endList(dst []byte) []byte {
	if r.form.contentType != typeXML {
		dst = append(dst, `]}`...)
	}
	return r.form.end(dst)
}

// like tells whether name fits a pattern in which * stands for anything. Both
// are in lower case.
func like(pattern, name string) bool {
	first, rest, more := strings.Cut(pattern, "*")
	if !more {
		return name == pattern
	}
	name, ok := strings.CutPrefix(name, first)
	if !ok {
		return false
	}
	pieces := strings.Split(rest, "*")
	last := len(pieces) - 1
	for _, piece := range pieces[:last] {
		if _, name, ok = strings.Cut(name, piece); !ok {
			return false
		}
	}
	return strings.HasSuffix(name, pieces[last])
}

// systems answers who asks only to see whether the password is right
// (identity-apis §2.8). What is in it is a guess.
func (a *API) systems(r *request) error {
	return r.answer(object{{"systems", object{{"systemID", a.device.Profile().Product}, {"status", "RUNNING"}}}}, systemType)
}
