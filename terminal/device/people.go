package device

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"portaria/store"
	"portaria/store/query"
	"portaria/store/schema"
)

// The tables of this program's own; no terminal shows them.
const (
	peopleTable    = "own_people"
	originalsTable = "own_originals"
)

// ErrLoginTaken is a login that somebody else has.
var ErrLoginTaken = errors.New("login is taken")

// Person is a user as identity systems know one.
type Person struct {
	ID           int64  // 0: the next free one
	Name         string // the full name
	Registration string // the number that another system knows the person by
	// Login is what the person goes by. Nobody shares it, whatever the case of
	// its letters. A person who was given none goes by registration, or by id.
	Login string
	// Details are what no column of the terminal holds, kept as they are given.
	Details map[string]json.RawMessage
}

// Key is a way to find a person.
type Key uint8

// The keys, to be tried in the order that a system documents.
const (
	ByID Key = iota
	ByLogin
	ByRegistration
	ByName
)

// Person returns a person by id, or ErrNoUser.
func (d *Device) Person(id int64) (p Person, err error) {
	err = d.store.View(func(tx *store.Tx) error {
		p, err = d.person(tx, id)
		return err
	})
	return p, err
}

// FindPerson returns the person whom text means by the first of keys that finds
// one, or ErrNoUser.
func (d *Device) FindPerson(text string, keys ...Key) (p Person, err error) {
	err = d.store.View(func(tx *store.Tx) error {
		for _, key := range keys {
			id, err := d.lookUp(tx, text, key)
			if errors.Is(err, ErrNoUser) {
				continue
			}
			if err == nil {
				p, err = d.person(tx, id)
			}
			return err
		}
		return fmt.Errorf("%.80q: %w", text, ErrNoUser)
	})
	return p, err
}

// ParseID reads a user's id as it is written out. 0010 is none: it may be the
// login of somebody else.
func ParseID(text string) (id int64, ok bool) {
	id, err := strconv.ParseInt(text, 10, 64)
	return id, err == nil && strconv.FormatInt(id, 10) == text
}

// lookUp finds the id of the person whom text means by one key.
func (d *Device) lookUp(tx *store.Tx, text string, key Key) (int64, error) {
	switch key {
	case ByID:
		if id, ok := ParseID(text); ok && tx.Has(usersTable, id) {
			return id, nil
		}
	case ByLogin:
		row, err := d.ownPerson(tx, "folded", schema.Text(strings.ToLower(text)))
		if err == nil {
			return row.user, nil
		}
		if !errors.Is(err, store.ErrNotFound) {
			return 0, err
		}
		// Who was given no login goes by registration, or by id.
		for _, key := range []Key{ByRegistration, ByID} {
			id, err := d.lookUp(tx, text, key)
			if err != nil {
				continue
			}
			if p, err := d.person(tx, id); err != nil || strings.EqualFold(p.Login, text) {
				return id, err
			}
		}
	case ByRegistration, ByName:
		column := "registration"
		if key == ByName {
			column = "name"
		}
		if text == "" {
			break
		}
		f := query.Filter{Table: usersTable, Where: query.Compare{Column: query.Column{Table: usersTable, Name: column}, Value: schema.Text(text)}}
		_, ids, err := d.matching(tx, f)
		if err != nil {
			return 0, err
		}
		if len(ids) > 0 {
			return ids[0], nil
		}
	}
	return 0, ErrNoUser
}

// ownPerson is a row of peopleTable.
type ownPerson struct {
	id, user int64
	login    string
	details  string
}

// ownPerson finds the row that has the value in a unique column, or
// store.ErrNotFound.
func (d *Device) ownPerson(tx *store.Tx, column string, v schema.Value) (ownPerson, error) {
	t := tx.Schema().Table(peopleTable)
	id, err := tx.FindUnique(t, []int{t.Column(column)}, []schema.Value{v})
	if err != nil {
		return ownPerson{}, err
	}
	cells, err := tx.Row(peopleTable, id)
	if err != nil {
		return ownPerson{}, err
	}
	return ownPerson{id, t.Cell(cells, "user_id").Int(), t.Cell(cells, "login").Str(), t.Cell(cells, "details").Str()}, nil
}

