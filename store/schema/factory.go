package schema

import "fmt"

// FactoryOptions are what the first rows of a terminal depend on.
type FactoryOptions struct {
	Line       Lines
	Doors      int    // how many it opens, which are its portals; less than one counts as one
	Action     string // opens a door: "door", "sec_box" or "catra"
	Turnstile  bool
	SecBox     bool
	DeviceID   int64
	Serial, IP string
	Portuguese bool
}

// FactoryRow is one row that a terminal leaves the factory with.
type FactoryRow struct {
	Table string
	Cells []Cell
}

// Cell is one value of a row, by the column's name.
type Cell struct {
	Column string
	Value  Value
}

// SecBoxID is the id of the one row of sec_boxs.
const SecBoxID = 65793

// Factory lists the first rows of a terminal (access-api §3.9) in an order in
// which each finds those that it refers to. Names that the reference does not
// tell are [guess], as are all numbers without another source.
func Factory(o FactoryOptions) []FactoryRow {
	f := factory{FactoryOptions: o, line: Of(o.Line)}
	f.Doors = max(f.Doors, 1)
	f.times()
	f.places()
	f.rules()
	f.device()
	f.scripts()
	f.customs()
	return f.rows
}

// factory gathers rows.
type factory struct {
	FactoryOptions
	line *Schema
	rows []FactoryRow
}

// add adds a row, unless the line has no such table, without the columns that
// the line lacks.
func (f *factory) add(table string, cells ...Cell) {
	t := f.line.Table(table)
	if t == nil {
		return
	}
	row := FactoryRow{Table: table}
	for _, c := range cells {
		if t.Column(c.Column) >= 0 {
			row.Cells = append(row.Cells, c)
		}
	}
	f.rows = append(f.rows, row)
}

func (f *factory) has(table string) bool { return f.line.Table(table) != nil }

// say chooses the language.
func (f *factory) say(english, portuguese string) string {
	if f.Portuguese {
		return portuguese
	}
	return english
}

func num(column string, n int64) Cell { return Cell{column, Int(n)} }
func str(column, s string) Cell       { return Cell{column, Text(s)} }

func (f *factory) times() {
	f.add("time_zones", num("id", 1), str("name", f.say("Always Allowed", "Sempre Liberado")))
	span := []Cell{num("id", 1), num("time_zone_id", 1), num("start", 0), num("end", 86399)}
	for _, day := range []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat", "hol1", "hol2", "hol3"} {
		span = append(span, num(day, 1))
	}
	f.add("time_spans", span...)
}

// places are the areas, the portals between them, and what opens these.
func (f *factory) places() {
	f.add("areas", num("id", 1), str("name", f.say("Outside", "Área externa")))
	f.add("areas", num("id", 2), str("name", f.say("Inside", "Área interna")))
	for door := range int64(f.Doors) {
		door++
		f.add("portals", num("id", door), str("name", fmt.Sprintf("Portal %d", door)),
			num("area_from_id", 1), num("area_to_id", 2))
		f.add("actions", num("id", door), str("name", fmt.Sprintf("%s %d", f.say("Open portal", "Abrir portal"), door)),
			str("action", f.Action), str("parameters", f.parameters(door)), num("run_at", 0))
		f.add("portal_actions", num("portal_id", door), num("action_id", door))
	}
}

// parameters are those of the action that opens the door (access-api §8.1).
func (f *factory) parameters(door int64) string {
	switch f.Action {
	case "sec_box":
		// Reason 1 is somebody who was identified.
		return fmt.Sprintf("id=%d, reason=1", SecBoxID)
	case "catra":
		return "allow=both"
	}
	return fmt.Sprintf("door=%d", door)
}

// rules lets everybody in group 1 pass everywhere at any time.
func (f *factory) rules() {
	f.add("groups", num("id", 1), str("name", f.say("Standard", "Padrão")))
	f.add("access_rules", num("id", 1), str("name", f.say("Always Allowed", "Sempre Liberado")),
		num("type", 1), num("priority", 0))
	f.add("group_access_rules", num("group_id", 1), num("access_rule_id", 1))
	// Before the portals: firmware was seen to fail over a portal's rule
	// without a time zone (access-api §3.11, access_rules).
	f.add("access_rule_time_zones", num("access_rule_id", 1), num("time_zone_id", 1))
	for door := range int64(f.Doors) {
		f.add("portal_access_rules", num("portal_id", door+1), num("access_rule_id", 1))
	}
}

