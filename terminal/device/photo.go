package device

import (
	"context"
	"errors"
	"fmt"
	"time"

	"portaria/imaging"
	"portaria/store"
)

// How long an upload may wait for its turn to be decoded, and how long the
// decoding itself may take: a hostile file of under a megabyte can ask for
// minutes of work.
const (
	decodeQueueTime = 20 * time.Second
	decodeTime      = 10 * time.Second
)

// The kinds of log entries about photos.
const (
	photoSet         = "photo set"
	photoDeleted     = "photo deleted"
	allPhotosDeleted = "all photos deleted"
)

// Upload is a photo on its way in.
type Upload struct {
	User int64
	// Timestamp is the client's own mark, kept with the photo. Zero becomes
	// the device's time: on the wire a zero timestamp means "no photo".
	Timestamp int64
	Picture   []byte // JPEG or PNG
	// Match refuses a face that another user is enrolled with.
	Match bool
	// Original keeps what was uploaded beside the photo, for a system that must
	// give it back as it came. Nil keeps nothing.
	Original *Original
}

// Result is what became of one upload. The photo is kept when Err is nil and
// the face has no faults.
type Result struct {
	User    int64
	Changed int64 // of a photo that is kept: see Device.PhotoChanged
	Face    FaceReport
	Err     error
}

// Kept tells whether the photo was stored.
func (r Result) Kept() bool { return r.Err == nil && len(r.Face.Faults) == 0 }

// SetPhoto normalizes one photo and keeps it. What it returns is final: a
// photo that is kept survives whatever happens next.
func (d *Device) SetPhoto(ctx context.Context, u Upload) Result {
	return d.SetPhotos(ctx, []Upload{u})[0]
}