// person reads a person, or ErrNoUser.
func (d *Device) person(tx *store.Tx, id int64) (Person, error) {
	cells, err := tx.Row(usersTable, id)
	if errors.Is(err, store.ErrNotFound) {
		return Person{}, fmt.Errorf("user %d: %w", id, ErrNoUser)
	}
	if err != nil {
		return Person{}, err
	}
	t := tx.Schema().Table(usersTable)
	p := Person{ID: id, Name: t.Cell(cells, "name").Str(), Registration: t.Cell(cells, "registration").Str()}
	own, err := d.ownPerson(tx, "user_id", schema.Int(id))
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return Person{}, err
	}
	p.Login = cmp.Or(own.login, p.Registration, strconv.FormatInt(id, 10))
	if own.details != "" {
		if err := json.Unmarshal([]byte(own.details), &p.Details); err != nil {
			return Person{}, fmt.Errorf("details of user %d: %w: %w", id, store.ErrDamaged, err)
		}
	}
	return p, nil
}

// People calls each with every person in the order of the ids, until it
// returns false. each must be quick: the data is held still meanwhile.
func (d *Device) People(each func(Person) bool) error {
	var ids []int64
	return d.store.View(func(tx *store.Tx) (err error) {
		if _, ids, err = d.matching(tx, query.Filter{Table: usersTable}); err != nil {
			return err
		}
		for _, id := range ids {
			p, err := d.person(tx, id)
			if err != nil {
				return err
			}
			if !each(p) {
				return nil
			}
		}
		return nil
	})
}

// PutPerson adds a person, or changes the one with that id, and returns the
// id. Errors: ErrUserID, ErrLoginTaken.
func (d *Device) PutPerson(p Person) (id int64, err error) {
	if p.ID < 0 {
		return 0, fmt.Errorf("user %d: %w", p.ID, ErrUserID)
	}
	details, err := json.Marshal(p.Details)
	if err != nil {
		return 0, err
	}
	err = d.update(len(details)+len(p.Name), func(tx *store.Tx) error {
		users := d.view(tx).Table(usersTable)
		row := schema.Row{
			{Column: users.Column("name"), Value: schema.Text(p.Name)},
			{Column: users.Column("registration"), Value: schema.Text(p.Registration)},
		}
		if p.ID > 0 {
			row = append(row, schema.Assignment{Column: users.Column("id"), Value: schema.Int(p.ID)})
		}
		if id, _, err = upsert(tx, users, row); err != nil {
			return err
		}
		return d.putOwn(tx, id, p.Login, string(details))
	})
	return id, err
}

// putOwn keeps what the terminal's columns do not.
func (d *Device) putOwn(tx *store.Tx, user int64, login, details string) error {
	t := tx.Schema().Table(peopleTable)
	login = cmp.Or(login, strconv.FormatInt(user, 10))
	row := schema.Row{
		{Column: t.Column("user_id"), Value: schema.Int(user)},
		{Column: t.Column("login"), Value: schema.Text(login)},
		{Column: t.Column("folded"), Value: schema.Text(strings.ToLower(login))},
		{Column: t.Column("details"), Value: schema.Text(details)},
	}
	own, err := d.ownPerson(tx, "user_id", schema.Int(user))
	switch {
	case errors.Is(err, store.ErrNotFound):
		_, err = tx.Insert(t, row)
	case err == nil:
		err = tx.Change(t, own.id, row)
	}
	var broken *store.ConstraintError
	if errors.As(err, &broken) && broken.Rule == store.UniqueRule {
		return fmt.Errorf("%.80q: %w", login, ErrLoginTaken)
	}
	return err
}
