package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"
)

// inventory asks a terminal for everything it keeps, over HTTP. passwords are
// those that may open it, the likeliest first.
func inventory(t *terminal, a *album, passwords []string) (map[item]string, error) {
	found := make(map[item]string)
	for _, password := range passwords {
		ok, err := t.login(password)
		if err != nil {
			return nil, err
		}
		if ok {
			found[item{account, 0}] = password
			break
		}
	}
	if found[item{account, 0}] == "" {
		return found, errNoPassword
	}
	var rows struct {
		Users []struct {
			ID   int64
			Name string
		}
		Cards []struct {
			ID    int64
			Value json.Number
		}
	}
	for _, object := range []string{"users", "cards"} {
		if err := t.ask("load_objects", "", `{"object":"`+object+`"}`, &rows); err != nil {
			return nil, err
		}
	}
	for _, u := range rows.Users {
		found[item{user, u.ID}] = u.Name
	}
	for _, c := range rows.Cards {
		found[item{card, c.ID}] = c.Value.String()
	}
	return found, photos(t, a, found)
}

var errNoPassword = errors.New("no password that may be in force opens a session")

// photos adds every photo that the terminal lists, by what it serves for it.
func photos(t *terminal, a *album, found map[item]string) error {
	var list struct {
		Users []int64 `json:"user_ids"`
	}
	if err := t.ask("user_list_images", "", "{}", &list); err != nil {
		return err
	}
	var mu sync.Mutex // guards found and failed
	var failed error
	var group sync.WaitGroup
	next := make(chan int64)
	for range clients {
		group.Go(func() {
			for id := range next {
				status, body, err := t.do("user_get_image", "&user_id="+strconv.FormatInt(id, 10), nil)
				mu.Lock()
				switch {
				case err != nil:
					failed = err
				case status != http.StatusOK:
					found[item{photo, id}] = fmt.Sprintf("status %d, %s", status, body)
				default:
					found[item{photo, id}] = a.name(body)
				}
				mu.Unlock()
			}
		})
	}
	for _, id := range list.Users {
		next <- id
	}
	close(next)
	group.Wait()
	return failed
}
