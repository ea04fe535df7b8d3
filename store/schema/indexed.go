package schema

// HasIndex tells whether rows are found by the column's value without reading
// all of them. The id needs none.
func (c *Column) HasIndex() bool {
	return c.Unique || c.Indexed || c.Ref != nil && c.Ref.OnDelete != Soft
}
