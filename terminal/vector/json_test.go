package vector

import (
	"strings"
	"testing"
)

func TestCompareJSON(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ got, want, problem string }{
		{`{"b":[1,null],"a":"x"}`, "{\n \"a\": \"x\",\n \"b\": [1, null]\n}", ""},
		{`{"a":"2024/x.jpg"}`, `{"a":"{{int}}/{{text}}.jpg"}`, ""},
		{`{"a":12}`, `{"a":"{{int}}"}`, ""},
		{`{"a":1.5}`, `{"a":"{{int}}"}`, "body.a is 1.5"},
		{`{"a":"1"}`, `{"a":1}`, "body.a is 1"},
		{`{"a":1,"b":2}`, `{"a":1}`, "body has a member b"},
		{`{"a":1}`, `{"a":1,"b":2}`, "body has no member b"},
		{`{"a":[1]}`, `{"a":[1,2]}`, "body.a is [1]"},
		{`{"a":[1,{"c":true}]}`, `{"a":[1,{"c":false}]}`, "body.a[1].c is true"},
		{`{"a":null}`, `{"a":{}}`, "body.a is <nil>"},
		{`{}x`, `{}`, "is no JSON"},
		{`{}`, `{`, "the response is no JSON"},
	} {
		r := runner{exchange: exchange{response: response{body: c.want}}}
		err := r.compareJSON([]byte(c.got))
		if (err == nil) != (c.problem == "") || err != nil && !strings.Contains(err.Error(), c.problem) {
			t.Errorf("%s compared with %s: %v, want %q", c.got, c.want, err, c.problem)
		}
	}
}
