package device

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"portaria/imaging"
	"portaria/store"
	"portaria/store/schema"
)

// Original is a photo as it was uploaded.
type Original struct {
	Type string // "jpg", "png" or "gif"
	Data []byte
	// Changed is when it came, in milliseconds since 1970: see PhotoChanged.
	Changed int64
}

func (o *Original) size() int {
	if o == nil {
		return 0
	}
	return len(o.Data)
}

// stamps gives every change of a photo a time of its own.
type stamps struct {
	mu   sync.Mutex // guards last
	last int64
}

// after keeps clear of the stamps of earlier starts, the last of which ended not
// before last: the clock may be behind them.
func (s *stamps) after(last time.Time) {
	if last.Unix() > 0 {
		s.last = last.Add(time.Second).UnixMilli() - 1
	}
}

// next is now in milliseconds, or the first millisecond that was not given yet.
func (s *stamps) next(now time.Time) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = max(s.last+1, now.UnixMilli())
	return s.last
}

// keepOriginal stores what was uploaded for a photo, or forgets an older one.
func keepOriginal(tx *store.Tx, user int64, o *Original, changed int64) error {
	t := tx.Schema().Table(originalsTable)
	if o == nil {
		if !tx.Has(originalsTable, user) {
			return nil
		}
		return tx.Remove(t, user)
	}
	_, _, err := upsert(tx, t, schema.Row{
		{Column: t.Column("id"), Value: schema.Int(user)},
		{Column: t.Column("type"), Value: schema.Text(o.Type)},
		{Column: t.Column("data"), Value: schema.Blob(string(o.Data))},
		{Column: t.Column("changed"), Value: schema.Int(changed)},
	})
	return err
}

// photo returns the photo of user as the terminal keeps it, or ErrNoPhoto.
func (d *Device) photo(user int64) (store.Photo, error) {
	p, err := d.store.Photo(user)
	if errors.Is(err, store.ErrNotFound) {
		err = fmt.Errorf("user %d: %w", user, ErrNoPhoto)
	}
	return p, err
}

// Original returns the photo of user as it was uploaded where that was kept,
// and as the terminal keeps it elsewhere, or ErrNoPhoto.
func (d *Device) Original(user int64) (Original, error) {
	p, err := d.photo(user)
	if err != nil {
		return Original{}, err
	}
	return d.originalOf(p)
}

// originalOf is what was uploaded for p, or p itself where that was not kept.
func (d *Device) originalOf(p store.Photo) (Original, error) {
	o := Original{Type: "jpg", Data: p.JPEG, Changed: changedOf(p)}
	err := d.store.View(func(tx *store.Tx) error {
		cells, err := tx.Row(originalsTable, p.User)
		if err != nil {
			return orNotFound(err)
		}
		t := tx.Schema().Table(originalsTable)
		if t.Cell(cells, "changed").Int() == p.Changed {
			o.Type, o.Data = t.Cell(cells, "type").Str(), []byte(t.Cell(cells, "data").Str())
		}
		return nil
	})
	return o, err
}

// changedOf is when a photo was changed. Photos of older data have no such
// time, and go by their timestamps.
func changedOf(p store.Photo) int64 {
	if p.Changed == 0 {
		return p.Timestamp * 1000
	}
	return p.Changed
}

// PhotoChanged is when the photo of user was changed last, in milliseconds
// since 1970, or ErrNoPhoto. It grows with every change, through whichever
// system it came, so that it can stand for a version of the photo.
func (d *Device) PhotoChanged(user int64) (int64, error) {
	p, err := d.photo(user)
	if err != nil {
		return 0, err
	}
	return changedOf(p), nil
}

// pngs remembers the latest photos that were converted.
type pngs struct {
	mu    sync.Mutex // guards all below
	kept  map[int64]Original
	order []int64 // users, the oldest first
}

const maxPNGs = 16

// PNG returns the photo of user as a PNG, or ErrNoPhoto.
func (d *Device) PNG(ctx context.Context, user int64) (Original, error) {
	photo, err := d.photo(user)
	if err != nil {
		return Original{}, err
	}
	o, err := d.originalOf(photo)
	if err != nil || o.Type == "png" {
		return o, err
	}
	d.pngs.mu.Lock()
	kept, ok := d.pngs.kept[user]
	d.pngs.mu.Unlock()
	if ok && kept.Changed == o.Changed {
		return kept, nil
	}
	leave, err := d.enterDecoder(ctx)
	if err != nil {
		return Original{}, err
	}
	defer leave()
	data, err := imaging.PNG(photo.JPEG)
	if err != nil {
		return Original{}, err
	}
	o = Original{Type: "png", Data: data, Changed: o.Changed}
	d.pngs.keep(user, o)
	return o, nil
}

func (p *pngs) keep(user int64, o Original) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.kept == nil {
		p.kept = make(map[int64]Original)
	}
	if _, ok := p.kept[user]; !ok {
		if p.order = append(p.order, user); len(p.order) > maxPNGs {
			delete(p.kept, p.order[0])
			p.order = p.order[1:]
		}
	}
	p.kept[user] = o
}

// FirstPhoto is the lowest id of a user who has a photo, or ErrNoPhoto.
func (d *Device) FirstPhoto() (user int64, err error) {
	found := false
	err = d.store.View(func(tx *store.Tx) error {
		for info := range tx.Photos() {
			user, found = info.User, true
			return nil
		}
		return nil
	})
	if err == nil && !found {
		err = ErrNoPhoto
	}
	return user, err
}
