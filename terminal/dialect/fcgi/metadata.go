package fcgi

import (
	"net/http"
	"strconv"

	"portaria/store/schema"
	"portaria/terminal/dialect"
	"portaria/terminal/dialect/jsondoc"
)

// objectMetadata describes every table (access-api §3.6). The order of the
// members and that nulls have an empty default are [guess].
func (a *API) objectMetadata(c *dialect.Call) error {
	tables := a.device.Schema()
	return c.Compose(a.room, http.StatusOK, typeJSON, func(answer *dialect.Answer) error {
		for i, t := range tables.Tables() {
			answer.Tail = appendKey(answer.Tail, i, t.Name)
			answer.Tail = append(answer.Tail, `{"fields":`...)
			answer.Tail = appendFields(answer.Tail, t)
			answer.Tail = append(answer.Tail, `,"joins":`...)
			answer.Tail = append(appendJoins(answer.Tail, tables.Joins(t.Name)), '}')
			if err := answer.Settle(); err != nil {
				return err
			}
		}
		answer.Tail = append(answer.Tail, '}')
		return nil
	})
}

// appendKey appends what stands before the value of the i-th member of an
// object.
func appendKey(dst []byte, i int, name string) []byte {
	before := byte(',')
	if i == 0 {
		before = '{'
	}
	return append(jsondoc.AppendString(append(dst, before), name), ':')
}

func appendFields(dst []byte, t *schema.Table) []byte {
	for i := range t.Columns {
		c := &t.Columns[i]
		dst = appendKey(dst, i, c.Name)
		dst = jsondoc.AppendString(append(dst, `{"type":`...), c.Type.String())
		if i == t.Key {
			dst = append(dst, `,"primary key":true`...)
		}
		if c.Ref != nil {
			dst = append(dst, `,"foreign key":`...)
			dst = appendColumnName(dst, schema.ColumnName{Table: c.Ref.Table, Column: c.Ref.Column})
		}
		if c.NotNull {
			dst = append(dst, `,"not null":true`...)
		}
		dst = append(dst, `,"default value":`...)
		dst = jsondoc.AppendString(dst, defaultText(c.Default))
		// Said of every column, whatever the tables enforce.
		dst = append(dst, `,"unique":false}`...)
	}
	return append(dst, '}')
}

func defaultText(v schema.Value) string {
	if v.Kind() == schema.IntKind {
		return strconv.FormatInt(v.Int(), 10)
	}
	return v.Str()
}

func appendColumnName(dst []byte, c schema.ColumnName) []byte {
	dst = jsondoc.AppendString(append(dst, `{"object":`...), c.Table)
	return append(jsondoc.AppendString(append(dst, `,"field":`...), c.Column), '}')
}

func appendJoins(dst []byte, joins []schema.Join) []byte {
	if len(joins) == 0 {
		return append(dst, "{}"...)
	}
	for i, j := range joins {
		dst = append(appendKey(dst, i, j.Table), '[')
		for k, c := range j.Fields {
			if k > 0 {
				dst = append(dst, ',')
			}
			dst = appendColumnName(dst, c)
		}
		dst = append(dst, ']')
	}
	return append(dst, '}')
}
