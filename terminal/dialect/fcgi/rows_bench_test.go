package fcgi

import (
	"fmt"
	"testing"

	"portaria/store/query"
	"portaria/store/schema"
	"portaria/terminal/dialect/jsondoc"
)

// BenchmarkRows writes one row of users, as load_objects does.
func BenchmarkRows(b *testing.B) {
	d := newDevice(b, "idface")
	a := &ask{tables: d.Schema()}
	a.table = a.tables.Table("users")
	rows := New(d).jsonRows(a, query.Query{Filter: query.Filter{Table: "users"}, Fields: everyColumn(a.table)})
	values := make([]schema.Value, len(a.table.Columns))
	values[0], values[1], values[2] = schema.Int(12345), schema.Text("0012345"), schema.Text("Maria Aparecida da Silva Conceição")
	values[3], values[5] = schema.Text(fmt.Sprintf("%064x", 1)), schema.Text(`0123456789abcdef0123456789"\cdef`)
	var dst []byte
	b.ReportAllocs()
	for b.Loop() {
		dst = rows.append(dst[:0], values)
	}
	b.SetBytes(int64(len(dst)))
}

// BenchmarkReadRows reads a batch of a thousand users, as create_objects does.
func BenchmarkReadRows(b *testing.B) {
	text := []byte{'['}
	for i := range 1000 {
		if i > 0 {
			text = append(text, ',')
		}
		text = fmt.Appendf(text, `{"id":%d,"registration":"%06d","name":"Maria Aparecida da Silva","password":"","salt":""}`, i, i)
	}
	text = append(text, ']')
	table := schema.Of(schema.V6).Table("users")
	b.ReportAllocs()
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		v, err := jsondoc.Parse(text)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := readRows(table, v); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLoad answers with every user, from the database to the last byte.
func BenchmarkLoad(b *testing.B) {
	const users = 10_000
	d := newDevice(b, "idface")
	table := d.Schema().Table("users")
	batch := make([]schema.Row, users)
	for i := range batch {
		batch[i] = schema.Row{{Column: table.Column("name"), Value: schema.Text("Maria Aparecida da Silva")}}
	}
	if _, err := d.Create("users", batch); err != nil {
		b.Fatal(err)
	}
	api := New(d)
	a := &ask{tables: d.Schema(), table: table}
	q := query.Query{Filter: query.Filter{Table: "users"}, Fields: everyColumn(table), Limit: query.NoLimit}
	rows := api.jsonRows(a, q)
	var dst []byte
	b.ReportAllocs()
	for b.Loop() {
		dst = dst[:0]
		if err := d.Load(q, func(values []schema.Value) error {
			dst = rows.append(dst, values)
			return nil
		}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/users, "ns/row")
}
