package fcgi

import (
	"fmt"
	"net/http"

	"portaria/terminal/device"
	"portaria/terminal/dialect"
	"portaria/terminal/dialect/jsondoc"
)

// setImage keeps one photo: raw bytes in the body, whatever its label says,
// everything else in the query (access-api §4.5).
func (a *API) setImage(c *dialect.Call) error {
	upload, err := a.uploadParams(c)
	if err != nil {
		return a.answerVerdict(c, device.Result{User: upload.User, Err: err}, upload.User != 0)
	}
	upload.Picture = c.Body()
	ctx, cancel := c.Context()
	defer cancel()
	return a.answerVerdict(c, a.device.SetPhoto(ctx, upload), true)
}

// uploadParams reads the query of user_set_image.
func (a *API) uploadParams(c *dialect.Call) (device.Upload, error) {
	rules := a.device.Profile().Photo
	user, err := queryInt(c, "user_id")
	if err != nil {
		return device.Upload{}, err
	}
	upload := device.Upload{User: user, Match: queryFlag(c, "match")}
	if rules.Generation == device.Classic {
		return upload, nil
	}
	_, hasTimestamp := c.Query("timestamp")
	_, hasMatch := c.Query("match")
	if rules.NeedsTimestamp && (!hasTimestamp || !hasMatch) {
		name := "timestamp"
		if hasTimestamp {
			name = "match"
		}
		missing := &memberError{name, "int", jsondoc.Undefined.String()}
		return upload, &refusal{http.StatusBadRequest, missing.Error()}
	}
	if hasTimestamp {
		upload.Timestamp, err = queryInt(c, "timestamp")
	}
	if err != nil && rules.NeedsTimestamp {
		// As the branded firmware refuses a missing one, and in no verdict.
		err = &refusal{http.StatusBadRequest, err.Error()}
	}
	return upload, err
}

// testImage judges a photo and keeps nothing (access-api §4.9).
func (a *API) testImage(c *dialect.Call) error {
	ctx, cancel := c.Context()
	defer cancel()
	_, face, err := a.device.TestPhoto(ctx, c.Body())
	return a.answerVerdict(c, device.Result{Face: face, Err: err}, false)
}

// answerVerdict answers for one photo: with the verdict on a facial terminal,
// with {} or the error envelope on a classic one.
func (a *API) answerVerdict(c *dialect.Call, r device.Result, withUser bool) error {
	if a.device.Profile().Photo.Generation == device.Classic {
		if r.Err != nil {
			return r.Err
		}
		return done(c)
	}
	if r.Err != nil && !a.isVerdict(r.Err) {
		return r.Err
	}
	c.Send(http.StatusOK, typeJSON, a.appendVerdict(c.Buffer(), r, withUser))
	return nil
}

// isVerdict tells whether err is about the photo or its parameters, which a
// facial terminal answers with status 200 (access-api §4.6).
func (a *API) isVerdict(err error) bool {
	status, _ := a.sentence(err)
	return status == http.StatusBadRequest && !isFinal(err)
}

// appendVerdict appends the JSON verdict in the order that clients match:
// user_id, scores, success, errors; success is last when all went well.
func (a *API) appendVerdict(dst []byte, r device.Result, withUser bool) []byte {
	dst = append(dst, '{')
	if withUser {
		dst = fmt.Appendf(dst, `"user_id":%d,`, r.User)
	}
	if s := r.Face.Scores; s != nil {
		dst = fmt.Appendf(dst, `"scores":{"bounds_width":%d,"horizontal_center_offset":%d,"vertical_center_offset":%d,"center_pose_quality":%d,"sharpness_quality":%d},`,
			s.BoundsWidth, s.HorizontalCenterOffset, s.VerticalCenterOffset, s.CenterPoseQuality, s.SharpnessQuality)
	}
	if r.Kept() {
		return append(dst, `"success":true}`...)
	}
	dst = append(dst, `"success":false,"errors":[`...)
	if r.Err != nil {
		dst = appendFault(dst, codeRefused, a.verdictText(r.Err))
	}
	for i, fault := range r.Face.Faults {
		if i > 0 || r.Err != nil {
			dst = append(dst, ',')
		}
		dst = appendFault(dst, int(fault), faceTexts[fault])
		if fault == device.FaceExists && r.Face.Owner != 0 {
			dst = fmt.Appendf(dst[:len(dst)-1], `,"info":{"match_user_id":%d}}`, r.Face.Owner)
		}
	}
	return append(dst, `]}`...)
}

// verdictText is the sentence of err inside a verdict, where the device puts
// a word before what its JSON parser says.
func (a *API) verdictText(err error) string {
	_, text := a.sentence(err)
	if isMember(err) {
		return "Failed: " + text
	}
	return text
}

func appendFault(dst []byte, code int, message string) []byte {
	dst = fmt.Appendf(dst, `{"code":%d,"message":`, code)
	return append(jsondoc.AppendString(dst, message), '}')
}
