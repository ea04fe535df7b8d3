package fcgi

import (
	"net/http"
	"strconv"

	"portaria/store/schema"
	"portaria/terminal/dialect"
	"portaria/terminal/dialect/jsondoc"
)

// The largest bodies of object commands [guess]: rows of users, cards and
// templates by the hundred, and questions.
const (
	maxObjectRows     = 4 << 20
	maxObjectQuestion = 1 << 20
)

// createObjects adds rows, all or none (access-api §3.1).
func (a *API) createObjects(c *dialect.Call) error {
	q, err := a.ask(c, "create_objects", "values")
	if err != nil {
		return err
	}
	values := q.body.Member("values")
	if values.Kind() != jsondoc.Array {
		return &memberError{"values", jsondoc.Array.String(), values.Kind().String()}
	}
	rows, err := readRows(q.table, values)
	if err != nil {
		return err
	}
	ids, err := a.device.Create(q.table.Name, rows)
	if err != nil {
		return err
	}
	c.Send(http.StatusOK, typeJSON, append(appendIDs(append(c.Buffer(), '{'), ids), '}'))
	return nil
}

// createOrModifyObjects adds rows or changes those that are there, all or none
// (access-api §3.4). The answer is a guess: the documentation has only
// changes, and one client reads only ids.
func (a *API) createOrModifyObjects(c *dialect.Call) error {
	q, err := a.ask(c, "create_or_modify_objects", "values")
	if err != nil {
		return err
	}
	rows, err := rowOrRows(q.table, q.body.Member("values"))
	if err != nil {
		return err
	}
	ids, changes, err := a.device.CreateOrModify(q.table.Name, rows)
	if err != nil {
		return err
	}
	q.notes.say(ruleReply, "some terminals answer with changes and no ids")
	body := append(appendIDs(append(c.Buffer(), '{'), ids), ',')
	c.Send(http.StatusOK, typeJSON, append(appendChanges(body, changes), '}'))
	return nil
}

// modifyObjects changes the rows that where means, all of them without one
// (access-api §3.3). One client sends rows with their ids instead.
func (a *API) modifyObjects(c *dialect.Call) error {
	q, err := a.ask(c, "modify_objects", "values")
	if err != nil {
		return err
	}
	var changes int64
	if values := q.body.Member("values"); values.Kind() == jsondoc.Array {
		changes, err = a.modifyEach(q, values)
	} else {
		changes, err = a.modify(q, values)
	}
	if err != nil {
		return err
	}
	c.Send(http.StatusOK, typeJSON, append(appendChanges(append(c.Buffer(), '{'), changes), '}'))
	return nil
}

func (a *API) modify(q *ask, values jsondoc.Value) (changes int64, err error) {
	set, err := readRow(q.table, values)
	if err != nil {
		return 0, err
	}
	filter, err := readWhere(q)
	if err != nil || len(set) == 0 {
		return 0, err
	}
	if filter.Where == nil {
		q.notes.say(ruleNoWhere, "without a condition every row of "+q.table.Name+" is changed")
	}
	return a.device.Modify(filter, set)
}

func (a *API) modifyEach(q *ask, values jsondoc.Value) (changes int64, err error) {
	rows, err := readRows(q.table, values)
	if err != nil {
		return 0, err
	}
	return a.device.ModifyEach(q.table.Name, rows)
}

// destroyObjects removes the rows that where means, all of them without one
// (access-api §3.5).
func (a *API) destroyObjects(c *dialect.Call) error {
	q, err := a.ask(c, "destroy_objects")
	if err != nil {
		return err
	}
	filter, err := readWhere(q)
	if err != nil {
		return err
	}
	if filter.Where == nil {
		q.notes.say(ruleNoWhere, "without a condition every row of "+q.table.Name+" is destroyed")
	}
	changes, err := a.device.Destroy(filter)
	if err != nil {
		return err
	}
	c.Send(http.StatusOK, typeJSON, append(appendChanges(append(c.Buffer(), '{'), changes), '}'))
	return nil
}

// rowOrRows reads values where one row may stand without an array.
func rowOrRows(t *schema.Table, values jsondoc.Value) ([]schema.Row, error) {
	switch values.Kind() {
	case jsondoc.Array:
		return readRows(t, values)
	case jsondoc.Object:
		row, err := readRow(t, values)
		return []schema.Row{row}, err
	}
	return nil, &memberError{"values", jsondoc.Array.String(), values.Kind().String()}
}

func appendIDs(dst []byte, ids []int64) []byte {
	dst = append(dst, `"ids":[`...)
	for i, id := range ids {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = strconv.AppendInt(dst, id, 10)
	}
	return append(dst, ']')
}

func appendChanges(dst []byte, changes int64) []byte {
	return strconv.AppendInt(append(dst, `"changes":`...), changes, 10)
}

// invented is a command that some clients send and no terminal has.
func (a *API) invented(name string) func(*dialect.Call) error {
	return func(c *dialect.Call) error {
		if a.session(c) == nil {
			a.notes(c, name).say(ruleInvented, "no terminal has such a command")
		}
		return dialect.ErrNothingHere
	}
}
