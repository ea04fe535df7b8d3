package fcgi_test

import (
	"net/http"
	"sync"
	"testing"

	"portaria/store/schema"
)

// TestLoadWhileColumnsChange reads a table whose custom columns come and go.
func TestLoadWhileColumnsChange(t *testing.T) {
	t.Parallel()
	h := newHandler(t, "idface")
	h.call(t, http.MethodPost, "/create_objects.fcgi?session="+h.session, []byte(`{"object":"users","values":[{"id":1}]}`))
	h.call(t, http.MethodPost, "/create_objects.fcgi?session="+h.session, []byte(`{"object":"c_users","values":[{"user_id":1},{"user_id":1}]}`))
	var readers sync.WaitGroup
	stop := make(chan struct{})
	for range 3 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				ctx := h.call(t, http.MethodPost, "/load_objects.fcgi?session="+h.session, []byte(`{"object":"c_users"}`))
				if status := ctx.Response.StatusCode(); status != http.StatusOK {
					t.Errorf("status %d: %s", status, ctx.Response.Body())
					return
				}
			}
		})
	}
	for range 100 {
		id, err := h.device.AddField(schema.Field{Table: "c_users", Name: "colour", Type: schema.String})
		if err == nil {
			err = h.device.RemoveFields([]int64{id})
		}
		if err != nil {
			t.Error(err)
			break
		}
	}
	close(stop)
	readers.Wait()
}
