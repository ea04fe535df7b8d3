package securid_test

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"portaria/terminal/device"
	"portaria/terminal/dialect/securid"
)

func TestFindUsers(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "idaccess", securid.Options{})
	details := func(text string) (d map[string]json.RawMessage) {
		if err := json.Unmarshal([]byte(text), &d); err != nil {
			t.Fatal(err)
		}
		return d
	}
	for _, p := range []device.Person{
		{ID: 247852, Name: "Kara Alves", Registration: "103307", Login: "kalves", Details: details(`{"email":"kara@x.y","department":"Air"}`)},
		{ID: 9, Name: "Lee Adama", Login: "ladama", Details: details(`{"department":"Air","enabled":false}`)},
		{ID: 10, Name: "Mary Ann Smith", Login: "MSmith", Details: details(`{"surname":"Smith","department":7}`)},
		{ID: 11, Name: "One, \"Two\"\nThree <&>", Login: "odd"},
	} {
		h.put(p)
	}
	token := h.login()
	find := func(query string) reply {
		t.Helper()
		return h.send("GET", "cmd=findUsers&"+query, "", bearer(token)...)
	}
	for _, c := range []struct{ name, query, want string }{
		{
			"columns are given in the order asked for", "format=json&id=247852&returnColumns=id,user_id,first_name&returnColumns=last_name",
			`{"findUsers":[{"id":"247852","user_id":"kalves","first_name":"Kara","last_name":"Alves"}]}`,
		},
		{
			"what is known of people", "format=json&id=9&id=10&returnColumns=email_address,department,is_terminated,unique_id,title,first_name,last_name",
			`{"findUsers":[{"email_address":"","department":"Air","is_terminated":"True","unique_id":"","title":"","first_name":"Lee","last_name":"Adama"},` +
				`{"email_address":"","department":"","is_terminated":"False","unique_id":"","title":"","first_name":"Mary Ann","last_name":"Smith"}]}`,
		},
		{"names of columns and parameters in any case", "format=JSON&ID=9&RETURNCOLUMNS=User_Id", `{"findUsers":[{"user_id":"ladama"}]}`},
		{"a column is there once", "format=json&id=9&returnColumns=id,user_id,ID,id&returnColumns=id", `{"findUsers":[{"id":"9","user_id":"ladama"}]}`},
		{"nobody", "format=json&user_id=zzz", `{"findUsers":[]}`},
		{"a filter minds the case", "format=json&returnColumns=id&user_id=msmith", `{"findUsers":[]}`},
		{"unless it is told not to", "format=json&returnColumns=id&user_id=msmith&ignoreCase=true", `{"findUsers":[{"id":"10"}]}`},
		{"two filters both hold", "format=json&returnColumns=id&department=Air&first_name=Lee", `{"findUsers":[{"id":"9"}]}`},
		{"natural order is that of the ids", "format=json&returnColumns=id&sortDirection=desc", `{"findUsers":[{"id":"9"},{"id":"10"},{"id":"11"},{"id":"247852"}]}`},
		{"ids sort as numbers", "format=json&returnColumns=id&sortByColumns=id&sortDirection=desc", `{"findUsers":[{"id":"247852"},{"id":"11"},{"id":"10"},{"id":"9"}]}`},
		{"sorting by a column that is not shown", "format=json&returnColumns=id&sortByColumns=user_id", `{"findUsers":[{"id":"10"},{"id":"247852"},{"id":"9"},{"id":"11"}]}`},
		{"sorting by two", "format=json&returnColumns=id&sortByColumns=department,first_name&sortDirection=asc", `{"findUsers":[{"id":"10"},{"id":"11"},{"id":"247852"},{"id":"9"}]}`},
		{"sorting comes before the cut", "format=json&returnColumns=id&sortByColumns=id&sortDirection=desc&returnMaxRows=1", `{"findUsers":[{"id":"247852"}]}`},
		{"rows are cut", "format=json&returnColumns=id&returnMaxRows=2", `{"findUsers":[{"id":"9"},{"id":"10"}]}`},
		{"no rows are wanted", "format=json&returnMaxRows=0", `{"findUsers":[]}`},
		{"distinct rows", "format=json&returnColumns=department&distinct=true", `{"findUsers":[{"department":"Air"},{"department":""}]}`},
		{"distinct rows, cut", "format=json&returnColumns=department&distinct=true&returnMaxRows=1", `{"findUsers":[{"department":"Air"}]}`},
		{"properties hold all rows in a line", "returnColumns=id,user_id&department=Air", "id=9,247852\nuser_id=ladama,kalves"},
		{"properties with another delimiter", "returnColumns=id&department=Air&delimiter=%7C", "id=9|247852"},
		{"properties of nobody", "returnColumns=id,user_id&id=1", "id=\nuser_id="},
		{"csv has a header", "format=csv&returnColumns=id,user_id&department=Air", "id,user_id\n9,ladama\n247852,kalves\n"},
		{"csv without one", "format=csv&returnColumns=id&department=Air&includeHeaderRow=false", "9\n247852\n"},
		{"csv with another delimiter", "format=csv&returnColumns=id,user_id&id=9&delimiter=;", "id;user_id\n9;ladama\n"},
		{"csv with an escaped delimiter", "format=csv&returnColumns=id,user_id&id=9&delimiter=%3B", "id;user_id\n9;ladama\n"},
		{"csv quotes", "format=csv&returnColumns=id,last_name&id=11", "id,last_name\n11,\"\"\"Two\"\"\nThree <&>\"\n"},
		{"tsv", "format=tsv&returnColumns=id,user_id&id=9&delimiter=x", "id\tuser_id\n9\tladama\n"},
		{
			"xml", "format=xml&returnColumns=id,last_name&id=11",
			"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<findUsers><row><id>11</id><last_name>\"Two\"\nThree &lt;&amp;&gt;</last_name></row></findUsers>",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := find(c.query); got.status != http.StatusOK || got.body != c.want {
				t.Errorf("%s: %d\n%s\nwant\n%s", c.query, got.status, got.body, c.want)
			}
		})
	}
	t.Run("without columns every column is there", func(t *testing.T) {
		var list struct{ FindUsers []map[string]string }
		if err := json.Unmarshal([]byte(find("format=json").body), &list); err != nil {
			t.Fatal(err)
		}
		if len(list.FindUsers) != 4 || len(list.FindUsers[0]) != 28 || list.FindUsers[0]["user_id"] != "ladama" {
			t.Errorf("%v", list)
		}
	})
	t.Run("xml is xml whatever a name holds", func(t *testing.T) {
		h.put(device.Person{ID: 12, Name: "\x01\x00]]>\ufffe", Login: "</row>"})
		var v struct{}
		if err := xml.Unmarshal([]byte(find("format=xml&id=12").body), &v); err != nil {
			t.Error(err)
		}
	})
	for query, want := range map[string]string{
		"returnColumns=id,CAS3":  "The parameter returncolumns contains an invalid column - `cas3`.",
		"sortByColumns=nothing":  "The parameter sortbycolumns contains an invalid column - `nothing`.",
		"returnMaxRows=many":     "The parameter returnmaxrows is invalid.",
		"returnMaxRows=-1":       "The parameter returnmaxrows is invalid.",
		"returnColumns=%3Cb%3E":  "The parameter returncolumns contains an invalid column - `<b>`.",
		"returnColumns=id%00,id": "The parameter returncolumns contains an invalid column - `id `.",
	} {
		t.Run(query+" is refused", func(t *testing.T) {
			got := find(query + "&format=json")
			if got.status != http.StatusPreconditionFailed || got.reason != want || strings.Contains(got.body, "<b>") || !strings.Contains(got.body, " Query String=cmd=findUsers&amp;") {
				t.Errorf("%v, want %s", got, want)
			}
		})
	}
}

