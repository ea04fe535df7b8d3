package schema

import "slices"

// firstField is the first place of custom columns in stored rows. The places
// below it are for columns that firmware may bring one day, so that these and
// the custom ones of an older terminal do not meet.
const firstField = 32

// table makes the full definition of a table. The place of a column in it is
// its slot, which is in the files of every user: a new column goes last, and
// one that firmware gave up stays and loses its lines.
func table(name string, columns ...Column) *Table {
	t := &Table{Name: name, Columns: columns, Key: -1, Lines: Every}
	for i := range t.Columns {
		t.Columns[i].Slot = i
		if t.Columns[i].Name == "id" {
			t.Key = i
		}
	}
	t.places = len(columns)
	return t
}

// junction makes a table that says which rows of two others belong together.
// Its first two columns are the references.
func junction(name string, columns ...Column) *Table {
	return table(name, columns...).once(columns[0].Name, columns[1].Name).through()
}

func (t *Table) on(lines Lines) *Table { t.Lines = lines; return t }
func (t *Table) keep(n int) *Table     { t.Keep = n; return t }
func (t *Table) pseudo() *Table        { t.Pseudo = true; return t }
func (t *Table) through() *Table       { t.Through = true; return t }

func (t *Table) keyed(name string) *Table {
	t.Key = t.at(name)
	return t
}

// oncePerSet makes rows of tables without ids differ: joining a person to a
// group twice is an error. [guess] The metadata says of no column that it is
// unique, not even of those that are; false lets such rows repeat.
const oncePerSet = true

// once names columns that no two rows share, all taken together.
func (t *Table) once(names ...string) *Table {
	if !oncePerSet {
		return t
	}
	var set []int
	for _, name := range names {
		set = append(set, t.at(name))
	}
	t.Unique = append(t.Unique, set)
	return t
}

// at is Column before the table is indexed.
func (t *Table) at(name string) int {
	return slices.IndexFunc(t.Columns, func(c Column) bool { return c.Name == name })
}

// Columns are made as most are: not null, without a default.

func id() Column                 { return bigint("id") }
func bigint(name string) Column  { return Column{Name: name, Type: BigInt, NotNull: true} }
func integer(name string) Column { return Column{Name: name, Type: Integer, NotNull: true} }
func text(name string) Column    { return Column{Name: name, Type: String, NotNull: true} }
func blob(name string) Column    { return Column{Name: name, Type: Bytes, NotNull: true} }

// ref points to a column, as the reference writes it, "users.id". The row
// goes when the one that it points to does. [guess] Of users, groups, rules,
// portals and time zones it is known (access-api §3.5), of the rest assumed.
func ref(name, to string) Column { return bigint(name).refer(to, Cascade) }

func (c Column) refer(to string, onDelete OnDelete) Column {
	n := columnName(to)
	c.Ref = &Reference{Table: n.Table, Column: n.Column, OnDelete: onDelete}
	return c
}

// null allows nulls. A reference that may be null becomes so when the row
// that it points to goes. [guess]
func (c Column) null() Column {
	c.NotNull = false
	if c.Ref != nil {
		c = c.refer(c.Ref.Table+"."+c.Ref.Column, SetNull)
	}
	return c
}

// restrict keeps the row that c points to from going first. [guess] Rows
// that would vanish silently here are hard to make again: a door with its
// rules, a way of identification.
func (c Column) restrict() Column { return c.refer(c.Ref.Table+"."+c.Ref.Column, Restrict) }

// soft lets c join a column that nothing holds it to (access-api §3.8).
func (c Column) soft(to string) Column { return c.refer(to, Soft) }

func (c Column) or(v Value) Column        { c.Default = v; return c }
func (c Column) on(lines Lines) Column    { c.Lines = lines; return c }
func (c Column) alias(name string) Column { c.Alias = name; return c }
func (c Column) unsigned() Column         { c.Unsigned = true; return c }
func (c Column) unique() Column           { c.Unique = true; return c }
func (c Column) indexed() Column          { c.Indexed = true; return c }
func (c Column) follows() Column          { c.Follows = true; return c }
