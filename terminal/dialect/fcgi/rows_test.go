package fcgi

import (
	"testing"

	"portaria/store/query"
	"portaria/store/schema"
)

func TestJSONRows(t *testing.T) {
	t.Parallel()
	field := func(table, name string) query.Field {
		return query.Field{Column: query.Column{Table: table, Name: name}}
	}
	for _, c := range []struct {
		model, table string
		fields       []query.Field
		values       []schema.Value
		want         string
	}{
		{"idface", "groups", nil, []schema.Value{schema.Int(1), schema.Text(`"Standard"`)}, `{"id":1,"name":"\"Standard\""}`},
		{"idface", "cards", []query.Field{field("cards", "value"), field("cards", "secret")}, []schema.Value{schema.Int(-1), schema.Null}, `{"value":18446744073709551615,"secret":null}`},
		{"idface", "templates", []query.Field{field("templates", "template"), {Count: true}}, []schema.Value{schema.Blob("\xff\xff\xff\x00"), schema.Int(-1)}, `{"template":"////AA==","COUNT(*)":-1}`},
		{"idface", "users", []query.Field{field("user_roles", "role"), field("users", "id")}, []schema.Value{schema.Null, schema.Int(2)}, `{"user_roles.role":null,"id":2}`},
		{"idaccess", "users", []query.Field{field("user_roles", "role"), field("users", "salt"), {Count: true}}, []schema.Value{schema.Null, schema.Null, schema.Null}, `{"user_roles.role":0,"salt":"","COUNT(*)":null}`},
	} {
		d := newDevice(t, c.model)
		a := &ask{tables: d.Schema()}
		a.table = a.tables.Table(c.table)
		if c.fields == nil {
			c.fields = everyColumn(a.table)
		}
		rows := New(d).jsonRows(a, query.Query{Filter: query.Filter{Table: c.table}, Fields: c.fields})
		rows.first = true
		got := string(rows.append(rows.append(nil, c.values), c.values))
		if want := c.want + "," + c.want; got != want {
			t.Errorf("%s on %s: %s, want %s", c.table, c.model, got, want)
		}
	}
}

func TestJSONRowsAllocateNothing(t *testing.T) {
	d := newDevice(t, "idface")
	a := &ask{tables: d.Schema()}
	a.table = a.tables.Table("templates")
	rows := New(d).jsonRows(a, query.Query{Filter: query.Filter{Table: "templates"}, Fields: everyColumn(a.table)})
	values := []schema.Value{schema.Int(1), schema.Int(0), schema.Null, schema.Blob("a template of some length"), schema.Int(7)}
	dst := make([]byte, 0, 4096)
	if n := testing.AllocsPerRun(100, func() { dst = rows.append(dst[:0], values) }); n != 0 {
		t.Errorf("a row takes %v allocations, want none", n)
	}
}
