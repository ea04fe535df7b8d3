package securid

import (
	"cmp"
	"strings"

	"portaria/terminal/dialect"
	"portaria/terminal/dialect/jsondoc"
)

// form is a way to write a list.
type form struct {
	contentType string
	write       func(answer *dialect.Answer, name string, columns []column, rows []row) error
}

// formOf is the form that was asked for. Only csv and properties take another
// delimiter.
func formOf(a args) form {
	header := a.one("includeHeaderRow") == "" || a.is("includeHeaderRow")
	delimiter := cmp.Or(a.one("delimiter"), ",")
	switch a.format() {
	case "json":
		return form{typeJSON, writeJSON}
	case "csv":
		return form{typeCSV, separated{delimiter, header}.write}
	case "tsv":
		return form{typeTSV, separated{"\t", header}.write}
	case "xml":
		return form{typeXML, writeXML}
	}
	return form{typeProperties, properties{delimiter}.write}
}

// writeJSON writes the list under the command's name and without data around
// it (identity-apis §1.1).
func writeJSON(answer *dialect.Answer, name string, columns []column, rows []row) error {
	answer.Tail = append(jsondoc.AppendString(append(answer.Tail, '{'), name), ":["...)
	fields := make([]field, len(columns))
	for i, r := range rows {
		if i > 0 {
			answer.Tail = append(answer.Tail, ',')
		}
		for i, c := range columns {
			fields[i] = field{c.name, r.cells[i]}
		}
		answer.Tail = appendObject(answer.Tail, fields)
		if err := answer.Settle(); err != nil {
			return err
		}
	}
	answer.Tail = append(answer.Tail, "]}"...)
	return nil
}

// writeXML writes an element per row and column. The product's own names for
// them are not documented [guess].
func writeXML(answer *dialect.Answer, name string, columns []column, rows []row) error {
	answer.Tail = append(answer.Tail, `<?xml version="1.0" encoding="UTF-8"?>`+"\n<"+name+">"...)
	for _, r := range rows {
		answer.Tail = append(answer.Tail, "<row>"...)
		for i, c := range columns {
			answer.Tail = append(answer.Tail, "<"+c.name+">"...)
			answer.Tail = append(answer.Tail, markup.Replace(printable(r.cells[i]))...)
			answer.Tail = append(answer.Tail, "</"+c.name+">"...)
		}
		answer.Tail = append(answer.Tail, "</row>"...)
		if err := answer.Settle(); err != nil {
			return err
		}
	}
	answer.Tail = append(answer.Tail, "</"+name+">"...)
	return nil
}

// printable leaves out what XML cannot hold.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xfffe || r == 0xffff {
			return -1
		}
		return r
	}, text)
}

// separated writes a line per row.
type separated struct {
	delimiter string
	header    bool
}

func (s separated) write(answer *dialect.Answer, _ string, columns []column, rows []row) error {
	if s.header {
		names := make([]string, len(columns))
		for i, c := range columns {
			names[i] = c.name
		}
		answer.Tail = s.appendLine(answer.Tail, names)
	}
	for _, r := range rows {
		answer.Tail = s.appendLine(answer.Tail, r.cells)
		if err := answer.Settle(); err != nil {
			return err
		}
	}
	return nil
}

// appendLine quotes what would be read as something else.
func (s separated) appendLine(dst []byte, cells []string) []byte {
	for i, cell := range cells {
		if i > 0 {
			dst = append(dst, s.delimiter...)
		}
		if strings.Contains(cell, s.delimiter) || strings.ContainsAny(cell, "\"\r\n") {
			cell = `"` + strings.ReplaceAll(cell, `"`, `""`) + `"`
		}
		dst = append(dst, cell...)
	}
	return append(dst, '\n')
}

// properties writes a line per column, with the values of all rows.
type properties struct{ delimiter string }

func (p properties) write(answer *dialect.Answer, _ string, columns []column, rows []row) error {
	for i, c := range columns {
		if i > 0 {
			answer.Tail = append(answer.Tail, '\n')
		}
		answer.Tail = append(append(answer.Tail, c.name...), '=')
		for j, r := range rows {
			if j > 0 {
				answer.Tail = append(answer.Tail, p.delimiter...)
			}
			answer.Tail = append(answer.Tail, oneLine.Replace(r.cells[i])...)
			if err := answer.Settle(); err != nil {
				return err
			}
		}
	}
	return nil
}
