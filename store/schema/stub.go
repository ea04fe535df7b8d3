package schema

// All is temporary.
func All() *Schema {
	id := Column{Name: "id", Type: BigInt, NotNull: true}
	return New(
		&Table{Name: "users", Columns: []Column{id, {Name: "registration", Type: String, NotNull: true, Default: Text(""), Slot: 1}, {Name: "name", Type: String, NotNull: true, Default: Text(""), Slot: 2},
			{Name: "image_timestamp", Type: Integer, Follows: true, Slot: 3}}},
		&Table{Name: "groups", Columns: []Column{id, {Name: "name", Type: String, NotNull: true, Slot: 1}}},
		&Table{Name: "user_groups", Key: -1, Columns: []Column{{Name: "user_id", NotNull: true, Ref: &Reference{"users", "id", Cascade}}, {Name: "group_id", NotNull: true, Ref: &Reference{"groups", "id", Cascade}, Slot: 1}}, Unique: [][]int{{0, 1}}},
		&Table{Name: "cards", Columns: []Column{id, {Name: "value", NotNull: true, Unsigned: true, Unique: true, Slot: 1}, {Name: "user_id", NotNull: true, Ref: &Reference{"users", "id", Cascade}, Slot: 2}}},
	)
}

// With is temporary.
func (s *Schema) With(fields []Field) *Schema { return s }
