package schema

import "slices"

// All is every table with every column that any terminal has: what storage
// knows. Each call builds it anew; callers hold on to it.
func All() *Schema {
	return New(slices.Concat(people(), access(), readers(), logs(), doors(), visitors(), customs(),
		portalRules(), reports(), levels(), documented(), own())...)
}

// Of is what terminals of the line have. Columns keep their slots; references
// to tables that the line lacks are none.
func Of(line Lines) *Schema {
	var tables []*Table
	all := All()
	for _, t := range all.tables {
		if t.Lines.Has(line) {
			tables = append(tables, t.of(line, all))
		}
	}
	return New(tables...)
}

// of is t, with the columns that the line has.
func (t *Table) of(line Lines, all *Schema) *Table {
	view := *t
	view.Columns, view.Unique = nil, nil
	moved := make([]int, len(t.Columns)) // where each column is in the view
	for i, c := range t.Columns {
		moved[i] = -1
		if c.Lines != 0 && !c.Lines.Has(line) {
			continue
		}
		if c.Ref != nil && !all.Table(c.Ref.Table).Lines.Has(line) {
			c.Ref = nil
		}
		moved[i] = len(view.Columns)
		view.Columns = append(view.Columns, c)
	}
	if t.Key >= 0 {
		view.Key = moved[t.Key]
	}
	for _, set := range t.Unique {
		var kept []int
		for _, i := range set {
			if moved[i] >= 0 {
				kept = append(kept, moved[i])
			}
		}
		// Fewer columns would be a stricter promise than the device's.
		if len(kept) == len(set) {
			view.Unique = append(view.Unique, kept)
		}
	}
	return &view
}

// With is s with custom columns at the end of their tables. A field is left
// out where s has no such table, or where the table has a column of that name
// already: a terminal's own column wins over one that people added when it
// was of an older line.
func (s *Schema) With(fields []Field) *Schema {
	tables := make([]*Table, len(s.tables))
	byName := make(map[string]*Table, len(tables))
	for i, t := range s.tables {
		extended := *t
		extended.Columns = slices.Clone(t.Columns)
		tables[i] = &extended
		byName[t.Name] = &extended
	}
	for _, f := range fields {
		t := byName[f.Table]
		if t == nil || t.at(f.Name) >= 0 {
			continue
		}
		t.Columns = append(t.Columns, Column{
			Name: f.Name, Type: f.Type, NotNull: f.NotNull, Unique: f.Unique, Default: f.Default, Slot: f.Slot,
		})
	}
	return New(tables...)
}

// NextSlot is the place in the table's stored rows for one more custom column.
// Fields are all that ever were, the removed ones too: rows may still hold
// their values.
func (s *Schema) NextSlot(table string, fields []Field) int {
	next := firstField
	if t := s.Table(table); t != nil {
		next = max(next, t.Slots())
	}
	for _, f := range fields {
		if f.Table == table {
			next = max(next, f.Slot+1)
		}
	}
	return next
}
