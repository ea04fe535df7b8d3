package device_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"portaria/store"
	"portaria/store/query"
	"portaria/store/schema"
	"portaria/store/storetest"
	"portaria/terminal/clock"
	"portaria/terminal/device"
	"portaria/testdata"
)

// rowOf makes a row of column names and values in turn.
func rowOf(t testing.TB, d *device.Device, table string, values ...any) schema.Row {
	t.Helper()
	view := d.Schema().Table(table)
	var row schema.Row
	for i := 0; i < len(values); i += 2 {
		v := schema.Null
		switch x := values[i+1].(type) {
		case int:
			v = schema.Int(int64(x))
		case int64:
			v = schema.Int(x)
		case string:
			v = schema.Text(x)
		}
		row = append(row, schema.Assignment{Column: view.Column(values[i].(string)), Value: v})
	}
	return row
}

func mustCreate(t testing.TB, d *device.Device, table string, values ...any) int64 {
	t.Helper()
	ids, err := d.Create(table, []schema.Row{rowOf(t, d, table, values...)})
	if err != nil {
		t.Fatalf("create in %s %v: %v", table, values, err)
	}
	return ids[0]
}

// load returns the rows of a table, each as the text of some of its columns.
func load(t testing.TB, d *device.Device, table string, columns ...string) []string {
	t.Helper()
	q := query.Query{Filter: query.Filter{Table: table}, Limit: query.NoLimit}
	for _, c := range columns {
		q.Fields = append(q.Fields, query.Field{Column: query.Column{Table: table, Name: c}})
	}
	rows := []string{}
	err := d.Load(q, func(values []schema.Value) error {
		text := ""
		for _, v := range values {
			switch v.Kind() {
			case schema.NullKind:
				text += " null"
			case schema.IntKind:
				text += fmt.Sprint(" ", v.Int())
			default:
				text += " " + v.Str()
			}
		}
		rows = append(rows, text[1:])
		return nil
	})
	if err != nil {
		t.Errorf("load %s: %v", table, err)
	}
	return rows
}

func where(table, column string, v schema.Value) query.Filter {
	return query.Filter{Table: table, Where: query.Compare{Column: query.Column{Table: table, Name: column}, Value: v}}
}

func wantRows(t testing.TB, what string, got []string, want ...string) {
	t.Helper()
	if want == nil {
		want = []string{}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got)\n%s", what, diff)
	}
}