// A list that outgrows a response's own buffer.
func TestFindManyUsers(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "idaccess", securid.Options{})
	const many = 3000
	people := make([]device.User, many)
	for i := range people {
		people[i] = device.User{ID: int64(i + 1), Name: fmt.Sprintf("Person%d of the fleet", i%7)}
	}
	if err := h.device.SetUsers(people...); err != nil {
		t.Fatal(err)
	}
	token := h.login()
	got := h.send("GET", "cmd=findUsers&format=json&sortByColumns=id&sortDirection=desc", "", bearer(token)...)
	var list struct{ FindUsers []map[string]string }
	if err := json.Unmarshal([]byte(got.body), &list); err != nil {
		t.Fatalf("%v in %d bytes", err, len(got.body))
	}
	if len(list.FindUsers) != many || list.FindUsers[0]["id"] != fmt.Sprint(many) || list.FindUsers[many-1]["user_id"] != "1" {
		t.Errorf("%d people, the first %v", len(list.FindUsers), list.FindUsers[0])
	}
	got = h.send("GET", "cmd=findUsers&returnColumns=id&sortByColumns=first_name&first_name=Person0&first_name=Person1&returnMaxRows=100", "", bearer(token)...)
	want := "id=1"
	for id := 8; id < 700; id += 7 {
		want += fmt.Sprint(",", id)
	}
	if got.body != want {
		t.Errorf("rows that sort alike are %s, want their natural order", got.body)
	}
}

func TestServer(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "idaccess", securid.Options{Version: "8.0.0"})
	token := h.login()
	t.Run("about tells of the server", func(t *testing.T) {
		got := h.send("GET", "cmd=about&format=json", "", bearer(token)...)
		if want := `{"data":{"type":"about","server-version":"8.0.0","database-version":"8.0.0","patches":"P07_HF02"}}`; got.body != want {
			t.Errorf("%v, want %s", got, want)
		}
	})
	t.Run("status asks for no token", func(t *testing.T) {
		got := h.send("GET", "cmd=status&format=json", "")
		var v struct{ Data map[string]string }
		if err := json.Unmarshal([]byte(got.body), &v); err != nil || v.Data["overall-status"] != "HEALTHY" || len(v.Data) != 15 {
			t.Errorf("%v, %v", got, err)
		}
	})
	t.Run("the instructions for logging in ask for no token", func(t *testing.T) {
		got := h.send("GET", "cmd=getLoginInstructions", "")
		if want := "instructions=\nusername-label=User Name\npassword-label=Password"; got.body != want {
			t.Errorf("%q, want %q", got.body, want)
		}
	})
	t.Run("there is one logo", func(t *testing.T) {
		for _, query := range []string{"cmd=getLogo", "cmd=getLogo&format=json&name=logo-main.png"} {
			for range 2 {
				if got := h.send("GET", query, "", bearer(token)...); got.kind != "image/png" || !strings.HasPrefix(got.body, "\x89PNG") {
					t.Errorf("%s: %v", query, got)
				}
				h.send("GET", "cmd=about", "", bearer(token)...)
			}
		}
		got := h.send("GET", "cmd=getLogo&name=x.png", "", bearer(token)...)
		if want := "Logo named 'x.png' could not be found."; got.status != http.StatusPreconditionFailed || got.reason != want {
			t.Errorf("%v, want %s", got, want)
		}
	})
}
