package fcgi

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"portaria/store"
	"portaria/store/query"
	"portaria/store/schema"
	"portaria/terminal/device"
	"portaria/terminal/dialect/jsondoc"
)

func newDevice(tb testing.TB, model string) *device.Device {
	tb.Helper()
	profile, err := device.ProfileOf(model)
	if err != nil {
		tb.Fatal(err)
	}
	s, err := store.Open(store.Options{Ephemeral: true})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { s.Close() })
	d, err := device.New(device.Config{Store: s, Profile: profile, PasswordCost: 1})
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

// newAsk is a request about a table, with body as it came.
func newAsk(t *testing.T, table, body string) (*ask, *device.Device) {
	t.Helper()
	v, err := jsondoc.Parse([]byte(body))
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	d := newDevice(t, "idface")
	a := &ask{body: v, tables: schema.Of(schema.V6), notes: notes{device: d, command: "load_objects"}}
	if a.table, err = a.tableOf(table); err != nil {
		t.Fatal(err)
	}
	return a, d
}

func TestWhere(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ table, where, want string }{
		// No condition.
		{"users", `null`, ``},
		{"users", `{}`, ``},
		{"users", `[]`, ``},
		{"users", `{"users":{}}`, ``},
		{"users", `[{"object":"users","field":"id","operator":">","value":0}]`, `users.id > 0`},

		// Nested.
		{"users", `{"users":{"id":10}}`, `users.id = 10`},
		{"cards", `{"cards":{"value":64424543611,"user_id":3}}`, `cards.value = 64424543611 AND cards.user_id = 3`},
		{"cards", `{"cards":{"value":18446744073709551615}}`, `cards.value = -1`},
		{"users", `{"users":{"id":[1,2,3]}}`, `users.id IN (1, 2, 3)`},
		{"users", `{"users":{"id":[]}}`, `users.id IN ()`},
		{"users", `{"users":{"id":-9223372036854775808}}`, `users.id = -9223372036854775808`},
		{"face_templates", `{"users":{"id":7}}`, `users.id = 7`},
		{"users", `{"users":{"name":"Ana"},"groups":{"id":1}}`, `users.name = 'Ana' AND groups.id = 1`},
		{"devices", `{"devices":{"ip":"10.0.0.5:8000"}}`, `devices.ip = '10.0.0.5:8000'`},
		{"users", `{"users":{"user_type_id":null}}`, `users.user_type_id IS NULL`},
		{"templates", `{"templates":{"template":"SUNSUzIx"}}`, `templates.template = X'494352533231'`},
		{"actions", `{"actions":{"group_id":1}}`, `actions.id = 1`},

		// Nested with operators.
		{"access_logs", `{"access_logs":{"time":{">=":1700000000,"<=":1700086399}}}`, `access_logs.time >= 1700000000 AND access_logs.time <= 1700086399`},
		{"templates", `{"templates":{"user_id":{"IN":[1,2],"NOT IN":[3]}}}`, `templates.user_id IN (1, 2) AND templates.user_id NOT IN (3)`},
		{"users", `{"users":{"id":{"in":[1]}}}`, `users.id IN (1)`},
		{"users", `{"users":{"id":{"IN":5}}}`, `users.id IN (5)`},
		{"users", `{"users":{"id":{"!=":[1,2]}}}`, `users.id NOT IN (1, 2)`},
		{"users", `{"users":{"id":{"=":[1,2]}}}`, `users.id IN (1, 2)`},
		{"users", `{"users":{"id":{"<>":1,"<":9,">":0,"==":3}}}`, `users.id != 1 AND users.id < 9 AND users.id > 0 AND users.id = 3`},
		{"users", `{"users":{"image_timestamp":{"!=":null}}}`, `users.image_timestamp IS NOT NULL`},
		{"users", `{"users":{"image_timestamp":{">":null}}}`, `users.image_timestamp > NULL`},
		{"users", `{"users":{"image_timestamp":{"IS NULL":"","is  not null":""}}}`, `users.image_timestamp IS NULL AND users.image_timestamp IS NOT NULL`},

		// Patterns.
		{"scripts", `{"scripts":{"script":"card%"}}`, `scripts.script LIKE 'card%'`},
		{"users", `{"users":{"name":"An_"}}`, `users.name LIKE 'An_'`},
		{"users", `{"users":{"name":{"=":"%a%"}}}`, `users.name LIKE '%a%'`},
		{"users", `{"users":{"name":{"!=":"%a%"}}}`, `users.name NOT LIKE '%a%'`},
		{"users", `{"users":{"name":{">":"%a%"}}}`, `users.name > '%a%'`},
		{"users", `{"users":{"name":{"IN":["%a%"]}}}`, `users.name IN ('%a%')`},
		{"users", `{"users":{"id":{"LIKE":"1%"}}}`, `users.id LIKE '1%'`},
		{"users", `{"users":{"id":{"NOT LIKE":12}}}`, `users.id NOT LIKE '12'`},
		{"cards", `{"cards":{"value":{"LIKE":18446744073709551615}}}`, `cards.value LIKE '18446744073709551615'`},
		{"users", `{"users":{"name":{"LIKE":"ana"}}}`, `users.name LIKE 'ana'`},

		// A list of conditions.
		{"users", `[{"field":"id","value":3}]`, `users.id = 3`},
		{"users", `[{"field":"id","value":[3,4]}]`, `users.id IN (3, 4)`},
		{"users", `[{"field":"id","operator":"IN","value":[3,4]}]`, `users.id IN (3, 4)`},
		{"users", `[{"field":"name","value":"%a%"}]`, `users.name LIKE '%a%'`},
		{"users", `[{"field":"id","op":">","value":3}]`, `users.id = 3`},
		{"users", `[{"field":"image_timestamp","operator":"IS NULL","value":""}]`, `users.image_timestamp IS NULL`},
		{"users", `[{"field":"image_timestamp","operator":"IS NOT NULL"}]`, `users.image_timestamp IS NOT NULL`},
		{
			"access_logs", `[{"object":"access_logs","field":"id","operator":">","value":1,"connector":") AND ("},{"object":"access_logs","field":"event","operator":"=","value":7}]`,
			`access_logs.id > 1 AND access_logs.event = 7`,
		},
		{"access_logs", `[{"object":"users","field":"name","operator":"LIKE","value":"A%"}]`, `users.name LIKE 'A%'`},
		{"users", list3(``, ``), `users.id = 1 AND users.id = 2 AND users.id = 3`},
		{"users", list3(`"connector":"OR",`, `"connector":"OR",`), `users.id = 1 OR users.id = 2 OR users.id = 3`},
		{"users", list3(`"connector":"OR",`, `"connector":"AND",`), `users.id = 1 OR users.id = 2 AND users.id = 3`},
		{"users", list3(`"connector":"AND",`, `"connector":"or",`), `users.id = 1 AND users.id = 2 OR users.id = 3`},
		{"users", list3(`"connector":"OR",`, `"connector":") AND (",`), `(users.id = 1 OR users.id = 2) AND users.id = 3`},
		{"users", list3(`"connector":") AND (",`, `"connector":"OR",`), `users.id = 1 AND (users.id = 2 OR users.id = 3)`},
		{"users", list3(`"connector":") OR (",`, `"connector":"AND",`), `users.id = 1 OR users.id = 2 AND users.id = 3`},
		{"users", list3(`"connector":")or(",`, `"connector":" ) AND ( ",`), `users.id = 1 OR users.id = 2 AND users.id = 3`},
		{"users", list3(`"connector":null,`, `"connector":"",`), `users.id = 1 AND users.id = 2 AND users.id = 3`},
		{"users", `[{"field":"id","value":1,"connector":") AND ("}]`, `users.id = 1`},
		{"users", `[{"field":"id","value":1},{"field":"id","value":2,"connector":"OR"}]`, `users.id = 1 AND users.id = 2`},
	} {
		a, _ := newAsk(t, c.table, `{"where":`+c.where+`}`)
		filter, err := readWhere(a)
		if err != nil {
			t.Errorf("%s: %v", c.where, err)
			continue
		}
		if got := query.Format(filter.Where); got != c.want {
			t.Errorf("%s of %s: %s, want %s", c.where, c.table, got, c.want)
		}
	}
}

