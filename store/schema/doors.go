package schema

// doors are the tables of turnstiles and of what opens doors.
func doors() []*Table {
	return []*Table{
		table("catra_infos",
			id(),
			bigint("left_turns"),
			bigint("right_turns"),
			bigint("entrance_turns"),
			bigint("exit_turns"),
		),
		table("sec_boxs",
			id(),
			text("name"),
			integer("version"),
			integer("enabled"),
			integer("relay_timeout"),
			integer("door_sensor_enabled"),
			integer("door_sensor_idle"),
			integer("auto_close_enabled"),
			integer("rex_mode"),
		),
		table("opening_times",
			id(),
			ref("user_id", "users.id"),
			bigint("door_id"),
			integer("time"),
		).on(Modern), // [guess]
		table("network_interlocking_rules",
			id(),
			text("ip"),
			text("login"),
			text("password"),
			text("portal_name").null(),
			text("session_hash").null(),
			text("port").null(),
			integer("enabled").or(Int(1)),
		).on(Modern), // as set_network_interlock.fcgi (access-api §19.1)
	}
}

// portalRules are the tables of rules that belong to portals.
func portalRules() []*Table {
	tables := []*Table{
		table("portal_rules",
			id(),
			text("name"),
			integer("type"),
			integer("priority"),
		).through(),
		junction("portal_portal_rules",
			ref("portal_id", "portals.id"),
			ref("portal_rule_id", "portal_rules.id"),
		),
		junction("portal_rule_groups",
			ref("portal_rule_id", "portal_rules.id"),
			ref("group_id", "groups.id"),
			integer("quantity"),
		),
		junction("portal_rule_users",
			ref("portal_rule_id", "portal_rules.id"),
			ref("user_id", "users.id"),
		),
		junction("portal_rule_time_zones",
			ref("portal_rule_id", "portal_rules.id"),
			ref("time_zone_id", "time_zones.id"),
		),
		junction("portal_rule_actions",
			ref("portal_rule_id", "portal_rules.id"),
			ref("action_id", "actions.id"),
		),
		junction("portal_rule_validations",
			ref("portal_rule_id", "portal_rules.id"),
			ref("validation_id", "validations.id"),
		),
	}
	for _, t := range tables {
		t.on(FacialSet)
	}
	return tables
}
