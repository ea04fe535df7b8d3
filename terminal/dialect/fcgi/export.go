package fcgi

import (
	"archive/zip"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"

	"portaria/store/query"
	"portaria/store/schema"
	"portaria/terminal/dialect"
	"portaria/terminal/dialect/jsondoc"
)

// The file that export_objects answers with. That it is CSV, how lines end, and
// that several tables come in a zip of one file each are [guess].
const (
	typeCSV   = "text/csv; charset=utf-8"
	typeZip   = "application/zip"
	zipName   = "objects.zip"
	csvEnding = ".csv"
	csvComma  = ','
	csvLine   = "\r\n"
)

// maxExported is how many tables one export may have: more than there are.
const maxExported = 200

// exportObjects answers with tables as a file (access-api §16.4).
func (a *API) exportObjects(c *dialect.Call) error {
	v, err := object(c)
	if err != nil {
		return err
	}
	tables := a.device.Schema()
	exports, err := readExports(v.Member("objects"), tables)
	if err != nil {
		return err
	}
	if len(exports) == 1 {
		err = c.Compose(a.room, http.StatusOK, typeCSV, func(answer *dialect.Answer) error {
			return a.writeCSV(answer, tables, exports[0])
		})
		return attach(c, exports[0].Table+csvEnding, err)
	}
	err = c.Compose(a.room, http.StatusOK, typeZip, func(answer *dialect.Answer) error {
		return a.writeZip(answer, tables, exports)
	})
	return attach(c, zipName, err)
}

// attach names the file of an answer that went well.
func attach(c *dialect.Call, name string, err error) error {
	if err == nil {
		c.SetHeaders(dialect.NewHeader("Content-Disposition", `attachment; filename="`+name+`"`))
	}
	return err
}

// readExports reads [{"object":"users"},{"object":"cards","columns":["value"]}].
func readExports(objects jsondoc.Value, tables *schema.Schema) ([]query.Query, error) {
	if objects.Kind() != jsondoc.Array {
		return nil, &memberError{"objects", jsondoc.Array.String(), objects.Kind().String()}
	}
	var exports []query.Query
	for item := range objects.Items() {
		if len(exports) == maxExported {
			return nil, &refusal{http.StatusBadRequest, fmt.Sprintf(textTooManyItems, "objects", maxExported)}
		}
		if item.Kind() != jsondoc.Object {
			return nil, &memberError{"objects", jsondoc.Object.String(), item.Kind().String()}
		}
		q := &ask{body: item, tables: tables}
		name, err := textMember(item, "object")
		if err != nil {
			return nil, err
		}
		if q.table, err = q.tableOf(name); err != nil {
			return nil, err
		}
		columns, err := readColumns(q, "columns")
		if err != nil {
			return nil, err
		}
		exports = append(exports, exportOf(q.table, columns))
	}
	if exports == nil {
		return nil, &memberError{"objects", jsondoc.Object.String(), jsondoc.Undefined.String()}
	}
	return exports, nil
}

// exportOf asks for every row of a table, whole or some columns of it.
func exportOf(t *schema.Table, columns []query.Column) query.Query {
	q := query.Query{Filter: query.Filter{Table: t.Name}, Limit: query.NoLimit}
	if columns == nil {
		q.Fields = everyColumn(t)
	}
	for _, c := range columns {
		q.Fields = append(q.Fields, query.Field{Column: c})
	}
	return q
}

// writeCSV writes a line of names and a line for each row.
func (a *API) writeCSV(answer *dialect.Answer, tables *schema.Schema, q query.Query) error {
	unsigned := make([]bool, len(q.Fields))
	for i, f := range q.Fields {
		unsigned[i] = columnOf(tables.Table(f.Column.Table), f.Column.Name).Unsigned
		answer.Tail = appendCSV(answer.Tail, i, f.Column.Name)
	}
	answer.Tail = append(answer.Tail, csvLine...)
	return a.device.Load(q, func(values []schema.Value) error {
		for i, v := range values {
			switch v.Kind() {
			case schema.IntKind:
				answer.Tail = appendInt(appendCSV(answer.Tail, i, ""), v.Int(), unsigned[i])
			case schema.BlobKind:
				answer.Tail = base64.StdEncoding.AppendEncode(appendCSV(answer.Tail, i, ""), []byte(v.Str()))
			default:
				answer.Tail = appendCSV(answer.Tail, i, v.Str())
			}
		}
		answer.Tail = append(answer.Tail, csvLine...)
		return answer.Settle()
	})
}

// appendCSV appends the i-th cell of a line (RFC 4180).
func appendCSV(dst []byte, i int, text string) []byte {
	if i > 0 {
		dst = append(dst, csvComma)
	}
	if !strings.ContainsAny(text, "\",\r\n") {
		return append(dst, text...)
	}
	dst = append(dst, '"')
	dst = append(dst, strings.ReplaceAll(text, `"`, `""`)...)
	return append(dst, '"')
}

// writeZip writes a file for each export, with the name of its table; further
// ones of a table have a number. A table is packed when it has been
// read: packing takes too long to hold the data still for it.
func (a *API) writeZip(answer *dialect.Answer, tables *schema.Schema, exports []query.Query) error {
	archive := zip.NewWriter(answer)
	files := make(map[string]int)
	for _, q := range exports {
		part := answer.Part()
		if err := a.writeCSV(part, tables, q); err != nil {
			return err
		}
		name := q.Table
		if files[name]++; files[name] > 1 {
			name = fmt.Sprintf("%s-%d", name, files[name])
		}
		file, err := archive.Create(name + csvEnding)
		if err != nil {
			return err
		}
		if _, err := part.WriteTo(file); err != nil {
			return err
		}
	}
	return archive.Close()
}
