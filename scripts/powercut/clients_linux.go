package main

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

const (
	clients = 6

	// Each client has users of its own, so that the order of what concerns one of
	// them is the order in which the client asked.
	usersEach = 40
	share     = 1000 // between the first users of two clients
	anchor    = 999  // this user of each client owns its cards and is never deleted
)

// crowd is the clients of one terminal after the other.
type crowd struct {
	album  *album
	ledger *ledger
	rounds atomic.Int64 // a number for every value, so that no two are alike

	// alone is locked by what concerns everybody: deleting all photos, and a new
	// password, which ends all sessions.
	alone sync.RWMutex
}

// passwords are those that may be in force, the likeliest first.
func (p *promise) passwords() []string {
	h := p.entries[item{account, 0}]
	var list []string
	for i := range h {
		list = append(list, h[len(h)-1-i].value)
	}
	if !p.owed[item{account, 0}] {
		list = append(list, factoryPassword)
	}
	return list
}

const factoryPassword = "admin"

// work lets every client send requests until stop is closed or the terminal is
// gone. An answer that is neither success nor the terminal's end is an error,
// unless dying says that the disk has failed.
func (c *crowd) work(t *terminal, stop <-chan struct{}, seed uint64, dying *atomic.Bool) error {
	errs := make([]error, clients)
	var group sync.WaitGroup
	for n := range int64(clients) {
		group.Go(func() {
			rng := rand.New(rand.NewPCG(seed, uint64(n)))
			for {
				select {
				case <-stop:
					return
				default:
				}
				err := c.step(t, n*share+1, rng)
				if errors.Is(err, errGone) || err != nil && dying.Load() {
					return
				}
				if err != nil {
					errs[n] = err
					return
				}
			}
		})
	}
	group.Wait()
	return errors.Join(errs...)
}

// step sends one request of the client whose users begin at first.
func (c *crowd) step(t *terminal, first int64, rng *rand.Rand) error {
	switch n := rng.IntN(400); n {
	case 0, 1:
		return c.deleteAllPhotos(t)
	case 2, 3:
		return c.changePassword(t)
	}
	c.alone.RLock()
	defer c.alone.RUnlock()
	id := first + rng.Int64N(usersEach)
	switch n := rng.IntN(20); {
	case n < 9:
		return c.setPhoto(t, id)
	case n < 11:
		return c.setPhotos(t, id, first+rng.Int64N(usersEach), first+rng.Int64N(usersEach))
	case n < 13:
		return c.deletePhotos(t, id, first+rng.Int64N(usersEach))
	case n < 17:
		return c.row(t, item{user, id}, `"name":"Ana `, `"`)
	default:
		return c.cardOf(t, first+anchor-1, id)
	}
}

// request notes what it is about to change, sends it and notes the answer.
func (c *crowd) request(t *terminal, values map[item]string, command, query string, body []byte) error {
	noted := c.ledger.begin(values)
	status, answer, err := t.do(command, query, body)
	if err != nil {
		return err
	}
	if status != http.StatusOK || strings.Contains(string(answer), `"success":false`) {
		return fmt.Errorf("%s: status %d, %s", command, status, answer)
	}
	c.ledger.ack(noted)
	return nil
}

// picture takes the next picture, which differs from those before it.
func (c *crowd) picture() (name string, jpeg []byte) {
	n := int(c.rounds.Add(1)) % len(c.album.pictures)
	return strconv.Itoa(n), c.album.pictures[n]
}

func (c *crowd) setPhoto(t *terminal, id int64) error {
	name, jpeg := c.picture()
	return c.request(t, map[item]string{{photo, id}: name}, "user_set_image", "&user_id="+strconv.FormatInt(id, 10), jpeg)
}

// setPhotos sends several photos in one request, which are kept together.
func (c *crowd) setPhotos(t *terminal, ids ...int64) error {
	values := make(map[item]string)
	var list []map[string]any
	for _, id := range ids {
		if _, twice := values[item{photo, id}]; twice {
			continue
		}
		name, jpeg := c.picture()
		values[item{photo, id}] = name
		list = append(list, map[string]any{"user_id": id, "timestamp": 1, "image": base64.StdEncoding.EncodeToString(jpeg)})
	}
	body, err := json.Marshal(map[string]any{"match": false, "user_images": list})
	if err != nil {
		return err
	}
	return c.request(t, values, "user_set_image_list", "", body)
}

func (c *crowd) deletePhotos(t *terminal, ids ...int64) error {
	values := make(map[item]string)
	for _, id := range ids {
		values[item{photo, id}] = absent
	}
	body, err := json.Marshal(map[string]any{"user_ids": ids})
	if err != nil {
		return err
	}
	return c.request(t, values, "user_destroy_image", "", body)
}

// row creates, changes or deletes a row, as it is there or not.
func (c *crowd) row(t *terminal, it item, before, after string) error {
	object, where := string(it.kind)+"s", fmt.Sprintf(`"where":{"%ss":{"id":%d}}`, it.kind, it.id)
	round := strconv.FormatInt(c.rounds.Add(1), 10)
	value := round
	if it.kind == user {
		value = "Ana " + round
	}
	members := before + round + after
	switch current := c.ledger.current(it); {
	case current == absent:
		return c.request(t, map[item]string{it: value}, "create_objects", "",
			fmt.Appendf(nil, `{"object":%q,"values":[{"id":%d,%s}]}`, object, it.id, members))
	case c.rounds.Load()%3 == 0:
		return c.request(t, map[item]string{it: absent}, "destroy_objects", "", fmt.Appendf(nil, `{"object":%q,%s}`, object, where))
	default:
		return c.request(t, map[item]string{it: value}, "modify_objects", "", fmt.Appendf(nil, `{"object":%q,"values":{%s},%s}`, object, members, where))
	}
}

// cardOf works on a card of owner, who is created first.
func (c *crowd) cardOf(t *terminal, owner, id int64) error {
	if c.ledger.current(item{user, owner}) == absent {
		return c.row(t, item{user, owner}, `"name":"Ana `, `"`)
	}
	return c.row(t, item{card, id}, fmt.Sprintf(`"user_id":%d,"value":`, owner), "")
}

func (c *crowd) deleteAllPhotos(t *terminal) error {
	c.alone.Lock()
	defer c.alone.Unlock()
	values := make(map[item]string)
	for _, it := range c.ledger.present(photo) {
		values[it] = absent
	}
	return c.request(t, values, "user_destroy_image", "", []byte(`{"all":true}`))
}

// changePassword takes a new password, which ends every session.
func (c *crowd) changePassword(t *terminal) error {
	c.alone.Lock()
	defer c.alone.Unlock()
	password := "secret " + strconv.FormatInt(c.rounds.Add(1), 10)
	body, err := json.Marshal(map[string]string{"login": "admin", "password": password})
	if err != nil {
		return err
	}
	values := map[item]string{{account, 0}: password}
	if err := c.request(t, maps.Clone(values), "change_login", "", body); err != nil {
		return err
	}
	ok, err := t.login(password)
	if err == nil && !ok {
		err = errors.New("the new password opens no session")
	}
	return err
}
