package fcgi

import (
	"fmt"
	"net/http"

	"portaria/terminal/device"
	"portaria/terminal/dialect"
	"portaria/terminal/dialect/jsondoc"
)

// maxBatch is how many photos one user_set_image_list may carry. The device's
// own bound is not documented [guess]; the size of the request bounds honest
// batches long before.
const maxBatch = 1000

// item is one member of user_images as it came.
type item struct {
	upload   device.Upload
	withUser bool
	err      error
}

// setImageList keeps several photos in one transaction and says of each what
// became of it (access-api §4.8). Photos that pass are kept even when others
// fail.
func (a *API) setImageList(c *dialect.Call) error {
	read := a.readBatch
	if isFormBatch(c) {
		read = a.readFormBatch
	}
	items, match, err := read(c)
	if err != nil {
		return err
	}
	var uploads []device.Upload
	for _, it := range items {
		if it.err == nil {
			it.upload.Match = match
			uploads = append(uploads, it.upload)
		}
	}
	ctx, cancel := c.Context()
	defer cancel()
	kept := a.device.SetPhotos(ctx, uploads)

	results := make([]device.Result, len(items))
	for i, it := range items {
		if it.err != nil {
			results[i] = device.Result{User: it.upload.User, Err: it.err}
			continue
		}
		results[i], kept = kept[0], kept[1:]
	}
	return a.answerList(c, items, results)
}

// readBatch reads the body of user_set_image_list.
func (a *API) readBatch(c *dialect.Call) (items []item, match bool, err error) {
	v, err := object(c)
	if err != nil {
		return nil, false, err
	}
	classic := a.device.Profile().Photo.Generation == device.Classic
	match, err = looseFlag(v.Member("match"), "match")
	if err != nil && !classic {
		return nil, false, err
	}
	list := v.Member("user_images")
	if list.Kind() != jsondoc.Array {
		return nil, false, &memberError{"user_images", "array", list.Kind().String()}
	}
	for row := range list.Items() {
		if len(items) == maxBatch {
			return nil, false, tooManyRows(maxBatch + 1)
		}
		items = append(items, readItem(row, classic))
	}
	return items, match, nil
}

func tooManyRows(n int) error {
	return &refusal{http.StatusBadRequest, fmt.Sprintf(textTooManyRows, maxBatch, n)}
}

// readItem reads one member of user_images. To a classic terminal a timestamp
// that is none is a member like any other that it does not know.
func readItem(row jsondoc.Value, classic bool) item {
	if row.Kind() != jsondoc.Object {
		return item{err: &memberError{"user_images", "object", row.Kind().String()}}
	}
	user, err := looseInt(row.Member("user_id"), "user_id")
	if err != nil {
		return item{err: err}
	}
	it := item{upload: device.Upload{User: user}, withUser: true}
	if timestamp := row.Member("timestamp"); timestamp.Kind() != jsondoc.Undefined && timestamp.Kind() != jsondoc.Null {
		n, ok := timestamp.Int()
		if !ok && !classic {
			it.err = &memberError{"timestamp", "int", timestamp.Kind().String()}
			return it
		}
		it.upload.Timestamp = n
	}
	image := row.Member("image")
	if image.Kind() != jsondoc.String {
		it.err = &memberError{"image", "string", image.Kind().String()}
		return it
	}
	// What is not base64 is no picture either: normalization says so.
	it.upload.Picture, _ = image.Base64()
	return it
}

// answerList answers a batch. A classic terminal says {} when all is kept;
// when something is not, its error envelope names the first such photo and
// carries the same results that a facial terminal gives [guess].
func (a *API) answerList(c *dialect.Call, items []item, results []device.Result) error {
	status, body := http.StatusOK, append(c.Buffer(), '{')
	if a.device.Profile().Photo.Generation == device.Classic {
		failed := firstFailed(results)
		if failed < 0 {
			c.Send(status, typeJSON, append(body, '}'))
			return nil
		}
		var text string
		status, text = a.sentence(results[failed].Err)
		body = append(appendError(body, fmt.Sprintf("user_images[%d]: %s", failed, text)), ',')
	}
	body = append(body, `"results":[`...)
	for i, r := range results {
		if i > 0 {
			body = append(body, ',')
		}
		body = a.appendVerdict(body, r, items[i].withUser)
	}
	c.Send(status, typeJSON, append(body, `]}`...))
	return nil
}

func firstFailed(results []device.Result) int {
	for i, r := range results {
		if r.Err != nil {
			return i
		}
	}
	return -1
}
