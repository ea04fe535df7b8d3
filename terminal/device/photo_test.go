package device_test

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"portaria/imaging"
	"portaria/store"
	"portaria/store/storetest"
	"portaria/terminal/clock"
	"portaria/terminal/device"
	"portaria/testdata"
)

func mustProfile(t *testing.T, model string) device.Profile {
	t.Helper()
	p, err := device.ProfileOf(model)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func photosOf(t *testing.T, d *device.Device) []int64 {
	t.Helper()
	list, err := d.Photos()
	if err != nil {
		t.Fatal(err)
	}
	users := []int64{}
	for _, p := range list {
		users = append(users, p.User)
	}
	return users
}

func TestSetPhotos(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	t.Run("what passes is kept although the rest fails, and each knows its own", func(t *testing.T) {
		t.Parallel()
		d := newDevice(t, device.Config{})
		plain := testdata.Photo("plain-320x240.jpg")
		results := d.SetPhotos(ctx, []device.Upload{
			{User: 5, Picture: plain},
			{User: 0, Picture: plain},
			{User: 6, Picture: []byte("no picture")},
			{User: 7, Picture: testdata.Photo("alpha-200x200.png")},
		})
		kept := []bool{}
		for _, r := range results {
			kept = append(kept, r.Kept())
		}
		if diff := cmp.Diff([]bool{true, false, false, true}, kept); diff != "" {
			t.Errorf("kept (-want +got):\n%s", diff)
		}
		if !errors.Is(results[1].Err, device.ErrUserID) || !errors.Is(results[2].Err, imaging.ErrFormat) {
			t.Errorf("errors %v and %v, want ErrUserID and ErrFormat", results[1].Err, results[2].Err)
		}
		if diff := cmp.Diff([]int64{5, 7}, photosOf(t, d)); diff != "" {
			t.Errorf("users with photos (-want +got):\n%s", diff)
		}
		got, _, err := d.AppendPhoto(nil, 5)
		if err != nil || !bytes.Equal(got, plain) {
			t.Errorf("the photo of user 5 is not what was sent: %v", err)
		}
	})
	t.Run("the log tells in the order of the uploads", func(t *testing.T) {
		t.Parallel()
		s := storetest.New(t)
		c := clock.NewManual(start)
		d := newDevice(t, device.Config{Store: s, Clock: c})
		plain := testdata.Photo("plain-320x240.jpg")
		d.SetPhotos(ctx, []device.Upload{{User: 9, Picture: plain}, {User: 2, Picture: plain}})
		if err := d.DeletePhotos(device.PhotoSelection{Users: []int64{9, 404}}); err != nil {
			t.Fatal(err)
		}
		if err := d.DeletePhotos(device.PhotoSelection{All: true}); err != nil {
			t.Fatal(err)
		}
		type line struct {
			Kind string
			User int64
		}
		var got []line
		err := s.View(func(tx *store.Tx) error {
			for e := range tx.Entries(0) {
				got = append(got, line{e.Kind, e.User})
			}
			return nil
		})
		want := []line{{"login changed", 0}, {"photo set", 9}, {"photo set", 2}, {"photo deleted", 9}, {"all photos deleted", 0}}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("log (-want +got): %v\n%s", err, diff)
		}
	})
	t.Run("without a timestamp the device's own time counts", func(t *testing.T) {
		t.Parallel()
		d := newDevice(t, device.Config{Clock: clock.NewManual(start)})
		plain := testdata.Photo("plain-320x240.jpg")
		d.SetPhotos(ctx, []device.Upload{{User: 1, Picture: plain}, {User: 2, Picture: plain, Timestamp: 77}})
		list, err := d.Photos()
		want := []store.PhotoInfo{{User: 1, Timestamp: start.Unix()}, {User: 2, Timestamp: 77}}
		if diff := cmp.Diff(want, list); err != nil || diff != "" {
			t.Errorf("photos (-want +got): %v\n%s", err, diff)
		}
	})
	t.Run("a strict facial terminal wants a known user in colour", func(t *testing.T) {
		t.Parallel()
		d := newDevice(t, device.Config{Profile: mustProfile(t, "idface"), Faces: device.MeasuredFaces{Strict: true}})
		if err := d.SetUsers(device.User{ID: 1, Name: "Ana"}); err != nil {
			t.Fatal(err)
		}
		plain, grey := testdata.Photo("plain-320x240.jpg"), testdata.Photo("grey-200x200.jpg")
		results := d.SetPhotos(ctx, []device.Upload{{User: 2, Picture: plain}, {User: 1, Picture: grey}})
		if !errors.Is(results[0].Err, device.ErrNoUser) {
			t.Errorf("photo of an unknown user: %v, want ErrNoUser", results[0].Err)
		}
		if diff := cmp.Diff([]device.FaceFault{device.FaceGreyscale}, results[1].Face.Faults); diff != "" {
			t.Errorf("faults of a grey photo (-want +got):\n%s", diff)
		}
		if got := photosOf(t, d); len(got) != 0 {
			t.Errorf("photos of %v are kept, want none", got)
		}
		off := newDevice(t, device.Config{Profile: mustProfile(t, "idface"), Faces: device.AnyFace{}})
		if err := off.SetUsers(device.User{ID: 1}); err != nil {
			t.Fatal(err)
		}
		if r := off.SetPhoto(ctx, device.Upload{User: 1, Picture: grey}); !r.Kept() {
			t.Errorf("with faces off a grey photo is refused: %v %v", r.Err, r.Face.Faults)
		}
	})
	t.Run("a full device says so and keeps what it has", func(t *testing.T) {
		t.Parallel()
		s, err := store.Open(store.Options{Ephemeral: true, Capacity: 8 << 20})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		d := newDevice(t, device.Config{Store: s})
		big := testdata.Photo("plain-320x240.jpg")
		kept := int64(0)
		for user := int64(1); ; user++ {
			r := d.SetPhoto(ctx, device.Upload{User: user, Picture: big})
			if r.Err != nil {
				if device.KindOf(r.Err) != device.Full {
					t.Fatalf("photo %d: %v, want the kind Full", user, r.Err)
				}
				break
			}
			if kept = user; user > 10_000 {
				t.Fatal("8 MiB hold more than 10,000 photos")
			}
		}
		if got := photosOf(t, d); int64(len(got)) != kept {
			t.Errorf("%d photos listed, %d acknowledged", len(got), kept)
		}
		if err := d.DeletePhotos(device.PhotoSelection{Users: []int64{1, 2, 3, 4, 5}}); err != nil {
			t.Errorf("a full device does not delete: %v", err)
		}
		if r := d.SetPhoto(ctx, device.Upload{User: 1, Picture: big}); !r.Kept() {
			t.Errorf("after deleting there is no room: %v", r.Err)
		}
	})
}

