package securid

import (
	"net/http"
	"strings"

	"portaria/terminal/dialect/jsondoc"
)

// The content types of answers. The vendor documents the image's alone.
const (
	typeJSON       = "application/json"
	typeProperties = "text/plain"
	typeHTML       = "text/html"
	typePNG        = "image/png"
	typeCSV        = "text/csv"
	typeTSV        = "text/tab-separated-values"
	typeXML        = "text/xml"
)

// field is one member of an answer. Every value is text, numbers and flags
// too (identity-apis §1.1).
type field struct{ name, value string }

// answer answers with fields, in the form that was asked for. JSON wraps them
// in data and names the command; properties do neither.
func (r *request) answer(fields ...field) error {
	if r.args.format() != "json" {
		r.Send(http.StatusOK, typeProperties, appendProperties(r.Buffer(), fields))
		return nil
	}
	body := append(r.Buffer(), `{"data":`...)
	body = appendObject(body, append([]field{{"type", r.name}}, fields...))
	r.Send(http.StatusOK, typeJSON, append(body, '}'))
	return nil
}

func appendObject(dst []byte, fields []field) []byte {
	dst = append(dst, '{')
	for i, f := range fields {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(jsondoc.AppendString(dst, f.name), ':')
		dst = jsondoc.AppendString(dst, f.value)
	}
	return append(dst, '}')
}

// appendProperties writes a line per field and none after the last: one
// client cuts the first six characters off token=… and keeps all the rest.
func appendProperties(dst []byte, fields []field) []byte {
	for i, f := range fields {
		if i > 0 {
			dst = append(dst, '\n')
		}
		dst = append(append(append(dst, f.name...), '='), oneLine.Replace(f.value)...)
	}
	return dst
}

var oneLine = strings.NewReplacer("\r", " ", "\n", " ")
