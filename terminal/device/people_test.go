package device_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"image/png"
	"testing"

	"github.com/google/go-cmp/cmp"

	"portaria/store"
	"portaria/store/query"
	"portaria/store/storetest"
	"portaria/terminal/clock"
	"portaria/terminal/device"
	"portaria/testdata"
)

func TestPeople(t *testing.T) {
	t.Parallel()
	d := newDevice(t, device.Config{})
	ana := device.Person{ID: 10, Name: "Ana Maria", Registration: "R-7", Login: "ana.M", Details: map[string]json.RawMessage{"email": json.RawMessage(`"a@x"`)}}
	if id, err := d.PutPerson(ana); id != 10 || err != nil {
		t.Fatalf("PutPerson: %d, %v", id, err)
	}
	mustCreate(t, d, "users", "id", 77, "name", "Bia", "registration", "88")
	mustCreate(t, d, "users", "id", 88, "name", "Caio")
	for name, c := range map[string]struct {
		text string
		keys []device.Key
		want int64 // 0: nobody
	}{
		"by id":                           {"10", []device.Key{device.ByID}, 10},
		"a number in another form":        {"010", []device.Key{device.ByID}, 0},
		"a number with a sign":            {"+10", []device.Key{device.ByID}, 0},
		"by login, whatever the case":     {"ANA.m", []device.Key{device.ByLogin}, 10},
		"by registration":                 {"R-7", []device.Key{device.ByRegistration}, 10},
		"by name":                         {"Caio", []device.Key{device.ByName}, 88},
		"no login: by registration":       {"88", []device.Key{device.ByLogin}, 77},
		"the first key that finds counts": {"88", []device.Key{device.ByID, device.ByLogin}, 88},
		"no login, no registration: id":   {"77", []device.Key{device.ByLogin}, 0},
		"nobody":                          {"zoe", []device.Key{device.ByID, device.ByLogin, device.ByRegistration, device.ByName}, 0},
		"nothing":                         {"", []device.Key{device.ByRegistration, device.ByName}, 0},
	} {
		p, err := d.FindPerson(c.text, c.keys...)
		if p.ID != c.want || (c.want == 0) != errors.Is(err, device.ErrNoUser) {
			t.Errorf("%s: %q is %d, %v; want %d", name, c.text, p.ID, err, c.want)
		}
	}
	if got, err := d.Person(10); err != nil || !cmp.Equal(ana, got) {
		t.Errorf("Person(10): %+v, %v", got, err)
	}
	if _, err := d.PutPerson(device.Person{Name: "Ana 2", Login: "ANA.M"}); !errors.Is(err, device.ErrLoginTaken) {
		t.Errorf("a login that is taken: %v", err)
	}
	id, err := d.PutPerson(device.Person{Name: "Davi", Login: "davi"})
	if id != 89 || err != nil {
		t.Errorf("the next person: %d, %v; want 89", id, err)
	}
	var all []string
	if err := d.People(func(p device.Person) bool { all = append(all, p.Login); return true }); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"ana.M", "88", "88", "davi"}, all); diff != "" {
		t.Errorf("logins (-want +got)\n%s", diff)
	}
	if err := d.DeleteUser(10); err != nil {
		t.Fatal(err)
	}
	if _, err := d.PutPerson(device.Person{ID: 11, Name: "Ana 3", Login: "ana.m"}); err != nil {
		t.Errorf("the login of who is gone: %v", err)
	}
	var missing *query.NoTableError
	if _, err := d.Create("own_people", nil); !errors.As(err, &missing) {
		t.Errorf("a terminal shows its own tables: %v", err)
	}
}

func TestOriginal(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	c := clock.NewManual(start)
	s := storetest.New(t)
	d := newDevice(t, device.Config{Clock: c, Store: s})
	upload := testdata.Photo("alpha-200x200.png")
	plain := testdata.Photo("plain-320x240.jpg")
	first := d.SetPhoto(ctx, device.Upload{User: 1, Picture: upload, Original: &device.Original{Type: "png", Data: upload}})
	if !first.Kept() || first.Changed != start.UnixMilli() {
		t.Fatalf("kept %v at %d, want at %d", first.Kept(), first.Changed, start.UnixMilli())
	}
	o, err := d.Original(1)
	if err != nil || o.Type != "png" || !bytes.Equal(o.Data, upload) || o.Changed != first.Changed {
		t.Errorf("original: %s, %d bytes, %d, %v", o.Type, len(o.Data), o.Changed, err)
	}
	second := d.SetPhoto(ctx, device.Upload{User: 1, Picture: plain})
	if second.Changed <= first.Changed {
		t.Errorf("two changes in one millisecond are %d and %d", first.Changed, second.Changed)
	}
	o, err = d.Original(1)
	if err != nil || o.Type != "jpg" || !bytes.Equal(o.Data, plain) || o.Changed != second.Changed {
		t.Errorf("after a photo through another system: %s, %d bytes, %v", o.Type, len(o.Data), err)
	}
	for range 2 {
		p, err := d.PNG(ctx, 1)
		if err != nil || p.Changed != second.Changed {
			t.Fatalf("PNG: %v", err)
		}
		if config, err := png.DecodeConfig(bytes.NewReader(p.Data)); err != nil || config.Width != 320 {
			t.Errorf("PNG: %+v, %v", config, err)
		}
	}
	again := newDevice(t, device.Config{Clock: c, Store: s})
	if changed, err := again.PhotoChanged(1); changed != second.Changed || err != nil {
		t.Errorf("after a restart: changed %d, %v; want %d", changed, err, second.Changed)
	}
	if user, err := d.FirstPhoto(); user != 1 || err != nil {
		t.Errorf("first photo: %d, %v", user, err)
	}
	d.SetPhoto(ctx, device.Upload{User: 1, Picture: upload, Original: &device.Original{Type: "png", Data: upload}})
	// A photo that came past the device leaves the upload behind, out of date.
	err = s.Update(0, func(tx *store.Tx) error { return tx.SetPhoto(1, 5, plain) })
	if o, got := d.Original(1); err != nil || got != nil || o.Type != "jpg" || !bytes.Equal(o.Data, plain) {
		t.Errorf("beside an upload that is out of date: %s, %d bytes, %v, %v", o.Type, len(o.Data), err, got)
	}
	if err := d.DeletePhotos(device.PhotoSelection{Users: []int64{1}}); err != nil {
		t.Fatal(err)
	}
	for what, err := range map[string]error{"Original": errorOf(d.Original(1)), "PNG": errorOf(d.PNG(ctx, 1)), "FirstPhoto": errorOf(d.FirstPhoto())} {
		if !errors.Is(err, device.ErrNoPhoto) {
			t.Errorf("%s after deleting: %v, want ErrNoPhoto", what, err)
		}
	}
}

func errorOf[T any](_ T, err error) error { return err }
