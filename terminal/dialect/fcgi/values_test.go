package fcgi

import (
	"fmt"
	"strings"
	"testing"

	"portaria/store/schema"
	"portaria/terminal/dialect/jsondoc"
)

func TestReadRows(t *testing.T) {
	t.Parallel()
	tables := schema.Of(schema.V6)
	for _, c := range []struct{ table, values, want string }{
		{"users", `[]`, ``},
		{"users", `[{}]`, `;`},
		{"users", `[{"id":10,"name":"Ana"},{"name":"Bia","id":-1}]`, `id=10 name=Ana;name=Bia id=-1;`},
		{"users", `[{"id":1,"id":2,"n\u0061me":"a\/b"}]`, `id=1 name=a/b;`},
		{"users", `[{"password":null}]`, `password=;`},
		{"cards", `[{"value":18446744073709551615},{"value":9223372036854775807}]`, `value=-1;value=9223372036854775807;`},
		{
			"templates", `[{"template":"SUNSUzIx","user_id":1},{"template":"QQ==","user_id":1},{"template":"QQ","user_id":1}]`,
			`template=ICRS21 user_id=1;template=A user_id=1;template=A user_id=1;`,
		},
		{"actions", `[{"group_id":1}]`, `id=1;`},
	} {
		v, err := jsondoc.Parse([]byte(c.values))
		if err != nil {
			t.Fatal(err)
		}
		table := tables.Table(c.table)
		rows, err := readRows(table, v)
		if err != nil {
			t.Errorf("%s: %v", c.values, err)
			continue
		}
		var got strings.Builder
		for _, row := range rows {
			for i, a := range row {
				if i > 0 {
					got.WriteByte(' ')
				}
				fmt.Fprintf(&got, "%s=%s", table.Columns[a.Column].Name, plainText(a.Value))
			}
			got.WriteByte(';')
		}
		if got.String() != c.want {
			t.Errorf("%s: %s, want %s", c.values, got.String(), c.want)
		}
	}
	for _, c := range []struct{ table, values, want string }{
		{"time_spans", `[{"sun":true}]`, "Invalid member 'sun' (int expected, got boolean)"},
		{"users", `[{"id":"10"}]`, "Invalid member 'id' (int expected, got string)"},
		{"users", `[{"id":1.0}]`, "Invalid member 'id' (int expected, got double)"},
		{"users", `[{"id":9223372036854775808}]`, "Invalid member 'id' (int expected, got double)"},
		{"cards", `[{"value":18446744073709551616}]`, "Invalid member 'value' (int expected, got double)"},
		{"cards", `[{"value":"1"}]`, "Invalid member 'value' (int expected, got string)"},
		{"users", `[{"name":5}]`, "Invalid member 'name' (string expected, got int)"},
		{"users", `[{"name":{}}]`, "Invalid member 'name' (string expected, got object)"},
		{"users", `[{"foo":1}]`, "no such column: users.foo"},
		{"users", `[7]`, "Invalid member 'values' (object expected, got int)"},
		{"templates", `[{"template":"!"}]`, "Invalid member 'template' (base64 expected, got string)"},
		{"templates", `[{"template":7}]`, "Invalid member 'template' (string expected, got int)"},
	} {
		v, err := jsondoc.Parse([]byte(c.values))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := readRows(tables.Table(c.table), v); err == nil || New(newDevice(t, "idface")).mustSay(err) != c.want {
			t.Errorf("%s: %v, want %s", c.values, err, c.want)
		}
	}
	t.Run("thousands of rows keep their values", func(t *testing.T) {
		t.Parallel()
		var text strings.Builder
		for i := range 5000 {
			fmt.Fprintf(&text, `,{"id":%d,"name":"user %d"}`, i, i)
		}
		v, err := jsondoc.Parse([]byte("[" + text.String()[1:] + "]"))
		if err != nil {
			t.Fatal(err)
		}
		rows, err := readRows(tables.Table("users"), v)
		if err != nil || len(rows) != 5000 {
			t.Fatalf("%d rows, %v", len(rows), err)
		}
		for i, row := range rows {
			if len(row) != 2 || row[0].Value.Int() != int64(i) || row[1].Value.Str() != fmt.Sprintf("user %d", i) {
				t.Fatalf("row %d is %v", i, row)
			}
		}
	})
}

func TestEcho(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"users":                               "users",
		strings.Repeat("x", maxEcho):          strings.Repeat("x", maxEcho),
		strings.Repeat("x", maxEcho+1):        strings.Repeat("x", maxEcho) + "...",
		strings.Repeat("x", maxEcho-1) + "éé": strings.Repeat("x", maxEcho-1) + "...",
	} {
		if got := echo(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

// mustSay is the sentence of err alone.
func (a *API) mustSay(err error) string {
	_, text := a.sentence(err)
	return text
}

func plainText(v schema.Value) string {
	if v.Kind() == schema.IntKind {
		return fmt.Sprint(v.Int())
	}
	return v.Str()
}
