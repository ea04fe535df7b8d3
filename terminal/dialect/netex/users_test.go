package netex_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"portaria/store"
	"portaria/store/schema"
	"portaria/terminal/device"
	"portaria/terminal/dialect/netex"
	"portaria/testdata"
)

// mustCreate creates a user and returns its number.
func mustCreate(t *testing.T, h handler, body string) int64 {
	t.Helper()
	a := h.must(t, "POST", users, body)
	var id int64
	if _, err := fmt.Sscanf(a.location, users+"/ff80818100000000%016x", &id); err != nil {
		t.Fatalf("location %q: %v", a.location, err)
	}
	return id
}

func TestCreateUser(t *testing.T) {
	t.Parallel()
	h := newHandler(t, "idaccess", netex.Options{Token: token})
	a := h.must(t, "POST", users, someone("ana.souza",
		`"externalId":"R-7"`, `"password":"secret"`, `"aboutMe":"<b>olá</b>"`, `"unheard":1`, `"interests":["a"]`, `"extendedFields":{"x":{"y":null}}`,
		`"image":`+imageOf(testdata.Photo("alpha-200x200.png"), "image/png")), "X-Cloud-Synchronization", "synchronous")
	path := users + "/" + idOf(1)
	if a.location != path || a.member("location") != path || a.member("status") != 201.0 || a.member("responsePlatforms", "social", "status") != 201.0 {
		t.Errorf("created: location %q, %s", a.location, a.text)
	}
	p, err := h.device.Person(1)
	if err != nil || p.Name != "Ana Souza Lima" || p.Login != "ana.souza" || p.Registration != "R-7" {
		t.Errorf("the terminal has %+v, %v", p, err)
	}
	for _, name := range []string{"password", "unheard", "name", "image"} {
		if p.Details[name] != nil {
			t.Errorf("%s is kept: %s", name, p.Details[name])
		}
	}
	got := h.must(t, "GET", path, "")
	want := map[string]any{
		"aboutMe": "<b>olá</b>", "authSource": nil, "commonId": "ff808182000000000000000000000001", "email": "ana@example.com", "enabled": true,
		"extendedFields": map[string]any{"x": map[string]any{"y": nil}}, "externalId": "R-7", "extra": nil, "id": idOf(1),
		"image": map[string]any{"url": got.member("image", "url")}, "interests": []any{"a"}, "language": "pt", "location": nil, "mobilePhone": nil,
		"name": "Ana", "officePhone": nil, "roles": map[string]any{"management": "USER"}, "surname": "Souza Lima", "timezone": "America/Sao_Paulo",
		"username": "ana.souza",
	}
	if diff := cmp.Diff(want, got.body); diff != "" {
		t.Errorf("user (-want +got):\n%s", diff)
	}
	url, _ := got.member("image", "url").(string)
	if !regexp.MustCompile(`^/opt/cloud/repo/netex/\d{4}/\d\d/\d\d/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.jpg$`).MatchString(url) {
		t.Errorf("image url %q", url)
	}
	h.must(t, "POST", path+"/image", photoBody("plain-320x240.jpg"))
	if again := h.must(t, "GET", path, "").member("image", "url"); again == url {
		t.Errorf("the image changed, its url %q did not", url)
	}
}

