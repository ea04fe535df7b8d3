package vector

import "testing"

func TestCompareValues(t *testing.T) {
	t.Parallel()
	const root = `<b:R xmlns:b="urn:b"><data xmlns:x="http://www.w3.org/2001/XMLSchema-instance" xmlns:n="urn:n" x:type="n:T"><id>9</id><id>8</id></data></b:R>`
	for name, c := range map[string]struct {
		as, want, got string
		same          bool
	}{
		"the order of members":        {"json", `{"a":1,"b":[true,null]}`, `{ "b":[true,null], "a":1 }`, true},
		"the order of a list":         {"json", `[1,2]`, `[2,1]`, false},
		"a member more":               {"json", `{"a":1}`, `{"a":1,"b":2}`, false},
		"a member less":               {"json", `{"a":1,"b":2}`, `{"a":1}`, false},
		"a number and a text":         {"json", `{"a":"1"}`, `{"a":1}`, false},
		"a placeholder for a number":  {"json", `{"a":"{{int}}"}`, `{"a":1}`, true},
		"a placeholder in a text":     {"json", `{"a":"{{int}}-9"}`, `{"a":"15-9"}`, true},
		"a placeholder that does not": {"json", `{"a":"{{int}}-9"}`, `{"a":"15-8"}`, false},
		"a placeholder for null":      {"json", `{"a":"{{text}}"}`, `{"a":null}`, false},
		"two documents":               {"json", `{}`, `{}{}`, false},
		"no document":                 {"json", `{}`, `{`, false},
		"other prefixes":              {"xml", root, `<q:R xmlns:q="urn:b"> <data xmlns:y="http://www.w3.org/2001/XMLSchema-instance" xmlns:m="urn:n" y:type="m:T"><id> 9</id><id>8</id></data></q:R>`, true},
		"a prefix that means nothing": {"xml", root, `<b:R xmlns:b="urn:b"><data xmlns:n="urn:n" x:type="n:T"><id>9</id><id>8</id></data></b:R>`, false},
		"another type":                {"xml", root, `<q:R xmlns:q="urn:b"><data xmlns:y="http://www.w3.org/2001/XMLSchema-instance" xmlns:m="urn:n" y:type="m:U"><id>9</id><id>8</id></data></q:R>`, false},
		"another namespace":           {"xml", `<R xmlns="urn:b"/>`, `<R/>`, false},
		"the order of elements":       {"xml", `<R><a/><b/></R>`, `<R><b/><a/></R>`, false},
		"another text":                {"xml", `<R>a</R>`, `<R>b</R>`, false},
		"a placeholder":               {"xml", `<R><a>{{int}}</a></R>`, `<R><a>12</a></R>`, true},
		"no end":                      {"xml", `<R/>`, `<R>`, false},
		"an attribute":                {"xml", `<R a="1"/>`, `<R a="2"/>`, false},
	} {
		r := runner{exchange: exchange{response: response{as: c.as, body: c.want}}}
		if err := r.compareValues([]byte(c.got)); (err == nil) != c.same {
			t.Errorf("%s: %v, want the same: %v", name, err, c.same)
		}
	}
}