func TestObjects(t *testing.T) {
	t.Parallel()
	d := newDevice(t, device.Config{Profile: mustProfile(t, "idface")})
	_, err := d.Create("users", []schema.Row{
		rowOf(t, d, "users", "id", 10, "name", "Ana"),
		rowOf(t, d, "users", "id", 10, "name", "Bia"),
	})
	var broken *store.ConstraintError
	if !errors.As(err, &broken) || broken.Rule != store.UniqueRule {
		t.Errorf("two users with one id: %v", err)
	}
	wantRows(t, "users after a refused batch", load(t, d, "users", "id"))

	ids, err := d.Create("users", []schema.Row{rowOf(t, d, "users", "name", "Ana"), rowOf(t, d, "users", "id", 10, "name", "Bia"), rowOf(t, d, "users", "name", "Caio")})
	if err != nil || !slices.Equal(ids, []int64{1, 10, 11}) {
		t.Errorf("ids %v, %v; want 1, 10, 11", ids, err)
	}
	ids, changes, err := d.CreateOrModify("users", []schema.Row{rowOf(t, d, "users", "id", 10, "name", "Bia B."), rowOf(t, d, "users", "id", 12)})
	if err != nil || changes != 2 || !slices.Equal(ids, []int64{10, 12}) {
		t.Errorf("create or modify: %v, %d, %v", ids, changes, err)
	}
	pair := []schema.Row{rowOf(t, d, "user_groups", "user_id", 10, "group_id", 1)}
	for range 2 {
		if _, _, err := d.CreateOrModify("user_groups", pair); err != nil {
			t.Errorf("a membership, again: %v", err)
		}
	}
	wantRows(t, "memberships", load(t, d, "user_groups", "user_id", "group_id"), "10 1")
	if n, err := d.Modify(where("users", "name", schema.Text("Ana")), rowOf(t, d, "users", "name", "Ana A.")); n != 1 || err != nil {
		t.Errorf("modify: %d, %v", n, err)
	}
	if n, err := d.Modify(query.Filter{Table: "users"}, nil); n != 0 || err != nil {
		t.Errorf("modify nothing: %d, %v", n, err)
	}
	if n, err := d.ModifyEach("users", []schema.Row{rowOf(t, d, "users", "id", 11, "name", "Caio C."), rowOf(t, d, "users", "id", 99, "name", "nobody")}); n != 1 || err != nil {
		t.Errorf("modify each: %d, %v", n, err)
	}
	wantRows(t, "users", load(t, d, "users", "id", "name"), "1 Ana A.", "10 Bia B.", "11 Caio C.", "12 ")
	if n, err := d.Destroy(where("groups", "id", schema.Int(1))); n != 1 || err != nil {
		t.Errorf("destroy the group: %d, %v; want 1: what goes with it is not counted", n, err)
	}
	wantRows(t, "memberships of a group that is gone", load(t, d, "user_groups", "user_id"))

	for name, do := range map[string]func() error{
		"create":           func() error { _, err := d.Create("nonsense", nil); return err },
		"create or modify": func() error { _, _, err := d.CreateOrModify("nonsense", nil); return err },
		"modify":           func() error { _, err := d.Modify(query.Filter{Table: "nonsense"}, nil); return err },
		"modify each":      func() error { _, err := d.ModifyEach("special_columns", nil); return err },
		"destroy":          func() error { _, err := d.Destroy(query.Filter{Table: "nonsense"}); return err },
		"load":             func() error { return d.Load(query.Query{Filter: query.Filter{Table: "nonsense"}}, nil) },
	} {
		var missing *query.NoTableError
		if err := do(); !errors.As(err, &missing) {
			t.Errorf("%s in a table that is not there: %v", name, err)
		}
	}
}

// TestColumnsChangeMeanwhile writes rows that were read while the table had
// other custom columns.
func TestColumnsChangeMeanwhile(t *testing.T) {
	t.Parallel()
	d := newDevice(t, device.Config{Profile: mustProfile(t, "idface")})
	mustCreate(t, d, "users", "id", 1)
	mustCreate(t, d, "c_users", "id", 1, "user_id", 1)
	first, err := d.AddField(schema.Field{Table: "c_users", Name: "first", Type: schema.String})
	if err != nil {
		t.Fatal(err)
	}
	seen := d.Schema().Table("c_users")
	row := rowOf(t, d, "c_users", "id", 1, "user_id", 1, "first", "text")
	for i := range row {
		row[i].Of = &seen.Columns[row[i].Column]
	}
	if _, err := d.AddField(schema.Field{Table: "c_users", Name: "second", Type: schema.Integer}); err != nil {
		t.Fatal(err)
	}
	if err := d.RemoveFields([]int64{first}); err != nil {
		t.Fatal(err)
	}
	for name, do := range map[string]func() error{
		"create":           func() error { _, err := d.Create("c_users", []schema.Row{row}); return err },
		"create or modify": func() error { _, _, err := d.CreateOrModify("c_users", []schema.Row{row}); return err },
		"modify":           func() error { _, err := d.Modify(query.Filter{Table: "c_users"}, row); return err },
		"modify each":      func() error { _, err := d.ModifyEach("c_users", []schema.Row{row}); return err },
	} {
		var gone *query.NoColumnError
		if err := do(); !errors.As(err, &gone) || gone.Column.Name != "first" {
			t.Errorf("%s: %v, want no such column first", name, err)
		}
	}
	wantRows(t, "rows", load(t, d, "c_users", "id", "second"), "1 null")
}