func TestRefusedUsers(t *testing.T) {
	t.Parallel()
	h := newHandler(t, "idaccess", netex.Options{})
	lax := newHandler(t, "idaccess", netex.Options{Partial: true})
	for _, h := range []handler{h, lax} {
		mustCreate(t, h, someone("ana"))
		if err := h.device.SetUsers(device.User{ID: 77, Name: "Bia"}); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		method, path, body string
		want               string // of the message
		lax                int    // status with Partial
	}{
		"no user name":                   {"POST", "", `{"user":{"roles":{"management":"USER"}}}`, "username", 400},
		"an empty user name":             {"POST", "", someone(""), "username", 400},
		"a user name that is a number":   {"POST", "", `{"user":{"username":5,"roles":{"management":"USER"}}}`, "username", 400},
		"a user name that exists":        {"POST", "", someone("ANA"), "The user name exists", 400},
		"a number that somebody goes by": {"POST", "", someone("77"), "The user name exists", 400},
		"a name that is too long":        {"POST", "", someone(strings.Repeat("ã", 256)), "username", 400},
		"details that are too long":      {"POST", "", someone("bia", `"aboutMe":"`+strings.Repeat("x", 16<<10)+`"`), "user", 400},
		"no management role":             {"POST", "", `{"username":"caio"}`, "roles", 200},
		"enabled that is a text":         {"POST", "", someone("dora", `"enabled":"yes"`), "enabled", 400},
		"an image that is a text":        {"POST", "", someone("dora", `"image":"x"`), "image", 400},
		"an image that is no picture":    {"POST", "", someone("dora", `"image":{"base64Image":"AAAA"}`), "not a JPEG", 400},
		"a change without an email":      {"PUT", "/ana", `{"user":{"username":"ana","name":"A","surname":"S","language":"pt","timezone":"UTC"}}`, "email", 200},
		"a change to null":               {"PUT", "/ana", `{"user":{"username":"ana","name":null,"surname":"S","language":"pt","timezone":"UTC","email":"a@x"}}`, "name", 200},
		"a change to another's name":     {"PUT", "/77", someone("ana"), "The user name exists", 400},
		"an index that is no number":     {"GET", "?startIndex=x", "", "startIndex", 400},
		"an index below 0":               {"GET", "?startIndex=-1", "", "startIndex", 400},
		"a count that is empty":          {"GET", "?count=", "", "count", 400},
	} {
		a := h.call(t, c.method, users+c.path, c.body)
		message, _ := a.member("message").(string)
		if a.status != http.StatusBadRequest || !strings.Contains(message, c.want) {
			t.Errorf("%s: status %d, %q; want 400 about %q", name, a.status, message, c.want)
		}
		if a := lax.call(t, c.method, users+c.path, c.body); a.status != c.lax {
			t.Errorf("%s, partial: status %d, want %d: %s", name, a.status, c.lax, a.text)
		}
	}
	if people, err := h.device.Users(); err != nil || len(people) != 2 {
		t.Errorf("after refusals there are %v, %v; want two", people, err)
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	h := newHandler(t, "idaccess", netex.Options{})
	for _, p := range []device.Person{
		{ID: 1, Name: "A", Registration: "R/1", Login: "ana.m"},
		{ID: 2, Name: "B", Registration: "ana.m", Login: "bia b"},
		{ID: 3, Name: "C", Registration: idOf(2), Login: "R/1"},
	} {
		if _, err := h.device.PutPerson(p); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]int64{
		idOf(1):                            1,
		"R%2F1":                            1, // externalId before user name
		"ana.m":                            2,
		idOf(2):                            2, // id before externalId
		"ff808182000000000000000000000003": 3, // commonId
		"bia%20b":                          2,
		"BIA%20B":                          2,
		"1":                                0, // the number is no id here
		"FF808181000000000000000000000001": 0,
		"ff80818100000000000000000000000":  0,
		"ff8081810000000000000000000000x1": 0,
		"ff80818100000000ffffffffffffffff": 0,
		"ff808181000000000000000000000009": 0,
		"nobody":                           0,
	} {
		a := h.call(t, "GET", users+"/"+name, "")
		switch {
		case want == 0 && (a.status != http.StatusNotFound || a.member("message") != "Not found. User not found"):
			t.Errorf("%s: status %d, %s; want nobody", name, a.status, a.text)
		case want > 0 && a.member("id") != idOf(want):
			t.Errorf("%s is %v, want %s", name, a.member("id"), idOf(want))
		}
	}
}

// A terminal takes users with numbers below zero, and no photo of them.
func TestNumberBelowZero(t *testing.T) {
	t.Parallel()
	h := newHandler(t, "idaccess", netex.Options{})
	columns := h.device.Schema().Table("users")
	row := schema.Row{{Column: columns.Column("id"), Value: schema.Int(-5)}, {Column: columns.Column("name"), Value: schema.Text("Ana")}}
	if _, _, err := h.device.CreateOrModify("users", []schema.Row{row}); err != nil {
		t.Fatal(err)
	}
	const id = "ff80818100000000fffffffffffffffb"
	for _, name := range []string{id, "ff80818200000000fffffffffffffffb", "-5"} {
		if a := h.must(t, "GET", users+"/"+name, ""); a.member("id") != id {
			t.Errorf("%s has the id %v, want %s", name, a.member("id"), id)
		}
	}
	for path, body := range map[string]string{"/image": photoBody("plain-320x240.jpg"), "/activate": ""} {
		method := http.MethodPut
		if body != "" {
			method = http.MethodPost
		}
		const want = "Bad request. The terminal keeps nothing of a user with a number below 1"
		if a := h.call(t, method, users+"/"+id+path, body); a.status != http.StatusBadRequest || a.member("message") != want {
			t.Errorf("%s: status %d, %s; want %s", path, a.status, a.text, want)
		}
	}
	h.must(t, "DELETE", users+"/"+id, "")
	if a := h.call(t, "GET", users+"/"+id, ""); a.status != http.StatusNotFound {
		t.Errorf("deleted: status %d", a.status)
	}
}

func TestPutUser(t *testing.T) {
	t.Parallel()
	h := newHandler(t, "idaccess", netex.Options{})
	if _, err := h.device.PutPerson(device.Person{ID: 4, Name: "Ana Maria Souza", Details: map[string]json.RawMessage{"elsewhere": json.RawMessage(`1`)}}); err != nil {
		t.Fatal(err)
	}
	at := users + "/" + idOf(4)
	before := h.must(t, "GET", at, "")
	if before.member("name") != "Ana" || before.member("surname") != "Maria Souza" || before.member("username") != "4" {
		t.Errorf("a person of the terminal's own: %s", before.text)
	}
	h.must(t, "PUT", users+"/4", someone("ana", `"officePhone":"1"`))
	h.must(t, "POST", at+"/image", photoBody("plain-320x240.jpg"))
	read := h.must(t, "GET", users+"/ana", "")
	t.Run("what is read can be put back, without the envelope", func(t *testing.T) {
		h.must(t, "PUT", at, read.text)
		if again := h.must(t, "GET", at, ""); again.text != read.text {
			t.Errorf("put back: %s, want %s", again.text, read.text)
		}
	})
	t.Run("what is not named stays", func(t *testing.T) {
		h.must(t, "PUT", at, someone("ana", `"mobilePhone":"2"`))
		a := h.must(t, "GET", at, "")
		if a.member("officePhone") != "1" || a.member("mobilePhone") != "2" || a.member("image", "url") == nil {
			t.Errorf("after another change: %s", a.text)
		}
		if p, err := h.device.Person(4); err != nil || string(p.Details["elsewhere"]) != "1" {
			t.Errorf("what another system keeps: %s, %v", p.Details["elsewhere"], err)
		}
	})
	t.Run("an image with bytes sets the photo", func(t *testing.T) {
		h.must(t, "PUT", at, someone("ana", `"image":`+imageOf(testdata.Photo("alpha-200x200.png"), "image/png")))
		if after := h.must(t, "GET", at, ""); after.member("image", "url") == read.member("image", "url") {
			t.Errorf("the photo has not changed: %v", after.member("image"))
		}
	})
	t.Run("an image without a url clears the photo", func(t *testing.T) {
		h.must(t, "PUT", at, someone("ana", `"image":{"url":null}`))
		if a := h.must(t, "GET", at, ""); a.member("image", "url") != nil {
			t.Errorf("image %v, want none", a.member("image"))
		}
	})
	t.Run("a name that is changed at the terminal is split anew", func(t *testing.T) {
		if err := h.device.SetUsers(device.User{ID: 4, Name: "Bia Reis"}); err != nil {
			t.Fatal(err)
		}
		if a := h.must(t, "GET", at, ""); a.member("name") != "Bia" || a.member("surname") != "Reis" {
			t.Errorf("renamed: %v, %v", a.member("name"), a.member("surname"))
		}
	})
}

func TestRefusedChange(t *testing.T) {
	t.Parallel()
	h := newHandler(t, "idface", netex.Options{})
	at := users + "/" + idOf(mustCreate(t, h, someone("ana", `"image":`+imageOf(testdata.Photo("plain-320x240.jpg"), ""))))
	before := h.must(t, "GET", at, "")
	for _, photo := range []string{"grey-200x200.jpg", "small-100x80.jpg", "text-renamed.jpg"} {
		if a := h.call(t, "PUT", at, someone("bia", `"image":`+imageOf(testdata.Photo(photo), ""))); a.status != http.StatusBadRequest {
			t.Errorf("%s: status %d, want 400", photo, a.status)
		}
		if after := h.must(t, "GET", at, ""); after.text != before.text {
			t.Errorf("a change that was refused for %s has changed %s to %s", photo, before.text, after.text)
		}
	}
}

func TestFull(t *testing.T) {
	t.Parallel()
	h := newHandler(t, "idaccess", netex.Options{}, store.Options{Capacity: 4 << 20})
	photo := testdata.Photo("plain-320x240.jpg")
	somebody := int64(1000)
	for _, size := range []int{1_000_000, 100_000, 10_000} {
		for err := error(nil); err == nil; somebody++ {
			err = h.device.SetPhoto(t.Context(), device.Upload{User: somebody, Picture: photo, Original: &device.Original{Data: make([]byte, size)}}).Err
		}
	}
	for i := range 1000 {
		a := h.call(t, "POST", users, someone(fmt.Sprintf("ana%d", i), `"image":`+imageOf(photo, "")))
		if a.status == http.StatusOK {
			continue
		}
		if a.status != http.StatusInsufficientStorage || a.member("message") != "Insufficient storage" {
			t.Errorf("a full terminal: status %d, %s", a.status, a.text)
		}
		if people, err := h.device.Users(); err != nil || len(people) != i {
			t.Errorf("a user whose photo found no place is there: %d users, %v; want %d", len(people), err, i)
		}
		return
	}
	t.Error("the terminal has not become full")
}

func TestNames(t *testing.T) {
	t.Parallel()
	h := newHandler(t, "idaccess", netex.Options{})
	for i, c := range []struct{ given, full, name, surname string }{
		{`"name":"Ana","surname":"Souza"`, "Ana Souza", "Ana", "Souza"},
		{`"name":"Ana Maria","surname":"Souza Lima"`, "Ana Maria Souza Lima", "Ana Maria", "Souza Lima"},
		{`"name":"Ana Maria","surname":""`, "Ana Maria", "Ana Maria", ""},
		{`"name":"","surname":"Souza Lima"`, "Souza Lima", "", "Souza Lima"},
		{`"name":"Ana Maria","surname":null`, "Ana Maria", "Ana", "Maria"},
		{`"name":"Ana Maria"`, "Ana Maria", "Ana", "Maria"},
		{`"name":" Ana ","surname":" Souza "`, " Ana   Souza ", " Ana ", " Souza "},
		{`"name":"Ana","name":"Bia"`, "Ana", "Ana", ""},
	} {
		id := mustCreate(t, h, fmt.Sprintf(`{"username":"u%d","roles":{"management":1},%s}`, i, c.given))
		p, err := h.device.Person(id)
		a := h.must(t, "GET", users+"/"+idOf(id), "")
		if err != nil || p.Name != c.full || a.member("name") != c.name || a.member("surname") != c.surname {
			t.Errorf("%s: the terminal has %q, %v; read %q, %q", c.given, p.Name, err, a.member("name"), a.member("surname"))
		}
	}
}

func TestActivate(t *testing.T) {
	t.Parallel()
	h := newHandler(t, "idaccess", netex.Options{})
	at := users + "/" + idOf(mustCreate(t, h, someone("ana")))
	for what, want := range map[string]bool{"deactivate": false, "activate": true} {
		a := h.must(t, "PUT", at+"/"+what, "", "X-Cloud-Synchronization", "synchronous")
		if a.member("status") != 204.0 || a.member("responsePlatforms", "training", "status") != 200.0 {
			t.Errorf("%s: %s", what, a.text)
		}
		a = h.must(t, "GET", at, "")
		if a.member("enabled") != want || a.member("name") != "Ana" || a.member("email") != "ana@example.com" {
			t.Errorf("after %s: %s", what, a.text)
		}
	}
}

func TestDeleteUser(t *testing.T) {
	t.Parallel()
	h := newHandler(t, "idaccess", netex.Options{})
	id := mustCreate(t, h, someone("ana", `"image":`+imageOf(testdata.Photo("plain-320x240.jpg"), "")))
	h.must(t, "DELETE", users+"/ana", "")
	if photos, err := h.device.Photos(); err != nil || len(photos) != 0 {
		t.Errorf("photos that stay behind: %v, %v", photos, err)
	}
	for _, method := range []string{"GET", "DELETE", "PUT"} {
		if a := h.call(t, method, users+"/ana", someone("ana")); a.status != http.StatusNotFound {
			t.Errorf("%s of who is gone: status %d", method, a.status)
		}
	}
	// A photo of nobody is not of the next one with the number.
	if r := h.device.SetPhoto(t.Context(), device.Upload{User: id, Picture: testdata.Photo("plain-320x240.jpg")}); !r.Kept() {
		t.Fatal(r.Err)
	}
	if again := mustCreate(t, h, someone("bia")); again != id {
		t.Fatalf("the next user is %d, want %d for this test to show anything", again, id)
	}
	if a := h.must(t, "GET", users+"/bia", ""); a.member("image", "url") != nil {
		t.Errorf("a new user has an image: %s", a.text)
	}
}

func TestListUsers(t *testing.T) {
	t.Parallel()
	h := newHandler(t, "idaccess", netex.Options{})
	var people []device.User
	for id := int64(1); id <= 510; id++ {
		people = append(people, device.User{ID: id, Name: "Ana"})
	}
	if err := h.device.SetUsers(people...); err != nil {
		t.Fatal(err)
	}
	h.must(t, "POST", users+"/"+idOf(3)+"/image", photoBody("plain-320x240.jpg"))
	for query, want := range map[string][2]int{ // the first, and how many
		"":                           {1, 500},
		"?startIndex=0&count=2":      {1, 2},
		"?startIndex=2":              {3, 500},
		"?startIndex=508&count=9":    {509, 2},
		"?startIndex=510":            {0, 0},
		"?count=0":                   {0, 0},
		"?count=1":                   {1, 1},
		"?startIndex=5&count=100000": {6, 500},
	} {
		a := h.must(t, "GET", users+query, "")
		list, ok := a.body.([]any)
		if !ok || len(list) != want[1] {
			t.Errorf("%q: %d users, want %d", query, len(list), want[1])
			continue
		}
		if len(list) == 0 {
			continue
		}
		first, _ := list[0].(map[string]any)
		if diff := cmp.Diff(h.must(t, "GET", users+"/"+idOf(int64(want[0])), "").body, any(first)); diff != "" {
			t.Errorf("%q: the first is not what is read one by one (-want +got):\n%s", query, diff)
		}
	}
}

func TestChangesAtOnce(t *testing.T) {
	t.Parallel()
	h := newHandler(t, "idaccess", netex.Options{Partial: true})
	at := users + "/" + idOf(mustCreate(t, h, someone("ana")))
	fields := []string{"aboutMe", "mobilePhone", "officePhone", "location", "extra", "authSource"}
	var wg sync.WaitGroup
	for _, field := range fields {
		wg.Go(func() { h.must(t, "PUT", at, fmt.Sprintf(`{"user":{%q:"set"}}`, field)) })
	}
	wg.Wait()
	a := h.must(t, "GET", at, "")
	for _, field := range fields {
		if a.member(field) != "set" {
			t.Errorf("%s is %v: one change has undone another", field, a.member(field))
		}
	}
}
