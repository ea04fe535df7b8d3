package fcgi

import (
	"errors"
	"net/http"
	"strconv"

	"portaria/store"
	"portaria/store/schema"
	"portaria/terminal/device"
	"portaria/terminal/dialect"
	"portaria/terminal/dialect/jsondoc"
)

// addField adds a custom column (access-api §3.6).
func (a *API) addField(c *dialect.Call) error {
	q, err := a.ask(c, "object_add_field", "column_name", "name", "type", "constraint", "default_value", "unique")
	if err != nil {
		return err
	}
	field, err := readField(q)
	if err != nil {
		return err
	}
	switch _, err = a.device.AddField(field); {
	case errors.Is(err, device.ErrColumnName):
		return nearError(field.Name)
	case errors.Is(err, store.ErrColumnTaken):
		return &refusal{http.StatusBadRequest, textDuplicateColumn + field.Name}
	case errors.Is(err, device.ErrColumnRule) && field.Unique:
		return &refusal{http.StatusBadRequest, textUniqueColumn}
	case errors.Is(err, device.ErrColumnRule):
		return &refusal{http.StatusBadRequest, textNotNullColumn}
	case err != nil:
		return err
	}
	return done(c)
}

// fieldTypes are the types that a custom column may have.
var fieldTypes = map[string]schema.Type{
	"BIGINT": schema.BigInt, "INTEGER": schema.Integer, "TEXT": schema.String, "BLOB": schema.Bytes,
}

func readField(q *ask) (schema.Field, error) {
	f := schema.Field{Table: q.table.Name}
	var err error
	if f.Name, err = textMember(q.body, "column_name"); err != nil {
		return f, err
	}
	if f.Label, err = optionalText(q.body, "name", f.Name); err != nil {
		return f, err
	}
	typeName, err := optionalText(q.body, "type", schema.String.String())
	if err != nil {
		return f, err
	}
	var ok bool
	if f.Type, ok = fieldTypes[words(typeName)]; !ok {
		return f, nearError(typeName)
	}
	constraint, err := optionalText(q.body, "constraint", "")
	if err != nil {
		return f, err
	}
	// The web interface sends NONE; the words of other constraints are not
	// documented [guess].
	switch words(constraint) {
	case "", "NONE":
	case "NOT NULL", "NOT_NULL":
		f.NotNull = true
	case "UNIQUE":
		f.Unique = true
	default:
		return f, nearError(constraint)
	}
	if f.Default, err = fieldDefault(f, q.body.Member("default_value")); err != nil {
		return f, err
	}
	unique, err := looseFlag(q.body.Member("unique"), "unique")
	f.Unique = f.Unique || unique
	return f, err
}

// fieldDefault reads a default, which the web interface writes as a string
// whatever the type, and as an empty one when there is none.
func fieldDefault(f schema.Field, v jsondoc.Value) (schema.Value, error) {
	if v.Kind() == jsondoc.Undefined || v.Kind() == jsondoc.Null {
		return schema.Null, nil
	}
	if text, ok := v.Str(); ok {
		if text == "" {
			return schema.Null, nil
		}
		if f.Type.Kind() == schema.IntKind {
			n, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				return schema.Null, &memberError{"default_value", jsondoc.Int.String(), jsondoc.String.String()}
			}
			return schema.Int(n), nil
		}
	}
	return cell(&schema.Column{Name: "default_value", Type: f.Type}, v)
}

func optionalText(v jsondoc.Value, name, otherwise string) (string, error) {
	member := v.Member(name)
	if member.Kind() == jsondoc.Undefined || member.Kind() == jsondoc.Null {
		return otherwise, nil
	}
	return textMember(v, name)
}

// removeFields removes custom columns (access-api §3.6).
func (a *API) removeFields(c *dialect.Call) error {
	v, err := object(c)
	if err != nil {
		return err
	}
	list := v.Member("ids")
	if list.Kind() != jsondoc.Array {
		return &memberError{"ids", jsondoc.Array.String(), list.Kind().String()}
	}
	var ids []int64
	for item := range list.Items() {
		id, ok := item.Int()
		if !ok {
			return &memberError{"ids", jsondoc.Int.String(), item.Kind().String()}
		}
		ids = append(ids, id)
	}
	if err := a.device.RemoveFields(ids); err != nil {
		return err
	}
	return done(c)
}
