package schema

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// relations are the pairs that access-api §3.8 names.
var relations = map[string][]string{
	"users": {
		"cards", "templates", "face_templates", "qrcodes", "pins", "user_roles", "user_types", "groups", "access_rules",
		"time_zones", "access_logs", "alarm_logs", "contacts", "custom_thresholds", "visits", "c_users",
		"opening_times", "api_logins", "identification_rules", "portal_rules",
	},
	"access_rules": {
		"users", "groups", "portals", "areas", "time_zones", "actions", "validations", "scheduled_unlocks", "devices",
		"access_logs",
	},
	"access_logs": {
		"users", "portals", "areas", "devices", "groups", "access_rules", "time_zones", "identification_rules",
		"log_types", "alarm_logs", "portal_rules",
	},
	"portals": {"actions", "access_rules", "access_logs", "portal_rules", "devices"},
	"time_zones": {
		"time_spans", "access_rules", "areas", "groups", "users", "alarm_zones", "scheduled_unlocks",
	},
}

func TestRelations(t *testing.T) {
	t.Parallel()
	s := Of(Amico)
	for one, others := range relations {
		for _, other := range others {
			there, back := s.Path([]string{one}, other), s.Path([]string{other}, one)
			if len(there) == 0 || len(back) == 0 {
				t.Errorf("%s and %s: %v there, %v back", one, other, there, back)
				continue
			}
			if len(there) != len(back) {
				t.Errorf("%s and %s: %d hops there, %d back", one, other, len(there), len(back))
			}
			checkPath(t, s, []string{one}, other, there)
			checkPath(t, s, []string{other}, one, back)
		}
	}
}

// checkPath tells of a path that does not lead from one of the tables to the
// other, hop by hop, over references.
func checkPath(t *testing.T, s *Schema, joined []string, to string, path []Hop) {
	t.Helper()
	at := ""
	for _, name := range joined {
		if path[0].From.Table == name {
			at = name
		}
	}
	for _, h := range path {
		if h.From.Table != at || !refers(s, h.From, h.To) && !refers(s, h.To, h.From) {
			t.Errorf("%s to %s: %v is no hop from %q", joined, to, h, at)
		}
		at = h.To.Table
	}
	if at != to {
		t.Errorf("%s to %s ends at %s", joined, to, at)
	}
}

func refers(s *Schema, from, to ColumnName) bool {
	t := s.Table(from.Table)
	i := t.Column(from.Column)
	return i >= 0 && t.Columns[i].Ref != nil &&
		ColumnName{t.Columns[i].Ref.Table, t.Columns[i].Ref.Column} == to
}

func showPath(path []Hop) string {
	if path == nil {
		return "none"
	}
	var parts []string
	for _, h := range path {
		parts = append(parts, fmt.Sprintf("%s.%s=%s.%s", h.From.Table, h.From.Column, h.To.Table, h.To.Column))
	}
	return strings.Join(parts, " ")
}

