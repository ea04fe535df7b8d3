package schema

// Field is a custom column, added to a table while the terminal runs
// (access-api §3.6, object_add_field).
type Field struct {
	ID      int64 // of its row in custom_columns
	Table   string
	Name    string // the column's
	Label   string // what people read
	Type    Type
	NotNull bool
	Unique  bool
	Default Value
	Slot    int // its place in stored rows
}