// SetPhotos does what SetPhoto does for several photos, and stores those that
// pass in one transaction. Results are in the order of the uploads.
func (d *Device) SetPhotos(ctx context.Context, uploads []Upload) []Result {
	results := make([]Result, len(uploads))
	photos := make([]imaging.Photo, len(uploads))
	payload := 0
	var reserved []*pending
	defer func() { d.prints.release(reserved) }()
	for i, u := range uploads {
		results[i].User = u.User
		if results[i].Err = d.checkUser(u.User); results[i].Err != nil {
			continue
		}
		photos[i], results[i].Face, results[i].Err = d.TestPhoto(ctx, u.Picture)
		if u.Match && results[i].Kept() {
			reserved = append(reserved, d.match(&results[i])...)
		}
		if results[i].Kept() {
			results[i].Changed = d.stamps.next(d.dated())
			payload += len(photos[i].JPEG) + u.Original.size()
		}
	}
	if payload == 0 {
		return results
	}

	err := d.update(payload, func(tx *store.Tx) error {
		now := d.written()
		for i, u := range uploads {
			if !results[i].Kept() {
				continue
			}
			timestamp := u.Timestamp
			if timestamp == 0 {
				timestamp = now
			}
			photo := store.Photo{User: u.User, Timestamp: timestamp, Changed: results[i].Changed, JPEG: photos[i].JPEG}
			if err := tx.PutPhoto(photo); err != nil {
				return err
			}
			if err := keepOriginal(tx, u.User, u.Original, photo.Changed); err != nil {
				return err
			}
			if err := d.newPhoto(tx, u.User, template(results[i].Face.Print), now); err != nil {
				return err
			}
			if _, err := tx.Append(store.Entry{Time: now, Kind: photoSet, User: u.User}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		for i := range results {
			if results[i].Kept() {
				results[i].Err = fmt.Errorf("photo of user %d: %w", results[i].User, err)
			}
		}
	}
	return results
}

// match judges whether somebody else is enrolled with the face of r. What it
// returns is to be released once the face is stored.
func (d *Device) match(r *Result) []*pending {
	if r.Face.Print == nil {
		return nil
	}
	owner, mine, err := d.reserve(r.User, r.Face.Print)
	switch {
	case err != nil:
		r.Err = err
	case owner != 0:
		r.Face.Faults, r.Face.Owner = []FaceFault{FaceExists}, owner
	default:
		return []*pending{mine}
	}
	return nil
}

func (d *Device) checkUser(user int64) error {
	if user <= 0 {
		return ErrUserID
	}
	if !d.profile.Photo.NeedsUser {
		return nil
	}
	return d.store.View(func(tx *store.Tx) error {
		if !tx.Has(usersTable, user) {
			return fmt.Errorf("user %d: %w", user, ErrNoUser)
		}
		return nil
	})
}

// TestPhoto judges a picture as SetPhoto does and keeps nothing. That the face
// is another user's is not judged.
func (d *Device) TestPhoto(ctx context.Context, picture []byte) (imaging.Photo, FaceReport, error) {
	leave, err := d.enterDecoder(ctx)
	if err != nil {
		return imaging.Photo{}, FaceReport{}, err
	}
	defer leave()
	photo, err := d.normalize(ctx, picture)
	if err != nil || d.profile.Photo.Generation == Classic {
		return photo, FaceReport{}, err
	}
	return photo, d.faces.CheckFace(picture, photo), nil
}

// enterDecoder waits for a turn to decode a picture; leave ends it.
func (d *Device) enterDecoder(ctx context.Context) (leave func(), err error) {
	queue, cancel := context.WithTimeout(ctx, decodeQueueTime)
	defer cancel()
	select {
	case d.decoders <- struct{}{}:
		return func() { <-d.decoders }, nil
	case <-queue.Done():
		return nil, ErrBusy
	}
}

func (d *Device) normalize(ctx context.Context, picture []byte) (imaging.Photo, error) {
	deadline, cancel := context.WithTimeout(ctx, decodeTime)
	defer cancel()
	rules := d.profile.Photo
	return imaging.Normalize(deadline, picture, imaging.Spec{
		MaxBytes: rules.Limit,
		Box:      rules.Box,
		Min:      rules.Min,
		Max:      rules.Max,
		Shrink:   rules.Fit,
	})
}

// AppendPhoto appends the photo of user to dst, or returns ErrNoPhoto.
func (d *Device) AppendPhoto(dst []byte, user int64) ([]byte, store.PhotoInfo, error) {
	photo, info, err := d.store.AppendPhoto(dst, user)
	if errors.Is(err, store.ErrNotFound) {
		err = ErrNoPhoto
	}
	return photo, info, err
}

// Photos lists who has a photo, in the order of the user ids.
func (d *Device) Photos() ([]store.PhotoInfo, error) {
	var list []store.PhotoInfo
	err := d.store.View(func(tx *store.Tx) error {
		for info := range tx.Photos() {
			list = append(list, info)
		}
		return nil
	})
	return list, err
}

// PhotoSelection says which photos to delete; the parts add up.
type PhotoSelection struct {
	Users    []int64
	Dangling bool // photos whose user is not, or no longer, known
	All      bool
}

// DeletePhotos deletes the selected photos. A user without a photo is no
// error.
func (d *Device) DeletePhotos(sel PhotoSelection) error {
	if sel.All {
		var f followed
		err := d.store.DeleteAllPhotos(func(tx *store.Tx, users []int64) error {
			if err := d.follow(tx, &f); err != nil {
				return err
			}
			for _, user := range users {
				if err := d.noPhoto(tx, user); err != nil {
					return err
				}
				if err := keepOriginal(tx, user, nil, 0); err != nil {
					return err
				}
			}
			_, err := tx.Append(store.Entry{Time: d.written(), Kind: allPhotosDeleted})
			return err
		})
		return d.done(f, err)
	}
	return d.update(0, func(tx *store.Tx) error {
		now := d.written()
		users := sel.Users
		if sel.Dangling {
			users = append(users[:len(users):len(users)], dangling(tx)...)
		}
		for _, user := range users {
			had, err := forgetPhoto(tx, user, now)
			if err == nil && had {
				err = d.noPhoto(tx, user)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func dangling(tx *store.Tx) []int64 {
	var users []int64
	for info := range tx.Photos() {
		if !tx.Has(usersTable, info.User) {
			users = append(users, info.User)
		}
	}
	return users
}
