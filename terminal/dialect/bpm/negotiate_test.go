package bpm_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"portaria/terminal/dialect/bpm"
)

func TestForm(t *testing.T) {
	t.Parallel()
	s := newServer(t, "idaccess", bpm.Options{})
	const (
		asJSON = "application/json; charset=UTF-8"
		asXML  = "application/xml; charset=UTF-8"
		asCall = "application/x-javascript; charset=UTF-8"
	)
	for intent, c := range map[string]struct {
		accept, query string
		want          string // "": 406
	}{
		"nothing":                       {"", "", asJSON},
		"anything":                      {"*/*", "", asJSON},
		"any application":               {"application/*", "", asJSON},
		"JSON":                          {"application/json", "", asJSON},
		"JSON, with a parameter":        {"Application/JSON;charset=utf-8", "", asJSON},
		"XML":                           {"application/xml", "", asXML},
		"either":                        {"application/xml, application/json", "", asJSON},
		"rather XML":                    {"application/json;q=0.8, application/xml", "", asXML},
		"a browser":                     {"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "", asXML},
		"anything but JSON":             {"*/*, application/json;q=0", "", asXML},
		"CSV":                           {"text/csv", "", ""},
		"nothing at all":                {"*/*;q=0", "", ""},
		"CSV, then anything":            {"text/csv, */*;q=0.1", "", asJSON},
		"the query goes before":         {"text/csv", "?accept=application/xml", asXML},
		"the query asks for CSV":        {"application/json", "?accept=text/csv", ""},
		"a call":                        {"application/x-javascript", "?callback=f", asCall},
		"a call, by query":              {"*/*", "?accept=application/x-javascript&callback=a.b", asCall},
		"a call of nothing":             {"application/x-javascript", "", ""},
		"a callback that is not wanted": {"*/*", "?callback=f", asJSON},
		"only gzip":                     {"*/*", "?accept-encoding=" + url.QueryEscape("gzip, identity;q=0"), ""},
		"gzip or nothing":               {"*/*", "?accept-encoding=" + url.QueryEscape("gzip, *;q=0"), ""},
		"gzip rather":                   {"*/*", "?accept-encoding=gzip", asJSON},
		"as it is, and no other":        {"*/*", "?accept-encoding=" + url.QueryEscape("*;q=0, identity"), asJSON},
	} {
		got := s.call(t, http.MethodGet, base+"/user/current"+c.query, nil, "Accept", c.accept)
		if c.want == "" {
			if got.StatusCode != 406 || len(got.body) > 0 {
				t.Errorf("%s: %d, %.100q; want 406 and nothing", intent, got.StatusCode, got.body)
			}
			continue
		}
		if h := got.Header.Get("Content-Type"); got.StatusCode != 200 || h != c.want {
			t.Errorf("%s: %d, %s; want %s", intent, got.StatusCode, h, c.want)
		}
		name := c.query[strings.LastIndex(c.query, "=")+1:]
		if c.want == asCall && (!strings.HasPrefix(string(got.body), name+`({"status":"200","data":{`) || !strings.HasSuffix(string(got.body), `}});`)) {
			t.Errorf("%s: %s", intent, got.body)
		}
	}
	t.Run("a callback that is code is refused", func(t *testing.T) {
		for _, callback := range []string{"alert(1)//", "", "a b", "f<", strings.Repeat("f", 101), "1"} {
			got := s.call(t, http.MethodGet, base+"/user/current?accept=application/x-javascript&callback="+url.QueryEscape(callback), nil)
			if callback == "" {
				if got.StatusCode != 406 {
					t.Errorf("none: %d", got.StatusCode)
				}
				continue
			}
			wantException(t, got, 400, "InvalidParameterException", "CWTBG0012E")
		}
	})
	t.Run("errors come in the form that is wanted", func(t *testing.T) {
		got := s.call(t, http.MethodGet, base+"/user/nobody", nil, "Accept", "application/xml")
		const want = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?><ex:RestRuntimeException xmlns:ex="http://rest.bpm.ibm.com/v1/data/exception"><status>error</status><Data><status>error</status><exceptionType>com.ibm.bpm.wle.api.NoSuchUserException</exceptionType><errorNumber>CWTBG0007E</errorNumber><errorMessage>CWTBG0007E: User &#39;nobody&#39; not found.</errorMessage><errorMessageParameters>nobody</errorMessageParameters></Data></ex:RestRuntimeException>`
		if got.StatusCode != 404 || string(got.body) != want {
			t.Errorf("%d %s", got.StatusCode, got.body)
		}
		got = s.call(t, http.MethodGet, base+"/user/nobody?callback=f", nil, "Accept", "application/x-javascript")
		if got.StatusCode != 404 || !strings.HasPrefix(string(got.body), `f({"status":"error","Data":{`) || !strings.HasSuffix(string(got.body), `}});`) {
			t.Errorf("%d %s", got.StatusCode, got.body)
		}
	})
}

func TestMethod(t *testing.T) {
	t.Parallel()
	s := newServer(t, "idaccess", bpm.Options{})
	for name, c := range map[string]struct {
		method, path string
		headers      []string
		status       int
		allow        string
	}{
		"a header in the place of POST":       {"POST", "/avatar/current", []string{"X-HTTP-Method-Override", "delete"}, 200, ""},
		"the other header":                    {"POST", "/avatar/current", []string{"X-Method-Override", "GET"}, 200, ""},
		"the query":                           {"POST", "/avatar/current?x-method-override=GET", nil, 200, ""},
		"the other query":                     {"POST", "/users?x-http-method-override=GET", nil, 200, ""},
		"no header in the place of GET":       {"GET", "/avatar/current", []string{"X-HTTP-Method-Override", "DELETE"}, 200, ""},
		"PUT is not a method of avatars":      {"PUT", "/avatar/current", nil, 405, "GET, POST, DELETE"},
		"nor is it by a header":               {"POST", "/avatar/current", []string{"X-Method-Override", "PUT"}, 405, "GET, POST, DELETE"},
		"PATCH is nowhere one":                {"PATCH", "/avatar/current", nil, 405, "GET, POST, DELETE"},
		"POST is not a method of users":       {"POST", "/user/current", nil, 405, "GET"},
		"nor DELETE of images":                {"DELETE", "/avatar/image/current", nil, 405, "GET"},
		"nothing below avatar is nothing":     {"GET", "/avatar/", nil, 404, ""},
		"another method of the user resource": {"PUT", "/user/current?action=setPreference", nil, 405, "GET"},
		"HEAD is GET":                         {"HEAD", "/avatar/current", nil, 200, ""},
	} {
		got := s.call(t, c.method, base+c.path, nil, c.headers...)
		if got.StatusCode != c.status || got.Header.Get("Allow") != c.allow {
			t.Errorf("%s: %d, Allow %q; want %d, %q", name, got.StatusCode, got.Header.Get("Allow"), c.status, c.allow)
		}
		if c.status >= 400 && len(got.body) > 0 {
			t.Errorf("%s: body %.100q", name, got.body)
		}
	}
}

func TestPrefixes(t *testing.T) {
	t.Parallel()
	s := newServer(t, "idaccess", bpm.Options{Prefixes: []string{"/baw/prod"}})
	for path, want := range map[string]int{"/baw/prod" + base + "/avatar/current": 200, base + "/avatar/current": 404, "/baw/prod/bpm/system/login": 405} {
		if got := s.call(t, http.MethodGet, path, nil).StatusCode; got != want {
			t.Errorf("%s: %d, want %d", path, got, want)
		}
	}
	for _, o := range []bpm.Options{{Prefixes: []string{"bas"}}, {Prefixes: []string{"/"}}, {Prefixes: []string{"", "/bas", ""}}, {UnknownUser: "x"}, {XSRF: "on"}} {
		if o.Check() == nil {
			t.Errorf("%+v passes", o)
		}
	}
}
