package vector

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
)

// compareJSON tells where the values of an answer differ from those of the
// response, whatever the order of members and the blanks between them.
// Placeholders stand in strings; a string that is {{int}} is an integer.
func (r runner) compareJSON(got []byte) error {
	want, err := parseJSON([]byte(r.exchange.response.body))
	if err != nil {
		return fmt.Errorf("the response is no JSON: %w", err)
	}
	value, err := parseJSON(got)
	if err != nil {
		return fmt.Errorf("body %.300q is no JSON: %w", got, err)
	}
	if err := r.compareValue("body", value, want); err != nil {
		return fmt.Errorf("%w; body %.300q", err, got)
	}
	return nil
}

func parseJSON(text []byte) (v any, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one document")
	}
	return v, nil
}

// compareValue compares what is at one place.
func (r runner) compareValue(at string, got, want any) error {
	switch want := want.(type) {
	case map[string]any:
		object, ok := got.(map[string]any)
		if !ok {
			break
		}
		for _, name := range slices.Sorted(maps.Keys(object)) {
			if _, ok := want[name]; !ok {
				return fmt.Errorf("%s has a member %s", at, name)
			}
		}
		for _, name := range slices.Sorted(maps.Keys(want)) {
			value, ok := object[name]
			if !ok {
				return fmt.Errorf("%s has no member %s", at, name)
			}
			if err := r.compareValue(at+"."+name, value, want[name]); err != nil {
				return err
			}
		}
		return nil
	case []any:
		list, ok := got.([]any)
		if !ok || len(list) != len(want) {
			break
		}
		for i, item := range list {
			if err := r.compareValue(fmt.Sprintf("%s[%d]", at, i), item, want[i]); err != nil {
				return err
			}
		}
		return nil
	case string:
		text, ok := got.(string)
		if number, isNumber := got.(json.Number); isNumber && want == "{{int}}" {
			text, ok = number.String(), true
		}
		if !ok {
			break
		}
		pattern, err := r.pattern(want)
		if err != nil {
			return err
		}
		if pattern.MatchString(text) {
			return nil
		}
	default:
		if got == want {
			return nil
		}
	}
	return fmt.Errorf("%s is %v, want %v", at, got, want)
}
