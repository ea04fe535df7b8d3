package transfer

import (
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"portaria/terminal/dialect/jsondoc"
)

// netex gives photos to the users of Netex learningCloud. It hands none out
// and lists nobody by number, so that only the attempt tells who is there.
type netex struct {
	base, token string
	transfer    *Transfer
	wire        *wire
}

func newNetex(w *wire, t *Transfer) (*netex, error) {
	base, err := address(t.To.Where, netexRoot)
	if err != nil {
		return nil, err
	}
	if t.To.Password == "" {
		return nil, fmt.Errorf("%w: Netex wants the token of its account page", ErrSetting)
	}
	if t.CreateUsers {
		return nil, fmt.Errorf("%w: users of Netex cannot be created with a photo alone", ErrSetting)
	}
	return &netex{base: base + netexPath, token: t.To.Password, transfer: t, wire: w}, nil
}

func (n *netex) open(context.Context) error { return nil }

// place names a user by the registration, which Netex calls externalId, or by
// user name; by number only whoever has nothing else.
func (n *netex) place(p person) (place, error) {
	id := ""
	if p.id != 0 {
		id = strconv.FormatInt(p.id, 10)
	}
	user := cmp.Or(p.registration, id)
	switch n.transfer.Match {
	case MatchID:
		user = id
	case MatchRegistration:
		user = p.registration
	}
	if user == "" {
		return place{}, refuse("nothing to know the user by")
	}
	return place{user: user}, nil
}

func (n *netex) has(string) bool { return true }

func (n *netex) batch() (items, bytes int) { return 1, 0 }

func (n *netex) deliver(ctx context.Context, parcels []parcel) []delivery {
	deliveries := make([]delivery, len(parcels))
	for i, p := range parcels {
		deliveries[i] = delivery{user: p.place.user, err: n.one(ctx, p)}
	}
	return deliveries
}

func (n *netex) one(ctx context.Context, p parcel) error {
	body := append([]byte(`{"image":{"base64Image":"`), base64.StdEncoding.EncodeToString(p.jpeg)...)
	body = append(body, `","mimeType":"image/jpeg"}}`...)
	a, err := n.wire.send(ctx, request{
		method: http.MethodPost, url: n.base + "/users/" + url.PathEscape(p.place.user) + "/image",
		header: map[string]string{
			"Content-Type":            "application/json",
			"Accept":                  "application/vnd.netex.nlc-api+json",
			"X-Cloud-Auth-Token":      n.token,
			"X-Cloud-Synchronization": "synchronous", // or nobody hears of what goes wrong
		},
		body: body, finish: true,
	})
	switch {
	case err != nil:
		return err
	case a.status == http.StatusUnauthorized || a.status == http.StatusForbidden:
		return fmt.Errorf("%s: %w", n.base, ErrLogin)
	case a.status == http.StatusNotFound:
		return &refusal{ErrNoUser}
	case passing(a.status):
		return a.statusError()
	case a.status >= http.StatusMultipleChoices:
		return &refusal{a.statusError()}
	}
	return netexVerdict(a.json())
}

// netexVerdict reads the envelope: its status is the one that counts, whatever
// the status line says, and each platform has its own.
func netexVerdict(v jsondoc.Value) error {
	if err := netexStatus(v); err != nil {
		return err
	}
	for name, platform := range v.Member("responsePlatforms").Members() {
		if err := netexStatus(platform); err != nil {
			return &refusal{fmt.Errorf("platform %s: %w", name, err)}
		}
	}
	return nil
}

func netexStatus(v jsondoc.Value) error {
	status, ok := v.Member("status").Int()
	if !ok || status < http.StatusMultipleChoices {
		return nil
	}
	if message, _ := v.Member("message").Str(); message != "" {
		return refuse("answered %d: %s", status, message)
	}
	return refuse("answered %d", status)
}

func (n *netex) close(context.Context) {}
