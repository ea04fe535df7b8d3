package fcgi

import (
	"encoding/base64"
	"strconv"

	"portaria/store/query"
	"portaria/store/schema"
	"portaria/terminal/dialect/jsondoc"
)

// legacyNulls is what the oldest firmware shows in the place of a missing
// integer, and of a missing text, which no capture has [guess].
var legacyNulls = map[schema.Kind]string{
	schema.IntKind:  "0",
	schema.TextKind: `""`,
	schema.BlobKind: `""`,
}

// jsonRows writes the rows of one query. What does not change from row to row
// is made once.
type jsonRows struct {
	columns []jsonColumn
	first   bool // no row has been written
}

type jsonColumn struct {
	key      string // what stands before the value, its name included
	null     string // what stands for the missing value
	unsigned bool
}

// jsonRows prepares the rows that q asks for.
func (a *API) jsonRows(ask *ask, q query.Query) *jsonRows {
	r := new(jsonRows)
	add := func(name string, c *schema.Column) {
		before := byte(',')
		if len(r.columns) == 0 {
			before = '{'
		}
		column := jsonColumn{key: string(append(jsondoc.AppendString([]byte{before}, name), ':')), null: "null"}
		if c != nil {
			column.unsigned = c.Unsigned
			if a.device.Profile().Line == schema.Legacy {
				column.null = legacyNulls[c.Type.Kind()]
			}
		}
		r.columns = append(r.columns, column)
	}
	for _, f := range q.Fields {
		switch {
		case f.Count:
			add(countField, nil)
		case f.Column.Table == q.Table:
			add(f.Column.Name, columnOf(ask.table, f.Column.Name))
		default:
			add(f.Column.Table+"."+f.Column.Name, columnOf(ask.tables.Table(f.Column.Table), f.Column.Name))
		}
	}
	return r
}

func columnOf(t *schema.Table, name string) *schema.Column { return &t.Columns[t.Column(name)] }

// append appends one row, and the comma before it.
func (r *jsonRows) append(dst []byte, values []schema.Value) []byte {
	if !r.first {
		dst = append(dst, ',')
	}
	r.first = false
	for i := range r.columns {
		c := &r.columns[i]
		dst = append(dst, c.key...)
		switch v := values[i]; v.Kind() {
		case schema.IntKind:
			dst = appendInt(dst, v.Int(), c.unsigned)
		case schema.TextKind:
			dst = jsondoc.AppendString(dst, v.Str())
		case schema.BlobKind:
			dst = append(dst, '"')
			dst = base64.StdEncoding.AppendEncode(dst, []byte(v.Str()))
			dst = append(dst, '"')
		default:
			dst = append(dst, c.null...)
		}
	}
	return append(dst, '}')
}

func appendInt(dst []byte, n int64, unsigned bool) []byte {
	if unsigned {
		return strconv.AppendUint(dst, uint64(n), 10)
	}
	return strconv.AppendInt(dst, n, 10)
}
