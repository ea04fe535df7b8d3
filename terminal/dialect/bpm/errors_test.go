package bpm

import (
	"errors"
	"fmt"
	"testing"

	"portaria/imaging"
	"portaria/store"
	"portaria/terminal/device"
	"portaria/terminal/dialect"
)

func TestExceptionOf(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err    error
		status int
		want   string
	}{
		"its own":          {fmt.Errorf("while: %w", noSuchUser("bob")), 404, "CWTBG0007E: User 'bob' not found."},
		"a costly picture": {imaging.ErrTooCostly, 400, "CWTBG0012E: The parameter 'avatar' is invalid."},
		"a number below 1": {device.ErrUserID, 400, "CWTBG0012E: The parameter 'avatar' is invalid."},
		"a large body":     {dialect.ErrBodyTooLarge, 400, "CWTBG0012E: The parameter 'avatar' is invalid."},
		"a queue":          {device.ErrBusy, 503, "CWTBG0019E: Unexpected exception during execution. Exception information: 'Too many pictures at a time.'."},
		"no room":          {dialect.ErrNoRoom, 503, "CWTBG0019E: Unexpected exception during execution. Exception information: 'Too many pictures at a time.'."},
		"a long list":      {dialect.ErrTooLong, 500, "CWTBG0019E: Unexpected exception during execution. Exception information: 'The answer is too long.'."},
		"a full disk":      {store.ErrFull, 500, "CWTBG0019E: Unexpected exception during execution. Exception information: 'The storage is full.'."},
		"a failing disk":   {fmt.Errorf("%w: %w", store.ErrDegraded, store.ErrDamaged), 500, "CWTBG0019E: Unexpected exception during execution. Exception information: 'The storage does not work.'."},
		"damage":           {store.ErrDamaged, 500, "CWTBG0019E: Unexpected exception during execution. Exception information: 'The stored picture is damaged.'."},
		"anything else":    {errors.New("secret of ours"), 500, "CWTBG0019E: Unexpected exception during execution. Exception information: 'Unknown error.'."},
	} {
		if got := exceptionOf(c.err); got.status != c.status || got.Error() != c.want {
			t.Errorf("%s: %d %s; want %d %s", name, got.status, got, c.status, c.want)
		}
	}
	t.Run("only unexpected ones have details for the programmer", func(t *testing.T) {
		got := string(form{contentType: typeJSON}.appendException(nil, unexpected(500, "x")))
		const want = `{"status":"error","Data":{"status":"error","exceptionType":"com.ibm.bpm.wle.api.UnexpectedFailureException","errorNumber":"CWTBG0019E","errorMessage":"CWTBG0019E: Unexpected exception during execution. Exception information: 'x'.","errorMessageParameters":["x"],"programmersDetails":"x","responses":null,"errorData":null}}`
		if got != want {
			t.Errorf("%s", got)
		}
	})
}
