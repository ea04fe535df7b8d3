package fcgi_test

import (
	"fmt"
	"hash/fnv"
	"io/fs"
	"net/http"
	"strings"
	"testing"

	"portaria/store/query"
	"portaria/store/schema"
	"portaria/testdata"
)

var objectCommands = []string{
	"create_objects", "load_objects", "modify_objects", "create_or_modify_objects", "destroy_objects",
	"object_metadata", "object_add_field", "object_remove_fields", "export_objects", "user_hash_password", "set_objects",
}

// digest is a short form of every row of every table.
func (h handler) digest(tb testing.TB) uint64 {
	tb.Helper()
	sum := fnv.New64a()
	for _, t := range h.device.Schema().Tables() {
		if t.Pseudo {
			continue
		}
		fmt.Fprint(sum, t.Name, len(t.Columns))
		q := query.Query{Filter: query.Filter{Table: t.Name}, Limit: query.NoLimit}
		err := h.device.Load(q, func(values []schema.Value) error {
			fmt.Fprint(sum, values)
			return nil
		})
		if err != nil {
			tb.Fatal(err)
		}
	}
	return sum.Sum64()
}

// FuzzObjects sends arbitrary bodies to the commands of objects: whatever is
// refused has changed nothing.
func FuzzObjects(f *testing.F) {
	vectors, err := fs.Glob(testdata.Wire(), "fcgi/*.txtar")
	if err != nil || len(vectors) == 0 {
		f.Fatalf("no vectors to start from: %v", err)
	}
	seeds := 0
	for _, name := range vectors {
		text, err := fs.ReadFile(testdata.Wire(), name)
		if err != nil {
			f.Fatal(err)
		}
		for _, request := range strings.Split(string(text), "-- request --\n")[1:] {
			request, _, _ = strings.Cut(request, "\n-- response --")
			head, body, _ := strings.Cut(request, "\n\n")
			for i, command := range objectCommands {
				if strings.Contains(head, "/"+command+".fcgi") {
					f.Add(uint8(i), []byte(body))
					seeds++
				}
			}
		}
	}
	if seeds < 200 {
		f.Fatalf("%d seeds, want at least 200", seeds)
	}
	// Rows pile up: now and then the terminal is a new one.
	const lifetime = 500
	type state struct {
		handler
		done   func()
		digest uint64
		calls  int
	}
	states := map[string]*state{}
	f.Fuzz(func(t *testing.T, command uint8, body []byte) {
		name := objectCommands[int(command)%len(objectCommands)]
		for _, model := range []string{"idaccess", "amico"} {
			s := states[model]
			if s == nil || s.calls == lifetime {
				if s != nil {
					s.done()
				}
				h, done, err := openHandler(model)
				if err != nil {
					t.Fatal(err)
				}
				s = &state{handler: h, done: done}
				s.call(t, http.MethodPost, "/create_objects.fcgi?session="+s.session, []byte(`{"object":"users","values":[{"id":1,"name":"Ana"},{"id":2}]}`))
				s.digest = s.handler.digest(t)
				states[model] = s
			}
			s.calls++
			ctx := s.call(t, http.MethodPost, "/"+name+".fcgi?session="+s.session, body)
			after := s.handler.digest(t)
			if status := ctx.Response.StatusCode(); status != http.StatusOK && after != s.digest {
				t.Errorf("%s %.300q is answered %d, %.300s, and has changed the tables", name, body, status, ctx.Response.Body())
			}
			s.digest = after
		}
	})
}
