package transfer

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync/atomic"

	"portaria/terminal/dialect/jsondoc"
)

// What one user_set_image_list carries: below what every terminal takes
// (access-api §4.8), and few enough that a weak processor answers in time.
const (
	batchItems = 50
	batchBytes = 1_000_000
)

// terminalTarget fills a terminal with photos.
type terminalTarget struct {
	*terminal
	transfer *Transfer

	users   map[int64]bool
	byReg   map[string]int64
	shared  map[string]bool // registrations that several users have
	present map[int64]int64 // who has a photo; nil: it does not tell

	single atomic.Bool // it has no user_set_image_list
}

func newTerminalTarget(w *wire, t *Transfer) (*terminalTarget, error) {
	inner, err := newTerminal(w, t.To)
	return &terminalTarget{terminal: inner, transfer: t}, err
}

func (t *terminalTarget) open(ctx context.Context) error {
	users, err := t.terminal.users(ctx)
	if err != nil {
		return err
	}
	t.users, t.byReg, t.shared = map[int64]bool{}, map[string]int64{}, map[string]bool{}
	for _, u := range users {
		t.users[u.id] = true
		if u.registration == "" {
			continue
		}
		if _, twice := t.byReg[u.registration]; twice {
			t.shared[u.registration] = true
		}
		t.byReg[u.registration] = u.id
	}
	t.present, err = t.images(ctx)
	if errors.Is(err, errUnknownCommand) {
		return nil
	}
	return err
}

func (t *terminalTarget) place(p person) (place, error) {
	match := t.transfer.Match
	byReg, registered := t.byReg[p.registration]
	switch {
	case match != MatchID && registered && t.shared[p.registration]:
		return place{}, refuse("several users have the registration %q", p.registration)
	case match == MatchRegistration && registered:
		return known(byReg), nil
	case match != MatchRegistration && t.users[p.id]:
		if match == MatchAuto && registered && byReg != p.id {
			return place{}, refuse("%d is one user and the registration %q another's; say which counts", p.id, p.registration)
		}
		return known(p.id), nil
	case match == MatchAuto && registered:
		return known(byReg), nil
	case !t.transfer.CreateUsers:
		return place{}, &refusal{ErrNoUser}
	case match == MatchRegistration && p.registration == "":
		return place{}, refuse("no registration to create a user with")
	case match == MatchRegistration:
		return place{missing: true}, nil
	case p.id == 0:
		// The terminal would choose a number, and a later photo that has this
		// number for its name would go to the wrong person.
		return place{}, refuse("no number to create a user with; match by registration")
	}
	return place{user: strconv.FormatInt(p.id, 10), id: p.id, missing: true}, nil
}

func known(id int64) place { return place{user: strconv.FormatInt(id, 10), id: id} }

func (t *terminalTarget) has(user string) bool {
	if t.present == nil {
		return true
	}
	id, _ := strconv.ParseInt(user, 10, 64)
	_, ok := t.present[id]
	return ok
}

func (t *terminalTarget) batch() (items, bytes int) { return batchItems, batchBytes }

func (t *terminalTarget) deliver(ctx context.Context, parcels []parcel) []delivery {
	deliveries := make([]delivery, len(parcels))
	t.createUsers(ctx, parcels, deliveries)
	var ready []int
	for i, p := range parcels {
		deliveries[i].user = p.place.user
		if deliveries[i].err == nil {
			ready = append(ready, i)
		}
	}
	if len(ready) > 1 && !t.single.Load() {
		ready = t.list(ctx, parcels, deliveries, ready)
	}
	for _, i := range ready {
		deliveries[i].err = t.one(ctx, parcels[i])
	}
	return deliveries
}

// createUsers creates whom the terminal lacks: all with one command, and one
// by one when it does not want one of them, for it takes all or none.
func (t *terminalTarget) createUsers(ctx context.Context, parcels []parcel, deliveries []delivery) {
	var missing []int
	for i, p := range parcels {
		if p.place.missing {
			missing = append(missing, i)
		}
	}
	if len(missing) > 1 {
		err := t.create(ctx, parcels, missing)
		if !isRefusal(err) {
			for _, i := range missing {
				deliveries[i].created, deliveries[i].err = err == nil, err
			}
			return
		}
	}
	for _, i := range missing {
		err := t.create(ctx, parcels, []int{i})
		if isRefusal(err) && t.isThere(ctx, rowOf(parcels[i])) {
			err = nil
		}
		deliveries[i].created, deliveries[i].err = err == nil, err
	}
}

// isThere tells whether a user that cannot be created is the one that should
// be: an attempt before may have created it, and its answer been lost.
func (t *terminalTarget) isThere(ctx context.Context, want row) bool {
	if want.ID == 0 {
		return false
	}
	v, err := t.ask(ctx, "load_objects", fmt.Sprintf(
		`{"object":"users","fields":["id","name","registration"],"where":{"users":{"id":%d}}}`, want.ID))
	if err != nil {
		return false
	}
	for r := range v.Member("users").Items() {
		id, _ := r.Member("id").Int()
		name, _ := r.Member("name").Str()
		registration, _ := r.Member("registration").Str()
		if (row{id, name, registration}) == want {
			return true
		}
	}
	return false
}

