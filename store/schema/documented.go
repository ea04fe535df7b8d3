package schema

// documented are the tables of access-api §3.12, which the unit that §3.11 was
// read from does not have. Their columns' nulls and defaults are [guess].
func documented() []*Table {
	return []*Table{
		table("uhf_tags",
			id(),
			text("value").unique(),
			ref("user_id", "users.id"),
		).on(V5),
		table("timed_alarms",
			id(),
			text("name"),
			integer("start").alias("time"), // its name in another edition
			integer("sun"),
			integer("mon"),
			integer("tue"),
			integer("wed"),
			integer("thu"),
			integer("fri"),
			integer("sat"),
		).on(Legacy | V5 | V6), // [guess] sirens and bells came with the first units
		// [guess] all of it: one catalogue of another maker names the table.
		table("config_groups",
			id(),
			text("group"),
			text("key"),
			text("value"),
		).on(V5 | V6),
	}
}
