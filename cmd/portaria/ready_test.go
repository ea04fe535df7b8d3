package main

import "testing"

// TestServedURL finds what serve serves with the settings of a container.
func TestServedURL(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		environment map[string]string
		want        string
	}{
		{nil, "http://127.0.0.1:8080"},
		{map[string]string{"PORTARIA_LISTEN": "0.0.0.0:9000"}, "http://127.0.0.1:9000"},
		{map[string]string{"PORTARIA_LISTEN": "[::]:9000", "PORTARIA_TLS": "self"}, "https://127.0.0.1:9000"},
		{map[string]string{"PORTARIA_LISTEN": ":9000", "PORTARIA_TLS_CERT": "c.pem", "PORTARIA_TERMINAL": "true"}, "https://127.0.0.1:9000"},
		{map[string]string{"PORTARIA_LISTEN": "192.0.2.10:9000"}, "http://192.0.2.10:9000"},
		{map[string]string{"PORTARIA_TERMINAL": "true"}, "http://127.0.0.1:80"},
		{map[string]string{"PORTARIA_TERMINAL": "1", "PORTARIA_TLS": "self"}, "https://127.0.0.1:443"},
		{map[string]string{"PORTARIA_TERMINAL": "false", "PORTARIA_TLS": "self"}, "https://127.0.0.1:8080"},
	} {
		if got := servedURL(func(name string) string { return c.environment[name] }); got != c.want {
			t.Errorf("%v: got %s, want %s", c.environment, got, c.want)
		}
	}
}
