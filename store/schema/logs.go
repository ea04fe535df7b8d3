package schema

// rotation is the number of rows that the rotating logs keep.
const rotation = 10_000

// logs are the tables of what happened, and the alarm's zones, which the
// reference has among them.
func logs() []*Table {
	return []*Table{
		table("access_logs",
			id(),
			integer("time").indexed(),
			integer("event"),
			bigint("device_id").null().soft("devices.id"),
			integer("identifier_id").null(),
			bigint("user_id").null().soft("users.id"),
			bigint("portal_id").null().soft("portals.id"),
			bigint("identification_rule_id").null().soft("identification_rules.id"),
			bigint("card_value").null().or(Int(0)).on(Modern).unsigned(),
			text("qrcode_value").null().on(Modern),
			text("pin_value").null().on(Modern),
			integer("confidence").null().on(FacialSet), // [guess] of a face
			integer("mask").null().on(FacialSet),       // [guess] of a face
			bigint("log_type_id").null().or(Int(-1)).on(Modern).soft("log_types.id"),
			text("uhf_tag").null().on(V5),
			integer("component_id").null().on(V6), // [guess] its type
		),
		junction("access_log_access_rules",
			ref("access_log_id", "access_logs.id"),
			ref("access_rule_id", "access_rules.id"),
		),
		junction("access_log_portal_rules",
			ref("access_log_id", "access_logs.id"),
			ref("portal_rule_id", "portal_rules.id"),
		).on(FacialSet),
		table("access_events",
			id(),
			text("event"),
			text("type"),
			text("identification"),
			bigint("device_id").soft("devices.id"),
			integer("timestamp"),
		).on(Modern).keep(rotation), // [guess] Legacy tells the monitor only
		table("alarm_logs",
			id(),
			integer("event"),
			integer("cause"),
			bigint("user_id").null().soft("users.id"),
			integer("time").indexed(),
			bigint("access_log_id").or(Int(0)).soft("access_logs.id"),
			bigint("door_id").null().on(Legacy|V5), // [guess] its type and who has it
		),
		table("alarm_zones",
			bigint("zone"),
			integer("enabled"),
			integer("active_level"),
			integer("alarm_delay"),
		).keyed("zone"),
		junction("alarm_zone_time_zones",
			ref("alarm_zone_id", "alarm_zones.zone"),
			ref("time_zone_id", "time_zones.id"),
		),
		table("change_logs",
			id(),
			text("operation_type"),
			text("table_name"),
			bigint("table_id"),
			integer("timestamp").null(),
		).on(FacialSet).keep(rotation),
		table("audit_logs",
			id(),
			text("time"),
			integer("type"),
			text("details"),
		).on(FacialSet), // [guess] only iDFace has the command that exports them
		table("log_types",
			id(),
			text("name"),
		).on(Modern), // access_logs of Legacy has no log_type_id
		table("call_logs",
			id(),
			integer("time"),
			integer("role").null(),
			text("remote_uri").null(),
			integer("connection_time").null(),
			integer("dtmf_event").null(),
			integer("p2p_enable").null(),
			integer("call_status").null(),
		).on(FacialSet), // [guess] of the intercom
	}
}
