package transfer_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"portaria/terminal/terminaltest"
)

// oldTerminal does as little as the reference says that terminals do: answers
// without a body, lists without timestamps, limits that are ignored, no batch
// reading, and photos that are not there as a page.
type oldTerminal struct {
	URL string

	mu     sync.Mutex // guards photos
	users  []int64
	photos map[int64][]byte

	unlisted bool // firmware before 3.10 does not list photos
}

func newOldTerminal(t testing.TB, users ...int64) *oldTerminal {
	t.Helper()
	o := &oldTerminal{users: users, photos: map[int64][]byte{}}
	server := httptest.NewServer(o)
	t.Cleanup(server.Close)
	o.URL = server.URL
	return o
}

func (o *oldTerminal) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if r.URL.Path != "/login.fcgi" && !strings.HasPrefix(r.URL.RawQuery, "session=HM/JOcC4Oqt9%2BnGbtnBC") {
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(w, `{"error":"Invalid session","code":1}`)
		return
	}
	body, _ := io.ReadAll(r.Body)
	user, _ := strconv.ParseInt(r.URL.Query().Get("user_id"), 10, 64)
	switch r.URL.Path {
	case "/login.fcgi":
		fmt.Fprint(w, `{"session":"HM/JOcC4Oqt9+nGbtnBC"}`)
	case "/load_objects.fcgi":
		var rows []string
		for _, id := range o.users {
			rows = append(rows, fmt.Sprintf(`{"id":%d,"name":"U","registration":""}`, id))
		}
		fmt.Fprintf(w, `{"users":[%s]}`, strings.Join(rows, ","))
	case "/user_list_images.fcgi":
		if o.unlisted {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		var ids []string
		for id := range o.photos {
			ids = append(ids, strconv.FormatInt(id, 10))
		}
		fmt.Fprintf(w, `{"user_ids":[%s]}`, strings.Join(ids, ","))
	case "/user_get_image.fcgi":
		photo, ok := o.photos[user]
		if !ok {
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, "<html>")
			return
		}
		w.Header().Set("Content-Type", "image/jpeg")
		w.Write(photo)
	case "/user_set_image.fcgi":
		o.photos[user] = body
	case "/user_set_image_list.fcgi":
		var list struct {
			Images []struct {
				User  int64 `json:"user_id"`
				Image string
			} `json:"user_images"`
		}
		if json.Unmarshal(body, &list) != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		for _, i := range list.Images {
			o.photos[i.User], _ = base64.StdEncoding.DecodeString(i.Image)
		}
	default:
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, "<html>404</html>")
	}
}

func TestTerminalThatSaysLittle(t *testing.T) {
	t.Parallel()
	var users []int64
	for n := range int64(2500) { // more than a page, all at once
		users = append(users, n+1)
	}
	from, to := newOldTerminal(t, users...), newOldTerminal(t, users...)
	for n := 1; n <= 30; n++ {
		from.photos[int64(n)] = portrait(n)
	}
	tr := between(t, from.URL, to.URL)
	mustRun(t, tr, counts{copied: 30, noPhoto: 2470})
	if !slices.Equal(to.photos[7], portrait(7)) {
		t.Error("the photo of user 7 is another")
	}
	t.Run("without timestamps the bytes tell what changed", func(t *testing.T) {
		from.photos[9] = portrait(900)
		mustRun(t, tr, counts{copied: 1, unchanged: 29, noPhoto: 2470})
	})
	t.Run("without a list everybody is asked for", func(t *testing.T) {
		from, to := newOldTerminal(t, 1, 2, 3), newOldTerminal(t, 1, 2, 3)
		from.unlisted, to.unlisted = true, true
		from.photos[2] = portrait(2)
		tr := between(t, from.URL, to.URL)
		mustRun(t, tr, counts{copied: 1, noPhoto: 2})
		mustRun(t, tr, counts{unchanged: 1, noPhoto: 2})
	})
	t.Run("it fills a terminal that says more", func(t *testing.T) {
		modern := terminaltest.New(t, terminaltest.Model("idface"), noFaces())
		tr := between(t, from.URL, modern.URL)
		tr.CreateUsers = true
		mustRun(t, tr, counts{copied: 30, noPhoto: 2470, created: 30})
	})
}
