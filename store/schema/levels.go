package schema

// levels are the tables that came with facial terminals: wiegand formats,
// the intercom's white list, and what logins of the API may do.
func levels() []*Table {
	tables := []*Table{
		table("wiegand_modes",
			id(),
			text("name").null(),
			integer("size"),
			text("format"),
			text("parities").null(),
			text("parities_calculation_order").null(),
			integer("inverted_facility"),
			integer("inverted_card"),
		),
		table("whitelist", // [guess] who has it
			id(),
			text("name"),
			text("number"),
		),
		table("api_logins",
			id(),
			ref("user_id", "users.id"),
			text("login"),
			text("password").null(),
			text("salt").null(),
		).through(),
		table("api_access_levels",
			id(),
			text("name"),
		).through(),
		junction("api_login_api_access_levels",
			ref("api_login_id", "api_logins.id"),
			ref("api_access_level_id", "api_access_levels.id"),
		),
		table("api_commands",
			id(),
			ref("api_access_level_id", "api_access_levels.id"),
			text("name"),
		).through(),
		table("api_object_commands",
			id(),
			ref("api_command_id", "api_commands.id"),
			text("name"),
		).through(),
		table("api_object_field_commands",
			id(),
			ref("api_object_command_id", "api_object_commands.id"),
			text("name"),
		).through(),
		table("api_object_field_command_values",
			ref("api_object_field_command_id", "api_object_field_commands.id"),
			bigint("value"),
		),
	}
	for _, t := range tables {
		t.on(FacialSet)
	}
	return tables
}
