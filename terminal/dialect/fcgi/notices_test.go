package fcgi_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestObjectNotices(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ command, body, want string }{
		// What the vendor's own clients send with everything is no mistake.
		{"load_objects", `{"object":"users","fields":["id"],"limit":1000,"offset":0,"order":["id"],"where":{},"join":"LEFT","group":[],"finish":true}`, ""},
		{"create_objects", `{"object":"holidays","values":[],"fields":["id"],"join":"LEFT","where":{"users":{"id":5}},"order":["id"],"limit":1000}`, ""},
		{"destroy_objects", `{"object":"holidays","where":{"holidays":{"id":1}},"limit":1000}`, ""},
		{"modify_objects", `{"object":"holidays","values":{"name":"x"},"where":{"holidays":{"id":1}}}`, ""},
		{"modify_objects", `{"object":"holidays","values":[]}`, ""},

		{"destroy_objects", `{"object":"special_columns"}`, ""}, // refused, not obeyed

		{"load_objects", `{"object":"users","filter":{"id":1}}`, "member"},
		{"load_objects", `{"object":"users","ids":[1],"order_by":"id"}`, "member member"},
		{"load_objects", `{"object":"users","wheres":{"users":{"id":1}}}`, "member"},
		{"load_objects", `{"object":"users","values":[]}`, "member"},
		{"load_objects", `{"object":"users","order":"desc"}`, "order"},
		{"load_objects", `{"object":"users","where":{"users":7}}`, "where"},
		{"load_objects", `{"object":"users","where":[{"field":"id","op":">","value":1}]}`, "op"},
		{"load_objects", `{"object":"users","where":[{"field":"id","value":1,"conector":"OR"}]}`, "where"},
		{"load_objects", `{"object":"users","where":[{"object":"users","field":"id","operator":">","value":1,"connector":"OR"}]}`, ""},
		{"destroy_objects", `{"object":"holidays"}`, "no-where"},
		{"destroy_objects", `{"object":"holidays","where":{"holidays":{}}}`, "no-where"},
		{"destroy_objects", `{"object":"holidays","where":{"holidays":7}}`, "where no-where"},
		{"modify_objects", `{"object":"holidays","values":{"name":"x"}}`, "no-where"},
		{"create_or_modify_objects", `{"object":"holidays","values":[]}`, "reply"},
		{"set_objects", `{"object":"users"}`, "invented"},
		{"delete_objects", ``, "invented"},
		{"remove_objects", `{`, "invented"},
	} {
		h := newHandler(t, "idface")
		h.call(t, http.MethodPost, "/"+c.command+".fcgi?session="+h.session, []byte(c.body))
		h.call(t, http.MethodPost, "/"+c.command+".fcgi", []byte(c.body)) // nobody, who is not heard
		var rules []string
		for _, n := range h.device.Notices() {
			rules = append(rules, n.Rule)
			if n.Command != c.command || n.Client != "127.0.0.1" || n.Detail == "" || n.Time.IsZero() {
				t.Errorf("%s %s: notice %+v", c.command, c.body, n)
			}
		}
		if diff := cmp.Diff(c.want, strings.Join(rules, " ")); diff != "" {
			t.Errorf("%s %s (-want +got):\n%s", c.command, c.body, diff)
		}
	}
	t.Run("what a client wrote is cut", func(t *testing.T) {
		t.Parallel()
		h := newHandler(t, "idface")
		h.call(t, http.MethodPost, "/load_objects.fcgi?session="+h.session, []byte(`{"object":"users","`+strings.Repeat("x", 50_000)+`":1}`))
		if got := h.device.Notices(); len(got) != 1 || len(got[0].Detail) > 300 {
			t.Errorf("%d notices, the first of %d bytes, want a short one", len(got), len(got[0].Detail))
		}
	})
}