// TestManyRows inserts more than are inserted one by one, in any order.
func TestManyRows(t *testing.T) {
	t.Parallel()
	d := newDevice(t, device.Config{})
	var rows []schema.Row
	for i := range 3000 {
		rows = append(rows, rowOf(t, d, "users", "id", 1+(i*1999)%3000, "name", fmt.Sprint(i)))
	}
	ids, err := d.Create("users", rows)
	if err != nil {
		t.Fatal(err)
	}
	for i, id := range ids {
		if want := int64(1 + (i*1999)%3000); id != want {
			t.Fatalf("row %d got the id %d, want %d", i, id, want)
		}
	}
	if got := len(load(t, d, "users", "id")); got != 3000 {
		t.Errorf("%d users, want 3000", got)
	}
}

func TestUserPhoto(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	photo := testdata.Photo("plain-320x240.jpg")
	t.Run("image_timestamp follows the photo", func(t *testing.T) {
		t.Parallel()
		d := newDevice(t, device.Config{Profile: mustProfile(t, "idface")})
		for id := range 3 {
			mustCreate(t, d, "users", "id", id+1)
		}
		wantRows(t, "before", load(t, d, "users", "id", "image_timestamp"), "1 null", "2 null", "3 null")
		for id := range int64(2) {
			if r := d.SetPhoto(ctx, device.Upload{User: id + 1, Timestamp: 70 + id, Picture: photo}); !r.Kept() {
				t.Fatal(r.Err)
			}
		}
		wantRows(t, "with photos", load(t, d, "users", "id", "image_timestamp"), "1 70", "2 71", "3 null")
		if got, err := d.Modify(where("users", "image_timestamp", schema.Int(71)), rowOf(t, d, "users", "name", "B")); got != 1 || err != nil {
			t.Errorf("the user whose photo is of 71: %d, %v", got, err)
		}
		if err := d.DeletePhotos(device.PhotoSelection{Users: []int64{1}}); err != nil {
			t.Fatal(err)
		}
		wantRows(t, "after one is gone", load(t, d, "users", "id", "image_timestamp"), "1 0", "2 71", "3 null")
		if err := d.DeletePhotos(device.PhotoSelection{All: true}); err != nil {
			t.Fatal(err)
		}
		wantRows(t, "after all are gone", load(t, d, "users", "id", "image_timestamp"), "1 0", "2 0", "3 null")
	})
	for model, left := range map[string][]int64{"idface": {}, "idaccess": {1}} {
		t.Run("the photo of a deleted user, "+model, func(t *testing.T) {
			t.Parallel()
			d := newDevice(t, device.Config{Profile: mustProfile(t, model)})
			mustCreate(t, d, "users", "id", 1)
			if r := d.SetPhoto(ctx, device.Upload{User: 1, Picture: photo}); !r.Kept() {
				t.Fatal(r.Err)
			}
			if n, err := d.Destroy(query.Filter{Table: "users"}); n != 1 || err != nil {
				t.Fatalf("destroy: %d, %v", n, err)
			}
			if diff := cmp.Diff(left, photosOf(t, d)); diff != "" {
				t.Errorf("photos left (-want +got)\n%s", diff)
			}
			if err := d.DeletePhotos(device.PhotoSelection{Dangling: true}); err != nil {
				t.Fatal(err)
			}
			if got := photosOf(t, d); len(got) > 0 {
				t.Errorf("dangling photos left: %v", got)
			}
		})
	}
}

func TestChangeLogs(t *testing.T) {
	t.Parallel()
	c := clock.NewManual(start)
	d := newDevice(t, device.Config{Profile: mustProfile(t, "idface"), Clock: c})
	mustCreate(t, d, "users", "id", 7)
	mustCreate(t, d, "cards", "id", 3, "value", 900, "user_id", 7)
	mustCreate(t, d, "user_groups", "user_id", 7, "group_id", 1)
	if r := d.SetPhoto(context.Background(), device.Upload{User: 7, Picture: testdata.Photo("plain-320x240.jpg")}); !r.Kept() {
		t.Fatal(r.Err)
	}
	if _, err := d.Modify(query.Filter{Table: "users"}, rowOf(t, d, "users", "name", "Ana")); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Destroy(query.Filter{Table: "users"}); err != nil {
		t.Fatal(err)
	}
	stamp := fmt.Sprint(" ", start.Unix())
	wantRows(t, "change_logs", load(t, d, "change_logs", "operation_type", "table_name", "table_id", "timestamp"),
		"insert users 7"+stamp, "insert cards 3"+stamp, "insert face_templates 1"+stamp, "update users 7"+stamp, "update users 7"+stamp,
		"delete cards 3"+stamp, "delete face_templates 1"+stamp, "delete users 7"+stamp)

	classic := newDevice(t, device.Config{})
	if classic.Schema().Table("change_logs") != nil {
		t.Error("a classic terminal has change_logs")
	}
}

