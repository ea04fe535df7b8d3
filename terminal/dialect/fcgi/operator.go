package fcgi

import (
	"net/http"
	"strings"

	"portaria/store/query"
	"portaria/store/schema"
	"portaria/terminal/dialect/jsondoc"
)

// operator is one of a where's.
type operator struct {
	op   query.Op
	list bool // takes a list of values
	null bool // asks for the missing value, and takes none
	not  bool // of list and null
}

// operators are those of access-api §3.7. No operator at all is equality.
var operators = map[string]operator{
	"":            {op: query.Equal},
	"=":           {op: query.Equal},
	"==":          {op: query.Equal},
	"!=":          {op: query.NotEqual},
	"<>":          {op: query.NotEqual},
	"<":           {op: query.Less},
	"<=":          {op: query.LessEqual},
	">":           {op: query.Greater},
	">=":          {op: query.GreaterEqual},
	"LIKE":        {op: query.Like},
	"NOT LIKE":    {op: query.NotLike},
	"IN":          {list: true},
	"NOT IN":      {list: true, not: true},
	"IS NULL":     {null: true},
	"IS NOT NULL": {null: true, not: true},
}

// words is an operator's text as the table has it: SQL minds neither case nor
// blanks.
func words(text string) string { return strings.ToUpper(strings.Join(strings.Fields(text), " ")) }

// nearError is what the device's database says of a word that it does not
// understand [guess].
func nearError(word string) error {
	return &refusal{http.StatusBadRequest, `near "` + echo(word) + `": syntax error`}
}

// compare makes one condition of a column, an operator and a value.
func (w *where) compare(t *schema.Table, name, text string, v jsondoc.Value) (query.Expr, error) {
	i := t.Column(name)
	if i < 0 {
		return nil, noColumn(t.Name, name)
	}
	w.count++
	if err := tooMany(w.count, maxConditions, textTooDeep); err != nil {
		return nil, err
	}
	o, ok := operators[words(text)]
	if !ok {
		return nil, nearError(text)
	}
	c := &t.Columns[i]
	column := query.Column{Table: t.Name, Name: c.Name}
	switch {
	case o.null:
		return query.IsNull{Column: column, Not: o.not}, nil
	case v.Kind() == jsondoc.Array && !o.list:
		// A list where there is no IN means it, or its opposite.
		if o.op != query.Equal && o.op != query.NotEqual {
			return nil, wrongKind(c, v)
		}
		o.not = o.op == query.NotEqual
		return w.in(column, c, o, v)
	case o.list:
		return w.in(column, c, o, v)
	case v.Kind() == jsondoc.Null && (o.op == query.Equal || o.op == query.NotEqual):
		// Nothing equals null in SQL, which no client means [guess].
		return query.IsNull{Column: column, Not: o.op == query.NotEqual}, nil
	case o.op == query.Like || o.op == query.NotLike:
		pattern, err := likePattern(c, v)
		return query.Compare{Column: column, Op: o.op, Value: pattern}, err
	}
	value, err := cell(c, v)
	return query.Compare{Column: column, Op: patternOp(o.op, value), Value: value}, err
}

// in makes a condition of a list. A single value is a list of one.
func (w *where) in(column query.Column, c *schema.Column, o operator, v jsondoc.Value) (query.Expr, error) {
	e := query.In{Column: column, Not: o.not}
	add := func(v jsondoc.Value) error {
		w.inLists++
		if err := tooMany(w.inLists, maxInLists, textTooManyVariables); err != nil {
			return err
		}
		value, err := cell(c, v)
		e.Values = append(e.Values, value)
		return err
	}
	if v.Kind() != jsondoc.Array {
		return e, add(v)
	}
	for item := range v.Items() {
		if err := add(item); err != nil {
			return nil, err
		}
	}
	return e, nil
}

// likePattern reads the value of LIKE: a pattern, for integers too.
func likePattern(c *schema.Column, v jsondoc.Value) (schema.Value, error) {
	if pattern, ok := v.Str(); ok {
		return schema.Text(pattern), nil
	}
	value, err := cell(c, v)
	if err == nil && value.Kind() == schema.IntKind {
		value = schema.Text(string(appendInt(nil, value.Int(), c.Unsigned)))
	}
	return value, err
}

// patternOp makes equality with a pattern LIKE: that is how the vendor's own
// clients search (access-api §3.7).
func patternOp(op query.Op, value schema.Value) query.Op {
	if value.Kind() == schema.TextKind && strings.ContainsAny(value.Str(), "%_") {
		switch op {
		case query.Equal:
			return query.Like
		case query.NotEqual:
			return query.NotLike
		}
	}
	return op
}
