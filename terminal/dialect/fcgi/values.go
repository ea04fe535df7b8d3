package fcgi

import (
	"fmt"
	"net/http"
	"strings"

	"portaria/store/query"
	"portaria/store/schema"
	"portaria/terminal/dialect/jsondoc"
)

// maxRows is how many rows one request may carry: as many as the largest
// terminal has users. The device's own bound is not documented [guess].
const maxRows = 100_000

// gotTooLarge is what the device calls an integer that does not fit: its
// parser reads one beyond 64 bits as a fraction [guess].
const gotTooLarge = "double"

// typeNames are the words for what a column takes.
var typeNames = map[schema.Kind]string{
	schema.IntKind:  "int",
	schema.TextKind: "string",
	schema.BlobKind: "string",
}

// textBase64 is what a column of bytes takes, where it got another string
// [guess].
const textBase64 = "base64"

// cell reads a value for a column, as strictly as the device: no strings for
// integers, no booleans, no fractions (access-api §1.4).
func cell(c *schema.Column, v jsondoc.Value) (schema.Value, error) {
	if v.Kind() == jsondoc.Null {
		return schema.Null, nil
	}
	switch c.Type.Kind() {
	case schema.IntKind:
		if n, ok := v.Int(); ok {
			return schema.Int(n), nil
		}
		if n, ok := v.Uint(); ok && c.Unsigned {
			return schema.Int(int64(n)), nil
		}
	case schema.TextKind:
		if s, ok := v.Str(); ok {
			return schema.Text(s), nil
		}
	case schema.BlobKind:
		if b, ok := v.Base64(); ok {
			return schema.Blob(string(b)), nil
		}
		if v.Kind() == jsondoc.String {
			return schema.Null, &memberError{c.Name, textBase64, v.Kind().String()}
		}
	}
	return schema.Null, wrongKind(c, v)
}

func wrongKind(c *schema.Column, v jsondoc.Value) error {
	return &memberError{c.Name, typeNames[c.Type.Kind()], v.Kind().String()}
}

// rowReader reads rows of one table. What a row needs comes from slabs: a
// batch has thousands of rows.
type rowReader struct {
	table *schema.Table
	slab  []schema.Assignment
	seen  []int // by column: the number of the last row that assigned it
	rows  []schema.Row
}

const slabSize = 1024

// readRows reads values, which is an array of rows.
func readRows(t *schema.Table, values jsondoc.Value) ([]schema.Row, error) {
	r := rowReader{table: t, seen: make([]int, len(t.Columns))}
	for item := range values.Items() {
		if len(r.rows) == maxRows {
			return nil, &refusal{http.StatusBadRequest, fmt.Sprintf(textTooManyItems, "values", maxRows)}
		}
		if err := r.read(item); err != nil {
			return nil, err
		}
	}
	return r.rows, nil
}

// readRow reads values, which is one row.
func readRow(t *schema.Table, values jsondoc.Value) (schema.Row, error) {
	r := rowReader{table: t, seen: make([]int, len(t.Columns))}
	if err := r.read(values); err != nil {
		return nil, err
	}
	return r.rows[0], nil
}

// read appends one row. Of a member that is given twice the first counts.
func (r *rowReader) read(v jsondoc.Value) error {
	if v.Kind() != jsondoc.Object {
		return &memberError{"values", jsondoc.Object.String(), v.Kind().String()}
	}
	if cap(r.slab)-len(r.slab) < len(r.table.Columns) {
		r.slab = make([]schema.Assignment, 0, max(slabSize, len(r.table.Columns)))
	}
	start, number := len(r.slab), len(r.rows)+1
	for name, member := range v.Pairs() {
		i := r.table.Column(string(name))
		if i < 0 {
			return noColumn(r.table.Name, string(name))
		}
		if r.seen[i] == number {
			continue
		}
		r.seen[i] = number
		c := &r.table.Columns[i]
		value, err := cell(c, member)
		if err != nil {
			return err
		}
		r.slab = append(r.slab, schema.Assignment{Column: i, Value: value, Of: c})
	}
	r.rows = append(r.rows, r.slab[start:len(r.slab):len(r.slab)])
	return nil
}

func noColumn(table, name string) error {
	return &query.NoColumnError{Column: query.Column{Table: echo(table), Name: echo(name)}}
}

// maxEcho is how much of a client's own words an answer repeats.
const maxEcho = 200

// echo cuts what a client wrote to what may stand in an answer or a notice.
func echo(text string) string {
	if len(text) > maxEcho {
		return strings.ToValidUTF8(text[:maxEcho], "") + "..."
	}
	return text
}
