package vector_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"

	"portaria/store/query"
	"portaria/store/schema"
	"portaria/terminal"
	"portaria/terminal/device"
	"portaria/terminal/dialect/jsondoc"
	"portaria/terminal/terminaltest"
	"portaria/terminal/vector"
	"portaria/testdata"
)

// inside is a terminal in this process as a target: facts are made to hold
// behind the wire's back.
type inside struct{ t *terminaltest.Terminal }

func (i inside) Dial() (net.Conn, error)  { return i.t.Dial() }
func (i inside) Session() (string, error) { return i.t.Login(), nil }

func (i inside) Give(g vector.Given, photo []byte) error {
	switch g.What {
	case "user", "photo":
		i.t.AddUser(g.User, "Vector")
	case "nouser":
		return i.dropUser(g.User)
	case "object":
		row, err := i.row(g)
		if err != nil {
			return err
		}
		_, _, err = i.t.Device().CreateOrModify(g.Table, []schema.Row{row})
		return err
	case "absent":
		return i.dropRow(g)
	}
	if photo == nil {
		return nil
	}
	r := i.t.Device().SetPhoto(context.Background(), device.Upload{User: g.User, Timestamp: g.Timestamp, Picture: photo})
	return r.Err
}

func (i inside) dropUser(id int64) error {
	if err := i.t.Device().DeleteUser(id); !errors.Is(err, device.ErrNoUser) {
		return err
	}
	return nil
}

// row is the row of a fact. A product without the table has no such fact.
func (i inside) row(g vector.Given) (schema.Row, error) {
	t := i.t.Device().Schema().Table(g.Table)
	if t == nil {
		return nil, fmt.Errorf("no table %s", g.Table)
	}
	v, err := jsondoc.Parse([]byte(g.Row))
	if err != nil {
		return nil, err
	}
	var row schema.Row
	for name, member := range v.Members() {
		a := schema.Assignment{Column: t.Column(name)}
		if a.Column < 0 {
			return nil, fmt.Errorf("no column %s in %s", name, g.Table)
		}
		if n, ok := member.Int(); ok {
			a.Value = schema.Int(n)
		} else if n, ok := member.Uint(); ok {
			a.Value = schema.Int(int64(n))
		} else if b, ok := member.Base64(); ok && t.Columns[a.Column].Type == schema.Bytes {
			a.Value = schema.Blob(string(b))
		} else if s, ok := member.Str(); ok {
			a.Value = schema.Text(s)
		}
		row = append(row, a)
	}
	return row, nil
}

// customColumns is the table whose rows are removed with what they stand for.
const customColumns = "custom_columns"

// dropRow destroys the row with the id of the fact, or every row like it.
func (i inside) dropRow(g vector.Given) error {
	row, err := i.row(g)
	if err != nil {
		return err
	}
	f := i.like(g, row)
	if g.Table != customColumns {
		_, err = i.t.Device().Destroy(f)
		return err
	}
	var ids []int64
	err = i.t.Device().Load(query.Query{Filter: f, Limit: query.NoLimit}, func(values []schema.Value) error {
		ids = append(ids, values[0].Int())
		return nil
	})
	if err != nil {
		return err
	}
	return i.t.Device().RemoveFields(ids)
}

// like is what finds the row with the id of row, or every row like it.
func (i inside) like(g vector.Given, row schema.Row) query.Filter {
	t := i.t.Device().Schema().Table(g.Table)
	var all query.And
	for _, a := range row {
		is := query.Compare{Column: query.Column{Table: g.Table, Name: t.Columns[a.Column].Name}, Value: a.Value}
		if a.Column == t.Key {
			all = query.And{is}
			break
		}
		all = append(all, is)
	}
	return query.Filter{Table: g.Table, Where: query.Normal(all)}
}

