package boot

import (
	"context"
	"net/http"
	"testing"
	"time"
)

func TestTry(t *testing.T) {
	c, err := Copy("/tmp/wt-image/a.img", t.TempDir()+"/card.img")
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	m, err := Start(context.Background(), c, Board{}, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Log(time.Since(start))
	defer m.Kill()
	for time.Since(start) < 40*time.Second && m.Running() {
		cl := http.Client{Timeout: time.Second}
		r, err := cl.Get("http://" + m.Address + "/")
		if err == nil {
			t.Log(r.Status)
			break
		}
	}
	t.Log(time.Since(start))
	m.Kill()
	t.Log(m.failure)
	t.Log(m.Console())
}
