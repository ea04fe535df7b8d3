package fcgi

import (
	"strconv"

	"portaria/terminal/dialect"
	"portaria/terminal/dialect/jsondoc"
)

// queryInt reads an integer of the query.
func queryInt(c *dialect.Call, name string) (int64, error) {
	text, ok := c.Query(name)
	if !ok {
		return 0, &memberError{name, "int", jsondoc.Undefined.String()}
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, &memberError{name, "int", jsondoc.String.String()}
	}
	return n, nil
}

// queryFlag reads a flag of the query, which is 0, 1 or absent; some clients
// write false and true.
func queryFlag(c *dialect.Call, name string) bool {
	text, _ := c.Query(name)
	return text == "1" || text == "true"
}

// looseInt reads an integer member that clients also send as a string of
// digits, as the documentation itself does for user_id.
func looseInt(v jsondoc.Value, name string) (int64, error) {
	if n, ok := v.Int(); ok {
		return n, nil
	}
	if text, ok := v.Str(); ok {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return n, nil
		}
	}
	return 0, &memberError{name, "int", v.Kind().String()}
}

// looseFlag reads a flag member, which clients send as a boolean, as 0 or 1,
// or as a string of either. Absent and null are false.
func looseFlag(v jsondoc.Value, name string) (bool, error) {
	switch v.Kind() {
	case jsondoc.Undefined, jsondoc.Null:
		return false, nil
	case jsondoc.Boolean:
		flag, _ := v.Bool()
		return flag, nil
	}
	text := string(v.Raw())
	if s, ok := v.Str(); ok {
		text = s
	}
	switch text {
	case "1", "true":
		return true, nil
	case "0", "false", "":
		return false, nil
	}
	return false, &memberError{name, "boolean", v.Kind().String()}
}

// object reads the body as an object; a body that says nothing is an empty
// one.
func object(c *dialect.Call) (jsondoc.Value, error) {
	v, err := c.JSON()
	if err != nil {
		return v, err
	}
	if k := v.Kind(); k != jsondoc.Object && k != jsondoc.Undefined {
		return v, jsondoc.ErrSyntax
	}
	return v, nil
}
