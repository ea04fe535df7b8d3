package fcgi

import (
	"net/http"
	"slices"

	"portaria/store/query"
	"portaria/store/schema"
	"portaria/terminal/dialect/jsondoc"
)

// The bounds of the device's database on one question (access-api §3.2).
const (
	maxInLists    = 999  // values in the lists of a where
	maxConditions = 1000 // depth of an expression [guess]
)

// where reads the where member of an object command (access-api §3.7).
type where struct {
	ask     *ask
	filter  query.Filter
	count   int // conditions so far
	inLists int // values in lists so far
}

// readWhere returns which rows of the asked table are meant. Empty forms mean
// all of them.
func readWhere(a *ask) (query.Filter, error) {
	w := where{ask: a, filter: query.Filter{Table: a.table.Name}}
	v := a.body.Member("where")
	var err error
	switch v.Kind() {
	case jsondoc.Undefined, jsondoc.Null:
	case jsondoc.Object:
		err = w.nested(v)
	case jsondoc.Array:
		err = w.list(v)
	default:
		err = &memberError{"where", jsondoc.Object.String(), v.Kind().String()}
	}
	w.filter.Where = query.Normal(w.filter.Where)
	return w.filter, err
}

// nested reads {"users":{"id":10}} and {"users":{"id":{">=":10}}}: everything
// must hold. A table without conditions is joined all the same.
func (w *where) nested(v jsondoc.Value) error {
	var all query.And
	for name, columns := range v.Members() {
		t, err := w.ask.tableOf(name)
		if err != nil {
			return err
		}
		if columns.Kind() != jsondoc.Object {
			w.ask.notes.say(ruleWhere, "where."+name+" is no object and does nothing")
			continue
		}
		empty := true
		for column, value := range columns.Members() {
			empty = false
			parts, err := w.column(t, column, value)
			if err != nil {
				return err
			}
			all = append(all, parts...)
		}
		if empty && t.Name != w.filter.Table && !slices.Contains(w.filter.Join, t.Name) {
			w.filter.Join = append(w.filter.Join, t.Name)
		}
	}
	w.filter.Where = all
	return nil
}

// column reads what stands for one column in a nested where: a value, a list
// of values, or an object of operators.
func (w *where) column(t *schema.Table, name string, v jsondoc.Value) ([]query.Expr, error) {
	if v.Kind() != jsondoc.Object {
		part, err := w.compare(t, name, "", v)
		return []query.Expr{part}, err
	}
	var parts []query.Expr
	for operator, value := range v.Members() {
		part, err := w.compare(t, name, operator, value)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	if parts == nil {
		if t.Column(name) < 0 {
			return nil, noColumn(t.Name, name)
		}
		w.ask.notes.say(ruleWhere, "where."+t.Name+"."+name+" has no operator and does nothing")
	}
	return parts, nil
}

// list reads [{"object":…,"field":…,"operator":…,"value":…,"connector":…}].
func (w *where) list(v jsondoc.Value) error {
	var groups, group chain
	for item := range v.Items() {
		if item.Kind() != jsondoc.Object {
			w.ask.notes.say(ruleWhere, "an item of where that is no object does nothing")
			continue
		}
		part, err := w.item(item)
		if err != nil {
			return err
		}
		next, err := readConnector(item.Member("connector"))
		if err != nil {
			return err
		}
		if !next.closes {
			group.add(part, next.or)
			continue
		}
		group.add(part, false)
		groups.add(group.expr(), next.or)
		group = chain{}
	}
	groups.add(group.expr(), false)
	w.filter.Where = groups.expr()
	return nil
}

// itemMembers are the members of an item of a list.
var itemMembers = []string{"object", "field", "operator", "value", "connector"}

// item reads one condition of a list.
func (w *where) item(v jsondoc.Value) (query.Expr, error) {
	t := w.ask.table
	if object := v.Member("object"); object.Kind() != jsondoc.Undefined {
		name, ok := object.Str()
		if !ok {
			return nil, &memberError{"object", jsondoc.String.String(), object.Kind().String()}
		}
		var err error
		if t, err = w.ask.tableOf(name); err != nil {
			return nil, err
		}
	}
	field, err := textMember(v, "field")
	if err != nil {
		return nil, err
	}
	operator := ""
	if member := v.Member("operator"); member.Kind() != jsondoc.Undefined {
		if operator, err = textMember(v, "operator"); err != nil {
			return nil, err
		}
	}
	for name := range v.Members() {
		switch {
		case name == "op":
			w.ask.notes.say(ruleOp, "op does nothing in a where; the member is called operator")
		case !slices.Contains(itemMembers, name):
			w.ask.notes.say(ruleWhere, name+" does nothing in an item of where")
		}
	}
	return w.compare(t, field, operator, v.Member("value"))
}

// tooMany refuses one condition or one value of a list more than the device's
// database takes.
func tooMany(count, limit int, text string) error {
	if count > limit {
		return &refusal{http.StatusBadRequest, text}
	}
	return nil
}
