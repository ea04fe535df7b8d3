package bpm_test

import (
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"portaria/terminal/dialect/bpm"
	"portaria/testdata"
)

// The requirement's examples as they stand there. The manual leaves the quotes
// of the names out, and cuts the pictures short.
const (
	requiredJSON = `{ status:"200", data: { userID:9, userName:"tw_admin", userAvatarImage:"iVBORw0KGgoAAAANSUhgILmO2Sz-truncated-R9uVQAAAABJRU5ErkJggg==", userAvatarKey:"1494925798718-9", userUpdateTimestamp:"1494925798718", imageFormat:"jpg", isDefault:"false" } }`
	requiredXML  = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?> <bpm:ResponseData xmlns:bpm="http://rest.bpm.ibm.com/v1/data" xmlns:ex="http://rest.bpm.ibm.com/v1/data/exception" xmlns:soc="http://rest.bpm.ibm.com/v1/data/social" xmlns:sys="http://rest.bpm.ibm.com/v1/data/system" xmlns:ug="http://rest.bpm.ibm.com/v1/data/usergroup"> <status>200</status> <data xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:ns8="http://rest.bpm.ibm.com/v1/data/useravatar" xsi:type="ns8:UserAvatarData"> <userID>9</userID> <userName>tw_admin</userName> <userAvatarImage>wcJCQgKDBQNDAsLDBkSEw8UHRofHh0aHBwgJC4nICIsIxwcKDcpLDAxNDQ0Hyc5PTgyPC4zNDL</userAvatarImage> <userAvatarKey>1494925798718-9</userAvatarKey> <userUpdateTimestamp>1494925798718</userUpdateTimestamp> <imageFormat>jpg</imageFormat> <isDefault>false</isDefault> </data> </bpm:ResponseData>`
)

// element is any XML, with its namespaces resolved.
type element struct {
	XMLName xml.Name
	Attrs   []xml.Attr `xml:",any,attr"`
	Text    string     `xml:",chardata"`
	Inside  []element  `xml:",any"`
}

// blanks drops what is between elements.
func (e *element) blanks() {
	e.Text = strings.TrimSpace(e.Text)
	for i := range e.Inside {
		e.Inside[i].blanks()
	}
}

// TestRequirement asks for what the requirement shows, on the day and of the
// user that it does, and compares everything but the picture.
func TestRequirement(t *testing.T) {
	t.Parallel()
	s := newServer(t, "idaccess", bpm.Options{})
	s.put(t, 9, "tw_admin", "Administrator")
	picture := testdata.Photo("plain-320x240.jpg")
	encoded := base64.StdEncoding.EncodeToString(picture)
	mustAvatar(t, s.post(t, base+"/avatar/current?avatar=file", "avatar", picture))
	for _, path := range []string{"/avatar/tw_admin", "/avatar/9", "/avatar/current"} {
		var got, want map[string]any
		answer := s.call(t, http.MethodGet, base+path, nil)
		if err := json.Unmarshal(answer.body, &got); err != nil {
			t.Fatal(err)
		}
		strict := regexp.MustCompile(`([{,] *)(\w+) *:`).ReplaceAllString(requiredJSON, `$1"$2":`)
		if err := json.Unmarshal([]byte(strict), &want); err != nil {
			t.Fatal(err)
		}
		want["data"].(map[string]any)["userAvatarImage"] = encoded
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s in JSON (-want +got)\n%s", path, diff)
		}

		answer = s.call(t, http.MethodGet, base+path, nil, "Accept", "application/xml")
		var gotXML, wantXML element
		if err := xml.Unmarshal(answer.body, &gotXML); err != nil {
			t.Fatal(err)
		}
		if err := xml.Unmarshal([]byte(requiredXML), &wantXML); err != nil {
			t.Fatal(err)
		}
		gotXML.blanks()
		wantXML.blanks()
		wantXML.Inside[1].Inside[2].Text = encoded
		if diff := cmp.Diff(wantXML, gotXML); diff != "" {
			t.Errorf("%s in XML (-want +got)\n%s", path, diff)
		}
	}
}