// device is the terminal itself and what turns or opens.
func (f *factory) device() {
	f.add("devices", num("id", f.DeviceID), str("name", f.Serial), str("ip", f.IP))
	if f.SecBox {
		f.add("sec_boxs", num("id", SecBoxID), str("name", "SecBox"), num("version", 2), num("enabled", 1),
			num("relay_timeout", 3000), num("door_sensor_enabled", 0), num("door_sensor_idle", 0),
			num("auto_close_enabled", 1), num("rex_mode", 0))
	}
	if f.Turnstile {
		f.add("catra_infos", num("id", 1), num("left_turns", 0), num("right_turns", 0),
			num("entrance_turns", 0), num("exit_turns", 0))
	}
}

// The factory's scripts. Clients read their parameters by these ids.
const (
	biometry = 1 + iota
	cardIDBox
	password
	userIdentified
	card
)

// portalParameter is the type of a script's parameter that names a portal.
// [guess]
const portalParameter = 1

// scripts are the ways of identification. Each that the terminal uses has
// one instance with the same id, and a rule by the same id that names it.
// [guess] The reference has the scripts and their parameters only.
func (f *factory) scripts() {
	names := map[int64]string{
		biometry: "biometry", cardIDBox: "card_idbox", password: "password", userIdentified: "user_identified", card: "card",
	}
	for script := int64(biometry); script <= card; script++ {
		f.add("scripts", num("id", script), str("script", names[script]))
	}
	parameters := []struct {
		id, script int64
		name       string
	}{
		{1, biometry, "portal"},
		{5, password, "portal"}, // [guess] its name
		{6, userIdentified, "portal"},
		{7, cardIDBox, "portal1"},
		{8, cardIDBox, "portal2"},
		{9, cardIDBox, "portal3"},
		{10, cardIDBox, "portal4"},
	}
	for _, p := range parameters {
		f.add("script_parameters", num("id", p.id), num("script_id", p.script),
			num("type", portalParameter), str("name", p.name))
	}

	unused := int64(cardIDBox)
	if f.Doors > 2 { // iDBox, whose readers each have a portal
		unused = card
	}
	for script := int64(biometry); script <= card; script++ {
		if script == unused {
			continue
		}
		f.add("script_instances", num("id", script), num("script_id", script))
		f.add("identification_rules", num("id", script), str("name", names[script]), num("script_instance_id", script))
		portal := int64(1)
		for _, p := range parameters {
			if p.script != script || portal > int64(f.Doors) {
				continue
			}
			f.add("portal_script_parameters", num("script_parameter_id", p.id), num("script_instance_id", script),
				num("sequence", 0), num("value", portal))
			portal++
		}
	}
}

// customs are the tables that can have custom columns, the one such column
// that terminals have already, and the type of visitors.
func (f *factory) customs() {
	f.add("custom_tables", num("id", 1), str("table_name", "c_users"), str("name", f.say("Users", "Usuários")))
	f.add("custom_columns", num("id", 1), num("custom_table_id", 1), str("column_name", "cpf"), str("name", "CPF"))
	visitors := int64(1)
	if f.has("_visitors") {
		visitors = 2 // [guess] the table with the name of the type
		f.add("custom_tables", num("id", 2), str("table_name", "_visitors"), str("name", f.say("Visitors", "Visitantes")))
	}
	if f.has("c_visits") {
		f.add("custom_tables", num("id", 3), str("table_name", "c_visits"), str("name", f.say("Visits", "Visitas")))
	}
	// Where there are no visits, requiring one would shut every visitor out.
	requires := int64(0)
	if f.has("visits") {
		requires = 1
	}
	f.add("user_types", num("id", 1), num("custom_table_id", visitors), num("require_visitor", requires))
}
