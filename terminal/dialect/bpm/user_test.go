package bpm_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"portaria/terminal/device"
	"portaria/terminal/dialect/bpm"
)

func TestUser(t *testing.T) {
	t.Parallel()
	s := newServer(t, "idaccess", bpm.Options{})
	if _, err := s.device.PutPerson(device.Person{ID: 12, Login: "myUser", Name: "My User", Details: map[string]json.RawMessage{"email": json.RawMessage(`"e@d.com"`)}}); err != nil {
		t.Fatal(err)
	}
	s.put(t, 13, "12", `<Twelve> & "13"`)
	const mine = `{"status":"200","data":{"userID":12,"userName":"myUser","fullName":"My User","isDisabled":false,"primaryGroup":null,"emailAddress":"e@d.com","userPreferences":{},"editableUserPreferences":null,"tasksCollaboration":null,"memberships":["tw_allusers"]}}`
	const twelve = `{"status":"200","data":{"userID":13,"userName":"12","fullName":"<Twelve> & \"13\"","isDisabled":false,"primaryGroup":null,"emailAddress":null,"userPreferences":{},"editableUserPreferences":null,"tasksCollaboration":null,"memberships":["tw_allusers"]}}`
	const caller = `{"status":"200","data":{"userID":0,"userName":"tw_admin","fullName":"tw_admin","isDisabled":false,"primaryGroup":null,"emailAddress":null,"userPreferences":{},"editableUserPreferences":null,"tasksCollaboration":null,"memberships":["tw_allusers"]}}`
	for path, want := range map[string]string{
		"/user/myuser":               mine,
		"/user/MYUSER?userMode=name": mine,
		"/user/12?userMode=id":       mine,
		"/user/12":                   twelve,
		"/user/12?userMode=both":     twelve,
		"/user?userName=myUser":      mine,
		"/user?userID=12":            mine,
		"/user?userName=12":          twelve,
		"/user":                      caller,
		"/user/current?parts=all":    caller,
		"/user/TW_admin":             caller,
		"/user/current?parts=none":   strings.Replace(caller, `["tw_allusers"]`, "null", 1),
	} {
		if got := s.call(t, http.MethodGet, base+path, nil); got.StatusCode != 200 || string(got.body) != want {
			t.Errorf("%s: %d %s\nwant %s", path, got.StatusCode, got.body, want)
		}
	}
	for _, path := range []string{"/user/bob", "/user/99", "/user?userID=bob", "/user?userName=bob", "/user/myUser?userMode=id"} {
		wantException(t, s.call(t, http.MethodGet, base+path, nil), 404, "NoSuchUserException", "CWTBG0007E")
	}
	wantException(t, s.call(t, http.MethodGet, base+"/user/12?userMode=all", nil), 400, "InvalidParameterException", "CWTBG0012E")
	t.Run("whom another system has switched off is disabled", func(t *testing.T) {
		if _, err := s.device.PutPerson(device.Person{ID: 14, Login: "gone", Details: map[string]json.RawMessage{"enabled": json.RawMessage("false")}}); err != nil {
			t.Fatal(err)
		}
		if got := s.call(t, http.MethodGet, base+"/user/gone", nil); !strings.Contains(string(got.body), `"isDisabled":true`) {
			t.Errorf("%s", got.body)
		}
	})
	t.Run("as XML", func(t *testing.T) {
		got := s.call(t, http.MethodGet, base+"/user/12", nil, "Accept", "application/xml")
		const want = `xsi:type="ug:User"><userID>13</userID><userName>12</userName><fullName>&lt;Twelve&gt; &amp; &#34;13&#34;</fullName><isDisabled>false</isDisabled><userPreferences></userPreferences><memberships>tw_allusers</memberships></data></bpm:ResponseData>`
		if !strings.HasSuffix(string(got.body), want) {
			t.Errorf("%s", got.body)
		}
	})
}

func TestUsers(t *testing.T) {
	t.Parallel()
	s := newServer(t, "idaccess", bpm.Options{})
	list := func(query string, headers ...string) []string {
		t.Helper()
		method, body := http.MethodGet, []byte(nil)
		if len(headers) > 0 {
			method, query, body = http.MethodPost, "", []byte(query)
		}
		got := s.call(t, method, base+"/users"+query, body, headers...)
		var envelope struct {
			Status string
			Data   struct {
				Users []struct{ UserName string }
			}
		}
		if err := json.Unmarshal(got.body, &envelope); err != nil || envelope.Status != "200" || envelope.Data.Users == nil {
			t.Fatalf("%s: %v, %.200s", query, err, got.body)
		}
		names := []string{}
		for _, u := range envelope.Data.Users {
			names = append(names, u.UserName)
		}
		return names
	}
	if got := list(""); len(got) != 0 {
		t.Errorf("nobody is %v", got)
	}
	for i := range 30 {
		s.put(t, int64(100+i), fmt.Sprintf("my%02d", i), fmt.Sprintf("Person %02d", i))
	}
	s.put(t, 200, "other", "My Friend")
	for query, want := range map[string][]string{
		"?filter=my2*":                {"my20", "my21", "my22", "my23", "my24", "my25", "my26", "my27", "my28", "my29"},
		"?filter=MY2*&maxresult=2":    {"my20", "my21"},
		"?filter=*9":                  {"my09", "my19", "my29"},
		"?filter=m*2*9":               {"my29"},
		"?filter=my07":                {"my07"},
		"?filter=my":                  {},
		"?filter=*friend":             {"other"},
		"?filter=person+0*&parts=all": {"my00", "my01", "my02", "my03", "my04", "my05", "my06", "my07", "my08", "my09"},
		"?maxresult=1":                {"my00"},
		"?filter=*&maxresult=0":       {},
	} {
		if diff := cmp.Diff(want, list(query)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", query, diff)
		}
	}
	for query, want := range map[string]int{"": 31, "?filter=*": 20, "?filter=*&maxresult=1000": 31, "?parts=none&namesonly=true": 31} {
		if got := list(query); len(got) != want {
			t.Errorf("%s: %d, want %d", query, len(got), want)
		}
	}
	if got := list("filter=my2*&maxresult=1", "Content-Type", "application/x-www-form-urlencoded", "X-HTTP-Method-Override", "GET"); len(got) != 1 || got[0] != "my20" {
		t.Errorf("a long GET: %v", got)
	}
	wantException(t, s.call(t, http.MethodGet, base+"/users?maxresult=x", nil), 400, "InvalidParameterException", "CWTBG0012E")
	got := s.call(t, http.MethodGet, base+"/users?filter=my2*&maxresult=2&namesonly=true", nil, "Accept", "application/xml")
	const want = `<users><userID>120</userID><userName>my20</userName><fullName>Person 20</fullName></users><users><userID>121</userID><userName>my21</userName><fullName>Person 21</fullName></users></data></bpm:ResponseData>`
	if !strings.HasSuffix(string(got.body), want) {
		t.Errorf("%s", got.body)
	}
	t.Run("a long list comes whole", func(t *testing.T) {
		for i := range 900 {
			s.put(t, int64(1000+i), fmt.Sprintf("long%03d", i), strings.Repeat("n", 100))
		}
		got := list("?filter=*&maxresult=5000")
		if len(got) != 931 || got[930] != "long899" {
			t.Errorf("%d names, the last %v", len(got), got[len(got)-1])
		}
	})
}