func (i inside) Forget(given []vector.Given) error {
	if err := i.t.Device().DeletePhotos(device.PhotoSelection{All: true}); err != nil {
		return err
	}
	for _, g := range given {
		var err error
		if g.Table != "" {
			err = i.dropRow(g)
		} else {
			err = i.dropUser(g.User)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func mustLoad(t *testing.T) []vector.Vector {
	t.Helper()
	vectors, err := vector.Load(testdata.Wire(), "fcgi")
	if err != nil {
		t.Fatal(err)
	}
	return vectors
}

// runAll runs what holds for the model and tells how many that were.
func runAll(t *testing.T, vectors []vector.Vector, model, faces string, target vector.Target) (ran int) {
	t.Helper()
	for _, v := range vectors {
		if !v.For(model) || !v.ForFaces(faces) {
			continue
		}
		ran++
		if err := v.Run(target, testdata.Photos()); err != nil {
			t.Errorf("%s on %s: %s\n  %v", v.Name, model, v.Intent, err)
		}
	}
	return ran
}

func TestVectors(t *testing.T) {
	t.Parallel()
	vectors := mustLoad(t)
	models := device.Models()
	if testing.Short() {
		models = []string{device.DefaultModel, "idface"} // one of each generation
	}
	for _, model := range models {
		t.Run(model+" over a socket", func(t *testing.T) {
			t.Parallel()
			target := inside{terminaltest.New(t, terminaltest.Model(model))}
			if ran := runAll(t, vectors, model, "lenient", target); ran < vector.Minimum {
				t.Errorf("%d vectors ran, want at least %d", ran, vector.Minimum)
			}
		})
	}
	for _, faces := range []string{"strict", "off", "scripted"} {
		t.Run("idface that judges faces: "+faces, func(t *testing.T) {
			t.Parallel()
			target := inside{terminaltest.New(t, terminaltest.Model("idface"), terminaltest.With(func(c *terminal.Config) { c.Faces = faces }))}
			if ran := runAll(t, vectors, "idface", faces, target); ran < vector.Minimum {
				t.Errorf("%d vectors ran, want at least %d", ran, vector.Minimum)
			}
		})
	}
	t.Run("inside a bubble", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			target := inside{terminaltest.New(t, terminaltest.InBubble())}
			if ran := runAll(t, vectors, device.DefaultModel, "lenient", target); ran < vector.Minimum {
				t.Errorf("%d vectors ran, want at least %d", ran, vector.Minimum)
			}
		})
	})
}

func TestEveryVectorRunsSomewhere(t *testing.T) {
	t.Parallel()
	for _, v := range mustLoad(t) {
		somewhere := false
		for _, model := range device.Models() {
			for _, faces := range []string{"lenient", "strict", "off", "scripted"} {
				somewhere = somewhere || v.For(model) && v.ForFaces(faces)
			}
		}
		if !somewhere {
			t.Errorf("%s holds for %v that judge faces %v, which no terminal is", v.Name, v.Models, v.Faces)
		}
	}
}

// A runner that cannot fail proves nothing.
func TestRunNotices(t *testing.T) {
	t.Parallel()
	target := inside{terminaltest.New(t)}
	vectors := map[string]vector.Vector{}
	for _, v := range mustLoad(t) {
		vectors[v.Name] = v
	}
	for _, c := range []struct {
		name  string
		given int // how many of its facts are left
		want  string
	}{
		{"get_image", 1, "status 404, want 200"},
		{"modify_objects", 2, "exchange 2: body"},
	} {
		v, ok := vectors[c.name]
		if !ok {
			t.Errorf("there is no vector %s", c.name)
			continue
		}
		v.Given = v.Given[:c.given]
		if err := v.Run(target, testdata.Photos()); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s with %d of its facts: %v, want a complaint of %q", c.name, c.given, err, c.want)
		}
	}
}

func TestForget(t *testing.T) {
	t.Parallel()
	terminal := terminaltest.New(t, terminaltest.Model("idface"))
	rows := func(table string) (n int) {
		q := query.Query{Filter: query.Filter{Table: table}, Limit: query.NoLimit}
		err := terminal.Device().Load(q, func([]schema.Value) error {
			n++
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := map[string]int{}
	for _, table := range terminal.Device().Schema().Tables() {
		if !table.Pseudo {
			before[table.Name] = rows(table.Name)
		}
	}
	runAll(t, mustLoad(t), "idface", "lenient", inside{terminal})
	for table, want := range before {
		// Logs are kept, and a table that was given a column stays on the list
		// of such tables.
		if got := rows(table); got != want && table != "change_logs" && table != "custom_tables" {
			t.Errorf("%d rows in %s when every vector has run, want the %d from before", got, table, want)
		}
	}
}
