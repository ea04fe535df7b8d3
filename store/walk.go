package store

import (
	"bytes"
	"encoding/binary"

	bolt "go.etcd.io/bbolt"

	"portaria/store/query"
	"portaria/store/schema"
)

// walk binds each row that the step's way leads to.
func (s *selection) walk(i int, step *query.Step, matched *bool) error {
	t := s.tables[step.Table]
	if t.rows == nil {
		return nil
	}
	switch step.Way {
	case query.IDs:
		return s.walkIDs(i, step, t, matched)
	case query.ValuesOf:
		return s.walkValues(i, step, t, matched)
	case query.RangeOf, query.WalkIndex:
		return s.walkIndex(i, step, t, matched)
	case query.Follow:
		v, err := s.cell(step.From)
		if err != nil || v.IsNull() {
			return err
		}
		if s.columns[i] == t.Key {
			return s.get(i, step, t, v.Int(), matched)
		}
		return s.walkValue(i, step, t, v, matched)
	case query.Match:
		return s.walkMatches(i, step, t, matched)
	}
	return s.walkRows(i, step, t, matched)
}

// walkRows reads the rows themselves, all or a range of their ids.
func (s *selection) walkRows(i int, step *query.Step, t *table, matched *bool) error {
	var low, high []byte
	if step.Low != nil {
		low = idKey(step.Low.Int())
	}
	if step.High != nil {
		high = idKey(step.High.Int())
	}
	c := t.rows.Cursor()
	for k, v := start(c, low, high, step.Back); k != nil; k, v = next(c, step.Back) {
		if step.Back && low != nil && bytes.Compare(k, low) < 0 || !step.Back && high != nil && bytes.Compare(k, high) > 0 {
			return nil
		}
		if err := s.bind(i, step, idOf(k), v, matched); err != nil {
			return err
		}
	}
	return nil
}

// start moves c to the first key of a range, or backwards, to the last.
func start(c *bolt.Cursor, low, high []byte, back bool) (key, value []byte) {
	switch {
	case !back && low == nil:
		return c.First()
	case !back:
		return c.Seek(low)
	case high == nil:
		return c.Last()
	}
	key, value = c.Seek(high)
	switch {
	case key == nil:
		return c.Last()
	case bytes.Compare(key, high) > 0:
		return c.Prev()
	}
	return key, value
}

func next(c *bolt.Cursor, back bool) (key, value []byte) {
	if back {
		return c.Prev()
	}
	return c.Next()
}

func (s *selection) walkIDs(i int, step *query.Step, t *table, matched *bool) error {
	for n := range step.Values {
		if step.Back {
			n = len(step.Values) - 1 - n
		}
		if err := s.get(i, step, t, step.Values[n].Int(), matched); err != nil {
			return err
		}
	}
	return nil
}

// get binds the row with that id, if there is one.
func (s *selection) get(i int, step *query.Step, t *table, id int64, matched *bool) error {
	s.key = binary.BigEndian.AppendUint64(s.key[:0], uint64(id)^1<<63)
	if s.cursors[step.Table] == nil {
		s.cursors[step.Table] = t.rows.Cursor()
	}
	k, row := s.cursors[step.Table].Seek(s.key)
	if !bytes.Equal(k, s.key) {
		return nil
	}
	return s.bind(i, step, id, row, matched)
}

func (s *selection) walkValues(i int, step *query.Step, t *table, matched *bool) error {
	for n := range step.Values {
		if step.Back {
			n = len(step.Values) - 1 - n
		}
		if err := s.walkValue(i, step, t, step.Values[n], matched); err != nil {
			return err
		}
	}
	return nil
}

// walkValue binds the rows that have one value of an indexed column.
func (s *selection) walkValue(i int, step *query.Step, t *table, v schema.Value, matched *bool) error {
	if s.values[i] == nil {
		b := s.tx.at(t.indexOn(s.columns[i]))
		if b == nil {
			return nil
		}
		s.values[i] = b.Cursor()
	}
	c := s.values[i]
	prefix := appendKey(make([]byte, 0, 64), v, t.Columns[s.columns[i]].Unsigned)
	k, _ := c.Seek(prefix)
	if step.Back {
		// Beyond the last entry: no id is larger than this one.
		last := append(prefix[:len(prefix):len(prefix)], 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)
		k, _ = start(c, nil, last, true)
	}
	unique := t.Columns[s.columns[i]].Unique
	for ; bytes.HasPrefix(k, prefix); k, _ = next(c, step.Back) {
		id, err := idOfEntry(k)
		if err != nil {
			return err
		}
		if err := s.get(i, step, t, id, matched); err != nil || unique {
			return err
		}
	}
	return nil
}

// walkIndex binds the rows in the order of an indexed column, all or a range.
func (s *selection) walkIndex(i int, step *query.Step, t *table, matched *bool) error {
	x := t.indexOn(s.columns[i])
	b := s.tx.at(x)
	if b == nil {
		return nil
	}
	unsigned := t.Columns[s.columns[i]].Unsigned
	var low, high []byte
	if step.Low != nil {
		low = appendKey(nil, *step.Low, unsigned)
	}
	if step.High != nil {
		high = append(appendKey(nil, *step.High, unsigned), 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)
	}
	c := b.Cursor()
	for k, _ := start(c, low, high, step.Back); k != nil; k, _ = next(c, step.Back) {
		if step.Back && low != nil && bytes.Compare(k, low) < 0 || !step.Back && high != nil && bytes.Compare(k, high) > 0 {
			return nil
		}
		id, err := idOfEntry(k)
		if err != nil {
			return err
		}
		if err := s.get(i, step, t, id, matched); err != nil {
			return err
		}
	}
	return nil
}

// walkMatches joins on a column without an index: its values are gathered once
// for the whole question.
func (s *selection) walkMatches(i int, step *query.Step, t *table, matched *bool) error {
	v, err := s.cell(step.From)
	if err != nil || v.IsNull() {
		return err
	}
	if s.matches == nil {
		s.matches = make([]map[schema.Value][]boundRow, len(s.plan.Steps))
	}
	if s.matches[i] == nil {
		if s.matches[i], err = s.gather(step, t); err != nil {
			return err
		}
	}
	for _, b := range s.matches[i][v] {
		if err := s.bind(i, step, b.id, b.row, matched); err != nil {
			return err
		}
	}
	return nil
}

func (s *selection) gather(step *query.Step, t *table) (map[schema.Value][]boundRow, error) {
	column := &s.plan.Tables[step.Table].Columns[step.Column]
	cell := query.Cell{Table: step.Table, Column: column, Key: s.plan.Tables[step.Table].Key == step.Column}
	byValue := make(map[schema.Value][]boundRow)
	c := t.rows.Cursor()
	for k, row := c.First(); k != nil; k, row = c.Next() {
		s.rows[step.Table] = boundRow{idOf(k), row, true}
		v, err := s.cell(cell)
		if err != nil {
			return nil, err
		}
		if !v.IsNull() {
			byValue[v] = append(byValue[v], s.rows[step.Table])
		}
	}
	return byValue, nil
}
