package fcgi

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"portaria/store/query"
)

func TestReadQuery(t *testing.T) {
	t.Parallel()
	id, name := query.Column{Table: "users", Name: "id"}, query.Column{Table: "users", Name: "name"}
	role := query.Column{Table: "user_roles", Name: "role"}
	all := query.Query{Filter: query.Filter{Table: "users"}, Limit: query.NoLimit}
	with := func(change func(*query.Query)) query.Query {
		q := all
		change(&q)
		return q
	}
	byName := func(q *query.Query) { q.Order = []query.Column{name} }
	byNameDown := func(q *query.Query) { q.Order, q.Descending = []query.Column{name}, true }
	for body, want := range map[string]query.Query{
		`{}`: all,
		`{"fields":[],"order":[],"group":[],"limit":null,"offset":null,"join":null}`: all,
		`{"order":"desc"}`:                      all,
		`{"order":7}`:                           all,
		`{"order":["name"]}`:                    with(byName),
		`{"order":["ascending","name"]}`:        with(byName),
		`{"order":["name","ascending"]}`:        with(byName),
		`{"order":["descending","name"]}`:       with(byNameDown),
		`{"order":["name","descending"]}`:       with(byNameDown),
		`{"order":["users.name","descending"]}`: with(byNameDown),
		`{"order":["descending"]}`:              with(func(q *query.Query) { q.Descending = true }),
		`{"limit":10,"offset":5}`:               with(func(q *query.Query) { q.Limit, q.Offset = 10, 5 }),
		`{"limit":-7,"offset":-5}`:              all,
		`{"limit":0}`:                           with(func(q *query.Query) { q.Limit = 0 }),
		`{"join":"LEFT"}`:                       with(func(q *query.Query) { q.Left = true }),
		`{"join":"left"}`:                       with(func(q *query.Query) { q.Left = true }),
		`{"join":"INNER"}`:                      all,
		`{"join":7}`:                            all,
		`{"fields":["COUNT(*)"]}`:               with(func(q *query.Query) { q.Fields = []query.Field{{Count: true}} }),
		`{"fields":[{"object":"special_columns","field":"COUNT(*)"}]}`: with(func(q *query.Query) { q.Fields = []query.Field{{Count: true}} }),
		`{"fields":["id","users.name",{"object":"users","field":"name"},{"object":"user_roles","field":"role"},"user_roles.role"]}`: with(func(q *query.Query) {
			q.Fields = []query.Field{{Column: id}, {Column: name}, {Column: role}}
		}),
		`{"order":["name","users.name","ascending","name"]}`:          with(byName),
		`{"where":{"groups":{},"groups":{}}}`:                         with(func(q *query.Query) { q.Join = []string{"groups"} }),
		`{"group":["name",{"object":"user_roles","field":"role"}]}`:   with(func(q *query.Query) { q.Group = []query.Column{name, role} }),
		`{"finish":true,"filter":{"id":1},"ids":[1],"order_by":"id"}`: all,
	} {
		a, _ := newAsk(t, "users", body)
		got, err := readQuery(a)
		if err != nil {
			t.Errorf("%s: %v", body, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", body, diff)
		}
	}
	for body, want := range map[string]string{
		`{"fields":"name"}`:                           "Invalid member 'fields' (array expected, got string)",
		`{"fields":[7]}`:                              "Invalid member 'fields' (string expected, got int)",
		`{"fields":["foo"]}`:                          "no such column: users.foo",
		`{"fields":["groups.foo"]}`:                   "no such column: groups.foo",
		`{"fields":["nope.id"]}`:                      "no such column: nope.id",
		`{"fields":[{"object":"nope","field":"id"}]}`: "no such table: nope",
		`{"fields":[{"field":"id"}]}`:                 "Invalid member 'object' (string expected, got undefined)",
		`{"order":["foo"]}`:                           "no such column: users.foo",
		`{"order":["COUNT(*)"]}`:                      "no such column: users.COUNT(*)",
		`{"group":["foo"]}`:                           "no such column: users.foo",
		`{"limit":"10"}`:                              "Invalid member 'limit' (int expected, got string)",
		`{"limit":9223372036854775808}`:               "Invalid member 'limit' (int expected, got double)",
		`{"offset":1.5}`:                              "Invalid member 'offset' (int expected, got double)",
	} {
		a, d := newAsk(t, "users", body)
		_, err := readQuery(a)
		if err == nil {
			t.Errorf("%s is accepted, want %q", body, want)
			continue
		}
		if status, got := New(d).sentence(err); got != want || status != 400 {
			t.Errorf("%s: %d %q, want 400 %q", body, status, got, want)
		}
	}
}