// row is a user to create. All rows of a command have the same members
// (access-api §3.1): people are matched by registration, and the terminal
// chooses all the numbers, or else all have theirs.
type row struct {
	ID           int64  `json:"id,omitempty"`
	Name         string `json:"name"`
	Registration string `json:"registration"`
}

func rowOf(p parcel) row {
	return row{
		ID: p.place.id, Registration: p.person.registration,
		Name: cmp.Or(p.person.name, p.person.registration, p.person.who),
	}
}

func (t *terminalTarget) create(ctx context.Context, parcels []parcel, which []int) error {
	var rows []row
	for _, i := range which {
		rows = append(rows, rowOf(parcels[i]))
	}
	body, err := json.Marshal(struct {
		Object string `json:"object"`
		Values []row  `json:"values"`
	}{"users", rows})
	if err != nil {
		return err
	}
	// Sent twice, a user whose number the terminal chooses would be two.
	a, err := t.call(ctx, call{
		command: "create_objects", typ: "application/json", body: body, finish: true, once: rows[0].ID == 0,
	})
	if err != nil {
		return err
	}
	if err := answeredError(a); err != nil {
		return fmt.Errorf("user not created: %w", err)
	}
	at := 0
	for id := range a.json().Member("ids").Items() {
		if n, ok := id.Int(); ok && at < len(which) {
			p := &parcels[which[at]].place
			p.id, p.user = n, strconv.FormatInt(n, 10)
		}
		at++
	}
	for _, i := range which {
		if parcels[i].place.id == 0 {
			return errors.New("user created, but the terminal does not say with which number")
		}
	}
	return nil
}

// list sends several photos with one command and returns those that want to
// be sent again, singly.
func (t *terminalTarget) list(ctx context.Context, parcels []parcel, deliveries []delivery, which []int) []int {
	body := []byte(`{"match":false,"user_images":[`)
	for n, i := range which {
		if n > 0 {
			body = append(body, ',')
		}
		p := parcels[i]
		body = fmt.Appendf(body, `{"user_id":%d,"timestamp":%d,"image":"`, p.place.id, t.timestamp(p))
		body = append(base64.StdEncoding.AppendEncode(body, p.jpeg), `"}`...)
	}
	body = append(body, `]}`...)
	a, err := t.call(ctx, call{command: "user_set_image_list", typ: "application/json", body: body, finish: true})
	if err != nil {
		for _, i := range which {
			deliveries[i].err = err
		}
		return nil
	}
	v := a.json()
	if v.Member("results").Kind() == jsondoc.Array {
		return verdicts(v.Member("results"), parcels, deliveries, which)
	}
	if answeredError(a) == nil {
		return nil // classic terminals say nothing when all is well
	}
	if a.status == http.StatusNotFound {
		t.single.Store(true)
	}
	return which
}

// verdicts takes what a terminal says of each photo and returns those that it
// says nothing of.
func verdicts(results jsondoc.Value, parcels []parcel, deliveries []delivery, which []int) []int {
	said := map[int64]error{}
	for v := range results.Items() {
		if id, ok := v.Member("user_id").Int(); ok {
			said[id] = verdict(v)
		}
	}
	var silent []int
	for _, i := range which {
		err, ok := said[parcels[i].place.id]
		if !ok {
			silent = append(silent, i)
		}
		deliveries[i].err = err
	}
	return silent
}

func (t *terminalTarget) one(ctx context.Context, p parcel) error {
	a, err := t.call(ctx, call{
		command: "user_set_image", typ: "application/octet-stream", body: p.jpeg, finish: true,
		query: fmt.Sprintf("user_id=%d&timestamp=%d&match=0", p.place.id, t.timestamp(p)),
	})
	if err != nil {
		return err
	}
	return answeredError(a)
}

// timestamp is the photo's own, so that a later comparison of two terminals
// finds it the same; now for a photo that has none.
func (t *terminalTarget) timestamp(p parcel) int64 {
	if p.time > 0 {
		return p.time
	}
	return t.transfer.Clock.Now().Unix()
}

// answeredError is nil for an answer that means yes, and silence does. What
// is wrong with the session or passes by itself is no refusal.
func answeredError(a answer) error {
	switch {
	case passing(a.status) || a.status == http.StatusUnauthorized || a.status == http.StatusForbidden:
		return a.statusError()
	case a.status >= http.StatusMultipleChoices:
		return &refusal{a.statusError()}
	}
	return verdict(a.json())
}

// verdict reads what a facial terminal says of a photo, with status 200 in any
// case (access-api §4.6).
func verdict(v jsondoc.Value) error {
	if text, ok := v.Member("error").Str(); ok {
		return refuse("%s", text)
	}
	success, said := v.Member("success").Bool()
	if !said || success {
		return nil
	}
	var reasons []error
	for e := range v.Member("errors").Items() {
		text, _ := e.Member("message").Str()
		if code, ok := e.Member("code").Int(); ok {
			text = fmt.Sprintf("%s (%d)", text, code)
		}
		if other, ok := e.Member("info").Member("match_user_id").Int(); ok {
			text += fmt.Sprintf(", of user %d", other)
		}
		reasons = append(reasons, errors.New(text))
	}
	if len(reasons) == 0 {
		return refuse("the terminal gives no reason")
	}
	return &refusal{joined(reasons)}
}