func TestDeletePhotos(t *testing.T) {
	t.Parallel()
	fill := func(t *testing.T) *device.Device {
		d := newDevice(t, device.Config{})
		plain := testdata.Photo("plain-200x200.jpg")
		for user := int64(1); user <= 4; user++ {
			if r := d.SetPhoto(context.Background(), device.Upload{User: user, Picture: plain}); !r.Kept() {
				t.Fatal(r.Err)
			}
		}
		if err := d.SetUsers(device.User{ID: 2}, device.User{ID: 3}); err != nil {
			t.Fatal(err)
		}
		return d
	}
	for name, c := range map[string]struct {
		selection device.PhotoSelection
		left      []int64
	}{
		"nothing selected deletes nothing":          {device.PhotoSelection{}, []int64{1, 2, 3, 4}},
		"users without a photo are passed over":     {device.PhotoSelection{Users: []int64{3, 99, 3}}, []int64{1, 2, 4}},
		"dangling are the photos without a user":    {device.PhotoSelection{Dangling: true}, []int64{2, 3}},
		"dangling adds to the users that are named": {device.PhotoSelection{Users: []int64{2}, Dangling: true}, []int64{3}},
		"all is all": {device.PhotoSelection{All: true}, []int64{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := fill(t)
			if err := d.DeletePhotos(c.selection); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.left, photosOf(t, d)); diff != "" {
				t.Errorf("photos left by %+v (-want +got):\n%s", c.selection, diff)
			}
		})
	}
	t.Run("a deleted user leaves the photo dangling", func(t *testing.T) {
		t.Parallel()
		d := fill(t)
		if err := d.DeleteUser(2); err != nil {
			t.Fatal(err)
		}
		if err := d.DeletePhotos(device.PhotoSelection{Dangling: true}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]int64{3}, photosOf(t, d)); diff != "" {
			t.Errorf("photos left (-want +got):\n%s", diff)
		}
		if err := d.DeleteUser(2); !errors.Is(err, device.ErrNoUser) {
			t.Errorf("deleting nobody: %v, want ErrNoUser", err)
		}
	})
}
