package main

import (
	"portaria/store"
	"portaria/store/query"
	"portaria/store/schema"
	"portaria/terminal/device"
)

// terminal is portaria's side.
type terminal struct {
	store   *store.Store
	device  *device.Device
	schema  *schema.Schema
	answers map[string]*answer
}

func openTerminal(dir string) (*terminal, error) {
	s, err := store.Open(store.Options{Dir: dir})
	if err != nil {
		return nil, err
	}
	// A product that keeps no change_logs, which would be one more row for
	// each that is added.
	profile, err := device.ProfileOf("idflex")
	if err != nil {
		return nil, err
	}
	d, err := device.New(device.Config{Store: s, Profile: profile})
	if err != nil {
		return nil, err
	}
	return &terminal{store: s, device: d, schema: d.Schema(), answers: make(map[string]*answer)}, nil
}

func (t *terminal) close() { _ = t.store.Close() }

func (t *terminal) answer(q *question, number int64) ([]byte, error) {
	asked := q.query(number)
	a := t.answers[asked.Table]
	if a == nil {
		a = newAnswer(t.schema.Table(asked.Table))
		t.answers[asked.Table] = a
	}
	a.begin(asked.Table)
	err := t.device.Load(asked, func(values []schema.Value) error {
		a.row()
		for i, v := range values {
			switch v.Kind() {
			case schema.IntKind:
				a.number(i, v.Int())
			case schema.NullKind:
				a.null(i)
			default:
				a.text(i, v.Str())
			}
		}
		a.rowEnd()
		return nil
	})
	return a.end(), err
}

func (t *terminal) insert(b batch) (int64, error) {
	table := t.schema.Table(b.table)
	columns := make([]int, len(b.columns))
	for i, name := range b.columns {
		columns[i] = table.Column(name)
	}
	rows := make([]schema.Row, len(b.rows))
	for n, values := range b.rows {
		row := make(schema.Row, len(values))
		for i, v := range values {
			row[i] = schema.Assignment{Column: columns[i], Value: v}
		}
		rows[n] = row
	}
	ids, err := t.device.Create(b.table, rows)
	if err != nil {
		return 0, err
	}
	return ids[0], nil
}

func (t *terminal) remove(first, count int64) error {
	_, err := t.device.Destroy(query.Filter{Table: "users", Where: query.And{
		compare("users", "id", query.GreaterEqual, schema.Int(first)),
		compare("users", "id", query.Less, schema.Int(first+count)),
	}})
	return err
}
