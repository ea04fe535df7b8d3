package health

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"net/http"
	"os"
	"time"
)

// Page is the terminal's health page.
const Page = "/portaria/health"

// askTime is how long one answer may take.
const askTime = 5 * time.Second

// usual is where a terminal answers that does not say so.
const usual = "http://127.0.0.1:80"

// HTTP returns the Probe of the terminal that says in its ready file where it
// answers; before it does, or if it does not, the usual place is asked. The certificate of the terminal is its own affair: nothing secret is
// asked or told, and the question never leaves the machine.
func HTTP(readyFile string) Probe {
	client := &http.Client{
		Timeout: askTime,
		Transport: &http.Transport{
			Proxy:             nil,
			DisableKeepAlives: true, // what answers now is what was started now
			TLSClientConfig:   &tls.Config{InsecureSkipVerify: true},
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return func(ctx context.Context) (int, error) {
		url, err := ReadyURL(readyFile)
		if err != nil {
			url = usual
		}
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url+Page, http.NoBody)
		if err != nil {
			return 0, err
		}
		answer, err := client.Do(request)
		if err != nil {
			return 0, err
		}
		answer.Body.Close()
		return answer.StatusCode, nil
	}
}

// ReadyURL is where the terminal answers, as it says in its ready file.
func ReadyURL(path string) (string, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	var ready struct {
		URL string `json:"url"`
	}
	if err := json.Unmarshal(b, &ready); err != nil {
		return "", err
	}
	return ready.URL, nil
}