// list3 is three conditions with something in the first two of them.
func list3(first, second string) string {
	return `[{` + first + `"field":"id","value":1},{` + second + `"field":"id","value":2},{"field":"id","value":3}]`
}

func TestWhereRefuses(t *testing.T) {
	t.Parallel()
	many := strings.TrimSuffix(strings.Repeat("1,", 1000), ",")
	deep := strings.TrimSuffix(strings.Repeat(`{"field":"id","operator":"IS NULL"},`, 1001), ",")
	for where, want := range map[string]string{
		`{"id":1}`:                                       "no such table: id",
		`{"nope":{"id":1}}`:                              "no such table: nope",
		`{"users":{"foo":1}}`:                            "no such column: users.foo",
		`{"users":{"foo":{}}}`:                           "no such column: users.foo",
		`{"users":{"id":"10"}}`:                          "Invalid member 'id' (int expected, got string)",
		`{"users":{"id":true}}`:                          "Invalid member 'id' (int expected, got boolean)",
		`{"users":{"id":1.0}}`:                           "Invalid member 'id' (int expected, got double)",
		`{"users":{"id":[1,"2"]}}`:                       "Invalid member 'id' (int expected, got string)",
		`{"users":{"id":[[1]]}}`:                         "Invalid member 'id' (int expected, got array)",
		`{"users":{"name":1}}`:                           "Invalid member 'name' (string expected, got int)",
		`{"users":{"id":{">":[1]}}}`:                     "Invalid member 'id' (int expected, got array)",
		`{"users":{"id":{"~":1}}}`:                       `near "~": syntax error`,
		`"name = \"X\""`:                                 "Invalid member 'where' (object expected, got string)",
		`7`:                                              "Invalid member 'where' (object expected, got int)",
		`[{"value":1}]`:                                  "Invalid member 'field' (string expected, got undefined)",
		`[{"field":"id"}]`:                               "Invalid member 'id' (int expected, got undefined)",
		`[{"field":"foo","value":1}]`:                    "no such column: users.foo",
		`[{"object":"nope","field":"id","value":1}]`:     "no such table: nope",
		`[{"object":7,"field":"id","value":1}]`:          "Invalid member 'object' (string expected, got int)",
		`[{"field":"id","operator":7,"value":1}]`:        "Invalid member 'operator' (string expected, got int)",
		`[{"field":"id","operator":"LIKES","value":1}]`:  `near "LIKES": syntax error`,
		`[{"field":"id","value":1,"connector":"XOR"}]`:   `near "XOR": syntax error`,
		`[{"field":"id","value":1,"connector":") AND"}]`: `near ") AND": syntax error`,
		`[{"field":"id","value":1,"connector":")("}]`:    `near ")(": syntax error`,
		`[{"field":"id","value":1,"connector":7}]`:       "Invalid member 'connector' (string expected, got int)",
		`{"users":{"id":[` + many + `]}}`:                "too many SQL variables",
		`{"users":{"id":{"IN":[` + many[:1600] + `1],"NOT IN":[` + many[:800] + `1]}}}`: "too many SQL variables",
		`[` + deep + `]`: "Expression tree is too large (maximum depth 1000)",
	} {
		a, d := newAsk(t, "users", `{"where":`+where+`}`)
		_, err := readWhere(a)
		if err == nil {
			t.Errorf("%.60s is accepted, want %q", where, want)
			continue
		}
		if status, got := New(d).sentence(err); got != want || status != 400 {
			t.Errorf("%.60s: %d %q, want 400 %q", where, status, got, want)
		}
	}
	t.Run("999 values in lists pass", func(t *testing.T) {
		t.Parallel()
		a, _ := newAsk(t, "users", `{"where":{"users":{"id":[`+many[2:]+`]}}}`)
		if _, err := readWhere(a); err != nil {
			t.Error(err)
		}
	})
}

