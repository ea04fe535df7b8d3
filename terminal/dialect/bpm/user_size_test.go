package bpm

import (
	"encoding/json"
	"testing"

	"portaria/terminal/device"
)

// TestAllUsersFit lists as many users as a terminal may have, who have ordinary
// names: whoever copies photos asks for all of them at once.
func TestAllUsersFit(t *testing.T) {
	t.Parallel()
	const most = 100_000
	r := &request{form: form{contentType: typeJSON}}
	one := r.appendListed(nil, object{
		{"userID", int64(most)},
		{"userName", "maria.aparecida"},
		{"fullName", "Maria Aparecida de Souza e Silva"},
		{"isDisabled", false},
		{"primaryGroup", nil},
		{"emailAddress", "maria.aparecida@example.com"},
		{"userPreferences", object{}},
		{"memberships", nil},
	}, 1)
	if size := most * len(one); size > roomForAnswers {
		t.Errorf("%d users take %d bytes, and there are %d", most, size, roomForAnswers)
	}
}

func TestIsDisabled(t *testing.T) {
	t.Parallel()
	for detail, want := range map[string]bool{`false`: true, `true`: false, `null`: false, `"false"`: false, ``: false} {
		p := device.Person{Details: map[string]json.RawMessage{"enabled": json.RawMessage(detail)}}
		if got := isDisabled(p); got != want {
			t.Errorf("enabled %q: disabled %v, want %v", detail, got, want)
		}
	}
}
