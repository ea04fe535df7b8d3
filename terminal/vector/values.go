package vector

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// compareValues tells where a body differs from a section response.json or
// response.xml. What parsers do not see does not count: blanks, the order of
// members, the prefixes of namespaces. A placeholder is in a string, and fits a
// number as well.
func (r runner) compareValues(body []byte) error {
	read := readJSON
	if r.exchange.response.as == "xml" {
		read = readXML
	}
	want, err := read([]byte(r.exchange.response.body))
	if err != nil {
		return fmt.Errorf("response section: %w", err)
	}
	got, err := read(body)
	if err != nil {
		return fmt.Errorf("body %.300q: %w", body, err)
	}
	if err := r.differ("", want, got); err != nil {
		return fmt.Errorf("%w; body %.300q", err, body)
	}
	return nil
}

func (r runner) differ(at string, want, got any) error {
	switch want := want.(type) {
	case map[string]any:
		have, ok := got.(map[string]any)
		if !ok || !slices.Equal(slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(have))) {
			return fmt.Errorf("at %q: %.200v, want %.200v", at, got, want)
		}
		for name, value := range want {
			if err := r.differ(at+"/"+name, value, have[name]); err != nil {
				return err
			}
		}
		return nil
	case []any:
		have, ok := got.([]any)
		if !ok || len(have) != len(want) {
			return fmt.Errorf("at %q: %.200v, want %.200v", at, got, want)
		}
		for i, value := range want {
			if err := r.differ(fmt.Sprint(at, "/", i), value, have[i]); err != nil {
				return err
			}
		}
		return nil
	case string:
		if placeholder.MatchString(want) {
			pattern, err := r.pattern(want)
			if err == nil && (got == nil || !pattern.MatchString(fmt.Sprint(got))) {
				err = fmt.Errorf("at %q: %.200v, want %.200s", at, got, want)
			}
			return err
		}
	}
	if want != got {
		return fmt.Errorf("at %q: %.200v, want %.200v", at, got, want)
	}
	return nil
}

func readJSON(text []byte) (value any, err error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one document")
	}
	return value, nil
}

// readXML reads a document as the value of its root element: a map of its name,
// its attributes, its text and a list of the elements inside.
func readXML(text []byte) (any, error) {
	decoder := xml.NewDecoder(bytes.NewReader(text))
	spaces := make(map[string]string) // what prefixes mean; each means one thing in a document of ours
	open := []map[string]any{{"inside": []any{}, "text": ""}}
	for {
		token, err := decoder.Token()
		top := open[len(open)-1]
		switch {
		case errors.Is(err, io.EOF):
			inside := top["inside"].([]any)
			if len(open) > 1 || len(inside) != 1 {
				return nil, errors.New("no single root element")
			}
			return inside[0], nil
		case err != nil:
			return nil, err
		}
		switch token := token.(type) {
		case xml.StartElement:
			open = append(open, startElement(token, spaces))
		case xml.CharData:
			top["text"] = strings.TrimSpace(top["text"].(string) + string(token))
		case xml.EndElement:
			open = open[:len(open)-1]
			parent := open[len(open)-1]
			parent["inside"] = append(parent["inside"].([]any), any(top))
		}
	}
}

func startElement(token xml.StartElement, spaces map[string]string) map[string]any {
	element := map[string]any{"name": token.Name.Space + " " + token.Name.Local, "inside": []any{}, "text": ""}
	for _, a := range token.Attr {
		if a.Name.Space == "xmlns" {
			spaces[a.Name.Local] = a.Value
		}
	}
	for _, a := range token.Attr {
		switch {
		case a.Name.Space == "xmlns" || a.Name.Local == "xmlns":
		case a.Name == xml.Name{Space: "http://www.w3.org/2001/XMLSchema-instance", Local: "type"}:
			// Its value is a name, too.
			prefix, name, _ := strings.Cut(a.Value, ":")
			element["type"] = spaces[prefix] + " " + name
		default:
			element["@"+a.Name.Space+" "+a.Name.Local] = a.Value
		}
	}
	return element
}