// TestReportedRows looks into the log for what a listening server has to be
// told.
func TestReportedRows(t *testing.T) {
	t.Parallel()
	s := storetest.New(t)
	d := newDevice(t, device.Config{Store: s, Profile: mustProfile(t, "amico")})
	mustCreate(t, d, "users", "id", 7)
	mustCreate(t, d, "cards", "id", 3, "value", -1, "user_id", 7)
	mustCreate(t, d, "access_logs", "time", 5, "event", 7)
	if _, err := d.Modify(query.Filter{Table: "cards"}, rowOf(t, d, "cards", "value", 1)); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Destroy(query.Filter{Table: "users"}); err != nil {
		t.Fatal(err)
	}
	var got []string
	err := s.View(func(tx *store.Tx) error {
		for e := range tx.Entries(0) {
			if e.Table == "" {
				continue
			}
			if !json.Valid(e.Row) {
				t.Errorf("the row %s is no JSON", e.Row)
			}
			row := string(e.Row)
			if e.Table == "access_logs" {
				row = "…"
			}
			got = append(got, e.Kind+" "+e.Table+" "+row)
		}
		return nil
	})
	want := []string{
		`row inserted cards {"id":3,"value":18446744073709551615,"user_id":7,"secret":null}`,
		`row inserted access_logs …`,
		`row updated cards {"id":3,"value":1,"user_id":7,"secret":null}`,
		`row deleted cards {"id":3,"value":1,"user_id":7,"secret":null}`,
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("reported rows (-want +got): %v\n%s", err, diff)
	}
}

func TestFields(t *testing.T) {
	t.Parallel()
	d := newDevice(t, device.Config{Profile: mustProfile(t, "idface")})
	id, err := d.AddField(schema.Field{Table: "c_users", Name: "birthdate", Label: "Birthdate", Type: schema.String})
	if err != nil {
		t.Fatal(err)
	}
	mustCreate(t, d, "users", "id", 1)
	mustCreate(t, d, "c_users", "id", 1, "user_id", 1, "birthdate", "1990-01-01")
	wantRows(t, "custom column", load(t, d, "c_users", "user_id", "birthdate"), "1 1990-01-01")
	if got := load(t, d, "custom_columns", "id", "column_name", "name"); !slices.Contains(got, fmt.Sprint(id, " birthdate Birthdate")) {
		t.Errorf("custom_columns: %q", got)
	}
	if err := d.RemoveFields([]int64{id, 12345}); err != nil {
		t.Fatal(err)
	}
	if d.Schema().Table("c_users").Column("birthdate") >= 0 {
		t.Error("the column is still there")
	}
	if _, err := d.AddField(schema.Field{Table: "c_users", Name: "colour", Type: schema.String}); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Destroy(where("custom_columns", "column_name", schema.Text("colour"))); err != nil {
		t.Fatal(err)
	}
	if d.Schema().Table("c_users").Column("colour") >= 0 {
		t.Error("the row of a column is gone and the column is still there")
	}
	if id, err = d.AddField(schema.Field{Table: "c_users", Name: "shade", Type: schema.String}); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Modify(where("custom_columns", "id", schema.Int(id)), rowOf(t, d, "custom_columns", "id", 700)); err != nil {
		t.Fatal(err)
	}
	if err := d.RemoveFields([]int64{700}); err != nil || d.Schema().Table("c_users").Column("shade") >= 0 {
		t.Errorf("a column is still there when its row went under another id: %v", err)
	}
	for _, name := range []string{"", "1st", "a b", "x;--", "é"} {
		if _, err := d.AddField(schema.Field{Table: "c_users", Name: name}); !errors.Is(err, device.ErrColumnName) {
			t.Errorf("a column named %q: %v, want ErrColumnName", name, err)
		}
	}
	// Rows that the terminal adds itself have no value for these.
	for _, table := range []string{"change_logs", "face_templates", "custom_tables", "custom_columns"} {
		for _, f := range []schema.Field{{Unique: true}, {NotNull: true}} {
			f.Table, f.Name, f.Type = table, "own", schema.String
			if _, err := d.AddField(f); !errors.Is(err, device.ErrColumnRule) {
				t.Errorf("a column of %s, unique %v, not null %v: %v, want ErrColumnRule", table, f.Unique, f.NotNull, err)
			}
		}
		if _, err := d.AddField(schema.Field{Table: table, Name: "own", Type: schema.String, NotNull: true, Default: schema.Text("")}); err != nil {
			t.Errorf("a column of %s with a default: %v", table, err)
		}
	}
	mustCreate(t, d, "users", "id", 2)
	var missing *query.NoTableError
	if _, err := d.AddField(schema.Field{Table: "nonsense", Name: "x"}); !errors.As(err, &missing) {
		t.Errorf("a column of nothing: %v", err)
	}
}