func TestWhereJoins(t *testing.T) {
	t.Parallel()
	for where, want := range map[string][]string{
		`{"users":{}}`:  nil,
		`{"groups":{}}`: {"groups"},
		`{"users":{},"groups":{},"time_zones":{}}`: {"groups", "time_zones"},
		`{"groups":{"id":1}}`:                      nil,
	} {
		a, _ := newAsk(t, "users", `{"where":`+where+`}`)
		filter, err := readWhere(a)
		if err != nil {
			t.Errorf("%s: %v", where, err)
		}
		if diff := cmp.Diff(want, filter.Join); diff != "" {
			t.Errorf("%s (-want +got):\n%s", where, diff)
		}
	}
}

func TestWhereNotices(t *testing.T) {
	t.Parallel()
	for where, want := range map[string]string{
		`{"users":5}`:                         ruleWhere,
		`{"users":[{"id":1}]}`:                ruleWhere,
		`{"users":{"id":{}}}`:                 ruleWhere,
		`[1]`:                                 ruleWhere,
		`[{"field":"id","op":">","value":1}]`: ruleOp,
	} {
		a, d := newAsk(t, "users", `{"where":`+where+`}`)
		if _, err := readWhere(a); err != nil {
			t.Errorf("%s: %v", where, err)
		}
		got := d.Notices()
		if len(got) != 1 || got[0].Rule != want || got[0].Command != "load_objects" {
			t.Errorf("%s: notices %+v, want one of rule %q", where, got, want)
		}
	}
}
