package fcgi

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"portaria/terminal/device"
	"portaria/terminal/dialect"
	"portaria/terminal/dialect/jsondoc"
)

// maxListed is how many photos one user_get_image_list may ask for
// (access-api §4.4).
const maxListed = 100

// maxListedBytes bounds the pictures of one such answer, so that a hundred of
// the largest do not take a small board's memory [guess]. What does not fit
// is answered as an error of its item.
const maxListedBytes = 32 << 20

// getImage answers with a photo, as it is stored or in base64 with its
// timestamp (access-api §4.2).
func (a *API) getImage(c *dialect.Call) error {
	user, err := queryInt(c, "user_id")
	if err != nil {
		return err
	}
	photo, info, err := a.device.AppendPhoto(c.Buffer(), user)
	if err != nil {
		return err
	}
	if !queryFlag(c, "get_timestamp") {
		c.Send(http.StatusOK, typeJPEG, photo)
		return nil
	}
	body := fmt.Appendf(nil, `{"timestamp":%d,"image":`, info.Timestamp)
	c.Send(http.StatusOK, typeJSON, append(appendBase64(body, photo), '}'))
	return nil
}

// getImageList answers for several users at once (access-api §4.4).
func (a *API) getImageList(c *dialect.Call) error {
	v, err := object(c)
	if err != nil {
		return err
	}
	users, err := userIDs(v.Member("user_ids"))
	if err != nil {
		return err
	}
	if len(users) > maxListed {
		return &refusal{http.StatusBadRequest, fmt.Sprintf(textTooManyIDs, maxListed, len(users))}
	}
	return c.Compose(a.room, http.StatusOK, typeJSON, func(answer *dialect.Answer) error {
		answer.Tail = append(answer.Tail, `{"user_images":[`...)
		var photo []byte
		for i, user := range users {
			if i > 0 {
				answer.Tail = append(answer.Tail, ',')
			}
			var timestamp int64
			var err error
			photo, timestamp, err = a.listed(photo[:0], user, answer.Len())
			if err != nil {
				answer.Tail = fmt.Appendf(answer.Tail, `{"id":%d,"error":`, user)
				answer.Tail = append(appendFault(answer.Tail, codeRefused, a.listedText(err)), '}')
				continue
			}
			answer.Tail = fmt.Appendf(answer.Tail, `{"id":%d,"timestamp":%d,"image":`, user, timestamp)
			answer.Tail = append(appendBase64(answer.Tail, photo), '}')
			if err := answer.Settle(); err != nil {
				return err
			}
		}
		answer.Tail = append(answer.Tail, `]}`...)
		return nil
	})
}

// listed reads one photo of an answer that has grown to so many bytes.
func (a *API) listed(dst []byte, user int64, soFar int) (photo []byte, timestamp int64, err error) {
	photo, info, err := a.device.AppendPhoto(dst, user)
	if err != nil {
		return dst, 0, err
	}
	if soFar+base64.StdEncoding.EncodedLen(len(photo)) > maxListedBytes {
		return photo, 0, &refusal{http.StatusBadRequest, textListTooLarge}
	}
	return photo, info.Timestamp, nil
}

// listedText is the sentence for a photo that is not there: the only one that
// is documented, whether or not the user exists.
func (a *API) listedText(err error) string {
	if errors.Is(err, device.ErrNoPhoto) {
		return textNoUser
	}
	_, text := a.sentence(err)
	return text
}

// listImages lists who has a photo, with or without timestamps (access-api
// §4.3).
func (a *API) listImages(c *dialect.Call) error {
	photos, err := a.device.Photos()
	if err != nil {
		return err
	}
	stamped := queryFlag(c, "get_timestamp")
	return c.Compose(a.room, http.StatusOK, typeJSON, func(answer *dialect.Answer) error {
		name := `{"user_ids":[`
		if stamped {
			name = `{"image_info":[`
		}
		answer.Tail = append(answer.Tail, name...)
		for i, p := range photos {
			if i > 0 {
				answer.Tail = append(answer.Tail, ',')
			}
			if !stamped {
				answer.Tail = strconv.AppendInt(answer.Tail, p.User, 10)
			} else {
				answer.Tail = appendStamped(answer.Tail, p.User, p.Timestamp)
			}
			if err := answer.Settle(); err != nil {
				return err
			}
		}
		answer.Tail = append(answer.Tail, `]}`...)
		return nil
	})
}

func appendStamped(dst []byte, user, timestamp int64) []byte {
	dst = strconv.AppendInt(append(dst, `{"user_id":`...), user, 10)
	dst = strconv.AppendInt(append(dst, `,"timestamp":`...), timestamp, 10)
	return append(dst, '}')
}

// destroyImage deletes photos by user_id, user_ids, all or dangling, which
// add up (access-api §4.10). One client repeats user_id in the query only.
func (a *API) destroyImage(c *dialect.Call) error {
	v, err := object(c)
	if err != nil {
		return err
	}
	selection, err := readSelection(v)
	if err != nil {
		return err
	}
	if v.Kind() == jsondoc.Undefined {
		user, err := queryInt(c, "user_id")
		if err != nil {
			return err
		}
		selection.Users = []int64{user}
	}
	if err := a.device.DeletePhotos(selection); err != nil {
		return err
	}
	return done(c)
}

func readSelection(v jsondoc.Value) (device.PhotoSelection, error) {
	var s device.PhotoSelection
	var err error
	if s.All, err = looseFlag(v.Member("all"), "all"); err != nil {
		return s, err
	}
	if s.Dangling, err = looseFlag(v.Member("dangling"), "dangling"); err != nil {
		return s, err
	}
	if ids := v.Member("user_ids"); ids.Kind() != jsondoc.Undefined && ids.Kind() != jsondoc.Null {
		if s.Users, err = userIDs(ids); err != nil {
			return s, err
		}
	}
	if id := v.Member("user_id"); id.Kind() != jsondoc.Undefined && id.Kind() != jsondoc.Null {
		user, err := looseInt(id, "user_id")
		if err != nil {
			return s, err
		}
		s.Users = append(s.Users, user)
	}
	return s, nil
}

func userIDs(v jsondoc.Value) ([]int64, error) {
	if v.Kind() != jsondoc.Array {
		return nil, &memberError{"user_ids", "array", v.Kind().String()}
	}
	var users []int64
	for item := range v.Items() {
		user, err := looseInt(item, "user_ids")
		if err != nil {
			return nil, err
		}
		users = append(users, user)
	}
	return users, nil
}

func appendBase64(dst, photo []byte) []byte {
	dst = append(dst, '"')
	dst = base64.StdEncoding.AppendEncode(dst, photo)
	return append(dst, '"')
}