func TestPath(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		says   string
		line   Lines
		joined string
		to     string
		want   string
	}{
		{
			"one reference is one hop", Amico, "users", "cards",
			"users.id=cards.user_id",
		},
		{
			"a person's rules are the direct ones", Amico, "users", "access_rules",
			"users.id=user_access_rules.user_id user_access_rules.access_rule_id=access_rules.id",
		},
		{
			"a log's area is where its portal leads to", Amico, "access_logs", "areas",
			"access_logs.portal_id=portals.id portals.area_to_id=areas.id",
		},
		{
			"a log's rules are those it was granted by", Amico, "access_logs", "access_rules",
			"access_logs.id=access_log_access_rules.access_log_id access_log_access_rules.access_rule_id=access_rules.id",
		},
		{
			"a log's groups are its person's", Amico, "access_logs", "groups",
			"access_logs.user_id=users.id users.id=user_groups.user_id user_groups.group_id=groups.id",
		},
		{
			"times follow the groups where they are asked for", Amico, "users groups", "time_zones",
			"groups.id=group_access_rules.group_id group_access_rules.access_rule_id=access_rules.id " +
				"access_rules.id=access_rule_time_zones.access_rule_id access_rule_time_zones.time_zone_id=time_zones.id",
		},
		{
			"times follow the person's rules otherwise", Amico, "users", "time_zones",
			"users.id=user_access_rules.user_id user_access_rules.access_rule_id=access_rules.id " +
				"access_rules.id=access_rule_time_zones.access_rule_id access_rule_time_zones.time_zone_id=time_zones.id",
		},
		{
			"of two tables at one distance the first joined is the start", Amico, "templates cards", "users",
			"templates.user_id=users.id",
		},
		{
			"a table nearer by is the start whatever its place", Amico, "access_logs users", "cards",
			"users.id=cards.user_id",
		},
		{
			"a visit is the visitor's", Amico, "users", "visits",
			"users.id=visits.visitor_id",
		},
		{
			"a client is found by the device it belongs to", Amico, "devices", "device_clients",
			"devices.id=device_clients.device_id",
		},
		{
			"people and portals meet by rules, not by logs", Amico, "users", "portals",
			"users.id=user_access_rules.user_id user_access_rules.access_rule_id=access_rules.id " +
				"access_rules.id=portal_access_rules.access_rule_id portal_access_rules.portal_id=portals.id",
		},
		{
			"what hangs on a log is joined by it", Amico, "access_log_access_rules", "users",
			"access_log_access_rules.access_log_id=access_logs.id access_logs.user_id=users.id",
		},
		{
			"and the other way round", Amico, "users", "access_log_access_rules",
			"users.id=access_logs.user_id access_logs.id=access_log_access_rules.access_log_id",
		},
		{
			"what hangs on a visit is joined by it", Amico, "users", "c_visits",
			"users.id=visits.visitor_id visits.id=c_visits.visit_id",
		},
		{
			"rules win over portal rules", Amico, "groups", "portals",
			"groups.id=group_access_rules.group_id group_access_rules.access_rule_id=access_rules.id " +
				"access_rules.id=portal_access_rules.access_rule_id portal_access_rules.portal_id=portals.id",
		},
		{
			"zones of the alarm have their own key", Legacy, "time_zones", "alarm_zones",
			"time_zones.id=alarm_zone_time_zones.time_zone_id alarm_zone_time_zones.alarm_zone_id=alarm_zones.zone",
		},
		{"a table that is joined needs no hop", Amico, "users", "users", ""},
		{"nothing leads to a table on its own", Amico, "users", "holidays", "none"},
		{"nothing leads to a pseudo table", Amico, "users", "special_columns", "none"},
		{"an unknown table has no way", Amico, "users", "nowhere", "none"},
		{"an unknown start is none", Amico, "nowhere", "users", "none"},
		{"a line without visits has no way to them", V5, "users", "visits", "none"},
	} {
		t.Run(c.says, func(t *testing.T) {
			t.Parallel()
			joined := strings.Fields(c.joined)
			if got := showPath(Of(c.line).Path(joined, c.to)); got != c.want {
				t.Errorf("Path(%q, %s)\n got %s\nwant %s", joined, c.to, got, c.want)
			}
		})
	}
}

// TestPathIsTheSame asks again and again: a map's order must not choose.
func TestPathIsTheSame(t *testing.T) {
	t.Parallel()
	want := Of(Amico).Joins("devices")
	for range 20 {
		if diff := cmp.Diff(want, Of(Amico).Joins("devices")); diff != "" {
			t.Fatalf("Joins(devices) (-first +later):\n%s", diff)
		}
	}
}

func TestJoins(t *testing.T) {
	t.Parallel()
	for _, e := range everyLine {
		t.Run("on "+e.name+" they are what Path says", func(t *testing.T) {
			t.Parallel()
			s := Of(e.line)
			for _, table := range s.Tables() {
				var want []Join
				for _, other := range s.Tables() {
					path := s.Path([]string{table.Name}, other.Name)
					if len(path) == 0 {
						continue
					}
					checkPath(t, s, []string{table.Name}, other.Name, path)
					j := Join{Table: other.Name}
					for _, h := range path {
						j.Fields = append(j.Fields, h.From, h.To)
					}
					want = append(want, j)
				}
				if diff := cmp.Diff(want, s.Joins(table.Name)); diff != "" {
					t.Errorf("Joins(%s) (-Path +Joins):\n%s", table.Name, diff)
				}
			}
		})
	}
	t.Run("no way leads through a log, but for what hangs on it", func(t *testing.T) {
		t.Parallel()
		s := Of(Amico)
		for _, table := range s.Tables() {
			for _, j := range s.Joins(table.Name) {
				for _, c := range j.Fields[1 : len(j.Fields)-1] {
					through := strings.HasSuffix(c.Table, "_logs") && c.Table != table.Name && c.Table != j.Table
					if through && hangsOn[table.Name] != c.Table && hangsOn[j.Table] != c.Table {
						t.Errorf("%s to %s leads through %s", table.Name, j.Table, c.Table)
					}
				}
			}
		}
	})
}

// TestPreferences tells of a preference for what no longer exists.
func TestPreferences(t *testing.T) {
	t.Parallel()
	s := All()
	for name := range passedOver {
		table := s.Table(name.Table)
		if table == nil || table.Column(name.Column) < 0 || table.Columns[table.Column(name.Column)].Ref == nil {
			t.Errorf("%v is passed over, and no reference", name)
		}
	}
	for a, b := range hangsOn {
		if s.Table(a) == nil || s.Table(b) == nil || len(s.Path([]string{a}, b)) != 1 {
			t.Errorf("%s does not hang on %s", a, b)
		}
	}
	for _, name := range firstStarts {
		if s.Table(name) == nil {
			t.Errorf("paths rather start from %s, which is not there", name)
		}
	}
}