func TestFactory(t *testing.T) {
	t.Parallel()
	t.Run("every product starts with its rows, once", func(t *testing.T) {
		t.Parallel()
		for _, model := range device.Models() {
			s := storetest.New(t)
			config := device.Config{Store: s, Profile: mustProfile(t, model)}
			d := newDevice(t, config)
			if got := load(t, d, "portals", "id"); len(got) == 0 || got[0] != "1" {
				t.Errorf("%s: portals %q, want 1 and on", model, got)
			}
			if got := load(t, d, "access_rules", "id", "type"); !slices.Equal(got, []string{"1 1"}) {
				t.Errorf("%s: access rules %q", model, got)
			}
			for _, table := range []string{"groups", "time_zones", "time_spans", "scripts", "script_parameters", "portal_script_parameters", "portal_actions", "devices"} {
				if len(load(t, d, table)) == 0 {
					t.Errorf("%s: no rows in %s", model, table)
				}
			}
			if _, err := d.Destroy(query.Filter{Table: "groups"}); err != nil {
				t.Errorf("%s: %v", model, err)
			}
			if again := newDevice(t, config); len(load(t, again, "groups")) != 0 {
				t.Errorf("%s: the group that was deleted is back after a restart", model)
			}
		}
	})
	t.Run("data that changes the product line gets what is new to it", func(t *testing.T) {
		t.Parallel()
		s := storetest.New(t)
		old := newDevice(t, device.Config{Store: s})
		mustCreate(t, old, "groups", "id", 2, "name", "mine")
		facial := newDevice(t, device.Config{Store: s, Profile: mustProfile(t, "idface")})
		wantRows(t, "groups", load(t, facial, "groups", "id"), "1", "2")
	})
}

func TestIDOf(t *testing.T) {
	t.Parallel()
	for serial, want := range map[string]int64{
		"A95V": 478435, "K1SP": 935449, "K1J9": 935109,
		"0A0210/000001": 2004173474234369, "0G0200/005B6D": 3206485144263533,
		"": 0, "??": 0, "0A02/000001": 0, "0A0210/XYZ": 0,
	} {
		if got := device.IDOf(serial); got != want {
			t.Errorf("IDOf(%q) is %d, want %d", serial, got, want)
		}
	}
	for _, model := range device.Models() {
		if got := load(t, newDevice(t, device.Config{Profile: mustProfile(t, model)}), "devices", "id"); len(got) != 1 || got[0] == "0" {
			t.Errorf("%s: devices %q, want itself", model, got)
		}
	}
}
