package fcgi

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"portaria/store/query"
	"portaria/store/schema"
	"portaria/terminal/dialect"
	"portaria/terminal/dialect/jsondoc"
)

// countField is the pseudo column that counts rows.
const countField = "COUNT(*)"

// loadObjects answers with rows (access-api §3.2).
func (a *API) loadObjects(c *dialect.Call) error {
	ask, err := a.ask(c, "load_objects")
	if err != nil {
		return err
	}
	q, err := readQuery(ask)
	if err != nil {
		return err
	}
	every := len(q.Fields) == 0
	if every {
		// Named, so that rows have the columns that are prepared for them even
		// when a custom one comes or goes meanwhile.
		q.Fields = everyColumn(ask.table)
	}
	rows := a.jsonRows(ask, q)
	err = c.Compose(a.room, http.StatusOK, typeJSON, func(answer *dialect.Answer) error {
		rows.first = true
		answer.Tail = jsondoc.AppendString(append(answer.Tail, '{'), ask.table.Name)
		answer.Tail = append(answer.Tail, ":["...)
		err := a.device.Load(q, func(values []schema.Value) error {
			answer.Tail = rows.append(answer.Tail, values)
			return answer.Settle()
		})
		answer.Tail = append(answer.Tail, "]}"...)
		return err
	})
	if gone := (*query.NoColumnError)(nil); every && errors.As(err, &gone) {
		return a.loadObjects(c)
	}
	return err
}

// readQuery reads the members of load_objects.
func readQuery(a *ask) (query.Query, error) {
	q := query.Query{Limit: query.NoLimit}
	var err error
	if q.Filter, err = readWhere(a); err != nil {
		return q, err
	}
	if q.Fields, err = readFields(a); err != nil {
		return q, err
	}
	if q.Group, err = readColumns(a, "group"); err != nil {
		return q, err
	}
	if q.Order, q.Descending, err = readOrder(a); err != nil {
		return q, err
	}
	if join, ok := a.body.Member("join").Str(); ok {
		q.Left = strings.EqualFold(strings.TrimSpace(join), "LEFT")
	}
	if q.Limit, err = optionalInt(a.body, "limit", query.NoLimit); err != nil {
		return q, err
	}
	q.Offset, err = optionalInt(a.body, "offset", 0)
	// Negative means none, as in SQL.
	q.Limit, q.Offset = max(q.Limit, query.NoLimit), max(q.Offset, 0)
	return q, err
}

func optionalInt(v jsondoc.Value, name string, otherwise int64) (int64, error) {
	member := v.Member(name)
	switch member.Kind() {
	case jsondoc.Undefined, jsondoc.Null:
		return otherwise, nil
	}
	if n, ok := member.Int(); ok {
		return n, nil
	}
	return 0, &memberError{name, jsondoc.Int.String(), member.Kind().String()}
}

// list returns a member that is an array, or absent. Anything else is an error.
func list(v jsondoc.Value, name string) (jsondoc.Value, error) {
	member := v.Member(name)
	switch member.Kind() {
	case jsondoc.Undefined, jsondoc.Null, jsondoc.Array:
		return member, nil
	}
	return member, &memberError{name, jsondoc.Array.String(), member.Kind().String()}
}

func readFields(a *ask) ([]query.Field, error) {
	names, err := list(a.body, "fields")
	if err != nil {
		return nil, err
	}
	var fields []query.Field
	for item := range names.Items() {
		f, err := a.field("fields", item)
		if err != nil {
			return nil, err
		}
		if slices.Contains(fields, f) {
			continue // a row has each member once
		}
		if len(fields) == maxFields {
			return nil, &refusal{http.StatusBadRequest, textTooManyColumns}
		}
		fields = append(fields, f)
	}
	return fields, nil
}

func everyColumn(t *schema.Table) []query.Field {
	fields := make([]query.Field, len(t.Columns))
	for i := range t.Columns {
		fields[i].Column = query.Column{Table: t.Name, Name: t.Columns[i].Name}
	}
	return fields
}

// maxFields is the device's database's bound on the columns of an answer
// [guess].
const maxFields = 2000

// readColumns reads an array of columns. One that is named again says nothing
// new.
func readColumns(a *ask, member string) ([]query.Column, error) {
	names, err := list(a.body, member)
	if err != nil {
		return nil, err
	}
	var columns []query.Column
	for item := range names.Items() {
		f, err := a.field(member, item)
		if err != nil {
			return nil, err
		}
		if f.Count {
			return nil, noColumn(a.table.Name, countField)
		}
		if !slices.Contains(columns, f.Column) {
			columns = append(columns, f.Column)
		}
	}
	return columns, nil
}

// readOrder reads the columns to sort by, with one of two words anywhere
// between them. An order in any other shape does nothing.
func readOrder(a *ask) (columns []query.Column, descending bool, err error) {
	order := a.body.Member("order")
	switch order.Kind() {
	case jsondoc.Undefined, jsondoc.Null, jsondoc.Array:
	default:
		a.notes.say(ruleOrder, "order is no array and does nothing")
	}
	for item := range order.Items() {
		switch word, _ := item.Str(); word {
		case "ascending":
			continue
		case "descending":
			descending = true
			continue
		}
		f, err := a.field("order", item)
		if err != nil {
			return nil, false, err
		}
		if f.Count {
			return nil, false, noColumn(a.table.Name, countField)
		}
		if !slices.Contains(columns, f.Column) {
			columns = append(columns, f.Column)
		}
	}
	return columns, descending, nil
}

// field reads what names a column: "name", "users.name",
// {"object":"users","field":"name"} or the count of rows.
func (q *ask) field(member string, v jsondoc.Value) (query.Field, error) {
	t, name := q.table, ""
	switch v.Kind() {
	case jsondoc.String:
		name, _ = v.Str()
		if table, column, ok := strings.Cut(name, "."); ok && t.Column(name) < 0 {
			if t = q.tables.Table(table); t == nil {
				return query.Field{}, noColumn(table, column)
			}
			name = column
		}
	case jsondoc.Object:
		object, err := textMember(v, "object")
		if err != nil {
			return query.Field{}, err
		}
		if name, err = textMember(v, "field"); err != nil {
			return query.Field{}, err
		}
		if name == countField {
			break
		}
		if t, err = q.tableOf(object); err != nil {
			return query.Field{}, err
		}
	default:
		return query.Field{}, &memberError{member, jsondoc.String.String(), v.Kind().String()}
	}
	if name == countField {
		return query.Field{Count: true}, nil
	}
	i := t.Column(name)
	if i < 0 {
		return query.Field{}, noColumn(t.Name, name)
	}
	return query.Field{Column: query.Column{Table: t.Name, Name: t.Columns[i].Name}}, nil
}
