package schema

// visitors are the tables of visits.
func visitors() []*Table {
	return []*Table{
		table("_visitors",
			id(),
			ref("user_id", "users.id"),
		).on(FacialSet),
		table("visits",
			id(),
			ref("visitor_id", "users.id").null(),
			ref("host_id", "users.id").null(),
			integer("begin_time"),
			integer("end_time"),
			integer("finished").null().or(Int(0)),
		).on(FacialSet),
		table("c_visits",
			id(),
			ref("visit_id", "visits.id"),
		).on(FacialSet),
	}
}

// customs are the tables that say which columns people have added. Legacy
// cannot add any, but its user_types points here. [guess]
func customs() []*Table {
	return []*Table{
		table("custom_tables",
			id(),
			text("table_name"),
			text("name"),
		).through(),
		table("custom_columns",
			id(),
			ref("custom_table_id", "custom_tables.id"),
			text("column_name"),
			text("name"),
		),
	}
}
