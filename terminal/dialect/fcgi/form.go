package fcgi

import (
	"bytes"
	"encoding/base64"
	"strconv"
	"strings"

	"portaria/terminal/dialect"
	"portaria/terminal/dialect/jsondoc"
)

// The vendor's example of user_set_image_list hands jQuery an object that
// nobody has made a string of, whatever the label says. jQuery then writes
// user_images[0][user_id]=20&user_images[0][image]=….
const formBatch = "user_images["

// isFormBatch tells whether the body is a batch in that form.
func isFormBatch(c *dialect.Call) bool {
	body := bytes.TrimSpace(c.Body())
	return bytes.HasPrefix(body, []byte("user_images%5B")) || bytes.HasPrefix(body, []byte(formBatch)) ||
		bytes.HasPrefix(body, []byte("match="))
}

// readFormBatch reads a batch in that form. Every value is a text there.
func (a *API) readFormBatch(c *dialect.Call) (items []item, match bool, err error) {
	c.Fields(func(name string, value []byte) {
		if name == "match" {
			match = string(value) == "true" || string(value) == "1"
			return
		}
		place, member, ok := formMember(name)
		if err != nil || !ok {
			return
		}
		if place >= maxBatch {
			err = tooManyRows(place + 1)
			return
		}
		for len(items) <= place {
			items = append(items, item{err: &memberError{"user_id", "int", jsondoc.Undefined.String()}})
		}
		it := &items[place]
		switch member {
		case "user_id":
			it.upload.User, it.err = strconv.ParseInt(string(value), 10, 64)
			if it.withUser = it.err == nil; !it.withUser {
				it.err = &memberError{member, "int", jsondoc.String.String()}
			}
		case "timestamp":
			it.upload.Timestamp, _ = strconv.ParseInt(string(value), 10, 64)
		case "image":
			// What is not base64 is no picture either: normalization says so.
			it.upload.Picture, _ = base64.StdEncoding.DecodeString(string(value))
		}
	})
	if err == nil && items == nil {
		err = &memberError{"user_images", "array", jsondoc.Undefined.String()}
	}
	return items, match, err
}

// formMember takes user_images[place][member] apart.
func formMember(name string) (place int, member string, ok bool) {
	rest, ok := strings.CutPrefix(name, formBatch)
	if !ok {
		return 0, "", false
	}
	digits, rest, ok := strings.Cut(rest, "][")
	if !ok {
		return 0, "", false
	}
	n, err := strconv.ParseUint(digits, 10, 31)
	member, ok = strings.CutSuffix(rest, "]")
	return int(n), member, ok && err == nil
}
